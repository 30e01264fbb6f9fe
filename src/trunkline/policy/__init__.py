"""What may be dialed. `dialing.py` decides for routes, for control commands and for a model's tools alike."""
