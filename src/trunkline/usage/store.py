"""Usage in the database: what an ended call adds to it, and who may still place calls."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncSession

from trunkline.calls.events import Event


async def charge(session: AsyncSession, call_id: str, events: Sequence[Event]) -> None:
    """In the transaction that records `events`: the ending of an answered call becomes a line of usage."""


async def require_credit(session: AsyncSession, org_id: str) -> None:
    """Raises PaymentRequired where a balance is used up; null is unlimited."""
