"""Rows of calls, their events and commands, and idempotency keys. Functions that take a session; no decisions."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from trunkline.calls.events import Event
from trunkline.calls.projection import LIVE_STATUSES
from trunkline.calls.tables import CallRow, CommandRow, EventRow, IdempotencyRow
from trunkline.calls.verbs import Status

# ---- calls ---------------------------------------------------------------------------------------


async def insert_call(session: AsyncSession, row: CallRow) -> None:
    session.add(row)
    await session.flush()


async def get_call(session: AsyncSession, org_id: str, call_id: str) -> CallRow | None:
    found = await session.execute(select(CallRow).where(CallRow.id == call_id, CallRow.org_id == org_id))
    return found.scalar_one_or_none()


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
    """Newest first, and how many there are in all. `statuses` empty: any; `start` and `end` are inclusive."""
    where: list[ColumnElement[bool]] = [CallRow.org_id == org_id]
    if statuses:
        where.append(CallRow.status.in_(statuses))
    if start is not None:
        where.append(CallRow.created_at >= start)
    if end is not None:
        where.append(CallRow.created_at <= end)
    total = (await session.execute(select(func.count()).select_from(CallRow).where(*where))).scalar_one()
    newest = select(CallRow).where(*where).order_by(CallRow.created_at.desc(), CallRow.id.desc())
    rows = await session.execute(newest.limit(limit).offset(offset))
    return list(rows.scalars()), total


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
    query = select(EventRow).where(EventRow.call_id == call_id, EventRow.sequence > after)
    rows = await session.execute(query.order_by(EventRow.sequence).limit(limit))
    return [_event(row) for row in rows.scalars()]


async def events_of_kinds(
    session: AsyncSession, call_ids: Sequence[str], kinds: Sequence[str]
) -> dict[str, list[Event]]:
    """By call, in order; a call without any is not in it."""
    query = select(EventRow).where(EventRow.call_id.in_(call_ids), EventRow.kind.in_(kinds))
    found: dict[str, list[Event]] = {}
    for row in (await session.execute(query.order_by(EventRow.call_id, EventRow.sequence))).scalars():
        found.setdefault(row.call_id, []).append(_event(row))
    return found


def _event(row: EventRow) -> Event:
    return Event(row.sequence, row.at_ms, row.kind, row.data)


# ---- commands ----------------------------------------------------------------------------------------


async def insert_command(session: AsyncSession, row: CommandRow) -> None:
    session.add(row)
    await session.flush()


async def queue_of(session: AsyncSession, call_id: str, now_ms: int) -> tuple[int, int]:
    """How many commands of a call wait and may still be started, and the place of the next one.

    Two at once for one call: the unique constraint lets one of them in.
    """
    waiting = (CommandRow.status == Status.ACCEPTED.value) & (CommandRow.not_after_ms > now_ms)
    query = select(func.count().filter(waiting), func.max(CommandRow.sequence)).where(CommandRow.call_id == call_id)
    queued, last = (await session.execute(query)).one()
    return queued, (last or 0) + 1


async def get_command(session: AsyncSession, org_id: str, command_id: str) -> CommandRow | None:
    found = await session.execute(select(CommandRow).where(CommandRow.id == command_id, CommandRow.org_id == org_id))
    return found.scalar_one_or_none()


async def list_commands(session: AsyncSession, call_id: str) -> list[CommandRow]:
    query = select(CommandRow).where(CommandRow.call_id == call_id).order_by(CommandRow.sequence)
    return list((await session.execute(query)).scalars())


async def delete_command(session: AsyncSession, command_id: str) -> None:
    await session.execute(delete(CommandRow).where(CommandRow.id == command_id))


async def overdue_commands(session: AsyncSession, before_ms: int, limit: int = 100) -> list[CommandRow]:
    """Commands that should have started before `before_ms`, and of which nobody has told anything since they were sent."""
    query = select(CommandRow).where(CommandRow.status == Status.ACCEPTED.value, CommandRow.not_after_ms < before_ms)
    return list((await session.execute(query.order_by(CommandRow.not_after_ms).limit(limit))).scalars())


async def expire_command(session: AsyncSession, command_id: str, receipt: dict[str, object], now: datetime) -> bool:
    """Guarded: an outcome that was told in between stands. Says whether it was expired now."""
    result = await session.execute(
        update(CommandRow)
        .where(CommandRow.id == command_id, CommandRow.status == Status.ACCEPTED.value)
        .values(status=Status.EXPIRED.value, receipt=receipt, updated_at=now)
        .returning(CommandRow.id)
    )
    return result.scalar_one_or_none() is not None


# ---- idempotency keys --------------------------------------------------------------------------------


async def get_idempotency(session: AsyncSession, org_id: str, route: str, key: str) -> IdempotencyRow | None:
    return await session.get(IdempotencyRow, (org_id, route, key))


async def insert_idempotency(session: AsyncSession, row: IdempotencyRow) -> None:
    session.add(row)
    await session.flush()


async def delete_idempotency(
    session: AsyncSession, org_id: str, route: str, key: str, before: datetime | None = None
) -> None:
    """With `before`, only if it is older."""
    where = [IdempotencyRow.org_id == org_id, IdempotencyRow.route == route, IdempotencyRow.key == key]
    if before is not None:
        where.append(IdempotencyRow.created_at < before)
    await session.execute(delete(IdempotencyRow).where(*where))


async def delete_old_idempotency(session: AsyncSession, before: datetime, limit: int = 500) -> int:
    """At most `limit` of those older than `before`. Returns how many."""
    old = select(IdempotencyRow).where(IdempotencyRow.created_at < before).limit(limit)
    rows = list((await session.execute(old)).scalars())
    for row in rows:
        await session.delete(row)
    return len(rows)
