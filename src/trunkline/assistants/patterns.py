"""Whether a regular expression that a client wrote can be compiled, in a time that nobody notices. Pure.

How long one may run against a sentence is the business of whoever runs it.
"""

from __future__ import annotations

import math
import re

import regex  # type: ignore[import-untyped]

MOST_REPEATS = 1000
"""Of all counts of a pattern, multiplied: a group is compiled as often as it must occur, and groups are nested."""

_COUNT = re.compile(r"\{([0-9]+)")
_COMMENT = re.compile(r"#[^\n]*")
_SPACE = re.compile(r"\s+")


def wrong_with(pattern: str) -> str | None:
    """What keeps it from being used; None if nothing does."""
    if repeats(pattern) > MOST_REPEATS:
        return f"repeats more than {MOST_REPEATS} times"
    try:
        regex.compile(pattern)
    except (regex.error, ValueError) as error:
        return f"is no regular expression: {error}"
    return None


def repeats(pattern: str) -> int:
    """At most so often is any part of it compiled. Spaces and comments may stand within a count, if the pattern says so."""
    readings = (pattern, _COMMENT.sub("", pattern))
    return max(math.prod(max(1, int(n)) for n in _COUNT.findall(_SPACE.sub("", reading))) for reading in readings)
