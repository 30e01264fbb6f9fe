"""The routes of phone numbers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fastapi import Request
from sqlalchemy.ext.asyncio import AsyncSession

from trunkline import clock
from trunkline.assistants import store as assistants
from trunkline.errors import Conflict, NotFound
from trunkline.numbers import store
from trunkline.numbers.schemas import RENAMED, NumberBody, NumberChanges
from trunkline.numbers.store import Shown
from trunkline.numbers.tables import Number
from trunkline.organizations.store import is_own_or_child
from trunkline.storage.columns import change
from trunkline.web import deprecation
from trunkline.web.answers import JsonAnswer
from trunkline.web.body import read, validated
from trunkline.web.caller import Owner, Reader, database_of
from trunkline.web.idempotency import Key, use_of
from trunkline.web.paging import Paged

NONE_YET = ("transfer_trunk_id", "workflow_id")
"""Fields that can refer to nothing: there are no trunks and no workflows."""


async def create_number(request: Request, caller: Owner, key: Key = None) -> dict[str, Any]:
    """Register a phone number. A number is registered once in an installation."""
    raw = await _read(request)
    body = validated(NumberBody, raw)

    async def make(session: AsyncSession) -> str:
        values = body.model_dump()
        await _require(session, caller.org_id, values)
        if await store.is_registered(session, body.phone_number):
            raise Conflict("This phone number is registered already", details=["phone_number: is registered already"])
        return (await store.insert(session, caller.org_id, values)).id

    made = await request.app.state.once.make(use_of(caller.org_id, "POST /numbers", key, raw), make)
    async with database_of(request).reading() as session:
        number = await store.shown(session, caller.org_id, made)
    if number is None:
        raise Conflict("The number that this request registered has been deleted since")
    return {"number": _number_json(number)}


async def list_numbers(request: Request, caller: Reader, page: Paged) -> JsonAnswer:
    """The organization's phone numbers, newest first."""
    async with database_of(request).reading() as session:
        numbers, total = await store.page(session, caller.org_id, page.limit, page.offset)
    shown = [_number_json(number) for number in numbers]
    return JsonAnswer({"numbers": shown, "pagination": page.pagination(total)})


async def get_number(request: Request, caller: Reader, number_id: str) -> dict[str, Any]:
    """One phone number."""
    async with database_of(request).reading() as session:
        return {"number": _number_json(_found(await store.shown(session, caller.org_id, number_id)))}


async def change_number(request: Request, caller: Owner, number_id: str) -> dict[str, Any]:
    """Change what is said of a number: what is sent changes, null detaches or clears. The number itself cannot change."""
    raw = await _read(request)
    async with database_of(request).writing() as session:
        row = _there(await store.locked(session, caller.org_id, number_id))
        changes = validated(NumberChanges, raw).changes()
        await _require(session, caller.org_id, changes)
        change(row, changes, clock.wall())
        await session.flush()
        number = _found(await store.shown(session, caller.org_id, number_id))
    return {"number": _number_json(number)}


async def delete_number(request: Request, caller: Owner, number_id: str) -> dict[str, Any]:
    """Forget a phone number. Calls that are made from it go on."""
    async with database_of(request).writing() as session:
        await session.delete(_there(await store.locked(session, caller.org_id, number_id)))
    return {"success": True}


async def _read(request: Request) -> dict[str, Any]:
    raw, deprecated = deprecation.renamed(await read(request), RENAMED)
    if deprecated:
        await deprecation.mark(request)
    return raw


async def _require(session: AsyncSession, org_id: str, values: Mapping[str, Any]) -> None:
    """Raises NotFound naming every field that refers to nothing of the organization's. Null refers to nothing at all."""
    named = {name: value for name, value in values.items() if value is not None}
    unknown: list[str] = [name for name in NONE_YET if name in named]
    if "assistant_id" in named and await assistants.get(session, org_id, named["assistant_id"]) is None:
        unknown.append("assistant_id")
    child = named.get("reserved_for_org_id")
    if child is not None and (child == org_id or not await is_own_or_child(session, org_id, child)):
        unknown.append("reserved_for_org_id")
    if unknown:
        details = [f"{name}: not found" for name in unknown]
        raise NotFound(f"Nothing of this organization has this {' or this '.join(unknown)}", details=details)


def _number_json(number: Shown) -> dict[str, Any]:
    row = number.row
    return {
        "id": row.id,
        "phone_number": row.phone_number,
        "name": row.name,
        "agent_id": row.assistant_id,
        "agent_name": number.agent_name,
        "assistant_id": row.assistant_id,
        "business_name": number.business_name,
        "transfer_trunk_id": row.transfer_trunk_id,
        "transfer_trunk_name": None,
        "workflow_id": row.workflow_id,
        "workflow_name": None,
        "source": row.source,
        "is_active": row.is_active,
        "reserved_for_org_id": row.reserved_for_org_id,
        "last_used_at": row.last_used_at and clock.iso(row.last_used_at),
        "created_at": clock.iso(row.created_at),
        "updated_at": clock.iso(row.updated_at),
    }


def _there(row: Number | None) -> Number:
    if row is None:
        raise NotFound("No number with this id")
    return row


def _found(number: Shown | None) -> Shown:
    if number is None:
        raise NotFound("No number with this id")
    return number
