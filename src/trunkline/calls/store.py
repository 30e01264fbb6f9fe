"""Rows of calls, their events and commands. Functions that take a session; no decisions.

What is asked with every request is built once, below the imports: building a statement costs more than running it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, bindparam, delete, func, insert, inspect, select, text, union_all, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import defer

from trunkline.calls import projection
from trunkline.calls.events import Event
from trunkline.calls.projection import FINAL_STATUSES, LIVE_STATUSES
from trunkline.calls.tables import CallRow, CommandRow, EventRow
from trunkline.calls.verbs import Receipt, Status
from trunkline.storage.columns import Table
from trunkline.storage.sqlite import LONG

PORTION = 4
"""Of how many calls the events are read at once: the loop does nothing else meanwhile."""

_CALLS, _COMMANDS, _EVENTS = (Table.metadata.tables[row.__tablename__] for row in (CallRow, CommandRow, EventRow))
"""Without the classes' own machinery, which is for rows that a session keeps and changes."""

_CALL = select(CallRow).where(CallRow.id == bindparam("call_id"), CallRow.org_id == bindparam("org_id"))
_KNOWN_CALL = select(*(_CALLS.c[name] for name in ("id", "org_id", "status", "epoch", "claimed_at"))).where(
    _CALLS.c.id == bindparam("call_id"), _CALLS.c.org_id == bindparam("org_id")
)
_COMMAND = select(CommandRow).where(CommandRow.id == bindparam("command_id"), CommandRow.org_id == bindparam("org_id"))
_WAITING = (_COMMANDS.c.status == Status.ACCEPTED.value) & (_COMMANDS.c.not_after_ms > bindparam("now_ms"))
_QUEUE = select(func.count().filter(_WAITING), func.max(_COMMANDS.c.sequence)).where(
    _COMMANDS.c.call_id == bindparam("call_id")
)
_TURN = text("select pg_advisory_xact_lock(hashtextextended(:call_id, 0))")
_EVENT = select(*(_EVENTS.c[name] for name in ("call_id", "sequence", "at_ms", "kind", "data")))
_EVENTS_OF_KINDS = _EVENT.where(
    _EVENTS.c.call_id.in_(bindparam("call_ids", expanding=True)), _EVENTS.c.kind.in_(bindparam("kinds", expanding=True))
).order_by(_EVENTS.c.call_id, _EVENTS.c.sequence)
_LAST_OF_KIND = (
    select(_EVENTS.c.call_id, func.max(_EVENTS.c.sequence).label("last"))
    .where(_EVENTS.c.call_id.in_(bindparam("call_ids", expanding=True)), _EVENTS.c.kind == projection.PROGRESS)
    .group_by(_EVENTS.c.call_id)
    .subquery()
)
_LAST_PROGRESS = _EVENT.join(
    _LAST_OF_KIND, (_LAST_OF_KIND.c.call_id == _EVENTS.c.call_id) & (_LAST_OF_KIND.c.last == _EVENTS.c.sequence)
)
_EVENTS_AFTER = (
    _EVENT.where(_EVENTS.c.call_id == bindparam("call_id"), _EVENTS.c.sequence > bindparam("after"))
    .order_by(_EVENTS.c.sequence)
    .limit(bindparam("most"))
)
_INSERT = {CallRow: insert(_CALLS), CommandRow: insert(_COMMANDS)}
_COLUMNS = {kind: dict(inspect(kind).columns.items()) for kind in _INSERT}


async def _insert(session: AsyncSession, row: CallRow | CommandRow) -> None:
    """As it is, without the session's book-keeping: nobody changes it through this session."""
    values = {column.name: getattr(row, name) for name, column in _COLUMNS[type(row)].items()}
    await session.execute(_INSERT[type(row)], values)


# ---- calls ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class KnownCall:
    """As much of a call's row as steering it needs: not its plan, which may be long."""

    id: str
    org_id: str
    status: str
    epoch: int
    claimed_at: datetime | None


