"""The only module that reads a clock. Pure code takes `now` as an argument; shells ask here or their event loop."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta


def wall() -> datetime:
    """The date and time now, in UTC."""
    return datetime.now(UTC)


def wall_ms() -> int:
    """Milliseconds since the Unix epoch."""
    return time.time_ns() // 1_000_000


def monotonic() -> float:
    """Seconds on CLOCK_MONOTONIC, which every process of one machine shares."""
    return time.monotonic()


def iso(moment: datetime) -> str:
    """The wire form of a moment: ISO 8601, UTC, milliseconds, `Z`."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def iso_at(epoch_ms: int) -> str:
    """The wire form of a moment given in milliseconds since the Unix epoch."""
    return iso(datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=epoch_ms))
