"""`trunkline serve`: every process of one machine, started, restarted and stopped. `plan.py` decides, `serve.py` does."""
