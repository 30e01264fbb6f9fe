"""The assistant's side of a call: turn-taking (`turns.py`), what was heard (`spoken.py`), and their shell, `cascade.py`."""
