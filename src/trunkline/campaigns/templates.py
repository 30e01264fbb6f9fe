"""The placeholders `{{name}}` of a campaign's system message, which each lead's variables fill. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable

_BRACES = re.compile(r"\{\{([^{}]{1,80})\}\}")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.\-]{0,63}")
"""The same that a call's greeting and messages have. Braces around anything else are the text's own."""


def names(template: str | None) -> list[str]:
    """The names of its placeholders, each once, in the order of their first appearance."""
    inside = (found.strip() for found in _BRACES.findall(template or ""))
    return list(dict.fromkeys(name for name in inside if _NAME.fullmatch(name)))


def without_value(placeholders: Iterable[str], variables: Iterable[str]) -> list[str]:
    known = frozenset(variables)
    return [name for name in placeholders if name not in known]
