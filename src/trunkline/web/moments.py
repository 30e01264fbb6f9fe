"""Moments as clients send them in a URL. Pure."""

from __future__ import annotations

from datetime import UTC, datetime

from trunkline.errors import BadRequest


def utc(moment: datetime | None, name: str) -> datetime | None:
    """A moment without a zone is in UTC. Raises BadRequest naming the parameter."""
    try:
        return moment and (moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC))
    except OverflowError as error:
        raise BadRequest("A parameter is invalid", details=[f"{name}: is out of range"]) from error
