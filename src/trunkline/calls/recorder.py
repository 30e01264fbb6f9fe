"""Makes rows from journals: every event once, in order, each call's row and commands in step with its events.

It is idempotent by sequence: the row says up to where it is, so any process may read any entry any number of times. What
one event changes is `projection.py`'s; what else must happen in the same transaction comes in as `on_events`.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import structlog
from sqlalchemy import bindparam, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from trunkline import clock
from trunkline.bus import messages
from trunkline.bus.port import Bus, BusError, Delivery, Entry
from trunkline.calls.events import Event
from trunkline.calls.journal import events_of
from trunkline.calls.projection import TOLD, CallFacts, Changes, CommandChange, advance, project, sandbox, transcript
from trunkline.calls.tables import CallRow, CommandRow, EventRow
from trunkline.storage.columns import Table
from trunkline.storage.engine import AWAY, Database

READER = "recorder"
BATCH_EVENTS = 60
"""About as many as fit in a transaction of 20 ms."""
REST_S = 0.05
"""After a transaction that was not full, so that what comes meanwhile shares the next one: most of its cost is fixed."""
QUEUED = 500
GAP_AGAIN_S = 0.2
GAP_PATIENCE_S = 2.0
"""A gap that lasts longer is not a matter of order: then the journal itself is read."""
FAILED_AGAIN_S = 1.0

_CALLS, _COMMANDS, _EVENTS = (Table.metadata.tables[row.__tablename__] for row in (CallRow, CommandRow, EventRow))
_FACTS = ("id", "org_id", "last_sequence", "status", "created_at", "claimed_at", "answered_at", "transfer")
_KNOWN = (
    select(*(_CALLS.c[name] for name in _FACTS))
    .where(_CALLS.c.id.in_(bindparam("calls", expanding=True)))
    .order_by(_CALLS.c.id)
    .with_for_update()
)
_SEEN = (
    update(_CALLS)
    .where(_CALLS.c.id == bindparam("call"))
    .values(last_sequence=bindparam("last"), updated_at=bindparam("now"))
)
_TOLD = (
    select(*(_EVENTS.c[name] for name in ("sequence", "at_ms", "kind", "data")))
    .where(_EVENTS.c.call_id == bindparam("call"), _EVENTS.c.kind.in_(bindparam("kinds", expanding=True)))
    .order_by(_EVENTS.c.sequence)
)
_RECEIPTS = select(_COMMANDS.c.id, _COMMANDS.c.receipt).where(_COMMANDS.c.id.in_(bindparam("commands", expanding=True)))
_CHANGED = (
    update(_COMMANDS)
    .where(_COMMANDS.c.id == bindparam("its_id"))
    .values(status=bindparam("its_status"), receipt=bindparam("its_receipt"), updated_at=bindparam("now"))
)

OnEvents = Callable[[AsyncSession, Mapping[str, Sequence[Event]]], Awaitable[None]]
"""(session, events just applied, by call): in the same transaction as their rows."""

log_ = structlog.get_logger(__name__)


async def record(bus: Bus, database: Database, on_events: OnEvents | None = None) -> None:
    """Runs until cancelled. If the bus or the database is away, it waits and goes on."""
    recorder = Recorder(bus, database, on_events)
    while True:
        try:
            async with bus.consume(READER) as deliveries:
                await recorder.run(deliveries)
        except* Exception as failed:
            log_.error("recorder.failed", exc_info=failed)
        await asyncio.sleep(FAILED_AGAIN_S)


@dataclass(slots=True)
class Work:
    """One delivery, or one entry that was read to fill a gap (then nobody waits for an acknowledgement)."""

    entry: Entry
    delivery: Delivery | None
    events: Sequence[Event]

    async def done(self) -> None:
        if self.delivery is not None:
            await self.delivery.done()

    async def again(self, delay_s: float) -> None:
        if self.delivery is not None:
            await self.delivery.again(delay_s)


@dataclass(slots=True)
class Applied:
    """What one transaction does for one call."""

    facts: CallFacts
    last: int
    events: list[Event] = field(default_factory=list)
    columns: dict[str, Any] = field(default_factory=dict)
    commands: list[CommandChange] = field(default_factory=list)

    @property
    def over(self) -> bool:
        return any(event.kind == "ended" for event in self.events)


class Recorder:
    def __init__(self, bus: Bus, database: Database, on_events: OnEvents | None) -> None:
        self._bus, self._database, self._on_events = bus, database, on_events
        self._gaps: dict[str, float] = {}
        """By call: since when the next event of its row has been missing."""

    async def run(self, deliveries: AsyncIterator[Delivery]) -> None:
        queue: asyncio.Queue[Work] = asyncio.Queue(QUEUED)
        async with asyncio.TaskGroup() as group:
            group.create_task(_feed(deliveries, queue))
            while True:
                batch = await _batch(queue)
                await self._record(batch)
                if sum(len(work.events) for work in batch) < BATCH_EVENTS:
                    await asyncio.sleep(REST_S)

    async def _record(self, batch: Sequence[Work]) -> None:
        try:
            gaps = await self._apply(batch)
        except Exception as error:
            log_.warning("recorder.not_written", entries=len(batch), error=repr(error))
            await self._retry(batch, error)
            return
        for work in batch:
            if work not in gaps:
                await work.done()
        for work in gaps:
            await self._wait_or_read(work)

    async def _retry(self, batch: Sequence[Work], error: Exception) -> None:
        """With the database away all of it waits; else one call must not hold up the others, so each is tried alone."""
        calls = {work.entry.log for work in batch}
        if isinstance(error, AWAY) or len(calls) == 1:
            for work in batch:
                await work.again(FAILED_AGAIN_S)
            await asyncio.sleep(FAILED_AGAIN_S)
            return
        for call in calls:
            await self._record([work for work in batch if work.entry.log == call])

    async def _wait_or_read(self, work: Work) -> None:
        now = clock.monotonic()
        since = self._gaps.setdefault(work.entry.log, now)
        await work.again(GAP_AGAIN_S)
        if now - since < GAP_PATIENCE_S:
            return
        log_.info("recorder.gap", log=work.entry.log)
        self._gaps.pop(work.entry.log)
        try:
            entries = await self._bus.read(work.entry.log)
        except BusError:
            return
        missing = [Work(entry, None, events_of(entry)) for entry in entries]
        for start in range(0, len(missing), BATCH_EVENTS):
            await self._apply(missing[start : start + BATCH_EVENTS])

    # ---- one transaction -----------------------------------------------------------------------

    async def _apply(self, batch: Sequence[Work]) -> list[Work]:
        """Returns what cannot be applied yet, because an event before it is missing."""
        async with self._database.writing() as session:
            calls = await _calls(session, {messages.call_of(work.entry.log) for work in batch})
            gaps = [work for work in sorted(batch, key=lambda work: work.entry.position) if not self._take(calls, work)]
            changed = {call_id: applied for call_id, applied in calls.items() if applied.events}
            if changed:
                await self._write(session, changed)
        return gaps

    def _take(self, calls: Mapping[str, Applied], work: Work) -> bool:
        _, call_id = messages.call_of(work.entry.log)
        applied = calls.get(call_id)
        if applied is None:
            log_.info("recorder.unknown_call", call_id=call_id)
            return True
        new = [event for event in work.events if event.sequence > applied.last]
        if new and new[0].sequence != applied.last + 1:
            return False
        self._gaps.pop(work.entry.log, None)
        for event in new:
            changes = _changes(applied.facts, event, call_id)
            applied.facts = advance(applied.facts, changes)
            applied.columns.update(changes.call)
            if changes.command is not None:
                applied.commands.append(changes.command)
            applied.events.append(event)
            applied.last = event.sequence
        return True

    async def _write(self, session: AsyncSession, calls: Mapping[str, Applied]) -> None:
        now = clock.wall()
        rows = [{"call_id": id, **event.to_json()} for id, applied in calls.items() for event in applied.events]
        await session.execute(insert(_EVENTS), rows)
        seen = [{"call": id, "last": applied.last, "now": now} for id, applied in calls.items()]
        await session.execute(_SEEN, seen)
        for call_id, applied in calls.items():
            if applied.over:
                applied.columns |= await _said(session, call_id)
            if applied.columns:
                await session.execute(update(_CALLS).where(_CALLS.c.id == call_id).values(applied.columns))
        await _write_commands(session, [change for applied in calls.values() for change in applied.commands], now)
        if self._on_events is not None:
            await self._on_events(session, {call_id: applied.events for call_id, applied in calls.items()})


def _changes(facts: CallFacts, event: Event, call_id: str) -> Changes:
    """An event that cannot be understood is kept as it is and changes nothing: it must not hold up the others."""
    try:
        return project(facts, event)
    except (KeyError, TypeError, ValueError) as error:
        log_.error("recorder.not_understood", call_id=call_id, kind=event.kind, error=repr(error))
        return Changes()


async def _calls(session: AsyncSession, names: set[tuple[str, str]]) -> dict[str, Applied]:
    """The calls' rows as they are, locked where the database locks rows."""
    rows = await session.execute(_KNOWN, {"calls": [call_id for _, call_id in names]})
    return {
        row.id: Applied(
            CallFacts(row.status, row.created_at, row.claimed_at, row.answered_at, row.transfer), row.last_sequence
        )
        for row in rows
        if (row.org_id, row.id) in names
    }


