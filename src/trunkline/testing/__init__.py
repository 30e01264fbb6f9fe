"""Shipped for your own tests too: a virtual clock, scripted legs and vendors, a bus in memory."""
