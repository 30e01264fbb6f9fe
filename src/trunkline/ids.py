"""Names for things. The only place where an id is made; pure code takes ids as arguments."""

from __future__ import annotations

import secrets
import uuid


def new(kind: str) -> str:
    """A new opaque id such as `call_3f0c…`: the kind, then 128 random bits in hexadecimal."""
    return f"{kind}_{secrets.token_hex(16)}"


def new_uuid() -> str:
    """A new UUID, the form that the wire contract prescribes for resources such as assistants and numbers."""
    return str(uuid.uuid4())
