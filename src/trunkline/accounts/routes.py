"""The routes of organizations and of their keys."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import Query, Request
from sqlalchemy.ext.asyncio import AsyncSession

from trunkline import clock
from trunkline.accounts import children, keyring
from trunkline.accounts.schemas import KeyBody, OrganizationBody, RetentionBody
from trunkline.accounts.store import Figures, figures
from trunkline.clock import iso
from trunkline.errors import NotFound
from trunkline.organizations import store
from trunkline.organizations.tables import ApiKey, Organization
from trunkline.web.body import read, validated
from trunkline.web.caller import Owner, Reader, database_of
from trunkline.web.idempotency import Key, use_of
from trunkline.web.paging import Paged

# ---- organizations -------------------------------------------------------------------------------


async def get_organization(request: Request, caller: Reader, include_children: bool = False) -> dict[str, Any]:
    """The organization of this key: what it has, and what it uses."""
    async with database_of(request).reading() as session:
        row = await _organization(session, caller.org_id)
        counted = await figures(session, row, _month(clock.wall()))
        below = await store.children(session, row.id) if include_children else []
    shown = _organization_json(row, counted)
    if include_children:
        shown["children"] = [
            {"id": child.id, "name": child.name, "created_at": iso(child.created_at)} for child in below
        ]
    return shown


async def create_organization(request: Request, caller: Owner, key: Key = None) -> dict[str, Any]:
    """Make a child organization with a key of its own. Its calls are paid by its parent."""
    raw = await read(request)
    body = validated(OrganizationBody, raw)
    texts: dict[str, str] = {}

    async def make(session: AsyncSession) -> str:
        made = await children.make(session, caller.org_id, body.name, body.parent_org_id)
        texts[made.row.org_id] = made.text
        return made.row.org_id

    made = await request.app.state.once.make(use_of(caller.org_id, "POST /organizations", key, raw), make)
    async with database_of(request).reading() as session:
        row = await _organization(session, made)
    return {
        "id": row.id,
        "name": row.name,
        "parent_org_id": row.parent_org_id,
        "api_key": texts.get(made),
        "created_at": iso(row.created_at),
    }


async def change_organization(request: Request, caller: Owner) -> dict[str, Any]:
    """Say how long what calls leave behind is kept. Nothing is deleted by age yet."""
    body = validated(RetentionBody, await read(request))
    async with database_of(request).writing() as session:
        row = await _organization(session, caller.org_id)
        row.content_retention_days = body.content_retention_days
        row.metadata_retention_days = body.metadata_retention_days
    return body.model_dump()


# ---- keys ----------------------------------------------------------------------------------------


async def list_keys(
    request: Request, caller: Owner, page: Paged, org_id: Annotated[str | None, Query(max_length=64)] = None
) -> dict[str, Any]:
    """The organization's keys, or those of a child, oldest first, revoked ones too."""
    async with database_of(request).reading() as session:
        of = await _acted_for(session, caller.org_id, org_id)
        rows, total = await store.page_of_keys(session, of, page.limit, page.offset)
    return {"keys": [_key_json(row) for row in rows], "pagination": page.pagination(total)}


async def create_key(request: Request, caller: Owner, key: Key = None) -> dict[str, Any]:
    """Make a key for the organization or for a child. The answer is the only one that shows its text."""
    raw = await read(request)
    body = validated(KeyBody, raw)
    texts: dict[str, str] = {}

    async def make(session: AsyncSession) -> str:
        of = await _acted_for(session, caller.org_id, body.org_id)
        made = await keyring.make(session, of, body.name, body.scopes)
        texts[made.row.id] = made.text
        return made.row.id

    made = await request.app.state.once.make(use_of(caller.org_id, "POST /keys", key, raw), make)
    async with database_of(request).reading() as session:
        row = await _key(session, caller.org_id, made)
    return {"key": _key_json(row), "api_key": texts.get(made)}


async def get_key(request: Request, caller: Owner, key_id: str) -> dict[str, Any]:
    """One key of the organization or of a child."""
    async with database_of(request).reading() as session:
        row = await _key(session, caller.org_id, key_id)
    return {"key": _key_json(row)}


async def revoke_key(request: Request, caller: Owner, key_id: str) -> dict[str, Any]:
    """Make a key useless within a second. One that is revoked already stays so."""
    async with database_of(request).writing() as session:
        await keyring.revoke(session, caller.org_id, key_id)
    return {"success": True}


# ---- helpers -------------------------------------------------------------------------------------


async def _organization(session: AsyncSession, org_id: str) -> Organization:
    row = await store.organization(session, org_id)
    assert row is not None  # organizations are not deleted
    return row


async def _key(session: AsyncSession, org_id: str, key_id: str) -> ApiKey:
    row = await store.key_of(session, org_id, key_id)
    if row is None:
        raise NotFound("No key with this id")
    return row


async def _acted_for(session: AsyncSession, own_id: str, org_id: str | None) -> str:
    if org_id is None:
        return own_id
    if not await store.is_own_or_child(session, own_id, org_id):
        raise NotFound("No organization of yours has this id", details=["org_id: not found"])
    return org_id


def _organization_json(row: Organization, counted: Figures) -> dict[str, Any]:
    return {
        "id": row.id,
        "name": row.name,
        "minutes_balance": row.minutes_balance,
        "monthly_usage_minutes": round(counted.minutes, 2),
        "active_numbers": counted.numbers,
        "active_agents": counted.assistants,
        "active_calls": counted.calls,
        "has_local_models_access": False,
        "parent_org_id": row.parent_org_id,
        "content_retention_days": row.content_retention_days,
        "metadata_retention_days": row.metadata_retention_days,
        "created_at": iso(row.created_at),
    }


def _key_json(row: ApiKey) -> dict[str, Any]:
    return {
        "id": row.id,
        "name": row.name,
        "prefix": row.prefix,
        "scopes": row.scopes,
        "org_id": row.org_id,
        "created_at": iso(row.created_at),
        "revoked_at": row.revoked_at and iso(row.revoked_at),
    }


def _month(now: datetime) -> datetime:
    """When the month began, in UTC."""
    return now.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
