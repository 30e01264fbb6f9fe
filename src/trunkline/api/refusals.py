"""Which errors each URL can answer with, and an example of every error there is. Pure."""

from __future__ import annotations

import typing
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from trunkline.api.routes import Url
from trunkline.errors import (
    BadRequest,
    CampaignsNotRunning,
    Conflict,
    Forbidden,
    InUse,
    KeyReused,
    MethodNotAllowed,
    NoAvailableNumber,
    NoCapacity,
    NotFound,
    NotInProgress,
    PaymentRequired,
    PolicyBlocked,
    Problem,
    ProviderUnavailable,
    RecordingNotReady,
    ScopeMissing,
    TooLarge,
    TooMany,
    TooManyCommands,
    Unauthorized,
    Unavailable,
    WrongContentType,
)
from trunkline.web import caller, idempotency, problems

SCOPES = {"full": caller.Owner, "calls": caller.Placer, "control": caller.Controller, "read": caller.Reader}

NOT_IN_THE_DOCUMENT = {
    Problem: "a fault of ours: any operation could, and none should",
    Forbidden: "the kind that its two cases have in common",
    MethodNotAllowed: "what the document does not describe",
}
"""Errors that no operation lists, and why."""

EXAMPLES: tuple[Problem, ...] = (
    Problem("Something went wrong on our side"),
    BadRequest("The request body is invalid", details=["name: is required", "ring_timeout: unknown field"]),
    NotInProgress("The call is not in progress: its status is ended"),
    ProviderUnavailable(
        "This assistant needs a provider that is not available here",
        details=["llm_config.provider: this one is known but not available here"],
    ),
    Unauthorized("Invalid or missing API key"),
    PaymentRequired("The organization has no minutes left"),
    Forbidden("This is not allowed"),
    ScopeMissing("This needs a key with the scope 'full'; this key has: read"),
    PolicyBlocked("+31900123456 is a premium-rate number (rule premium_rate)", details=["destination: premium_rate"]),
    NotFound("No assistant with this id", details=["assistant_id: not found"]),
    MethodNotAllowed(),
    Conflict("Another request has changed this at the same moment; try again"),
    KeyReused("This key was used with another body for call_4f1d2c7b9a60"),
    NoAvailableNumber(
        "No number with a trunk can call this destination: this organization has no phone numbers",
        details=["number_id: no active number with a trunk"],
    ),
    RecordingNotReady("The call is not over: its status is in-progress"),
    InUse("The assistant is used by 2 phone numbers"),
    CampaignsNotRunning("Nothing calls the leads of campaigns yet", details=["status: scheduled is not possible yet"]),
    TooLarge("the body must not be larger than 1048576 bytes"),
    WrongContentType("Content-Type must be application/json"),
    TooMany("More than 6000 requests with this key in a minute", retry_after=17),
    TooManyCommands("50 commands are queued on this call", retry_after=1),
    Unavailable("The database is not available", retry_after=2),
    NoCapacity("No worker has a free slot now", retry_after=5),
)
"""One of each."""


@dataclass(frozen=True, slots=True)
class Needs:
    """What a route's parameters say of it."""

    scope: str | None
    """None: it needs no key."""
    keyed: bool
    """Does it take an `Idempotency-Key`?"""


@cache
def needs(url: Url) -> Needs:
    hints = typing.get_type_hints(url.answers, include_extras=True)
    scope = next((name for name, kind in SCOPES.items() if kind in hints.values()), None)
    return Needs(scope, idempotency.Key in hints.values())


@cache
def refusals(url: Url) -> dict[int, tuple[type[Problem], ...]]:
    """By status, in order."""
    kinds = sorted({*_common(url), *url.problems}, key=lambda kind: (kind.status, kind.code))
    return {status: tuple(k for k in kinds if k.status == status) for status in sorted({k.status for k in kinds})}


def _common(url: Url) -> Iterator[type[Problem]]:
    """What every route of its kind can answer with."""
    wants = needs(url)
    if wants.scope is not None:
        yield from (BadRequest, Unauthorized, TooMany, Unavailable)  # each has a query, if only one that must be empty
        if wants.scope != "read":  # every key may read
            yield ScopeMissing
    if url.bodies:
        yield from (BadRequest, TooLarge, WrongContentType)
    if "{" in url.path:
        yield NotFound
    if wants.keyed:
        yield KeyReused
    if url.method != "GET":
        yield Conflict  # what the database refuses because another request was faster


@cache
def examples() -> dict[str, dict[str, Any]]:
    """By code: the error's short phrase, and a body as `web/problems.py` renders it."""
    return {one.code: {"summary": one.phrase, "value": problems.body_of(one)} for one in EXAMPLES}
