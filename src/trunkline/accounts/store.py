"""What an organization has and uses, counted from the rows of other rooms."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from trunkline.assistants.tables import Assistant
from trunkline.calls.projection import LIVE_STATUSES
from trunkline.calls.tables import CallRow
from trunkline.numbers.tables import Number
from trunkline.organizations.tables import Organization
from trunkline.usage.store import minutes_since


@dataclass(frozen=True, slots=True)
class Figures:
    minutes: float
    numbers: int
    assistants: int
    calls: int


async def figures(session: AsyncSession, row: Organization, since: datetime) -> Figures:
    """Minutes are those used since then."""
    return Figures(
        minutes=await _minutes(session, row, since),
        numbers=await _count(session, Number, Number.org_id == row.id, Number.is_active.is_(True)),
        assistants=await _count(session, Assistant, Assistant.org_id == row.id, Assistant.is_active.is_(True)),
        calls=await _count(session, CallRow, CallRow.org_id == row.id, CallRow.status.in_(LIVE_STATUSES)),
    )


async def _minutes(session: AsyncSession, row: Organization, since: datetime) -> float:
    """What it pays for. A child pays for nothing: what its own calls used, and nothing of its parent's."""
    return await minutes_since(session, row.id, since, paid_for=row.parent_org_id is None)


async def _count(session: AsyncSession, table: type[Any], *where: ColumnElement[bool]) -> int:
    return await session.scalar(select(func.count()).select_from(table).where(*where)) or 0
