"""What an API key is and what it allows. Pure; where keys are kept is `store.py`'s, what a route needs is the route's.

A key is `tl_live_` and at least 32 characters of the URL-safe alphabet. Only its SHA-256 is ever stored: the text has
more than 190 bits of chance in it, so a slow hash would buy nothing.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass

PREFIX = "tl_live_"
RANDOM_BYTES = 30
SHOWN = 16
"""Characters of a key that its owner sees again, to tell it from others."""

LONGEST_NAME = 200
_UNFIT_FOR_A_NAME = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")

_FORM = re.compile(PREFIX + r"[A-Za-z0-9_-]{32,128}")

SCOPES: dict[str, frozenset[str]] = {
    "full": frozenset({"full", "calls", "control", "read"}),
    "calls": frozenset({"calls", "control", "read"}),
    "control": frozenset({"control", "read"}),
    "read": frozenset({"read"}),
}
"""The scopes a key can hold, and what each allows: `read` every GET, `control` commands to live calls too, `calls`
placing too, `full` everything."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who is calling the API: one key of one organization."""

    org_id: str
    key_id: str
    scopes: frozenset[str]


def new_key(random_bytes: bytes) -> str:
    """The text of a key made from `RANDOM_BYTES` random bytes."""
    if len(random_bytes) < 24:
        raise ValueError("a key needs at least 24 random bytes")
    return PREFIX + base64.urlsafe_b64encode(random_bytes).decode().rstrip("=")


def is_key(text: str) -> bool:
    """Has it the form of a key, such as one that an operator has chosen?"""
    return _FORM.fullmatch(text) is not None


def hash_of(key: str) -> str:
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()


def shown(key: str) -> str:
    return key[:SHOWN]


def name_from(text: str) -> str:
    """What a key or an organization is called, without space around it. Raises ValueError for what is no name."""
    name = text.strip()
    if not 1 <= len(name) <= LONGEST_NAME:
        raise ValueError(f"a name must be 1 to {LONGEST_NAME} characters, not counting space around it")
    if _UNFIT_FOR_A_NAME.search(name):
        raise ValueError("a name must not contain control characters")
    return name


def scopes_from(words: Iterable[str]) -> frozenset[str]:
    """The scopes named. Raises ValueError for none, and for one that does not exist."""
    scopes = frozenset(words)
    if unknown := sorted(scopes - set(SCOPES)):
        raise ValueError(f"unknown scope: {', '.join(unknown)} (known: {', '.join(SCOPES)})")
    if not scopes:
        raise ValueError("a key needs at least one scope")
    return scopes


def allows(held: Iterable[str], needed: str) -> bool:
    return any(needed in SCOPES.get(scope, frozenset()) for scope in held)
