"""Moments as clients write them."""

from __future__ import annotations

import pytest
from pydantic import TypeAdapter, ValidationError

from trunkline.web.moments import Moment

MOMENTS: TypeAdapter[object] = TypeAdapter(Moment)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("2026-01-02T03:00:00Z", "2026-01-02 03:00:00+00:00"),
        ("2026-01-02T03:00:00.250", "2026-01-02 03:00:00.250000+00:00"),
        ("2026-01-02T03:00:00+02:00", "2026-01-02 01:00:00+00:00"),
        ("2026-01-02", "2026-01-02 00:00:00+00:00"),
    ],
)
def test_a_moment_is_put_into_utc_and_without_a_zone_it_is_there_already(written: str, meant: str) -> None:
    assert str(MOMENTS.validate_python(written)) == meant


@pytest.mark.parametrize("written", ["yesterday", "5", "1767322800", "", "2026-13-01", "2026-01-02T25:00:00Z"])
def test_what_is_no_moment_is_refused(written: str) -> None:
    with pytest.raises(ValidationError):
        MOMENTS.validate_python(written)


@pytest.mark.parametrize("written", ["9999-12-31T23:59:59-02:00", "0001-01-01T00:00:00+02:00"])
def test_a_moment_that_utc_cannot_hold_is_refused(written: str) -> None:
    with pytest.raises(ValidationError, match="is out of range"):
        MOMENTS.validate_python(written)


def test_a_plus_that_the_url_has_made_a_space_is_explained() -> None:
    with pytest.raises(ValidationError, match="written %2B"):
        MOMENTS.validate_python("2026-01-02T03:00:00 02:00")
