"""Watches over the workers and ends, in their journals, the calls of those that are lost.

Who is lost is `attendance.py`'s to say, what their journals lack is `closing.py`'s. A worker that only seemed lost finds
itself fenced by what is appended here. Any number of monitors may run at once: the journal lets one of them write.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from datetime import datetime

import structlog
from sqlalchemy.exc import SQLAlchemyError

from trunkline import clock, ids
from trunkline.bus import messages
from trunkline.bus.port import Bus, BusError, Moved
from trunkline.calls import store
from trunkline.calls.attendance import Attendance, Name
from trunkline.calls.closing import closing_events
from trunkline.calls.events import Event
from trunkline.calls.journal import append_for_owner, events_of
from trunkline.calls.tables import CallRow
from trunkline.config import Settings
from trunkline.storage.engine import Database

LOOK_S = 1.0
TRUST_S = 10.0
"""How long we must have been listening without a break before a worker's silence means something."""
STALL_S = 3.0
"""A look this much late means that this process stood still: what was said meanwhile has not been heard yet."""
ORPHANS_EVERY = 5
ATTEMPTS = 3

log_ = structlog.get_logger(__name__)


async def watch(bus: Bus, database: Database, settings: Settings) -> None:
    """Runs until cancelled. If the bus or the database is away, it waits and goes on."""
    monitor = Monitor(bus, database, settings.worker_lost_seconds)
    beats = await bus.subscribe(messages.BEAT, monitor.heard_beat)
    reports = await bus.subscribe(messages.LOST, monitor.heard_report)
    try:
        await monitor.run()
    finally:
        await beats.stop()
        await reports.stop()


class Monitor:
    def __init__(self, bus: Bus, database: Database, patience_s: float, trust_s: float = TRUST_S) -> None:
        self._bus, self._database, self._trust_s = bus, database, trust_s
        # within the patience the loss must be told: a look may come LOOK_S late, and then it has to be written
        self._attendance = Attendance(patience_s - 1.5 * LOOK_S)
        self._id = ids.new("monitor")
        self._news = asyncio.Event()
        self._listening_since = self._looked_at = _now()
        self._looks = 0

    async def heard_beat(self, payload: bytes) -> None:
        beat = messages.unpack(payload)
        self._attendance.beat(_now(), beat["worker"], [(call["org_id"], call["call_id"]) for call in beat["calls"]])

    async def heard_report(self, payload: bytes) -> None:
        self._attendance.report_gone(_now(), messages.unpack(payload)["worker"])
        self._news.set()

    async def run(self) -> None:
        while True:
            try:
                await self._look()
            except (BusError, SQLAlchemyError) as error:
                log_.warning("monitor.waits", error=repr(error))
            await self._pause()

    async def _pause(self) -> None:
        """A report of a lost worker ends it at once."""
        try:
            async with asyncio.timeout(LOOK_S):
                await self._news.wait()
            self._news.clear()
        except TimeoutError:
            pass

    def _trusted(self) -> bool:
        return min(_now() - self._listening_since, self._bus.connected_for()) >= self._trust_s

    async def _look(self) -> None:
        now = _now()
        if now - self._looked_at > LOOK_S + STALL_S:
            self._listening_since = now
        self._looked_at = now
        if not self._bus.connected:
            return
        async with self._database.reading() as session:
            workers = await store.live_workers(session)
        self._attendance.expect(now, workers)
        for worker in self._attendance.lost(now, self._trusted()):
            rows = await self._rows_of(worker) if worker in workers else []
            await self._end_calls_of(worker, rows)
            if not rows:
                self._attendance.forget(worker)
        self._looks += 1
        if self._looks % ORPHANS_EVERY == 0:
            await self._end_orphans(workers)
        self._looked_at = _now()

    async def _end_calls_of(self, worker: str, rows: Iterable[CallRow]) -> None:
        held = {(row.org_id, row.id) for row in rows} | self._attendance.calls.get(worker, set())
        for call in sorted(held):
            await self._end(call, worker)

    async def _end_orphans(self, workers: Iterable[str]) -> None:
        """Calls that a worker claimed and does not hold: the answer to its claim was lost, or the call's task died."""
        live = [(worker, (row.org_id, row.id)) for worker in workers for row in await self._rows_of(worker)]
        if self._trusted():
            for call in self._attendance.orphans(_now(), live):
                await self._end(call, None)

    async def _rows_of(self, worker: str) -> list[CallRow]:
        async with self._database.reading() as session:
            return await store.calls_of_worker(session, worker)

    async def _end(self, call: Name, worker: str | None) -> None:
        """With a `worker`: only if the call is its, and it does not come back while we write."""
        log = messages.journal(*call)
        for _ in range(ATTEMPTS):
            entries = await self._bus.read(log)
            events = [event for entry in entries for event in events_of(entry)]
            missing = closing_events(events, _call_ms(events))
            if not missing or (worker is not None and events[0].data.get("worker") != worker):
                return
            try:
                await append_for_owner(self._bus, log, missing, entries[-1].position, self._id)
            except Moved:
                if worker is None or not self._attendance.is_lost(_now(), worker, self._trusted()):
                    return  # it lives
            else:
                log_.warning("monitor.call_ended", call_id=call[1], worker=events[0].data.get("worker"))
                return


def _call_ms(events: list[Event]) -> int:
    """Now, on the call's own clock."""
    at = next((event.data["at"] for event in events if event.kind == "claimed"), None)
    if at is None:
        return 0
    return round((clock.wall() - datetime.fromisoformat(at)).total_seconds() * 1_000)


def _now() -> float:
    return clock.monotonic()
