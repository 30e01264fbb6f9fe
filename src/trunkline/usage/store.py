"""Usage in the database: what an ended call adds to it, and who may still place calls."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from trunkline.calls.events import Event
from trunkline.usage.tables import UsageRow


async def charge(session: AsyncSession, call_id: str, events: Sequence[Event]) -> None:
    """In the transaction that records `events`: the ending of an answered call becomes a line of usage."""


async def require_credit(session: AsyncSession, org_id: str) -> None:
    """Raises PaymentRequired where a balance is used up; null is unlimited."""


async def minutes_since(session: AsyncSession, payer_org_id: str, since: datetime) -> float:
    """Of the calls placed since then that this organization pays for."""
    used = select(func.sum(UsageRow.duration_seconds))
    seconds = await session.scalar(used.where(UsageRow.payer_org_id == payer_org_id, UsageRow.created_at >= since))
    return (seconds or 0.0) / 60
