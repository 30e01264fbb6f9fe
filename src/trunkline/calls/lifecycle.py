"""The life of one call: dialing, ringing, talking, transferring, hanging up, ended; and the deadline of each.

Pure: `Life.handle(now, input)` takes one thing that happened, or that the call's other parts ask for, and returns the
effects the outside must perform. `now` is milliseconds on the call's own clock. Commands are `commands.py`'s; `call.py`
joins the two.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum, auto

from trunkline.calls.effects import (
    AbandonTransfer,
    Dial,
    Effect,
    Finish,
    PauseTalk,
    Refer,
    Release,
    ResumeTalk,
    StartTalk,
    StopTalk,
)
from trunkline.calls.endings import EndReason, of_code
from trunkline.calls.inputs import HangUp, Start, Transfer, Wake
from trunkline.calls.leg import (
    Answered,
    Fact,
    LegLost,
    MediaStopped,
    Rang,
    Refused,
    Released,
    RemoteHungUp,
    TransferAnswered,
    TransferFailed,
)


class State(StrEnum):
    QUEUED = auto()
    DIALING = auto()  # on a wire, the far end has not rung
    RINGING = auto()
    TALKING = auto()  # answered: a conversation owns the audio
    TRANSFERRING = auto()  # a target is being rung for the far end
    HANGING_UP = auto()  # we said goodbye and wait for the wire to agree
    ENDED = auto()


# ---- the machine -----------------------------------------------------------------------

S = State

NEXT: dict[State, dict[type[Fact], State]] = {
    S.QUEUED: {Start: S.DIALING, HangUp: S.ENDED, Wake: S.ENDED},
    S.DIALING: {
        Rang: S.RINGING,
        Answered: S.TALKING,
        Refused: S.ENDED,
        LegLost: S.ENDED,
        HangUp: S.HANGING_UP,
        Wake: S.HANGING_UP,
    },
    S.RINGING: {
        Answered: S.TALKING,
        Refused: S.ENDED,
        LegLost: S.ENDED,
        HangUp: S.HANGING_UP,
        Wake: S.HANGING_UP,
    },
    S.TALKING: {
        RemoteHungUp: S.ENDED,
        LegLost: S.ENDED,
        MediaStopped: S.HANGING_UP,
        Transfer: S.TRANSFERRING,
        HangUp: S.HANGING_UP,
        Wake: S.HANGING_UP,
    },
    S.TRANSFERRING: {
        TransferAnswered: S.HANGING_UP,
        TransferFailed: S.TALKING,
        RemoteHungUp: S.ENDED,
        LegLost: S.ENDED,
        HangUp: S.HANGING_UP,
        Wake: S.TALKING,
    },
    S.HANGING_UP: {Released: S.ENDED, Refused: S.ENDED, RemoteHungUp: S.ENDED, LegLost: S.ENDED, Wake: S.ENDED},
    S.ENDED: {},
}


@dataclass(frozen=True, slots=True)
class Patience:
    """How long each state may last, in milliseconds."""

    queued: int = 30_000
    dialing: int = 15_000
    ringing: int = 45_000
    talking: int = 600_000
    """Counted from the answer, transfers included."""
    hanging_up: int = 5_000
    transfer_margin: int = 2_000
    """Beyond the ring time of a transfer, in which the leg itself should have told how it went."""


@dataclass(slots=True)
class Life:
    patience: Patience = field(default_factory=Patience)
    state: State = S.QUEUED
    reason: EndReason | None = None
    detail: str = ""
    answered_at: int | None = None
    deadline: int | None = field(init=False)
    """When the outside must call back with `Wake`; re-read after each input."""

    def __post_init__(self) -> None:
        self.deadline = self.patience.queued

    def handle(self, now: int, input: Fact) -> list[Effect]:
        """What must be done about it. An input that the state does not know is a race we lost, and does nothing."""
        came_from, next_state = self.state, NEXT[self.state].get(type(input))
        if next_state is None:
            return []
        if isinstance(input, Answered):
            self.answered_at = now
        self.state = next_state
        self.deadline = self._deadline(now, input)
        return self._react(came_from, input)

    def _deadline(self, now: int, input: Fact) -> int | None:
        match self.state, input:
            case S.ENDED, _:
                return None
            case S.TALKING, _:
                assert self.answered_at is not None
                return self.answered_at + self.patience.talking
            case S.TRANSFERRING, Transfer(ring_ms=ring_ms):
                return now + ring_ms + self.patience.transfer_margin
            case _:
                lasts: int = getattr(self.patience, self.state)
                return now + lasts

    def _react(self, came_from: State, input: Fact) -> list[Effect]:
        match self.state, input:
            case S.DIALING, _:
                return [Dial()]
            case S.TALKING, Wake():
                return [AbandonTransfer(), ResumeTalk()]
            case S.TALKING, TransferFailed():
                return [ResumeTalk()]
            case S.TALKING, _:
                return [StartTalk()]
            case S.TRANSFERRING, Transfer(target, ring_ms, mode):
                return [PauseTalk(), Refer(target, ring_ms, mode)]
            case S.HANGING_UP, _:
                self._blame(came_from, input)
                return [*self._stop_talk(came_from), Release()]
            case S.ENDED, _:
                self._blame(came_from, input)
                return [*self._stop_talk(came_from), self._finish(came_from, input)]
            case _:
                return []

    def _stop_talk(self, came_from: State) -> list[Effect]:
        return [StopTalk()] if came_from in (S.TALKING, S.TRANSFERRING) else []

    def _finish(self, came_from: State, input: Fact) -> Finish:
        assert self.reason is not None
        unconfirmed = isinstance(input, Wake | LegLost) and came_from is not S.QUEUED
        return Finish(self.reason, self.answered_at, not unconfirmed, self.detail)

    def _blame(self, came_from: State, input: Fact) -> None:
        """The first reason stands: what the wire says after our goodbye does not change why we said it."""
        if self.reason is None:
            self.reason, self.detail = self._why(came_from, input)

    def _why(self, came_from: State, input: Fact) -> tuple[EndReason, str]:
        match input:
            case HangUp(reason, detail):
                return reason, detail
            case Refused(code, phrase):
                return of_code(code), f"{code} {phrase}".strip()
            case RemoteHungUp():
                return EndReason.USER_HANGUP, ""
            case MediaStopped():
                return EndReason.MEDIA_TIMEOUT, "no media from the far end"
            case TransferAnswered():
                return EndReason.TRANSFERRED, ""
            case LegLost(reason):
                return EndReason.TRUNK_ERROR, reason
            case _:
                return self._too_long(came_from)

    def _too_long(self, came_from: State) -> tuple[EndReason, str]:
        match came_from:
            case S.DIALING:
                return EndReason.TRUNK_ERROR, "no provisional answer"
            case S.RINGING:
                return EndReason.NO_ANSWER, ""
            case S.TALKING:
                return EndReason.MAX_DURATION, ""
            case _:
                return EndReason.NO_CAPACITY, ""


def mermaid() -> str:
    """The machine as a diagram; `docs/calls.md` embeds it and a test keeps it current."""
    lines = ["stateDiagram-v2", f"    [*] --> {S.QUEUED}"]
    for state, row in NEXT.items():
        lines += [f"    {state} --> {target}: {kind.__name__}" for kind, target in row.items()]
    return "\n".join([*lines, f"    {S.ENDED} --> [*]"])
