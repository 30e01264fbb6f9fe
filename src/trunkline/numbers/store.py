"""Numbers in the database, and the pool of them that calls are placed from."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import bindparam, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from trunkline import clock, ids
from trunkline.assistants.tables import Assistant
from trunkline.numbers import choosing
from trunkline.numbers.choosing import Candidate, Chosen
from trunkline.numbers.tables import Number
from trunkline.policy import dialing
from trunkline.storage.columns import Table

CHOSEN_AT_ONCE = 200
"""Numbers among which is chosen while the loop waits: finding out the countries of many takes long, the first time."""

COMMITTED = timedelta(seconds=5)
"""By then a call for which a number was chosen is in the database, or is none."""

_NUMBERS = Table.metadata.tables[Number.__tablename__]
_CANDIDATES = select(
    _NUMBERS.c.id,
    _NUMBERS.c.phone_number,
    _NUMBERS.c.is_active,
    _NUMBERS.c.transfer_trunk_id.is_not(None),
    _NUMBERS.c.reserved_for_org_id,
    _NUMBERS.c.last_used_at,
).where(or_(_NUMBERS.c.org_id == bindparam("its_org"), _NUMBERS.c.reserved_for_org_id == bindparam("its_org")))
_NAMED = _CANDIDATES.where(_NUMBERS.c.id == bindparam("its_id"))
_USED = (
    update(_NUMBERS)
    .where(
        _NUMBERS.c.id == bindparam("its_id"),
        or_(_NUMBERS.c.last_used_at.is_(None), _NUMBERS.c.last_used_at < bindparam("at")),
    )
    .values(last_used_at=bindparam("at"))
)


@dataclass(frozen=True, slots=True)
class Shown:
    """A number, and what is said of its assistant beside it."""

    row: Number
    agent_name: str | None
    business_name: str | None


async def insert(session: AsyncSession, org_id: str, values: Mapping[str, Any]) -> Number:
    now = clock.wall()
    row = Number(id=ids.new_uuid(), org_id=org_id, last_used_at=None, created_at=now, updated_at=now, **values)
    session.add(row)
    await session.flush()
    return row


async def shown(session: AsyncSession, org_id: str, number_id: str) -> Shown | None:
    mine = select(Number).where(Number.org_id == org_id, Number.id == number_id)
    return next(iter(await _shown(session, (await session.scalars(mine)).all())), None)


async def page(session: AsyncSession, org_id: str, limit: int, offset: int) -> tuple[list[Shown], int]:
    """Newest first, and how many there are in all."""
    total = await session.scalar(select(func.count()).select_from(Number).where(Number.org_id == org_id))
    newest = select(Number).where(Number.org_id == org_id).order_by(Number.created_at.desc(), Number.id)
    rows = (await session.scalars(newest.limit(limit).offset(offset))).all()
    return await _shown(session, rows), total or 0


async def _shown(session: AsyncSession, numbers: Sequence[Number]) -> list[Shown]:
    """Each assistant is read once, however many numbers it has: its configuration may be long."""
    named = {number.assistant_id for number in numbers} - {None}
    known: dict[str | None, tuple[str, str | None]] = {}
    if named:
        query = select(Assistant.id, Assistant.name, Assistant.config["business_name"].as_string())
        rows = await session.execute(query.where(Assistant.id.in_(named)))
        known = {assistant_id: (name, business_name) for assistant_id, name, business_name in rows}
    return [Shown(number, *known.get(number.assistant_id, (None, None))) for number in numbers]


async def locked(session: AsyncSession, org_id: str, number_id: str) -> Number | None:
    """Nobody else changes or deletes it before this transaction is over."""
    mine = select(Number).where(Number.id == number_id, Number.org_id == org_id)
    return await session.scalar(mine.with_for_update())


async def is_registered(session: AsyncSession, phone_number: str) -> bool:
    """By whomever."""
    return await session.scalar(select(Number.id).where(Number.phone_number == phone_number)) is not None


async def holds_assistant(session: AsyncSession, org_id: str, assistant_id: str) -> str | None:
    """Why the assistant cannot be deleted; None: no number is attached to it."""
    attached = select(func.count()).where(Number.org_id == org_id, Number.assistant_id == assistant_id)
    count = await session.scalar(attached) or 0
    if not count:
        return None
    numbers = "1 phone number" if count == 1 else f"{count} phone numbers"
    return f"Assistant is attached to {numbers}. Detach it first (PATCH /numbers/{{id}} with assistant_id: null)."


@dataclass(slots=True)
class Pool:
    """The numbers that an organization may call from: its own, and those that its parent has reserved for it."""

    _chosen: dict[str, datetime] = field(default_factory=dict)
    """When numbers were chosen for calls that may not be in the database yet."""

    async def choose(self, session: AsyncSession, org_id: str, destination: str, number_id: str | None) -> Chosen:
        """Raises NotFound, Conflict, NoAvailableNumber."""
        if number_id is not None:
            row = (await session.execute(_NAMED, {"its_org": org_id, "its_id": number_id})).one_or_none()
            named = None if row is None else Candidate(*row)
            return choosing.require(named, org_id, needs_trunk=not dialing.is_sandbox(destination))
        rows = (await session.execute(_CANDIDATES, {"its_org": org_id})).all()
        candidates = self._as_they_will_be([Candidate(*row) for row in rows])
        if len(candidates) <= CHOSEN_AT_ONCE:
            chosen = choosing.choose(candidates, org_id, destination)
        else:
            chosen = await asyncio.to_thread(choosing.choose, candidates, org_id, destination)
        self._chosen[chosen.number_id] = clock.wall()
        return chosen

    def _as_they_will_be(self, candidates: Sequence[Candidate]) -> list[Candidate]:
        """Calls that are placed at the same moment take turns as well."""
        before = clock.wall() - COMMITTED
        self._chosen = {number_id: at for number_id, at in self._chosen.items() if at > before}
        return [_used_at(number, self._chosen.get(number.number_id)) for number in candidates]

    async def used(self, session: AsyncSession, number_id: str, at: datetime) -> None:
        """It is called from, in this transaction. Calls that began later stay the last."""
        await session.execute(_USED, {"its_id": number_id, "at": at})


def _used_at(number: Candidate, at: datetime | None) -> Candidate:
    if at is None or (number.last_used_at is not None and number.last_used_at >= at):
        return number
    return replace(number, last_used_at=at)
