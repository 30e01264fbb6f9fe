"""The choice of the number to call from, as tables of cases and as what holds of every choice."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trunkline.errors import Conflict, NoAvailableNumber, NotFound
from trunkline.numbers.choosing import Candidate, choose, country_of, require

ORG, CHILD = "org_1", "org_2"
NOW = datetime(2026, 1, 5, 12, tzinfo=UTC)


def number(name: str, phone_number: str, used_h: int | None = None) -> Candidate:
    """One that can be called from, last used some hours ago."""
    used_at = None if used_h is None else NOW - timedelta(hours=used_h)
    return Candidate(name, phone_number, is_active=True, has_trunk=True, last_used_at=used_at)


def chosen(destination: str, *candidates: Candidate) -> tuple[str, str]:
    made = choose(candidates, ORG, destination)
    assert made.phone_number == next(c.phone_number for c in candidates if c.number_id == made.number_id)
    return made.number_id, made.chosen_by


# ---- which ---------------------------------------------------------------------------------------

AMSTERDAM, ROTTERDAM = "+31201234567", "+31101234567"

CASES = [
    ("the destination's country first", "+31201111111",
     [number("be", "+3221234567"), number("nl", ROTTERDAM), number("us", "+12125551234")], "nl", "local_presence"),
    ("then the longest common prefix", "+31201111111",
     [number("rotterdam", ROTTERDAM), number("amsterdam", AMSTERDAM, used_h=1)], "amsterdam", "local_presence"),
    ("then whichever was used least recently", "+31301111111",
     [number("a", AMSTERDAM, used_h=1), number("b", ROTTERDAM, used_h=2)], "b", "local_presence"),
    ("one never used before one that was", "+31301111111",
     [number("a", AMSTERDAM, used_h=100), number("b", ROTTERDAM)], "b", "local_presence"),
    ("among those never used the smallest id", "+31301111111",
     [number("b", ROTTERDAM), number("a", AMSTERDAM)], "a", "local_presence"),
    ("among those used at the same moment too", "+31301111111",
     [number("b", ROTTERDAM, used_h=1), number("a", AMSTERDAM, used_h=1)], "a", "local_presence"),
    ("a country is more than its code: Canada calls Canada", "+12045551234",
     [number("us", "+12055551234"), number("ca", "+14165551234")], "ca", "local_presence"),
    ("Jersey is not Britain", "+441534123456",
     [number("gb", "+441539123456"), number("je", "+447797712345")], "je", "local_presence"),
    ("abroad the common prefix decides", "+31201111111",
     [number("us", "+12125551234", used_h=9), number("be", "+3221234567", used_h=1)], "be", "least_recently_used"),
    ("and then the one used least recently", "+819012345678",
     [number("nl", AMSTERDAM, used_h=1), number("us", "+12125551234", used_h=2)], "us", "least_recently_used"),
    ("numbers of no country are not of one country", "+80012345678",
     [number("a", "+80812345678", used_h=1), number("b", "+12125551234")], "a", "least_recently_used"),
    ("a sip: target has no country", "sip:ann@example.com",
     [number("a", AMSTERDAM, used_h=1), number("b", "+12125551234", used_h=2)], "b", "least_recently_used"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("destination", "candidates", "best", "by"), [case[1:] for case in CASES], ids=[case[0] for case in CASES]
)
def test_of_several_numbers_the_best(destination: str, candidates: list[Candidate], best: str, by: str) -> None:
    assert chosen(destination, *candidates) == (best, by)
    assert chosen(destination, *reversed(candidates)) == (best, by)


@pytest.mark.parametrize(
    ("phone_number", "country"),
    [(AMSTERDAM, "NL"), ("+12125551234", "US"), ("+14165551234", "CA"), ("+80012345678", None), ("+11115551234", None),
     ("sip:ann@example.com", None), ("+999123456789", None)],
)  # fmt: skip
def test_the_country_of_a_number(phone_number: str, country: str | None) -> None:
    assert country_of(phone_number) == country


def test_of_the_last_five_calls_each_was_made_from_another_number() -> None:
    pool = {name: number(name, f"+3120123456{n}") for n, name in enumerate("abcde")}
    turns = []
    for minute in range(10):
        name, _ = chosen("+31301111111", *pool.values())
        pool[name] = replace(pool[name], last_used_at=NOW + timedelta(minutes=minute))
        turns.append(name)
    assert turns == list("abcdeabcde")


# ---- what is missing -----------------------------------------------------------------------------

GOOD = number("a", AMSTERDAM)
RESERVED = replace(GOOD, reserved_for_org_id=CHILD)
INACTIVE = replace(GOOD, is_active=False)
TRUNKLESS = replace(GOOD, has_trunk=False)
BUSY = replace(GOOD, has_free_line=False)

MISSING = [
    ([], "this organization has no phone numbers"),
    ([RESERVED, replace(RESERVED, is_active=False)], "all of this organization's phone numbers are reserved"),
    ([INACTIVE, RESERVED], "none of this organization's phone numbers is active"),
    ([TRUNKLESS, INACTIVE, RESERVED], "none of this organization's active phone numbers has a SIP trunk"),
    ([BUSY, TRUNKLESS, INACTIVE, RESERVED], "the SIP trunks of this organization's phone numbers are busy"),
]


@pytest.mark.parametrize(("candidates", "missing"), MISSING, ids=[missing for _, missing in MISSING])
def test_with_no_usable_number_the_refusal_says_what_is_missing(candidates: list[Candidate], missing: str) -> None:
    with pytest.raises(NoAvailableNumber) as refused:
        choose(candidates, ORG, AMSTERDAM)
    assert refused.value.message.startswith(f"No number can call this destination: {missing}")
    assert refused.value.details == ["number_id: no number can be chosen"]


def test_a_number_reserved_for_a_child_serves_the_child() -> None:
    assert choose([RESERVED], CHILD, AMSTERDAM).number_id == "a"


# ---- named ---------------------------------------------------------------------------------------


def test_a_named_number_is_used_as_the_request_said() -> None:
    made = require(replace(GOOD, has_free_line=False), ORG, needs_trunk=True)
    assert (made.number_id, made.phone_number, made.chosen_by) == ("a", AMSTERDAM, "request")


@pytest.mark.parametrize(
    ("named", "problem", "words"),
    [
        (None, NotFound, "No number with this id"),
        (RESERVED, Conflict, f"reserved for the child organization {CHILD}"),
        (INACTIVE, Conflict, "not active"),
        (TRUNKLESS, NoAvailableNumber, "This number has no SIP trunk"),
    ],
)
def test_a_named_number_that_cannot_be_used_is_refused(
    named: Candidate | None, problem: type[Conflict | NotFound], words: str
) -> None:
    with pytest.raises(problem) as refused:
        require(named, ORG, needs_trunk=True)
    assert type(refused.value) is problem
    assert words in refused.value.message
    assert [detail.partition(":")[0] for detail in refused.value.details] == ["number_id"]


def test_a_number_without_a_trunk_is_shown_to_sandbox_lines() -> None:
    assert require(TRUNKLESS, ORG, needs_trunk=False).chosen_by == "request"


def test_a_child_may_name_what_is_reserved_for_it() -> None:
    assert require(RESERVED, CHILD, needs_trunk=True).number_id == "a"


# ---- what holds of every choice ------------------------------------------------------------------

PHONES = st.sampled_from(
    [AMSTERDAM, ROTTERDAM, "+3221234567", "+12125551234", "+14165551234", "+80012345678", "+441534123456"]
)


@st.composite
def pools(draw: st.DrawFn) -> list[Candidate]:
    def candidate(n: int) -> Candidate:
        hours = draw(st.none() | st.integers(0, 3))
        return Candidate(
            f"n{n}",
            draw(PHONES),
            is_active=draw(st.booleans()),
            has_trunk=draw(st.booleans()),
            reserved_for_org_id=draw(st.sampled_from([None, None, ORG, CHILD])),
            last_used_at=None if hours is None else NOW - timedelta(hours=hours),
            has_free_line=draw(st.sampled_from([True, True, False])),
        )

    return [candidate(n) for n in range(draw(st.integers(0, 8)))]


def outcome(pool: list[Candidate], destination: str) -> str:
    try:
        return choose(pool, ORG, destination).number_id
    except NoAvailableNumber as refused:
        return refused.message


@given(pools(), PHONES, st.randoms(use_true_random=False))
def test_a_choice_is_usable_the_best_and_the_same_in_any_order(
    pool: list[Candidate], destination: str, random: Random
) -> None:
    shuffled = random.sample(pool, len(pool))
    assert outcome(pool, destination) == outcome(pool, destination) == outcome(shuffled, destination)
    usable = [
        c for c in pool
        if c.is_active and c.has_trunk and c.has_free_line and c.reserved_for_org_id in (None, ORG)
    ]  # fmt: skip
    named = {c.number_id: c for c in usable}
    if not usable:
        assert outcome(pool, destination).startswith("No number")
        return
    made = choose(pool, ORG, destination)
    at_home = [c for c in usable if country_of(destination) and country_of(c.phone_number) == country_of(destination)]
    assert made.number_id in named
    assert made.chosen_by == ("local_presence" if at_home else "least_recently_used")
    assert not at_home or named[made.number_id] in at_home
