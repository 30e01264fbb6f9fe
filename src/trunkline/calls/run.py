"""The shell of one call: the only place where its effects meet the world. It decides nothing.

Whatever comes of an effect comes back through the inbox as a fact. Every task of a call belongs to its one TaskGroup.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from typing import Any, Literal, Protocol, cast

from trunkline.calls import chronicle
from trunkline.calls.call import Call
from trunkline.calls.effects import (
    AbandonTransfer,
    Answer,
    Dial,
    Effect,
    Finish,
    HoldLine,
    Hush,
    Know,
    Mute,
    PassDigits,
    PauseTalk,
    Press,
    Refer,
    Release,
    ResumeTalk,
    Speak,
    StartTalk,
    StopTalk,
    TellModel,
)
from trunkline.calls.events import HURRIED
from trunkline.calls.inputs import Ask, Start, Wake
from trunkline.calls.leg import Fact, Leg, LegLost, MediaStopped, Released, RemoteHungUp
from trunkline.calls.media import Media
from trunkline.calls.recording import Recording
from trunkline.calls.talk import Talk
from trunkline.calls.ticker import Ticker
from trunkline.calls.verbs import FINAL, Command, Receipt

CHECK_AGAIN_S = 0.5


class Record(Protocol):
    """The call's journal, as its shell needs it (`journal.py`)."""

    def write(self, kind: str, data: Mapping[str, Any], at_ms: int) -> None: ...

    async def flush(self) -> bool: ...

    async def check(self) -> bool | None: ...

    async def run(self) -> None: ...

    async def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Asked:
    """A command from outside, and the one who waits to hear what became of it at once."""

    command: Command
    receipt: asyncio.Future[Receipt]


@dataclass(frozen=True, slots=True)
class Settled:
    """A fact that ends the line, after the talk has told what was heard until then."""

    fact: Fact


class Fenced:
    """Somebody else has ended this call in our place: say and write nothing more."""


Item = Fact | Asked | Settled | Fenced
Inbox = asyncio.Queue[Item]

LAST_WORDS = (RemoteHungUp, LegLost, MediaStopped, Released)
"""After these nothing more will be heard: what was, is told first."""


@dataclass(frozen=True, slots=True)
class Parts:
    """What a call is plugged into."""

    leg: Leg
    talk: Talk
    record: Record
    recording: Recording
    ticker: Ticker
    doubt_s: float
    """A tick later than this puts the ownership of the call in doubt."""


