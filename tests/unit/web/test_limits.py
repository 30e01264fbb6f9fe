"""A window counts to its limit and begins again."""

from __future__ import annotations

from itertools import pairwise

import pytest

from trunkline.errors import TooMany
from trunkline.web.limits import MAX_NAMES, PERIOD_S, Window, enforce, headers_of


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


def test_no_limit_is_no_limit_and_has_no_headers() -> None:
    window = Window(0)
    taken = [window.take("a", 0) for _ in range(1000)]
    assert all(t.allowed for t in taken)
    assert headers_of(taken[-1]) == {}


def test_the_headers_say_the_limit_what_is_left_of_it_and_the_second_it_begins_again() -> None:
    window = Window(3)
    window.take("a", 100.2)
    assert headers_of(window.take("a", 130)) == {
        "X-RateLimit-Limit": "3",
        "X-RateLimit-Remaining": "1",
        "X-RateLimit-Reset": "161",
    }


def test_a_refused_request_does_not_prolong_the_wait() -> None:
    window = Window(1)
    taken = [window.take("a", now) for now in (0, 30, 59)]
    assert [t.allowed for t in taken] == [True, False, False]
    assert window.take("a", 60).allowed


def test_a_clock_that_is_set_back_locks_nobody_out() -> None:
    window = Window(1)
    window.take("a", 100_000)
    assert window.take("a", 1000).allowed
    assert not window.take("a", 1001).allowed


def test_used_up_is_a_problem_that_says_when_to_come_back() -> None:
    window = Window(1)
    enforce(window.take("a", 0), 0, "requests")
    with pytest.raises(TooMany) as refused:
        enforce(window.take("a", 10.5), 10.5, "requests")
    assert refused.value.retry_after == 50


def test_names_whose_minute_is_over_are_forgotten_two_at_a_time() -> None:
    window = Window(1)
    for n in range(1000):
        window.take(f"old {n}", 0)
    sizes = []
    for n in range(1100):
        window.take(f"new {n}", PERIOD_S + n / 1000)
        sizes.append(len(window._counts))
    assert max(abs(after - before) for before, after in pairwise([1000, *sizes])) == 1
    assert not any(name.startswith("old") for name in window._counts)
    assert not window.take("new 500", PERIOD_S + 2).allowed


def test_a_name_that_begins_a_new_minute_is_not_forgotten_for_the_one_before() -> None:
    window = Window(1)
    window.take("a", 0)
    window.take("b", 1)
    window.take("a", 70)
    window.take("c", 71)
    assert not window.take("a", 72).allowed


def test_no_more_names_are_kept_than_there_is_room_for_and_the_oldest_gives_way() -> None:
    window = Window(1)
    for n in range(MAX_NAMES + 10):
        window.take(str(n), n / MAX_NAMES)
    assert len(window._counts) == MAX_NAMES
    assert not window.take("10", 2).allowed
    assert window.take("9", 2).allowed
