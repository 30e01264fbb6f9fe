"""What can be said of leads before they are stored: which are refused, and what is noteworthy about the others. Pure.

A list can be long, so every function is made for being called in a thread.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from trunkline.assistants import resolving
from trunkline.campaigns import templates
from trunkline.campaigns.schemas import LeadBody
from trunkline.errors import BadRequest
from trunkline.policy import dialing
from trunkline.policy.dialing import Blocked, Malformed, Rules, Verdict

MOST_TOLD = 50


@dataclass(frozen=True, slots=True)
class Numbered:
    """A lead with the name under which messages speak of its fields: `leads[3].`, or '' for one that came alone."""

    at: str
    lead: LeadBody


def numbered(leads: Sequence[LeadBody]) -> list[Numbered]:
    return [Numbered(f"leads[{place}].", lead) for place, lead in enumerate(leads)]


def numbers(leads: Sequence[Numbered], rules: Rules) -> list[str]:
    """Warnings. Raises BadRequest where a number is none.

    What the dialing policy forbids is only a warning: it is asked again before each call, and its rules may have changed.
    """
    details, warnings = [], []
    for named in leads:
        match _judged(named.lead.phone_number, rules):
            case Malformed():
                details.append(f"{named.at}phone_number: must be an E.164 number with a leading +")
            case Blocked(_, message):
                warnings.append(f"{named.at}phone_number: {message}")
    if details:
        raise BadRequest("The request body is invalid", details=_bounded(details))
    return warnings


def overrides(leads: Sequence[Numbered], assistant: Mapping[str, Any]) -> None:
    """Raises BadRequest where the campaign's assistant with a lead's override is none."""
    details = []
    for named in leads:
        if not named.lead.assistant_override:
            continue
        try:
            resolving.hybrid(assistant, named.lead.assistant_override, f"{named.at}assistant_override")
        except BadRequest as refused:
            details += refused.details
    if details:
        raise BadRequest("An assistant_override is invalid", details=_bounded(details))


def unfilled(leads: Sequence[Numbered], template: str | None) -> list[str]:
    """A warning for each lead that lacks a value for a placeholder."""
    wanted = templates.names(template)
    warnings = []
    for named in leads:
        if missing := templates.without_value(wanted, named.lead.variables):
            names = ", ".join(f"{{{{{name}}}}}" for name in missing[:10])
            warnings.append(f"{named.at}variables: {named.lead.phone_number} has no value for {names}")
    return warnings


def told(warnings: Sequence[str]) -> list[str]:
    """Not more of them than anybody reads."""
    return _bounded(warnings)


def _judged(number: str, rules: Rules) -> Verdict:
    """Lists hold numbers alone, wherever else `sip:` targets may be allowed."""
    return dialing.judge(number, rules) if number.startswith("+") else Malformed("")


def _bounded(texts: Sequence[str]) -> list[str]:
    more = len(texts) - MOST_TOLD
    return [*texts[:MOST_TOLD], f"and {more} more"] if more > 0 else list(texts)
