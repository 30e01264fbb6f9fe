"""Phone numbers: registering them, and choosing the one to call from."""
