"""What an ending costs."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trunkline.calls.closing import unclaimed_events
from trunkline.calls.endings import ENDINGS, EndReason
from trunkline.calls.events import Event
from trunkline.usage.billing import billed_seconds, phone_of


def ended(**data: Any) -> list[Event]:
    whole = {"status": "ended", "end_reason": "user_hangup", "answered_ms": 1_000, "duration_ms": 61_500, **data}
    return [Event(7, 62_500, "floor", {}), Event(8, 62_500, "ended", whole)]


def test_an_answered_call_is_billed_from_answer_to_end() -> None:
    assert billed_seconds(ended()) == 61.5


def test_a_call_that_is_not_over_is_not_billed_yet() -> None:
    assert billed_seconds([Event(1, 0, "claimed", {}), Event(2, 10, "answered", {})]) is None
    assert billed_seconds([]) is None


def test_a_call_that_nobody_answered_is_not_billed() -> None:
    assert billed_seconds(ended(answered_ms=None, duration_ms=0)) is None
    assert billed_seconds(unclaimed_events(0)) is None


@pytest.mark.parametrize("reason", EndReason)
def test_of_an_answered_call_only_the_platforms_own_failures_are_not_billed(reason: EndReason) -> None:
    assert (billed_seconds(ended(end_reason=reason)) is not None) == ENDINGS[reason].billable


def test_a_call_of_a_lost_worker_is_not_billed() -> None:
    assert billed_seconds(ended(end_reason="worker_lost")) is None


def test_a_call_answered_and_over_at_once_is_a_line_of_no_time() -> None:
    assert billed_seconds(ended(duration_ms=0)) == 0
    assert billed_seconds(ended(duration_ms=-5)) == 0


@pytest.mark.parametrize(
    "odd",
    [{"duration_ms": None}, {"duration_ms": "long"}, {"duration_ms": float("nan")}, {"duration_ms": float("inf")},
     {"end_reason": "gone fishing"}, {"end_reason": None}, {"end_reason": []}],
)  # fmt: skip
def test_an_ending_that_makes_no_sense_costs_nothing(odd: dict[str, Any]) -> None:
    assert billed_seconds(ended(**odd)) is None


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=4,
)


@given(st.dictionaries(st.sampled_from(["end_reason", "answered_ms", "duration_ms", "status"]), ANYTHING))
def test_no_ending_is_too_odd(data: dict[str, Any]) -> None:
    seconds = billed_seconds([Event(1, 0, "ended", data)])
    assert seconds is None or seconds >= 0
    seconds = billed_seconds(ended(**data))
    assert seconds is None or seconds >= 0


def test_the_persons_number_is_at_the_far_end() -> None:
    assert phone_of("outbound", "+31612345678", "+31201234567") == "+31612345678"
    assert phone_of("inbound", "+31201234567", "+31612345678") == "+31612345678"
    assert phone_of("web", "", "") is None
