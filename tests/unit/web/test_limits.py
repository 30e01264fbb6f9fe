"""A window counts to its limit and begins again."""

from __future__ import annotations

import pytest

from trunkline.errors import TooMany
from trunkline.web.limits import MAX_NAMES, PERIOD_S, Window, enforce


def test_a_window_allows_its_limit_and_starts_again_after_a_minute() -> None:
    window = Window(2)
    taken = [window.take("k", now) for now in (100, 110, 159.9)]
    assert [(t.allowed, t.remaining) for t in taken] == [(True, 1), (True, 0), (False, 0)]
    assert {t.reset_s for t in taken} == {160}
    assert window.take("k", 160).remaining == 1


def test_names_do_not_share() -> None:
    window = Window(1)
    assert window.take("a", 0).allowed
    assert window.take("b", 0).allowed
    assert not window.take("a", 0).allowed


def test_no_limit_is_no_limit() -> None:
    window = Window(0)
    assert all(window.take("a", 0).allowed for _ in range(1000))


def test_used_up_is_a_problem_that_says_when_to_come_back() -> None:
    window = Window(1)
    enforce(window.take("a", 0), 0, "requests")
    with pytest.raises(TooMany) as refused:
        enforce(window.take("a", 10.5), 10.5, "requests")
    assert refused.value.retry_after == 50


def test_names_whose_minute_is_over_are_forgotten_when_there_are_many() -> None:
    window = Window(1)
    for n in range(MAX_NAMES):
        window.take(str(n), 0)
    window.take("new", PERIOD_S)
    assert len(window._counts) == 1
