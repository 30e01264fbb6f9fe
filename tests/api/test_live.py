"""The live socket against a real server: refusals before the upgrade, snapshot, events, commands, and how it closes."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
from api_world import World, in_world
from sqlalchemy import update
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from trunkline import clock
from trunkline.api.live import RECHECK_S
from trunkline.api.server import serve
from trunkline.organizations.tables import ApiKey
from trunkline.web.caller import REMEMBERED_S


@asynccontextmanager
async def served(world: World) -> AsyncIterator[str]:
    """The address of a server for this world's database and bus."""
    listening: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    settings = world.settings.model_copy(update={"port": 0})
    server = asyncio.get_running_loop().create_task(serve(settings, world.database, world.bus, listening.set_result))
    try:
        yield (await listening).replace("http", "ws")
    finally:
        server.cancel()
        await asyncio.wait([server])
        await asyncio.sleep(0.05)  # a connection that was dropped in the middle of a query ends in a thread of its own


def live(address: str, call: str, key: str, query: str = "") -> connect:
    headers = {"Authorization": f"Bearer {key}"}
    return connect(f"{address}/api/v1/calls/{call}/live{query}", additional_headers=headers)


async def frame(socket: ClientConnection) -> dict[str, Any]:
    async with asyncio.timeout(5):
        told: dict[str, Any] = json.loads(await socket.recv())
    return told


async def to_the_end(socket: ClientConnection) -> None:
    while True:
        await socket.recv()


async def closing(socket: ClientConnection) -> int:
    """The code with which the server closes."""
    async with asyncio.timeout(5):
        with pytest.raises(ConnectionClosed) as closed:
            await to_the_end(socket)
    assert closed.value.rcvd is not None
    return closed.value.rcvd.code


@in_world()
async def test_refusals_come_before_the_upgrade(world: World) -> None:
    call = await world.live_call()
    stranger = (await world.stranger())["Authorization"].removeprefix("Bearer ")
    cases = [(call, "", 401), (call, "tl_live_wrong", 401), ("call_nothing", world.key, 404), (call, stranger, 404)]
    async with served(world) as address:
        for id, key, status in cases:
            with pytest.raises(InvalidStatus) as refused:
                await live(address, id, key)
            assert refused.value.response.status_code == status
            assert json.loads(refused.value.response.body)["code"] in ("unauthorized", "not_found")
        with pytest.raises(InvalidStatus) as refused:
            await live(address, call, world.key, "?after=x")
        assert refused.value.response.status_code == 400
        with pytest.raises(InvalidStatus) as refused:
            await connect(f"{address}/api/v1/calls/{call}/live?key={world.key}")
        assert refused.value.response.status_code == 401


@in_world()
async def test_a_watcher_gets_a_snapshot_every_event_and_1000_after_the_last(world: World) -> None:
    call = await world.live_call()
    async with served(world) as address, live(address, call, world.key) as socket:
        snapshot = await frame(socket)
        assert (snapshot["type"], snapshot["call"]["id"], snapshot["last_sequence"]) == ("snapshot", call, 2)
        assert snapshot["state"]["live"] is True
        assert [(await frame(socket))["kind"] for _ in range(2)] == ["claimed", "answered"]
        await world.worker.write(call, "digits", digits="1", direction="in")
        event = await frame(socket)
        assert (event["type"], event["sequence"], event["kind"]) == ("event", 3, "digits")
        await world.worker.end(call)
        assert (await frame(socket))["kind"] == "ended"
        assert await closing(socket) == 1000


@in_world()
async def test_after_resumes_and_a_call_that_is_over_is_replayed(world: World) -> None:
    call = await world.live_call()
    async with served(world) as address:
        async with live(address, call, world.key, "?after=1") as socket:
            assert (await frame(socket))["type"] == "snapshot"
            assert (await frame(socket))["sequence"] == 2
        await world.worker.write(call, "recording", path="a.wav", seconds=1)
        await world.worker.end(call)
        async with live(address, call, world.key, "?after=1") as socket:
            snapshot = await frame(socket)
            headers = {"Authorization": f"Bearer {world.key}"}
            url = f"{address.replace('ws', 'http')}/api/v1/calls/{call}"
            async with httpx.AsyncClient(headers=headers) as client:
                assert (await client.get(url)).json() == snapshot["call"]
            assert snapshot["call"]["recording_url"] == f"{url}/recording"
            assert [(await frame(socket))["kind"] for _ in range(3)] == ["answered", "recording", "ended"]
            assert await closing(socket) == 1000


