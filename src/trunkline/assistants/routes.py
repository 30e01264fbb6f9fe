"""The routes of saved assistants."""

from __future__ import annotations

from typing import Any

from fastapi import Request

from trunkline.assistants import resolving, store
from trunkline.assistants.tables import Assistant
from trunkline.clock import iso
from trunkline.errors import NotFound
from trunkline.storage.engine import Database
from trunkline.web.body import read
from trunkline.web.caller import Owner, Reader
from trunkline.web.paging import Paged

NULLABLE = (
    "business_name",
    "notification_email",
    "notification_emails",
    "recording_consent",
    "first_message",
    "voicemail_message",
    "webhook_url",
    "webhook_secret",
    "webhook_events",
    "analysis_plan",
    "stt_config",
    "tts_config",
    "speech_config",
)
"""Fields that an assistant has even when they say nothing."""


async def create_assistant(request: Request, caller: Owner) -> dict[str, Any]:
    """Save an assistant. Only `name` is required; the answer shows the defaults that were filled in."""
    resolution = resolving.saved(await read(request))
    async with _database(request).writing() as session:
        row = await store.create(session, caller.org_id, resolution.config)
    return {"assistant": _shown(row), "warnings": resolution.warnings}


async def list_assistants(request: Request, caller: Reader, page: Paged) -> dict[str, Any]:
    """The organization's assistants, newest first."""
    async with _database(request).reading() as session:
        rows, total = await store.list_page(session, caller.org_id, page.limit, page.offset)
    return {"assistants": [_shown(row) for row in rows], "pagination": page.pagination(total)}


async def get_assistant(request: Request, caller: Reader, assistant_id: str) -> dict[str, Any]:
    """One assistant."""
    async with _database(request).reading() as session:
        row = await store.get(session, caller.org_id, assistant_id)
    if row is None:
        raise NotFound("No assistant with this id")
    return {"assistant": _shown(row)}


def _shown(row: Assistant) -> dict[str, Any]:
    times = {"created_at": iso(row.created_at), "updated_at": iso(row.updated_at)}
    return {**dict.fromkeys(NULLABLE), **row.config, "id": row.id, **times}


def _database(request: Request) -> Database:
    database: Database = request.app.state.door.callers.database
    return database
