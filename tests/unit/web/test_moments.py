"""Moments as clients send them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from trunkline.errors import BadRequest
from trunkline.web.moments import utc


def test_a_moment_without_a_zone_is_in_utc() -> None:
    moment = datetime(2026, 1, 2, 3, tzinfo=UTC)
    assert utc(moment.replace(tzinfo=None), "start_date") == moment


def test_a_moment_of_another_zone_is_put_into_utc() -> None:
    there = datetime(2026, 1, 2, 3, tzinfo=timezone(timedelta(hours=2)))
    assert str(utc(there, "start_date")) == "2026-01-02 01:00:00+00:00"


def test_none_is_none() -> None:
    assert utc(None, "start_date") is None


def test_a_moment_that_utc_cannot_hold_is_refused_by_its_name() -> None:
    with pytest.raises(BadRequest) as refused:
        utc(datetime.max.replace(tzinfo=timezone(timedelta(hours=-2))), "end_date")
    assert refused.value.details == ["end_date: is out of range"]
