"""Vendors: what implements `conversation/ports.py`. `catalogue.py` lists them all."""
