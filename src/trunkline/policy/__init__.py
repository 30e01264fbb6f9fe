"""Who may be called: pure judgements that the API and the workers share."""
