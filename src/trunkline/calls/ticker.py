"""One 20 ms clock for all the live calls of a worker, its calls spread over phases of 5 ms so that they do not bunch.

A shell: it reads the event loop's time, and keeps how late its ticks are: the best measure of a worker's health.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable

PERIOD_S = 0.020
PHASES = 4
CATCH_UP_S = 0.200
"""How far behind it still makes up for missed ticks; beyond that the time is lost (a frozen process, say)."""

Tick = Callable[[float], None]
"""Called once per 20 ms with how late this tick is, in seconds."""


class Ticker:
    def __init__(self) -> None:
        self._phases: list[list[Tick]] = [[] for _ in range(PHASES)]
        self._lateness: deque[float] = deque(maxlen=2_000)
        self._timer: asyncio.TimerHandle | None = None
        self._due = 0.0
        self._phase = 0

    def add(self, tick: Tick) -> Callable[[], None]:
        """Tick this from now on. Returns how to stop."""
        phase = min(self._phases, key=len)
        phase.append(tick)
        if self._timer is None:
            self._due = asyncio.get_running_loop().time()
            self._arm()

        def stop() -> None:
            if tick in phase:
                phase.remove(tick)

        return stop

    def late_ms(self, share: float = 0.99) -> float:
        """How late ticks are, in ms, at that share of the last 2 000 (10 s); 0 before the first."""
        if not self._lateness:
            return 0.0
        ranked = sorted(self._lateness)
        return ranked[min(len(ranked) - 1, int(share * len(ranked)))] * 1_000

    def _arm(self) -> None:
        self._timer = asyncio.get_running_loop().call_at(self._due, self._run)

    def _run(self) -> None:
        if not any(self._phases):
            self._timer = None
            self._lateness.clear()  # it says nothing about the next call
            return
        now = asyncio.get_running_loop().time()
        self._tick(now)
        while self._due <= now:  # a turn of a busy loop may be longer than a step
            self._tick(now)
        self._arm()

    def _tick(self, now: float) -> None:
        """One step: the calls of the phase whose turn it is."""
        late = now - self._due
        self._lateness.append(max(late, 0.0))
        for tick in tuple(self._phases[self._phase]):
            tick(late)
        self._phase = (self._phase + 1) % PHASES
        step = PERIOD_S / PHASES
        self._due = self._due + step if late < CATCH_UP_S else now + step
