"""Trunkline: phone calls made by AI assistants, and steered while they are live.

`ARCHITECTURE.md` says which room is which; `wiring` is where the rooms are plugged together.
"""

__version__ = "0.1.0"
