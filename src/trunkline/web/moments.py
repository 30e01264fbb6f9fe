"""Moments as clients write them in a URL: `start_date: Moment | None = None` as a parameter of a route. Pure."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator
from pydantic_core import PydanticCustomError

_DATED = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_BARE_PLUS = re.compile(r".*[0-9] [0-9]{2}:?[0-9]{2}", re.DOTALL)


def _written_out(value: Any) -> Any:
    """A bare number would be taken for seconds since 1970."""
    if not isinstance(value, str) or not _DATED.match(value):
        raise PydanticCustomError("moment", "must be a date and time in ISO 8601 such as 2026-01-05T12:00:00Z")
    if "T" in value and _BARE_PLUS.fullmatch(value):
        raise PydanticCustomError("moment", "has a space where its zone begins: a + is written %2B in a URL")
    return value


def _utc(moment: datetime) -> datetime:
    """Without a zone it is in UTC already."""
    try:
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except OverflowError as error:
        raise PydanticCustomError("moment", "is out of range") from error


Moment = Annotated[datetime, BeforeValidator(_written_out), AfterValidator(_utc)]
"""In UTC. What is none is answered with 400, by the parameter's name."""
