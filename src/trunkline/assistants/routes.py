"""The routes of saved assistants, of the catalogue that they are made from, and of its voices."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import Query, Request
from sqlalchemy.ext.asyncio import AsyncSession

from trunkline import clock
from trunkline.assistants import describing, resolving, store
from trunkline.assistants.hiding import without_secrets
from trunkline.assistants.schemas import AssistantConfig
from trunkline.assistants.store import Holds
from trunkline.assistants.tables import Assistant
from trunkline.errors import BadRequest, Conflict, InUse, NotFound
from trunkline.providers import catalogue
from trunkline.web.answers import JsonAnswer
from trunkline.web.body import read
from trunkline.web.caller import Owner, Reader, database_of
from trunkline.web.idempotency import Key, use_of
from trunkline.web.paging import Paged

ROUTE = "POST /assistants"
"""Both names of the URL are one operation, and a key means the same on either."""

FIELDS = ("name", *AssistantConfig.model_fields)


async def create_assistant(request: Request, caller: Owner, key: Key = None) -> dict[str, Any]:
    """Save an assistant. Only `name` is required; the answer shows the defaults that were filled in."""
    raw = await read(request)
    resolution = resolving.saved(raw)

    async def make(session: AsyncSession) -> str:
        return (await store.create(session, caller.org_id, resolution.config)).id

    made: str = await request.app.state.once.make(use_of(caller.org_id, ROUTE, key, raw), make)
    async with database_of(request).reading() as session:
        row = await store.get(session, caller.org_id, made)
    if row is None:
        raise Conflict("The assistant that this key has made was deleted since")
    return {"assistant": _shown(row, secrets=True), "warnings": resolution.warnings}


async def list_assistants(request: Request, caller: Reader, page: Paged) -> JsonAnswer:
    """The organization's assistants, newest first."""
    async with database_of(request).reading() as session:
        rows, total = await store.list_page(session, caller.org_id, page.limit, page.offset)
    secrets = "full" in caller.scopes
    shown = {"assistants": [_shown(row, secrets) for row in rows], "pagination": page.pagination(total)}
    return JsonAnswer(shown)


async def get_assistant(request: Request, caller: Reader, assistant_id: str) -> dict[str, Any]:
    """One assistant. Secrets are shown to keys with the scope `full` only."""
    async with database_of(request).reading() as session:
        row = _found(await store.get(session, caller.org_id, assistant_id))
    return {"assistant": _shown(row, "full" in caller.scopes)}


async def change_assistant(request: Request, caller: Owner, assistant_id: str) -> dict[str, Any]:
    """Change what the body names; a block is replaced whole. Calls that are live keep what they began with."""
    patch = await read(request)
    async with database_of(request).writing() as session:
        row = _found(await store.get_locked(session, caller.org_id, assistant_id))
        resolution = resolving.changed(row.config, patch)
        if resolution.config != row.config:
            store.fill(row, resolution.config, clock.wall())
    return {"assistant": _shown(row, secrets=True), "warnings": resolution.warnings}


async def delete_assistant(request: Request, caller: Owner, assistant_id: str) -> dict[str, bool]:
    """Delete an assistant that nothing is attached to. Live and past calls keep their own configuration."""
    holds: Sequence[Holds] = request.app.state.assistant_holds
    async with database_of(request).writing() as session:
        row = _found(await store.get_locked(session, caller.org_id, assistant_id))
        why = [sentence for hold in holds if (sentence := await hold(session, caller.org_id, row.id)) is not None]
        if why:
            raise InUse(" ".join(why))
        await session.delete(row)
    return {"success": True}


async def get_catalog(caller: Reader) -> dict[str, Any]:
    """Every provider, model and setting that an assistant's configuration may name, and what holds by default."""
    return {"catalog": describing.catalog()}


async def list_voices(
    caller: Reader, page: Paged, provider: Annotated[str | None, Query(max_length=64)] = None
) -> dict[str, Any]:
    """The voices that are known by name. Some providers have others too: see `other_voices` in the catalogue."""
    found = [voice for voice in describing.voices() if provider is None or voice["provider"] == _named(provider)]
    return {"voices": found[page.offset : page.offset + page.limit], "pagination": page.pagination(len(found))}


def _named(provider: str) -> str:
    """A provider by its name or its alias. Raises BadRequest."""
    named = catalogue.tts(provider) or catalogue.llm(provider)
    if named is None:
        known = ", ".join(dict.fromkeys((*catalogue.names("tts"), *catalogue.names("llm"))))
        raise BadRequest("A parameter is invalid", details=[f"provider: unknown provider; known: {known}"])
    return named.name


def _shown(row: Assistant, secrets: bool) -> dict[str, Any]:
    config = row.config if secrets else without_secrets(row.config)
    shown = {**dict.fromkeys(FIELDS), **config, "id": row.id}
    return {**shown, "created_at": clock.iso(row.created_at), "updated_at": clock.iso(row.updated_at)}


def _found(row: Assistant | None) -> Assistant:
    if row is None:
        raise NotFound("No assistant with this id")
    return row
