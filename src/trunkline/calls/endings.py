"""Every way a call can end, as a table: its status, whose doing it was, and the SIP codes it comes from. Pure data."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class EndReason(StrEnum):
    USER_HANGUP = "user_hangup"
    ASSISTANT_HANGUP = "assistant_hangup"
    END_CALL_COMMAND = "end_call_command"
    END_CALL_PHRASE = "end_call_phrase"
    MAX_DURATION = "max_duration"
    SILENCE_TIMEOUT = "silence_timeout"
    VOICEMAIL = "voicemail"
    TRANSFERRED = "transferred"
    BUSY = "busy"
    NO_ANSWER = "no_answer"
    DECLINED = "declined"
    UNALLOCATED_NUMBER = "unallocated_number"
    CANCELLED = "cancelled"
    TRUNK_ERROR = "trunk_error"
    NO_CAPACITY = "no_capacity"
    POLICY_BLOCKED = "policy_blocked"
    INSUFFICIENT_CREDITS = "insufficient_credits"
    NOT_ASSIGNED = "not_assigned"
    WORKER_LOST = "worker_lost"
    PROVIDER_ERROR = "provider_error"
    MEDIA_TIMEOUT = "media_timeout"


@dataclass(frozen=True, slots=True)
class Ending:
    status: str
    """The call's status; `failed` becomes `ended-with-error` where the call had been answered."""
    whose: str
    """`caller`, `assistant`, `client` (who uses the API), `network`, `vendor` or `platform`."""
    billable: bool = True
    """Once answered. A call that never was answered is never billed."""
    retry: bool = False
    """May a campaign try the same person again?"""
    codes: tuple[int, ...] = ()
    """The final SIP responses to our INVITE that mean this (RFC 3261 §21)."""


R = EndReason

ENDINGS: dict[EndReason, Ending] = {
    R.USER_HANGUP: Ending("ended", "caller"),
    R.ASSISTANT_HANGUP: Ending("ended", "assistant"),
    R.END_CALL_COMMAND: Ending("ended", "client"),
    R.END_CALL_PHRASE: Ending("ended", "assistant"),
    R.MAX_DURATION: Ending("ended", "platform"),
    R.SILENCE_TIMEOUT: Ending("ended", "platform", retry=True),
    R.VOICEMAIL: Ending("ended", "assistant", retry=True),
    R.TRANSFERRED: Ending("transferred", "assistant"),
    R.BUSY: Ending("failed", "caller", retry=True, codes=(486, 600)),
    R.NO_ANSWER: Ending("failed", "caller", retry=True, codes=(408, 480)),
    R.DECLINED: Ending("failed", "caller", codes=(603, 607)),
    R.UNALLOCATED_NUMBER: Ending("failed", "network", codes=(404, 410, 484, 604)),
    R.CANCELLED: Ending("failed", "client", codes=(487,)),
    R.TRUNK_ERROR: Ending("failed", "network", retry=True),
    R.NO_CAPACITY: Ending("failed", "platform", retry=True),
    R.POLICY_BLOCKED: Ending("rejected", "client"),
    R.INSUFFICIENT_CREDITS: Ending("rejected", "client"),
    R.NOT_ASSIGNED: Ending("rejected", "client"),
    R.WORKER_LOST: Ending("ended-with-error", "platform", billable=False, retry=True),
    R.PROVIDER_ERROR: Ending("ended-with-error", "vendor", retry=True),
    R.MEDIA_TIMEOUT: Ending("ended-with-error", "network", retry=True),
}

_BY_CODE = {code: reason for reason, ending in ENDINGS.items() for code in ending.codes}


def of_code(code: int) -> EndReason:
    """What a final SIP response to our INVITE means; anything unknown is the trunk's error."""
    return _BY_CODE.get(code, EndReason.TRUNK_ERROR)


def status_of(reason: EndReason, answered: bool) -> str:
    """The call's final status. A call that was answered cannot have `failed`."""
    status = ENDINGS[reason].status
    return "ended-with-error" if status == "failed" and answered else status
