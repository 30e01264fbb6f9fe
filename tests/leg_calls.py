"""For tests of legs: a call with nobody to decide anything, only a leg, a clock and what was told."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Generic, TypeVar

from trunkline.audio.modem import Demodulator, modulate
from trunkline.calls.leg import FRAME, SILENCE, Answered, Fact, Leg, Noted, Tell
from trunkline.calls.ticker import Ticker

F = TypeVar("F", bound=Fact)
L = TypeVar("L", bound=Leg)


class Placed(Generic[L]):
    """One leg, ticked every 20 ms from the answer on."""

    def __init__(self, make: Callable[[Tell], L]) -> None:
        self.leg = make(self._told)
        self.told: list[tuple[int, Fact]] = []
        self.came: list[bytes] = []
        """The frames that were received."""
        self.sent = 0
        self.dialing: asyncio.Task[None]
        self._to_send: list[bytes] = []
        self._arrived, self._spoken = asyncio.Event(), asyncio.Event()
        self._born = asyncio.get_running_loop().time()

    @property
    def now(self) -> int:
        return round((asyncio.get_running_loop().time() - self._born) * 1_000)

    def facts(self, *, notes: bool = False) -> list[Fact]:
        return [fact for _, fact in self.told if notes or not isinstance(fact, Noted)]

    def when(self, fact: type[Fact]) -> int:
        return next(at for at, told in self.told if isinstance(told, fact))

    def understood(self) -> str:
        """The words in what was received."""
        ear = Demodulator()
        return " ".join(word.text for frame in self.came for word in ear.feed(frame))

    async def until(self, kind: type[F], within_s: float = 60) -> F:
        async with asyncio.timeout(within_s):
            while True:
                for fact in self.facts():
                    if isinstance(fact, kind):
                        return fact
                self._arrived.clear()
                await self._arrived.wait()

    async def listen(self, ms: int) -> None:
        await asyncio.sleep(ms / 1_000)

    async def say(self, text: str) -> None:
        """Speak, and wait until the last frame has been sent."""
        self.queue(text)
        await self._spoken.wait()

    def queue(self, text: str) -> None:
        audio = modulate(text).audio
        self._to_send += [audio[at : at + FRAME] for at in range(0, len(audio), FRAME)]
        self._spoken.clear()

    def be_quiet(self) -> int:
        self._to_send.clear()
        return self.leg.clear()

    async def tick_for_ever(self) -> None:
        await self.until(Answered, 3_600)
        stop = Ticker().add(self._tick)
        try:
            await asyncio.Event().wait()
        finally:
            stop()

    def _tick(self, late_s: float) -> None:
        self.came.append(self.leg.receive())
        self.leg.send(self._to_send.pop(0) if self._to_send else SILENCE)
        self.sent += 1
        if not self._to_send:
            self._spoken.set()

    def _told(self, fact: Fact) -> None:
        self.told.append((self.now, fact))
        self._arrived.set()


P = TypeVar("P", bound=Placed)  # type: ignore[type-arg]


@asynccontextmanager
async def living(placed: P) -> AsyncIterator[P]:
    """The call is placed and ticked for the length of the block."""
    async with asyncio.TaskGroup() as group:
        placed.dialing = group.create_task(placed.leg.dial())
        ticking = group.create_task(placed.tick_for_ever())
        yield placed
        placed.dialing.cancel()
        ticking.cancel()
