"""A database with one organization, calls in it, and a worker's journals: what tests of the jobs need."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import databases

from trunkline.calls.journal import Journal
from trunkline.calls.tables import CallRow, CommandRow
from trunkline.calls.verbs import Command, Verb
from trunkline.organizations.tables import Organization
from trunkline.storage.engine import Database

ORG = "org_1"


@asynccontextmanager
async def database(folder: Path) -> AsyncIterator[Database]:
    url = await databases.fresh(folder)
    made = Database(url)
    async with made.writing() as session:
        session.add(Organization(id=ORG, name="One", created_at=datetime.now(UTC)))
    try:
        yield made
    finally:
        await made.close()
        await databases.give_back(url)


async def add_call(database: Database, call_id: str, **columns: Any) -> None:
    now = datetime.now(UTC)
    whole = {"plan": {}, "status": "dialing", "created_at": now, "updated_at": now, **columns}
    async with database.writing() as session:
        session.add(CallRow(id=call_id, org_id=ORG, destination="+15005550001", caller_id="+15005550000", **whole))


async def add_command(database: Database, call_id: str, command_id: str, **columns: Any) -> None:
    now = datetime.now(UTC)
    whole: dict[str, Any] = {
        "sequence": 1,
        "not_after_ms": round(now.timestamp() * 1_000) + 30_000,
        "status": "accepted",
        "created_at": now,
        "updated_at": now,
        **columns,
    }
    command = Command(command_id, Verb.SAY, "One two three.").to_json()
    async with database.writing() as session:
        session.add(CommandRow(id=command_id, org_id=ORG, call_id=call_id, key_id="key", command=command, **whole))


async def call(database: Database, call_id: str) -> CallRow:
    async with database.reading() as session:
        row = await session.get(CallRow, call_id)
        assert row is not None
        return row


async def command(database: Database, command_id: str) -> CommandRow:
    async with database.reading() as session:
        row = await session.get(CommandRow, command_id)
        assert row is not None
        return row


def claim(worker: str = "w1") -> dict[str, Any]:
    return {"worker": worker, "at": datetime.now(UTC).isoformat(), "destination": "+1", "caller_id": "+1"}


@asynccontextmanager
async def owned(bus: Any, call_id: str, worker: str = "w1") -> AsyncIterator[Journal]:
    """A claimed journal with its task running."""
    journal = Journal(bus, ORG, call_id, worker)
    await journal.claim(claim(worker))
    async with asyncio.TaskGroup() as group:
        task = group.create_task(journal.run())
        yield journal
        task.cancel()


async def until(holds: Callable[[], Awaitable[bool]], seconds: float = 10) -> None:
    async with asyncio.timeout(seconds):
        while not await holds():  # noqa: ASYNC110
            await asyncio.sleep(0.01)


@asynccontextmanager
async def running(*jobs: Any) -> AsyncIterator[None]:
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(job) for job in jobs]
        yield
        for task in tasks:
            task.cancel()