async def _said(session: AsyncSession, call_id: str) -> dict[str, Any]:
    """What was said in a call that is over, so that nobody has to put it together again."""
    events = [Event(*row) for row in await session.execute(_TOLD, {"call": call_id, "kinds": TOLD})]
    return {"messages": transcript(events), "sandbox": sandbox(events)}


async def _write_commands(session: AsyncSession, changes: Sequence[CommandChange], now: datetime) -> None:
    """Commands that have no row (the model's own) are in the journal only."""
    if not changes:
        return
    rows = await session.execute(_RECEIPTS, {"commands": list({change.id for change in changes})})
    receipts = {row.id: row.receipt for row in rows}
    statuses: dict[str, str] = {}
    for change in changes:
        if change.id in receipts:
            receipts[change.id] = {**receipts[change.id], **change.receipt}
            statuses[change.id] = change.status
    values = [
        {"its_id": id, "its_status": status, "its_receipt": receipts[id], "now": now} for id, status in statuses.items()
    ]
    if values:
        await session.execute(_CHANGED, values)


# ---- in ----------------------------------------------------------------------------------------


async def _feed(deliveries: AsyncIterator[Delivery], queue: asyncio.Queue[Work]) -> None:
    async for delivery in deliveries:
        try:
            events = events_of(delivery.entry)
        except (KeyError, TypeError, ValueError) as error:
            log_.error("recorder.foreign_entry", log=delivery.entry.log, error=repr(error))
            await delivery.done()
        else:
            await queue.put(Work(delivery.entry, delivery, events))


async def _batch(queue: asyncio.Queue[Work]) -> list[Work]:
    """Waits for one, then takes what is there, as far as it fits in one transaction."""
    batch = [await queue.get()]
    events = len(batch[0].events)
    while not queue.empty() and events < BATCH_EVENTS:
        batch.append(queue.get_nowait())
        events += len(batch[-1].events)
    return batch
