"""One call, whole and pure: its life, its command lanes and its silence clock, joined.

`Call.handle(now, input)` is all that `run.py` needs: a fact, a command or the clock goes in, effects for the outside come
out. What one machine asks of the other (hang up, transfer) is passed on in here and never seen outside.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from trunkline.calls.commands import Lanes
from trunkline.calls.effects import (
    AbandonTransfer,
    Effect,
    EndCall,
    Finish,
    HoldLine,
    PassDigits,
    PauseTalk,
    Release,
    ResumeTalk,
    StartTalk,
    TransferCall,
)
from trunkline.calls.endings import EndReason
from trunkline.calls.inputs import NO_ANSWER, Ask, Closing, HangUp, Opened, Over, Transfer, Wake
from trunkline.calls.leg import DigitsPressed, Fact
from trunkline.calls.lifecycle import NEXT, Life, State
from trunkline.calls.talk import Began, CallerSaid, Ended, Floor, PhraseSaid, ToolCalled, VendorFailed
from trunkline.calls.verbs import Command, Verb

MODEL_TTL_MS = 600_000
"""How long a model's own request to end or transfer may wait for its words to be spoken."""

MOVES = {kind for row in NEXT.values() for kind in row}
"""Facts that change the state of a call, in one state or another."""

LIVELY = (Floor, Began, Ended, CallerSaid, DigitsPressed)
"""Facts that mean that somebody is there."""


@dataclass(slots=True)
class Call:
    life: Life = field(default_factory=Life)
    lanes: Lanes = field(default_factory=Lanes)
    silence_ms: int = 120_000
    """No speech from either side for this long ends the call; paused by hold and transfer."""
    end_call_message: str = ""
    """What is said before the assistant's own tool ends the call."""
    last_lively: int = 0

    @property
    def deadline(self) -> int | None:
        """When the outside must call back with `Wake`; None once the call has ended."""
        if self.life.deadline is None:
            return None
        return min(t for t in (self.life.deadline, self.lanes.deadline, self._silence_deadline()) if t is not None)

    @property
    def over(self) -> bool:
        return self.life.state is State.ENDED

    def minds(self, fact: Fact) -> bool:
        """Will this fact change the call's state?"""
        return type(fact) in NEXT[self.life.state]

    def missed(self, fact: Fact) -> bool:
        """Does this fact come too late to be one, as an answer that crosses our cancelling?"""
        return type(fact) in MOVES and not self.minds(fact)

    def handle(self, now: int, input: Fact) -> list[Effect]:
        if isinstance(input, LIVELY):
            self.last_lively = now
        match input:
            case Wake():
                return self._wake(now)
            case VendorFailed(fatal=True):
                return self._live(now, HangUp(EndReason.PROVIDER_ERROR))
            case PhraseSaid():
                return self._live(now, HangUp(EndReason.END_CALL_PHRASE))
            case DigitsPressed(digits):
                return [PassDigits(digits)]
            case ToolCalled():
                return self._steer(now, Ask(self._from_model(input)))
            case Ask():
                return self._steer(now, input)
            case _:
                return self._live(now, input) + self._steer(now, input)

    def state(self) -> dict[str, Any]:
        talking = self.life.state is State.TRANSFERRING
        return {**self.lanes.state(), "state": self.life.state, "transfer": {"state": "ringing" if talking else "none"}}

    # ---- passing on ----------------------------------------------------------------------

    def _live(self, now: int, input: Fact) -> list[Effect]:
        """Through the life; and what the lanes must know of it."""
        effects = self.life.handle(now, input)
        followed: list[Effect] = []
        for effect in effects:
            match effect:
                case StartTalk():
                    self.last_lively = now
                    followed += self._steer(now, Opened())
                case ResumeTalk():
                    self.last_lively = now
                case AbandonTransfer():
                    followed += self._steer(now, NO_ANSWER)
                case Release():
                    followed += self._steer(now, Closing())
                case Finish():
                    followed += self._steer(now, Over())
        finish = [e for e in effects if isinstance(e, Finish)]
        stays_held = [e for e in effects if isinstance(e, ResumeTalk) and self.lanes.held]
        return [e for e in effects if e not in (*finish, *stays_held)] + followed + [*finish]

    def _steer(self, now: int, input: Fact) -> list[Effect]:
        """Through the lanes; and what they ask of the life."""
        return self._passed_on(now, self.lanes.handle(now, input))

    def _passed_on(self, now: int, effects: Sequence[Effect]) -> list[Effect]:
        done: list[Effect] = []
        for effect in effects:
            match effect:
                case EndCall(reason):
                    queued = self.life.state is not State.TALKING
                    done += self._live(now, HangUp(EndReason.CANCELLED if queued else reason))
                case TransferCall(target, ring_ms, mode):
                    done += self._live(now, Transfer(target, ring_ms, mode))
                case HoldLine(held):
                    done += [effect, *self._hold(now, held)]
                case _:
                    done.append(effect)
        return done

    def _hold(self, now: int, held: bool) -> list[Effect]:
        """The assistant is silent as long as the line is on hold or a target rings, whichever is longer."""
        if held:
            return [PauseTalk()]
        self.last_lively = now
        return [ResumeTalk()] if self.life.state is State.TALKING else []

    def _wake(self, now: int) -> list[Effect]:
        effects: list[Effect] = []
        if (due := self._silence_deadline()) is not None and now >= due:
            effects += self._live(now, HangUp(EndReason.SILENCE_TIMEOUT))
        if self.life.deadline is not None and now >= self.life.deadline:
            effects += self._live(now, Wake())
        return effects + self._steer(now, Wake())

    def _silence_deadline(self) -> int | None:
        floor = self.lanes.floor
        somebody_speaks = floor.assistant or floor.caller or floor.thinking
        if self.life.state is not State.TALKING or self.lanes.held or somebody_speaks:
            return None
        return self.last_lively + self.silence_ms

    def _from_model(self, tool: ToolCalled) -> Command:
        """The call's own tools are the call's own commands."""
        text = str(tool.arguments.get("message") or "")
        if tool.name == "transfer_call":
            to = str(tool.arguments.get("destination") or "")
            return _asked_by_model(tool.id, Verb.TRANSFER, text, to)
        return _asked_by_model(tool.id, Verb.END, text or self.end_call_message, "")


def _asked_by_model(id: str, verb: Verb, text: str, destination: str) -> Command:
    return Command(
        id=id,
        verb=verb,
        text=text,
        destination=destination,
        interruptible=False,
        ttl_ms=MODEL_TTL_MS,
        source="model",
    )
