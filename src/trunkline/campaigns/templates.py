"""The placeholders `{{name}}` of a campaign's system message, which each lead's variables fill. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable

_PLACEHOLDER = re.compile(r"\{\{\s*([A-Za-z_][A-Za-z0-9_.\-]{0,63})\s*\}\}")
"""The same that a call's greeting and messages have."""


def names(template: str | None) -> list[str]:
    """The names of its placeholders, each once, in the order of their first appearance."""
    return list(dict.fromkeys(_PLACEHOLDER.findall(template or "")))


def without_value(placeholders: Iterable[str], variables: Iterable[str]) -> list[str]:
    known = frozenset(variables)
    return [name for name in placeholders if name not in known]
