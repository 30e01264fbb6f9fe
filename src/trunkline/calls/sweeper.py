"""Ends what nobody else will: calls that no worker took in time, commands that never arrived, keys and tickets that are over.

Of calls and commands the journal decides, never a row alone: a row may be behind.
"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import structlog
from sqlalchemy.exc import SQLAlchemyError

from trunkline import clock, ids
from trunkline.bus import messages
from trunkline.bus.port import Bus, BusError, Moved
from trunkline.calls import store, tickets
from trunkline.calls.closing import unclaimed_events
from trunkline.calls.journal import append_for_owner, events_of
from trunkline.calls.tables import CallRow, CommandRow
from trunkline.calls.verbs import Receipt, Status, Verb
from trunkline.config import Settings
from trunkline.storage.engine import Database
from trunkline.web import idempotency

EVERY_S = 1.0
OVERDUE_MS = 15_000
"""How long after it could no longer start a command may still be on its way into the journal."""
TRUST_S = 10.0
"""How long the bus must be there before a missing line is taken for one that was never written."""
KEYS_LIVE, DELETING_EVERY = timedelta(hours=24), timedelta(minutes=1)
CHUNK = 200
"""Keys, and tickets, deleted in one transaction."""

log_ = structlog.get_logger(__name__)


async def sweep(bus: Bus, database: Database, settings: Settings) -> None:
    """Runs until cancelled. If the bus or the database is away, it waits and goes on."""
    sweeper = Sweeper(bus, database, settings.claim_seconds)
    while True:
        try:
            await sweeper.sweep(clock.wall())
        except (BusError, SQLAlchemyError) as error:
            log_.warning("sweeper.waits", error=repr(error))
        await asyncio.sleep(EVERY_S)


class Sweeper:
    def __init__(self, bus: Bus, database: Database, claim_s: float) -> None:
        self._bus, self._database = bus, database
        self._claim = timedelta(seconds=claim_s)
        self._id = ids.new("sweeper")
        self._deleting_due = datetime.min.replace(tzinfo=UTC)

    async def sweep(self, now: datetime) -> None:
        if now >= self._deleting_due:
            await self._delete_old(now)
        if self._bus.connected:
            await self._end_unclaimed(now)
            await self._fail_undelivered(now)
        if self._bus.connected_for() >= TRUST_S:
            await self._expire_overdue(now)

    async def _delete_old(self, now: datetime) -> None:
        """Keys of requests whose day is over, and tickets that open nothing any more."""
        deleted = CHUNK
        while deleted == CHUNK:
            async with self._database.writing() as session:
                keys = await idempotency.delete_old(session, now - KEYS_LIVE, CHUNK)
                deleted = max(keys, await tickets.delete_expired(session, now, CHUNK))
        self._deleting_due = now + DELETING_EVERY

    async def _end_unclaimed(self, now: datetime) -> None:
        async with self._database.reading() as session:
            calls = await store.unclaimed_calls(session, now - self._claim)
        for call in calls:
            await self._end(call, now)

    async def _end(self, call: CallRow, now: datetime) -> None:
        age_ms = round((now - call.created_at).total_seconds() * 1_000)
        try:
            log = messages.journal(call.org_id, call.id)
            await append_for_owner(self._bus, log, unclaimed_events(age_ms), 0, self._id)
        except Moved:
            return  # somebody has written: the recorder will tell
        log_.info("sweeper.call_ended", call_id=call.id)

    async def _expire_overdue(self, now: datetime) -> None:
        before_ms = round(now.timestamp() * 1_000) - OVERDUE_MS
        async with self._database.reading() as session:
            commands = await store.overdue_commands(session, before_ms)
        for command in commands:
            if not await self._in_journal(command):
                await self._expire(command, now)

    async def _in_journal(self, command: CommandRow) -> bool:
        entries = await self._bus.read(messages.journal(command.org_id, command.call_id))
        events = [event for entry in entries for event in events_of(entry)]
        return any(event.kind == "command.accepted" and event.data["command"]["id"] == command.id for event in events)

    async def _expire(self, command: CommandRow, now: datetime) -> None:
        async with self._database.reading() as session:
            call = await store.get_call(session, command.org_id, command.call_id)
        at_ms = None if call is None else _call_ms(call, now)
        verb = Verb(command.command["verb"])
        await self._settle(Receipt(command.id, verb, Status.EXPIRED, reason="delivery", finished_at=at_ms), now)

    async def _fail_undelivered(self, now: datetime) -> None:
        """The call ended with its owner; what was on its way there had not started."""
        async with self._database.reading() as session:
            commands = await store.undelivered_commands(session)
        for command, call in commands:
            if not await self._in_journal(command):
                verb, at_ms = Verb(command.command["verb"]), _call_ms(call, call.ended_at or now)
                receipt = Receipt(command.id, verb, Status.FAILED, reason="call_ended", finished_at=at_ms)
                await self._settle(receipt, now)

    async def _settle(self, receipt: Receipt, now: datetime) -> None:
        async with self._database.writing() as session:
            settled = await store.settle_command(session, receipt, now)
        if settled:
            log_.info("sweeper.command_settled", command_id=receipt.id, status=receipt.status)


def _call_ms(call: CallRow, moment: datetime) -> int | None:
    """A moment on the call's own clock."""
    return None if call.claimed_at is None else round((moment - call.claimed_at).total_seconds() * 1_000)