async def insert_call(session: AsyncSession, row: CallRow) -> None:
    await _insert(session, row)


async def get_call(session: AsyncSession, org_id: str, call_id: str) -> CallRow | None:
    found = await session.execute(_CALL, {"call_id": call_id, "org_id": org_id})
    return found.scalar_one_or_none()


async def known_call(session: AsyncSession, org_id: str, call_id: str) -> KnownCall | None:
    row = (await session.execute(_KNOWN_CALL, {"call_id": call_id, "org_id": org_id})).one_or_none()
    return None if row is None else KnownCall(*row)


async def list_calls(
    session: AsyncSession,
    org_id: str,
    *,
    statuses: Sequence[str] = (),
    start: datetime | None = None,
    end: datetime | None = None,
    limit: int = 20,
    offset: int = 0,
) -> tuple[list[CallRow], int]:
    """Newest first, without their plans, and how many there are in all. `statuses` empty: any; `start` and `end` are inclusive.

    The page is found in an index alone, status by status, and only its rows are read.
    """
    where: list[ColumnElement[bool]] = [CallRow.org_id == org_id]
    if start is not None:
        where.append(CallRow.created_at >= start)
    if end is not None:
        where.append(CallRow.created_at <= end)
    each = [[*where, CallRow.status == status] for status in statuses] or [where]
    counts = [select(func.count()).select_from(CallRow).where(*one).scalar_subquery() for one in each]
    total = (await session.execute(select(sum(counts[1:], counts[0])), execution_options=LONG)).scalar_one()
    rows = _newest(CallRow).where(CallRow.id.in_(_page(each, limit, offset)))
    rows = rows.options(defer(CallRow.plan, raiseload=True))
    return list((await session.execute(rows, execution_options=LONG)).scalars()), total


def _page(each: Sequence[Sequence[ColumnElement[bool]]], limit: int, offset: int) -> Select[Any]:
    """The ids of the newest calls that meet any of `each`. Several are each read as far as the page may reach."""
    if len(each) == 1:
        return _newest(CallRow.id).where(*each[0]).limit(limit).offset(offset)
    first = [_newest(CallRow.created_at, CallRow.id).where(*one).limit(limit + offset).subquery() for one in each]
    found = union_all(*(select(one) for one in first)).subquery()
    return select(found.c.id).order_by(found.c.created_at.desc(), found.c.id.desc()).limit(limit).offset(offset)


def _newest(*what: Any) -> Select[Any]:
    return select(*what).order_by(CallRow.created_at.desc(), CallRow.id.desc())


async def live_workers(session: AsyncSession) -> list[str]:
    """Everybody who holds a live call, as the rows have it."""
    query = select(CallRow.worker).where(CallRow.status.in_(LIVE_STATUSES), CallRow.worker.is_not(None)).distinct()
    return [worker for worker in (await session.execute(query)).scalars() if worker is not None]


async def calls_of_worker(session: AsyncSession, worker: str) -> list[CallRow]:
    query = select(CallRow).where(CallRow.worker == worker, CallRow.status.in_(LIVE_STATUSES))
    return list((await session.execute(query)).scalars())


async def unclaimed_calls(session: AsyncSession, older_than: datetime, limit: int = 100) -> list[CallRow]:
    query = select(CallRow).where(
        CallRow.status == "dialing", CallRow.worker.is_(None), CallRow.created_at < older_than
    )
    return list((await session.execute(query.limit(limit))).scalars())


# ---- events ----------------------------------------------------------------------------------------


async def events_after(session: AsyncSession, call_id: str, after: int = 0, limit: int = 1_000) -> list[Event]:
    rows = await session.execute(_EVENTS_AFTER, {"call_id": call_id, "after": after, "most": limit})
    return [Event(*event) for _, *event in rows.all()]


