"""What calls have used: one line per answered call, and what it costs its payer."""