@in_world()
async def test_a_browser_authenticates_by_subprotocol(world: World) -> None:
    call = await world.live_call()
    async with served(world) as address:
        url = f"{address}/api/v1/calls/{call}/live"
        async with connect(url, subprotocols=[f"bearer.{world.key}"]) as socket:  # type: ignore[list-item]
            assert socket.subprotocol == f"bearer.{world.key}"
        async with connect(url, subprotocols=["trunkline", f"bearer.{world.key}"]) as socket:  # type: ignore[list-item]
            assert socket.subprotocol == "trunkline"
            assert (await frame(socket))["type"] == "snapshot"


@in_world()
async def test_commands_are_acknowledged_once_and_bad_ones_answered_with_the_problem(world: World) -> None:
    call = await world.live_call()
    say = {"client_id": "c1", "command": {"type": "say", "content": "Hi."}}
    async with served(world) as address, live(address, call, world.key, "?after=2") as socket:
        await frame(socket)

        async def answer(sent: Any) -> dict[str, Any]:
            await socket.send(sent if isinstance(sent, str | bytes) else json.dumps(sent))
            while (told := await frame(socket))["type"] == "event":
                pass
            return told

        first = await answer(say)
        assert (first["type"], first["client_id"], first["status"]) == ("ack", "c1", "heard")
        assert (await answer(say))["command_id"] == first["command_id"]
        assert (await answer(json.dumps(say).encode()))["command_id"] == first["command_id"]
        other = await answer({**say, "command": {"type": "hold"}})
        assert (other["type"], other["client_id"], other["code"]) == ("error", "c1", "idempotency_key_reused")
        assert (await answer("{"))["code"] == "invalid_request"
        assert (await answer({"command": {"type": "hold"}}))["details"] == ["client_id: is required"]
        assert (await answer({**say, "more": 1}))["details"] == ["more: unknown field"]
        assert (await answer({"client_id": "c2", "command": {"type": "say"}}))["details"] == ["content: is required"]
    assert len(world.worker.lives[call].commands) == 1


@in_world()
async def test_a_key_that_may_only_read_watches_and_steers_nothing(world: World) -> None:
    call = await world.live_call()
    key = (await world.key_with("read"))["Authorization"].removeprefix("Bearer ")
    async with served(world) as address, live(address, call, key, "?after=2") as socket:
        assert (await frame(socket))["type"] == "snapshot"
        await socket.send(json.dumps({"client_id": "c1", "command": {"type": "hold"}}))
        assert (await frame(socket))["code"] == "scope_missing"


@in_world()
async def test_watching_goes_on_without_a_database_and_commands_are_answered_unavailable(world: World) -> None:
    call = await world.live_call()
    async with served(world) as address, live(address, call, world.key, "?after=2") as socket:
        await frame(socket)
        await world.lose_database()
        world.worker.projecting = False
        await asyncio.sleep(2.5)
        await world.worker.write(call, "speech.started", utterance="u1", source="reply")
        assert (await frame(socket))["kind"] == "speech.started"
        await socket.send(json.dumps({"client_id": "c1", "command": {"type": "hold"}}))
        refused = await frame(socket)
        assert (refused["type"], refused["client_id"], refused["code"]) == ("error", "c1", "unavailable")


@in_world()
async def test_a_revoked_key_stops_watching(world: World) -> None:
    call = await world.live_call()
    async with served(world) as address, live(address, call, world.key) as socket:
        await frame(socket)
        async with world.database.writing() as session:
            await session.execute(update(ApiKey).values(revoked_at=clock.wall()))
        assert await closing(socket) == 1008


def test_a_key_that_others_use_all_the_time_stops_watching_within_a_second_too() -> None:
    """A check may find what another request has looked up just before the revocation; the next one cannot."""
    assert REMEMBERED_S + RECHECK_S < 1


@in_world()
async def test_a_reader_more_than_a_thousand_events_behind_is_closed_with_1013(world: World) -> None:
    call = await world.live_call()
    world.worker.projecting = False
    headers = {"Authorization": f"Bearer {world.key}"}
    async with served(world) as address:
        url = f"{address}/api/v1/calls/{call}/live"
        async with connect(url, additional_headers=headers, max_queue=1) as socket:
            await frame(socket)
            while len(world.bus.exchange.entries) < 1600:
                await world.worker.write(call, "caller.said", text="x" * 20_000, turn=1)
            assert await closing(socket) == 1013


@in_world()
async def test_a_server_that_is_cancelled_answers_what_it_has_begun(world: World) -> None:
    listening: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    server = asyncio.get_running_loop().create_task(
        serve(world.settings.model_copy(update={"port": 0}), world.database, world.bus, listening.set_result)
    )
    await listening
    server.cancel()
    async with asyncio.timeout(8):
        with pytest.raises(asyncio.CancelledError):
            await server