class Run:
    def __init__(self, call: Call, parts: Parts, inbox: Inbox, zero: float) -> None:
        """`zero` is the event loop's time at which the call's own clock started."""
        self.call, self.inbox = call, inbox
        self._parts, self._zero = parts, zero
        self._media = Media(parts.leg, parts.talk, parts.recording, parts.doubt_s, self._doubted)
        self._work: set[asyncio.Task[None]] = set()
        """Cancelled at the end of the call."""
        self._pending: set[asyncio.Task[None]] = set()
        """Flushes and replies: awaited at the end of the call."""
        self._stop_ticking: Callable[[], None] | None = None
        self._ticked = 0.0
        self._finish: Finish | None = None
        self._recorded = self._settled = False

    def now(self) -> int:
        return round((asyncio.get_running_loop().time() - self._zero) * 1_000)

    async def live(self) -> None:
        """From the first effect to the last line of the journal. Whatever goes wrong inside is raised."""
        try:
            async with asyncio.TaskGroup() as group:
                self._group = group
                journal = group.create_task(self._parts.record.run())
                self._handle(Start())
                while not self.call.over:
                    item = await self._next()
                    if isinstance(item, Fenced):
                        await self._withdraw()
                        break
                    self._take(item)
                await self._wind_up()
                journal.cancel()
        finally:
            self._silence()
            self._parts.recording.close()

    def state(self) -> dict[str, Any]:
        return {**self.call.state(), **self._parts.talk.state(), "at_ms": self.now()}

    # ---- in ------------------------------------------------------------------------------

    async def _next(self) -> Item:
        due = self.call.deadline
        try:
            async with asyncio.timeout_at(None if due is None else self._zero + due / 1_000):
                return await self.inbox.get()
        except TimeoutError:
            return Wake()

    def _take(self, item: Item) -> None:
        match item:
            case Asked(command, receipt):
                self._handle(Ask(command))
                self._start(self._reply(command.id, receipt), self._pending)
            case Settled(fact):
                self._handle(fact)
            case Fact() if isinstance(item, LAST_WORDS) and self.call.minds(item):
                self._settle()
                self.inbox.put_nowait(Settled(item))
            case Fact():
                self._handle(item)

    def _settle(self) -> None:
        if not self._settled:
            self._settled = True
            self._parts.talk.settle()

    def _handle(self, fact: Fact) -> None:
        now = self.now()
        if not self.call.missed(fact):
            self._write(chronicle.of_fact(fact), now)
        for effect in self.call.handle(now, fact):
            self._write(chronicle.of_effect(effect), now)
            self._perform(effect)

    def _write(self, line: chronicle.Line | None, now: int) -> None:
        if line is None:
            return
        self._parts.record.write(*line, now)
        if line[0] in HURRIED:
            self._start(self._flush(), self._pending)

    async def _flush(self) -> None:
        await self._parts.record.flush()

    async def _reply(self, command_id: str, receipt: asyncio.Future[Receipt]) -> None:
        """An outcome is durable before anybody is told of it. One that cannot be (fenced, the bus is away) is not told."""
        current = self.call.lanes.status_of(command_id)
        assert current is not None
        durable = current.status not in FINAL or await self._parts.record.flush()
        if durable and not receipt.done():
            receipt.set_result(current)

    # ---- out -----------------------------------------------------------------------------

    def _perform(self, effect: Effect) -> None:
        leg, talk = self._parts.leg, self._parts.talk
        match effect:
            case Dial():
                self._start(leg.dial())
                self._start(talk.prepare())
            case Release():
                self._start(leg.release())
            case Refer(target, ring_ms, _):
                self._start(leg.refer(target, ring_ms))
            case AbandonTransfer():
                leg.abandon_transfer()
            case Press(digits):
                leg.press(digits)
            case HoldLine(held):
                leg.hold(held)
            case StartTalk():
                self._open()
            case StopTalk() | PauseTalk():
                talk.hold(True)
            case ResumeTalk():
                talk.hold(False)
            case Finish():
                self._finish = effect
            case _:
                self._steer(effect)

    def _steer(self, effect: Effect) -> None:
        talk = self._parts.talk
        match effect:
            case Speak(words):
                talk.say(words)
            case Answer(utterance, content, interruptible):
                talk.answer(utterance, content, interruptible)
            case Know(command, content):
                talk.know(command, content)
            case TellModel(content, speak):
                talk.tell_model(content, speak)
            case Hush():
                talk.hush()
            case Mute(target, muted):
                talk.mute(cast(Literal["caller", "assistant"], target), muted)
            case PassDigits(digits):
                talk.digits(digits)
            case _:
                pass  # the journal has it; rows, webhooks and receipts are made from the journal

    def _open(self) -> None:
        self._parts.recording.open()
        self._recorded = True
        self._ticked = asyncio.get_running_loop().time()
        self._stop_ticking = self._parts.ticker.add(self._tick)
        self._start(self._parts.talk.converse())

    def _tick(self, late_s: float) -> None:
        """After a freeze the ticker is late once, for the calls of one phase: the others know it by their own last tick."""
        now = asyncio.get_running_loop().time()
        since_s, self._ticked = now - self._ticked, now
        try:
            self._media.tick(max(late_s, since_s))
        except Exception as error:  # nobody else's tick may be missed for it: the ticker is shared
            self._silence()
            self._start(_failed(error))

    def _start(self, work: Coroutine[Any, Any, None], kept: set[asyncio.Task[None]] | None = None) -> None:
        task = self._group.create_task(work)
        kept = self._work if kept is None else kept
        kept.add(task)
        task.add_done_callback(kept.discard)

    # ---- doubt, and the end ------------------------------------------------------------------

    def _doubted(self) -> None:
        self._start(self._check())

    async def _check(self) -> None:
        """After a freeze: is the call still ours? Silent until that is known."""
        ours = await self._parts.record.check()
        while ours is None:
            await asyncio.sleep(CHECK_AGAIN_S)
            ours = await self._parts.record.check()
        if ours:
            self._media.trust()
        else:
            self.inbox.put_nowait(Fenced())

    async def _withdraw(self) -> None:
        """Fenced: not a sound more, release the line, and nothing else."""
        self._silence()
        self._settled = True  # what was heard is not ours to tell any more
        try:
            async with asyncio.timeout(self.call.life.patience.hanging_up / 1_000):
                await self._parts.leg.release()
        except TimeoutError:
            pass

    def _silence(self) -> None:
        """No more ticks."""
        if self._stop_ticking is not None:
            self._stop_ticking()

    async def _wind_up(self) -> None:
        self._silence()
        for task in tuple(self._work):
            task.cancel()
        if self._finish is not None:
            self._settle()
        seconds = self._parts.recording.close() if self._recorded else None
        while not self.inbox.empty():
            self._take(self.inbox.get_nowait())  # late commands are refused, late facts still told
        if self._finish is not None:
            self._write_ending(self._finish, seconds)
        await self._parts.record.close()
        if self._pending:
            await asyncio.wait(self._pending)

    def _write_ending(self, finish: Finish, seconds: float | None) -> None:
        now = self.now()
        if seconds is not None:
            self._parts.record.write("recording", {"path": self._parts.recording.path.name, "seconds": seconds}, now)
        self._parts.record.write(*chronicle.ending(finish, now), now)


async def _failed(error: Exception) -> None:
    raise error
