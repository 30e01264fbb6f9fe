"""A call: its life, its commands, its journal, and the rows and routes made from them. Start at `lifecycle.py`."""
