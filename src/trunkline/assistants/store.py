"""Saved assistants in the database, and finding the assistant of a call there."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from trunkline import clock, ids
from trunkline.assistants import resolving
from trunkline.assistants.resolving import Resolution
from trunkline.assistants.tables import Assistant
from trunkline.errors import Conflict, NotFound

Holds = Callable[[AsyncSession, str, str], Awaitable[str | None]]
"""(session, org_id, assistant_id): a sentence saying what uses the assistant and how to detach it, or None."""


async def create(session: AsyncSession, org_id: str, config: dict[str, Any]) -> Assistant:
    now = clock.wall()
    row = Assistant(id=ids.new_uuid(), org_id=org_id, created_at=now)
    fill(row, config, now)
    session.add(row)
    await session.flush()
    return row


def fill(row: Assistant, config: dict[str, Any], at: datetime) -> None:
    row.name, row.is_active, row.config, row.updated_at = config["name"], config["is_active"], config, at


async def get(session: AsyncSession, org_id: str, assistant_id: str) -> Assistant | None:
    return await session.scalar(_one(org_id, assistant_id))


async def get_locked(session: AsyncSession, org_id: str, assistant_id: str) -> Assistant | None:
    """As `get`, and nobody else changes it, deletes it or attaches anything to it before this transaction is over."""
    return await session.scalar(_one(org_id, assistant_id).with_for_update())


def _one(org_id: str, assistant_id: str) -> Select[Assistant]:
    return select(Assistant).where(Assistant.id == assistant_id, Assistant.org_id == org_id)


async def list_page(session: AsyncSession, org_id: str, limit: int, offset: int) -> tuple[list[Assistant], int]:
    """Newest first, and how many there are in all."""
    mine = select(Assistant).where(Assistant.org_id == org_id)
    total = await session.scalar(select(func.count()).select_from(mine.subquery()))
    page = mine.order_by(Assistant.created_at.desc(), Assistant.id).limit(limit).offset(offset)
    return list(await session.scalars(page)), total or 0


async def resolve(
    session: AsyncSession,
    org_id: str,
    *,
    assistant_id: str | None,
    assistant: dict[str, Any] | None,
    override: dict[str, Any] | None,
) -> Resolution:
    """The configuration that a call will use. Raises BadRequest, NotFound, Conflict or ProviderUnavailable."""
    if assistant is not None:
        resolution = resolving.transient(assistant)
        resolving.require_available(resolution.config, "assistant")
        return resolution
    assert assistant_id is not None
    row = await get(session, org_id, assistant_id)
    if row is None:
        raise NotFound("No assistant with this id", details=["assistant_id: not found"])
    if not row.is_active:
        raise Conflict("This assistant is not active", details=["assistant_id: is not active"])
    if override is not None:
        resolution = resolving.hybrid(row.config, override)
    else:
        resolution = Resolution(dict(row.config), resolving.warnings_of_saved(row.config))
    resolving.require_available(resolution.config)
    return resolution
