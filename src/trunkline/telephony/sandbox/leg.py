"""A sandbox line as a `Leg`: a real-time link of 20 ms frames to a far end in the same process, and a network that rings.

Owns the signalling (ring, answer, CANCEL, BYE, REFER) and when the far end lives its frames. Who is called, and what
the network does about it, is `lines.py`; what the far end hears and says, `farend.py`; the clock, `exchange.py`.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto

from trunkline.calls.leg import (
    FRAME_MS,
    SILENCE,
    Answered,
    DigitsPressed,
    MediaStopped,
    Noted,
    Rang,
    Refused,
    Released,
    RemoteHungUp,
    Tell,
    TransferAnswered,
    TransferFailed,
    TransferRang,
)
from trunkline.telephony.sandbox.exchange import EARLY_S, PERIOD_S, Exchange
from trunkline.telephony.sandbox.farend import Corrupt, FarEnd, Stall, Stretch, Trouble
from trunkline.telephony.sandbox.lines import SET_UP_MS, Answers, Lines, Refuses, RingsForEver
from trunkline.telephony.sandbox.link import Link

WIRE_MS = 20
"""How long a CANCEL travels: an answer may cross it."""
DRAIN_MS = 2_000
"""How long a release or a transfer waits at most for the far end to have taken what was sent."""
PATIENCE = 10
"""Ticks for which a far end that is behind its time waits for a call that sends nothing."""
TOGETHER_MS = 30_000
"""How long two far ends that were transferred to each other go on without us."""


class State(Enum):
    NEW = auto()
    CALLING = auto()
    UP = auto()
    HANDED_OVER = auto()  # the far end talks to the target of a transfer; the line to us is still there
    GONE = auto()


@dataclass(frozen=True, slots=True)
class Sandbox:
    """What the sandbox legs of a process share."""

    lines: Lines
    exchange: Exchange
    media_timeout_ms: int = 20_000

    def leg(self, number: str, tell: Tell) -> SandboxLeg:
        return SandboxLeg(self, number, tell)


class SandboxLeg:
    basis = "frames"

    def __init__(self, sandbox: Sandbox, number: str, tell: Tell) -> None:
        self.far_end: FarEnd | None = None
        """Once answered."""
        self.partner: FarEnd | None = None
        """Who the far end was transferred to."""
        self._sandbox, self._number, self._tell = sandbox, number, tell
        self._state = State.NEW
        self._over = asyncio.Event()
        self._transfer_over = asyncio.Event()
        self._released = False
        self._out, self._in = Link(), Link()
        self._next_frame = 0.0
        self._stalled_until = 0.0
        self._dry = 0
        self._heard = self._said = 0
        """How many stretches of the far end have been noted."""
        self._held = False
        self._quiet_ms = 0

    # ---- signalling --------------------------------------------------------------------------

    async def dial(self) -> None:
        if self._state is not State.NEW:
            return
        self._state = State.CALLING
        try:
            await self._call()
            await self._over.wait()
        finally:
            self._end()

    async def _call(self) -> None:
        if await _within(SET_UP_MS, self._over):
            return
        match self._sandbox.lines.treatment(self._number):
            case Refuses(code, phrase):
                self._end()
                self._tell(Refused(code, phrase))
            case RingsForEver():
                self._tell(Rang(180))
            case Answers(ring_ms=ring_ms) as line:
                self._tell(Rang(180))
                if not await _within(ring_ms, self._over):
                    self._answer(line)

    def _answer(self, line: Answers) -> None:
        self.far_end = self._sandbox.lines.far_end(line)
        self._state = State.UP
        self._next_frame = self._sandbox.exchange.join(self)
        self._tell(Answered())

    async def release(self) -> None:
        if self._state in (State.NEW, State.CALLING):
            await asyncio.sleep(WIRE_MS / 1_000)
        if self._state is State.UP:
            await self._drain()
        self._end()
        if not self._released:
            self._released = True
            self._tell(Released())

    async def _drain(self) -> None:
        """Wait until the far end has taken what was sent so far, or that was taken back."""
        target, waited_ms = self._out.taken + len(self._out), 0
        while self._state is State.UP and waited_ms < DRAIN_MS:
            if self._out.taken >= min(target, self._out.taken + len(self._out)):
                return
            await asyncio.sleep(FRAME_MS / 1_000)
            waited_ms += FRAME_MS

    def _end(self) -> None:
        """Nothing happens on this line any more; what the far end heard and said until now is noted."""
        if self._state is State.GONE:
            return
        if self._state is State.UP:
            self._close_ears()
        self._state = State.GONE
        self._sandbox.exchange.leave(self)
        self._out.clear()
        self._over.set()
        self._transfer_over.set()

    # ---- transfer ----------------------------------------------------------------------------

    async def refer(self, target: str, ring_ms: int) -> None:
        self._transfer_over.clear()
        await self._drain()
        if self._state is not State.UP or await _within(SET_UP_MS, self._transfer_over):
            return
        match self._sandbox.lines.treatment(target):
            case Refuses(code, phrase):
                self._tell(TransferFailed(code, phrase.lower().replace(" ", "_")))
            case Answers(ring_ms=answers_after) as line if answers_after <= ring_ms:
                self._tell(TransferRang(180))
                if not await _within(answers_after, self._transfer_over):
                    self._hand_over(line)
            case _:
                self._tell(TransferRang(180))
                if not await _within(ring_ms, self._transfer_over):
                    self._tell(TransferFailed(408, "no_answer"))

    def abandon_transfer(self) -> None:
        self._transfer_over.set()

    def _hand_over(self, line: Answers) -> None:
        assert self.far_end is not None
        self._close_ears()
        self._sandbox.exchange.leave(self)
        self._state = State.HANDED_OVER
        self.partner = self._sandbox.lines.far_end(line)
        Together(self.far_end, self.partner, self._sandbox.exchange)
        self._tell(TransferAnswered())

    # ---- media -------------------------------------------------------------------------------

    def send(self, frame: bytes) -> None:
        if self._state is State.UP:
            self._out.put(frame)

    def receive(self) -> bytes:
        if not self._in and self._state is State.UP:
            self.tick(asyncio.get_running_loop().time())  # our clock is behind the call's: after a stall of the process
        return self._in.take() or SILENCE

    def passed(self) -> int:
        return self._out.taken

    def clear(self) -> int:
        return self._out.clear()

    def stall(self, ms: int) -> None:
        """For so long the line stands still, both ways: what is sent waits, and the far end neither hears nor speaks.

        Then it goes on at the normal rate, and so stays late until a pause.
        """
        self._stalled_until = asyncio.get_running_loop().time() + ms / 1_000

    def hold(self, held: bool) -> None:
        self._held, self._quiet_ms = held, 0

    def press(self, digits: str) -> None:
        if self.far_end is not None and self._state is State.UP:
            self.far_end.press(digits)

    # ---- the far end's frames ----------------------------------------------------------------

    def tick(self, now: float) -> None:
        """Let the far end live the frames that are due.

        Where the process was late, it is the call that has not sent yet: the far end waits for it, because a hole in
        the middle of a word would be ours and not the line's.
        """
        due = max(0, math.floor((now + EARLY_S - self._next_frame) / PERIOD_S) + 1)
        late = due > 1
        self._dry = self._dry + 1 if late and not self._out else 0
        if now < self._stalled_until or self._dry > PATIENCE:
            self._next_frame += due * PERIOD_S
            return
        while due and self._state is State.UP and (self._out or not late):
            self._next_frame += PERIOD_S
            due -= 1
            self._frame()

    def _frame(self) -> None:
        far_end = self.far_end
        assert far_end is not None
        far_end.hear(self._out.take() or SILENCE)
        frame = far_end.speak()
        if frame is None:
            self._nothing_came()
        elif not self._held:
            self._quiet_ms = 0
            self._in.put(frame)
        self._note()
        if pressed := far_end.take_pressed():
            self._tell(DigitsPressed(pressed))
        for trouble in far_end.take_trouble():
            self._befall(trouble)
        if far_end.hung_up:
            self._end()
            self._tell(RemoteHungUp())

    def _befall(self, trouble: Trouble) -> None:
        match trouble:
            case Stall(ms):
                self.stall(ms)
            case Corrupt(frames):
                self._out.corrupt(frames)

    def _nothing_came(self) -> None:
        if self._held:
            return
        self._quiet_ms += FRAME_MS
        if self._quiet_ms == self._sandbox.media_timeout_ms:
            self._tell(MediaStopped())

    def _close_ears(self) -> None:
        assert self.far_end is not None
        self.far_end.finish()
        self._note()

    def _note(self) -> None:
        assert self.far_end is not None
        heard, said = self.far_end.heard, self.far_end.said
        if len(heard) > self._heard:
            self._heard = self._note_each("sandbox.heard", heard, self._heard)
        if len(said) > self._said:
            self._said = self._note_each("sandbox.said", said, self._said)

    def _note_each(self, kind: str, stretches: Sequence[Stretch], noted: int) -> int:
        for stretch in stretches[noted:]:
            data = {"text": stretch.text, "at_ms": stretch.at_ms, "end_ms": stretch.end_ms}
            self._tell(Noted(kind, data | {"ok": stretch.ok} if kind == "sandbox.heard" else data))
        return len(stretches)


class Together:
    """Two far ends, connected to each other until one hangs up or the time is over."""

    def __init__(self, one: FarEnd, other: FarEnd, exchange: Exchange) -> None:
        self._one, self._other, self._exchange = one, other, exchange
        self._to_one = self._to_other = SILENCE
        self._left_ms = TOGETHER_MS
        self._next_frame = exchange.join(self)

    def tick(self, now: float) -> None:
        while self._next_frame <= now + EARLY_S and self._left_ms:
            self._next_frame += PERIOD_S
            self._frame()

    def _frame(self) -> None:
        self._one.hear(self._to_one)
        self._other.hear(self._to_other)
        self._to_other = self._one.speak() or SILENCE
        self._to_one = self._other.speak() or SILENCE
        self._left_ms -= FRAME_MS
        if self._one.hung_up or self._other.hung_up:
            self._left_ms = 0
        if not self._left_ms:
            self._exchange.leave(self)
            self._one.finish()
            self._other.finish()


async def _within(ms: int, event: asyncio.Event) -> bool:
    """Did it happen within this time?"""
    try:
        async with asyncio.timeout(ms / 1_000):
            await event.wait()
    except TimeoutError:
        return False
    return True
