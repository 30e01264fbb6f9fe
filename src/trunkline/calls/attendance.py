"""Who is there: what the monitor knows of each worker from its beats, and who must be taken for lost. Pure; seconds are
whatever clock the caller reads."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

Name = tuple[str, str]
"""(org_id, call_id)."""

REMEMBERED_S = 3_600.0
"""How long a worker whose process is known to be gone is remembered: a beat of its that arrives late changes nothing."""


@dataclass(slots=True)
class Attendance:
    patience_s: float
    """Silence that is longer means lost."""
    heard: dict[str, float] = field(default_factory=dict)
    calls: dict[str, frozenset[Name]] = field(default_factory=dict)
    """By worker: what its last beat said that it holds."""
    gone: dict[str, float] = field(default_factory=dict)
    """Workers whose process is known to be gone."""
    unlisted: dict[Name, float] = field(default_factory=dict)
    """Live calls that their worker's beats do not name, and since when."""

    def beat(self, now: float, worker: str, calls: Iterable[Name]) -> None:
        if worker not in self.gone:
            self.heard[worker], self.calls[worker] = now, frozenset(calls)

    def report_gone(self, now: float, worker: str) -> None:
        self.gone[worker] = now
        self.gone = {name: at for name, at in self.gone.items() if now - at < REMEMBERED_S}

    def expect(self, now: float, workers: Iterable[str]) -> None:
        """Workers that hold live calls: one that was never heard of has its full time from now."""
        for worker in workers:
            self.heard.setdefault(worker, now)

    def is_lost(self, now: float, worker: str, trusted: bool) -> bool:
        """`trusted`: would we have heard it? If not, silence means nothing."""
        silent = trusted and now - self.heard.get(worker, now) > self.patience_s
        return worker in self.gone or silent

    def lost(self, now: float, trusted: bool) -> list[str]:
        return [worker for worker in {**self.heard, **self.gone} if self.is_lost(now, worker, trusted)]

    def forget(self, worker: str) -> None:
        """It holds nothing any more."""
        self.heard.pop(worker, None)
        self.calls.pop(worker, None)

    def orphans(self, now: float, live: Iterable[tuple[str, Name]]) -> list[Name]:
        """Of the live calls (with their workers): those that a worker who is there has not named for the whole patience."""
        missing = {call for worker, call in live if call not in self.calls.get(worker, frozenset({call}))}
        self.unlisted = {call: self.unlisted.get(call, now) for call in missing}
        return [call for call, since in self.unlisted.items() if now - since > self.patience_s]
