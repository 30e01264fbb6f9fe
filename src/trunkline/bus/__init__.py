"""What processes say to each other. `messages.py` is all of it; `port.py` is what a bus must do; `nats.py` does it."""
