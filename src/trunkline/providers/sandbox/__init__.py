"""Vendors that need no key and no network: the modem and the espeak voice, ears for the modem, minds that follow rules."""
