"""Two processes and one `Idempotency-Key`: whichever is overtaken answers with what the faster one has made."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import httpx
from api_world import PLACE, World, in_world
from sqlalchemy import update

from trunkline.api.server import build
from trunkline.calls.tables import CallRow
from trunkline.numbers.tables import Number
from trunkline.storage.engine import Database

ONCE = {"Idempotency-Key": "the-same"}


class Overtaken:
    """A database to which `first` happens when this process has looked and is about to write."""

    def __init__(self, database: Database, first: Callable[[], Awaitable[Any]]) -> None:
        self.reading = database.reading
        self._database, self._first = database, [first]

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[Any]:
        if self._first:
            await self._first.pop()()
        async with self._database.writing() as session:
            yield session


@asynccontextmanager
async def another_process(world: World) -> AsyncIterator[httpx.AsyncClient]:
    app = build(world.settings, world.database, world.bus)
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url="http://other/api/v1", headers=world.client.headers
    ) as client:
        yield client


@in_world()
async def test_a_number_that_another_process_has_just_registered_for_the_same_key_is_no_conflict(world: World) -> None:
    body = {"phone_number": "+31201234567"}
    async with another_process(world) as other:
        faster: list[httpx.Response] = []

        async def register() -> None:
            faster.append(await other.post("/numbers", json=body, headers=ONCE))

        world.app.state.once.database = Overtaken(world.database, register)
        slower = await world.client.post("/numbers", json=body, headers=ONCE)
    assert [faster[0].status_code, slower.status_code] == [201, 201]
    assert slower.json() == faster[0].json()
    assert len(await world.rows(Number)) == 1


@in_world()
async def test_a_number_that_another_key_has_just_registered_is_a_conflict(world: World) -> None:
    body = {"phone_number": "+31201234567"}
    async with another_process(world) as other:
        world.app.state.once.database = Overtaken(world.database, lambda: other.post("/numbers", json=body))
        assert (await world.client.post("/numbers", json=body, headers=ONCE)).status_code == 409


@in_world()
async def test_a_call_that_found_nobody_is_placed_anew_once_by_two_processes(world: World) -> None:
    first = (await world.place(**ONCE)).json()["call_id"]
    async with world.database.writing() as session:
        await session.execute(update(CallRow).values(status="failed", end_reason="no_capacity"))
    async with another_process(world) as other:
        faster: list[httpx.Response] = []

        async def place() -> None:
            faster.append(await other.post("/calls", json=PLACE, headers=ONCE))

        world.app.state.placing.database = Overtaken(world.database, place)
        slower = await world.place(**ONCE)
    assert [faster[0].status_code, slower.status_code] == [201, 201]
    assert slower.json()["call_id"] == faster[0].json()["call_id"] != first
    assert len(await world.rows(CallRow)) == 2
