"""Which number a call is made from. Pure: the organization's numbers and the destination come in, the choice goes out.

Among the numbers that may serve: one of the destination's country first, then the longest common prefix, then whichever was
used least recently. Placing a call needs a trunk behind the number; for sandbox lines a number is only what they are shown.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

import phonenumbers

from trunkline.errors import Conflict, NoAvailableNumber, NotFound

NO_COUNTRY = "001"
"""What numbers of no country at all (`+800…`) have for a region."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A number that is the organization's own, or that another one has reserved for it."""

    number_id: str
    phone_number: str
    is_active: bool
    has_trunk: bool
    reserved_for_org_id: str | None = None
    last_used_at: datetime | None = None
    has_free_line: bool = True
    """May its trunk carry one more call?"""


@dataclass(frozen=True, slots=True)
class Chosen:
    number_id: str
    phone_number: str
    chosen_by: str


def choose(candidates: Sequence[Candidate], org_id: str, destination: str) -> Chosen:
    """Raises NoAvailableNumber saying what is missing."""
    usable = list(candidates)
    if not usable:
        raise _none("this organization has no phone numbers")
    for has, missing in _NEEDED:
        usable = [number for number in usable if has(number, org_id)]
        if not usable:
            raise _none(missing)
    local = _of_country(usable, country_of(destination))
    best = min(_nearest(local or usable, destination), key=_last_used)
    return Chosen(best.number_id, best.phone_number, "local_presence" if local else "least_recently_used")


def require(number: Candidate | None, org_id: str, needs_trunk: bool) -> Chosen:
    """The number that the request named. Raises NotFound, Conflict or NoAvailableNumber."""
    if number is None:
        raise NotFound("No number with this id", details=["number_id: not found"])
    if not _serves(number, org_id):
        raise Conflict(
            f"This number is reserved for the child organization {number.reserved_for_org_id}",
            details=["number_id: is reserved for a child organization"],
        )
    if not number.is_active:
        raise Conflict("This number is not active", details=["number_id: is not active"])
    if needs_trunk and not number.has_trunk:
        raise NoAvailableNumber(
            "This number has no SIP trunk, so it can call nothing but sandbox lines",
            details=["number_id: has no SIP trunk"],
        )
    return Chosen(number.number_id, number.phone_number, "request")


@lru_cache(maxsize=50_000)
def country_of(number: str) -> str | None:
    """The region of an E.164 number, `NL`; None where it has none, or none that is known."""
    try:
        region = phonenumbers.region_code_for_number(phonenumbers.parse(number, None))
    except phonenumbers.NumberParseException:
        return None
    return None if region == NO_COUNTRY else region


def _of_country(numbers: Sequence[Candidate], country: str | None) -> list[Candidate]:
    return [number for number in numbers if country is not None and country_of(number.phone_number) == country]


def _nearest(numbers: Sequence[Candidate], destination: str) -> Sequence[Candidate]:
    """Those with the longest common prefix."""
    for length in range(1, len(destination) + 1):
        nearer = [number for number in numbers if number.phone_number.startswith(destination[:length])]
        if not nearer:
            break
        numbers = nearer
    return numbers


def _last_used(number: Candidate) -> tuple[bool, float, str]:
    """Ids decide in the end, so that the order of the numbers never does."""
    used_at = number.last_used_at
    return used_at is not None, used_at.timestamp() if used_at is not None else 0.0, number.number_id


def _serves(number: Candidate, org_id: str) -> bool:
    return number.reserved_for_org_id in (None, org_id)


_NEEDED: tuple[tuple[Callable[[Candidate, str], bool], str], ...] = (
    (_serves, "all of this organization's phone numbers are reserved for child organizations"),
    (lambda number, _: number.is_active, "none of this organization's phone numbers is active"),
    (lambda number, _: number.has_trunk, "none of this organization's active phone numbers has a SIP trunk"),
    (lambda number, _: number.has_free_line, "the SIP trunks of this organization's phone numbers are busy"),
)
"""What a number needs, in the order in which it is asked, and what is said if none that is left has it."""


def _none(missing: str) -> NoAvailableNumber:
    return NoAvailableNumber(
        f"No number can call this destination: {missing}", details=["number_id: no number can be chosen"]
    )
