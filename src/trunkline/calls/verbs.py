"""What can be asked of a live call, and what comes of it: the vocabulary shared by routes, bus and `commands.py`.

Durations are milliseconds, moments are milliseconds on the call's own clock, which starts at 0 when it is claimed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Any


class Verb(StrEnum):
    SAY = "say"
    INJECT = "inject-context"
    END = "end-call"
    TRANSFER = "transfer"
    SEND_DTMF = "send-dtmf"
    MUTE = "mute"
    UNMUTE = "unmute"
    HOLD = "hold"
    RESUME = "resume"
    CANCEL = "cancel"


class Interrupt(StrEnum):
    """What a command does about the assistant's speech."""

    QUEUE = "queue"
    NOW = "now"
    REFUSE = "refuse"


class OverCaller(StrEnum):
    """What a command does about the caller's speech."""

    WAIT = "wait"
    TALK = "talk"
    REFUSE = "refuse"


class OnInterrupt(StrEnum):
    """What becomes of the action when the caller interrupts its words."""

    PROCEED = "proceed"
    ABORT = "abort"
    REPEAT = "repeat"


class Status(StrEnum):
    ACCEPTED = "accepted"
    STARTED = "started"
    HEARD = "heard"
    INTERRUPTED = "interrupted"
    DONE = "done"
    REFUSED = "refused"
    EXPIRED = "expired"
    FAILED = "failed"


FINAL = frozenset(Status) - {Status.ACCEPTED, Status.STARTED}
UNSUCCESSFUL = frozenset({Status.REFUSED, Status.EXPIRED, Status.FAILED})


@dataclass(frozen=True, slots=True)
class Command:
    """One thing asked of a call. Fields that its verb does not have keep their defaults."""

    id: str
    verb: Verb
    text: str = ""
    """`content` of say and inject-context, `message` of end-call and transfer (may be empty there)."""
    trigger: bool = False
    end_after: bool = False
    destination: str = ""
    digits: str = ""
    target: str = ""
    """mute, unmute: `caller` or `assistant`. cancel: the id of the command to cancel."""
    interrupt: Interrupt = Interrupt.QUEUE
    over_caller: OverCaller = OverCaller.WAIT
    interruptible: bool = True
    on_interrupt: OnInterrupt = OnInterrupt.PROCEED
    ttl_ms: int = 30_000
    """How long after acceptance it may still start."""
    after: str | None = None
    timeout_seconds: int = 30
    mode: str = "auto"
    source: str = "api"
    """`api`, or `model` when the assistant's own tool asked for it."""

    @property
    def speaks(self) -> bool:
        """Is it in the speech lane? Everything else is instant."""
        return self.verb in (Verb.SAY, Verb.END, Verb.TRANSFER) or (self.verb is Verb.INJECT and self.trigger)

    def to_json(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in _COMMAND}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Command:
        return cls(
            **{
                **data,
                "verb": Verb(data["verb"]),
                "interrupt": Interrupt(data["interrupt"]),
                "over_caller": OverCaller(data["over_caller"]),
                "on_interrupt": OnInterrupt(data["on_interrupt"]),
            }
        )


@dataclass(frozen=True, slots=True)
class Receipt:
    """All that is known of a command. `at` fields are ms on the call's clock; the API renders them as dates."""

    id: str
    verb: Verb
    status: Status
    reason: str | None = None
    accepted_at: int | None = None
    started_at: int | None = None
    first_audio_at: int | None = None
    finished_at: int | None = None
    heard_text: str | None = None
    heard_ms: int | None = None
    unheard_text: str | None = None
    talked_over: bool = False
    basis: str | None = None
    text_basis: str | None = None
    margin_ms: int | None = None
    turn: int | None = None
    """inject-context: the turn that first includes it."""
    answer: Mapping[str, Any] | None = None
    """inject-context with a trigger: `{status, heard_text}` of the answer."""
    action: Mapping[str, Any] | None = None
    """say with `end_after`: `{type: "end", status: done | not_taken | failed}`."""

    def to_json(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in _RECEIPT}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Receipt:
        return cls(**{**data, "verb": Verb(data["verb"]), "status": Status(data["status"])})


_COMMAND, _RECEIPT = (tuple(field.name for field in fields(kind)) for kind in (Command, Receipt))
"""Not `dataclasses.asdict`: it copies every value too, and is asked several times per command."""
