"""The clock of a process's sandbox far ends: one timer for a quarter of them each, every 20 ms, without drift.

A shell: it reads the event loop's time and nothing else. Members decide what a tick means (`leg.py`).
"""

from __future__ import annotations

import asyncio
from typing import Protocol

PERIOD_S = 0.020
PHASES = 4
EARLY_S = 0.001
"""Event loops round their timers: what is due within a millisecond is due."""


class Member(Protocol):
    def tick(self, now: float) -> None:
        """Live all the frames that are due at this time of the loop."""
        ...


class Exchange:
    """Far ends join it when they answer and leave it when they are gone. Without members its timers run out."""

    def __init__(self) -> None:
        self._phases = [_Phase(number * PERIOD_S / PHASES) for number in range(PHASES)]

    def join(self, member: Member) -> float:
        """Tick `member` from now on. Returns the time of the loop at which its first frame is due."""
        return min(self._phases, key=lambda phase: len(phase.members)).join(member)

    def leave(self, member: Member) -> None:
        for phase in self._phases:
            phase.leave(member)


class _Phase:
    def __init__(self, offset: float) -> None:
        self.members: dict[Member, None] = {}
        self._offset = offset
        self._due = 0.0
        self._timer: asyncio.TimerHandle | None = None

    def join(self, member: Member) -> float:
        if self._timer is None:
            self._due = asyncio.get_running_loop().time() + self._offset
            self._arm()
        self.members[member] = None
        return self._due

    def leave(self, member: Member) -> None:
        self.members.pop(member, None)

    def _arm(self) -> None:
        self._timer = asyncio.get_running_loop().call_at(self._due, self._run)

    def _run(self) -> None:
        now = asyncio.get_running_loop().time()
        for member in tuple(self.members):
            member.tick(now)
        if not self.members:
            self._timer = None
            return
        while self._due <= now + EARLY_S:
            self._due += PERIOD_S
        self._arm()