async def spoken_in(session: AsyncSession, calls: Sequence[CallRow]) -> dict[str, list[Event]]:
    """By call, in order, what its transcript is made from; a call without any is not in it.

    How far words have got matters only while they are being spoken; what was said in calls that are over is in their rows.
    A long list is read in portions, between which others are answered.
    """
    found: dict[str, list[Event]] = {}
    calls = [call for call in calls if call.messages is None]
    for start in range(0, len(calls), PORTION):
        portion = calls[start : start + PORTION]
        live = [call.id for call in portion if call.status in LIVE_STATUSES]
        progress = (await session.execute(_LAST_PROGRESS, {"call_ids": live})).all() if live else []
        told = {"call_ids": [call.id for call in portion], "kinds": projection.TOLD}
        for call_id, *event in [*progress, *(await session.execute(_EVENTS_OF_KINDS, told)).all()]:
            found.setdefault(call_id, []).append(Event(*event))
        await asyncio.sleep(0)
    return {call_id: sorted(events, key=lambda event: event.sequence) for call_id, events in found.items()}


# ---- commands ----------------------------------------------------------------------------------------


async def insert_command(session: AsyncSession, row: CommandRow) -> None:
    await _insert(session, row)


async def take_turn(session: AsyncSession, call_id: str) -> None:
    """Until this transaction ends nobody else gives a command of this call its place. SQLite has one writer anyway."""
    if session.get_bind().dialect.name == "postgresql":
        await session.execute(_TURN, {"call_id": call_id})


async def queue_of(session: AsyncSession, call_id: str, now_ms: int) -> tuple[int, int]:
    """How many commands of a call wait and may still be started, and the place of the next one."""
    queued, last = (await session.execute(_QUEUE, {"call_id": call_id, "now_ms": now_ms})).one()
    return queued, (last or 0) + 1


async def get_command(session: AsyncSession, org_id: str, command_id: str) -> CommandRow | None:
    found = await session.execute(_COMMAND, {"command_id": command_id, "org_id": org_id})
    return found.scalar_one_or_none()


async def list_commands(
    session: AsyncSession, call_id: str, limit: int = 100, offset: int = 0
) -> tuple[list[CommandRow], int]:
    """In the order in which they were accepted, and how many there are in all."""
    of_call = CommandRow.call_id == call_id
    total = (await session.execute(select(func.count()).select_from(CommandRow).where(of_call))).scalar_one()
    query = select(CommandRow).where(of_call).order_by(CommandRow.sequence).limit(limit).offset(offset)
    return list((await session.execute(query)).scalars()), total


async def delete_command(session: AsyncSession, command_id: str) -> None:
    await session.execute(delete(CommandRow).where(CommandRow.id == command_id))


async def overdue_commands(session: AsyncSession, before_ms: int, limit: int = 100) -> list[CommandRow]:
    """Commands that should have started before `before_ms`, and of which nobody has told anything since they were sent."""
    query = select(CommandRow).where(CommandRow.status == Status.ACCEPTED.value, CommandRow.not_after_ms < before_ms)
    return list((await session.execute(query.order_by(CommandRow.not_after_ms).limit(limit))).scalars())


async def undelivered_commands(session: AsyncSession, limit: int = 100) -> list[tuple[CommandRow, CallRow]]:
    """Commands that nobody has told anything about, of calls that have ended: their owner never got them."""
    query = (
        select(CommandRow, CallRow)
        .join(CallRow, CallRow.id == CommandRow.call_id)
        .where(CommandRow.status == Status.ACCEPTED.value, CallRow.status.in_(FINAL_STATUSES))
    )
    return [(command, call) for command, call in await session.execute(query.limit(limit))]


async def settle_command(session: AsyncSession, receipt: Receipt, now: datetime) -> bool:
    """Guarded: an outcome that was told in between stands. Says whether it was settled now."""
    result = await session.execute(
        update(CommandRow)
        .where(CommandRow.id == receipt.id, CommandRow.status == Status.ACCEPTED.value)
        .values(status=receipt.status.value, receipt=receipt.to_json(), updated_at=now)
        .returning(CommandRow.id)
    )
    return result.scalar_one_or_none() is not None
