"""The API process: the server, every URL in one list (`routes.py`), and the live socket."""
