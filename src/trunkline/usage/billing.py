"""What an ended call costs. Pure: the events of a journal come in, the time to bill goes out.

Only calls that were answered are billed, and only for endings that are not the platform's own failure (`calls/endings.py`).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

from trunkline.calls.endings import ENDINGS
from trunkline.calls.events import Event


def billed_seconds(events: Iterable[Event]) -> float | None:
    """Of a call whose ending is among `events`; None: there is nothing to bill. An ending that makes no sense costs nothing."""
    ended = next((event for event in events if event.kind == "ended"), None)
    if ended is None or not _is_billable(ended.data):
        return None
    duration_ms = ended.data.get("duration_ms")
    if not isinstance(duration_ms, int | float) or not math.isfinite(duration_ms):
        return None
    return max(duration_ms, 0) / 1000


def phone_of(direction: str, destination: str, caller_id: str) -> str | None:
    """The person's number. Who calls from a browser has none."""
    match direction:
        case "web":
            return None
        case "inbound":
            return caller_id
        case _:
            return destination


def _is_billable(ended: Mapping[str, Any]) -> bool:
    if ended.get("answered_ms") is None:
        return False
    reason = ended.get("end_reason")
    return any(known == reason and ending.billable for known, ending in ENDINGS.items())
