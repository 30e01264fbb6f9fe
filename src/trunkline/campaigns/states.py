"""Which states a campaign and its leads can be in, and which of them a client may bring about. Pure."""

from __future__ import annotations

from enum import StrEnum


class Status(StrEnum):
    DRAFT = "draft"
    SCHEDULED = "scheduled"
    PAUSED = "paused"
    COMPLETED = "completed"
    CANCELLED = "cancelled"


class LeadStatus(StrEnum):
    PENDING = "pending"
    CALLING = "calling"
    COMPLETED = "completed"
    FAILED = "failed"
    SKIPPED = "skipped"


S = Status

NEXT: dict[Status, frozenset[Status]] = {
    S.DRAFT: frozenset({S.DRAFT, S.SCHEDULED, S.CANCELLED}),
    S.SCHEDULED: frozenset({S.SCHEDULED, S.DRAFT, S.PAUSED, S.CANCELLED}),
    S.PAUSED: frozenset({S.PAUSED, S.DRAFT, S.SCHEDULED, S.CANCELLED}),
    S.COMPLETED: frozenset(),
    S.CANCELLED: frozenset({S.CANCELLED}),
}
"""Where a client may move a campaign to. The state it is in is allowed, so that a request can be repeated."""

FINISHED = frozenset({S.COMPLETED, S.CANCELLED})
"""Nothing of such a campaign changes any more."""

REASSIGNABLE = frozenset({S.DRAFT, S.PAUSED})
"""Where the campaign may be given another assistant: nobody is called meanwhile."""


def refusal(status: Status, wanted: Status) -> str | None:
    """Why a campaign in `status` cannot be moved to `wanted`; None: it can."""
    if wanted in NEXT[status]:
        return None
    if status in FINISHED:
        return f"A {status} campaign cannot change"
    possible = ", ".join(sorted(NEXT[status] - {status}))
    return f"A {status} campaign cannot be {wanted}; it can be: {possible}"
