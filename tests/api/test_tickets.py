"""Tickets: they open the live socket of their call, for their time, with their scopes, and nothing else."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta
from typing import Any

import pytest
from api_world import World, in_world
from served import served
from sqlalchemy import update
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from trunkline import clock
from trunkline.calls.sweeper import Sweeper
from trunkline.calls.tables import TicketRow
from trunkline.organizations.tables import ApiKey

HOLD = {"client_id": "c1", "command": {"type": "hold"}}


async def ticket(world: World, call: str, headers: dict[str, str] | None = None, **body: Any) -> str:
    made = await world.client.post(f"/calls/{call}/tickets", json=body, headers=headers)
    assert made.status_code == 201, made.text
    text: str = made.json()["ticket"]
    return text


def live(address: str, call: str, shown: str) -> connect:
    url = f"{address.replace('http', 'ws')}/api/v1/calls/{call}/live?after=2"
    return connect(url, subprotocols=["trunkline", f"bearer.{shown}"])  # type: ignore[list-item]


async def refusal(connecting: connect) -> tuple[int, str]:
    with pytest.raises(InvalidStatus) as refused:
        await connecting
    return refused.value.response.status_code, json.loads(refused.value.response.body)["code"]


async def frame(socket: ClientConnection) -> dict[str, Any]:
    async with asyncio.timeout(5):
        told: dict[str, Any] = json.loads(await socket.recv())
    return told


async def age(world: World, seconds: float) -> None:
    """All tickets, as if they had been made so much earlier."""
    async with world.database.writing() as session:
        for row in await world.rows(TicketRow):
            earlier = row.expires_at - timedelta(seconds=seconds)
            await session.execute(update(TicketRow).where(TicketRow.hash == row.hash).values(expires_at=earlier))


async def revoke(world: World) -> None:
    async with world.database.writing() as session:
        await session.execute(update(ApiKey).values(revoked_at=clock.wall()))


@in_world()
async def test_a_ticket_is_made_for_a_minute_and_to_watch_unless_asked_otherwise(world: World) -> None:
    call = await world.live_call()
    before = clock.wall()
    made = await world.client.post(f"/calls/{call}/tickets", json={})
    told = made.json()
    assert (made.status_code, told["scopes"]) == (201, ["read"])
    assert told["ticket"].startswith("tkt_") and len(told["ticket"]) == 47
    (row,) = await world.rows(TicketRow)
    assert clock.iso(row.expires_at) == told["expires_at"]
    assert timedelta(seconds=60) <= row.expires_at - before < timedelta(seconds=70)
    assert told["ticket"] not in str(vars(row)), "only its hash is kept"
    longer = await world.client.post(f"/calls/{call}/tickets", json={"scopes": ["control"], "ttl_seconds": 3600})
    assert (longer.json()["scopes"], longer.json()["ticket"] == told["ticket"]) == (["control"], False)


@in_world()
async def test_a_bad_request_for_a_ticket_names_the_field(world: World) -> None:
    call = await world.live_call()
    for body, field in (
        ({"ttl_seconds": 9}, "ttl_seconds: "),
        ({"ttl_seconds": 3601}, "ttl_seconds: "),
        ({"scopes": []}, "scopes: "),
        ({"scopes": ["full"]}, "scopes[0]: "),
        ({"scopes": "read"}, "scopes: "),
        ({"call_id": call}, "call_id: unknown field"),
    ):
        answer = await world.client.post(f"/calls/{call}/tickets", json=body)
        assert (answer.status_code, answer.json()["details"][0].startswith(field)) == (400, True), answer.text
    assert not await world.rows(TicketRow)


@in_world()
async def test_only_who_may_steer_a_call_makes_tickets_for_it(world: World) -> None:
    call = await world.live_call()
    url = f"/calls/{call}/tickets"
    assert (await world.client.post(url, json={}, headers=await world.key_with("read"))).status_code == 403
    assert (await world.client.post(url, json={}, headers=await world.stranger())).status_code == 404
    assert (await world.client.post("/calls/call_nothing/tickets", json={})).status_code == 404
    assert not await world.rows(TicketRow)
    assert (await world.client.post(url, json={}, headers=await world.key_with("control"))).status_code == 201


@in_world()
async def test_a_ticket_to_watch_watches_and_steers_nothing(world: World) -> None:
    call = await world.live_call()
    shown = await ticket(world, call)
    async with served(world) as address, live(address, call, shown) as socket:
        assert socket.subprotocol == "trunkline"
        assert (await frame(socket))["type"] == "snapshot"
        await socket.send(json.dumps(HOLD))
        assert (await frame(socket))["code"] == "scope_missing"
        await world.worker.write(call, "digits", digits="1", direction="in")
        assert (await frame(socket))["kind"] == "digits"
    assert not world.worker.commanded


@in_world()
async def test_a_ticket_to_control_steers_its_call(world: World) -> None:
    call = await world.live_call()
    shown = await ticket(world, call, scopes=["control"])
    headers = {"Authorization": f"Bearer {shown}"}
    async with served(world) as address:
        url = f"{address.replace('http', 'ws')}/api/v1/calls/{call}/live?after=2"
        async with connect(url, additional_headers=headers) as socket:
            await frame(socket)
            await socket.send(json.dumps(HOLD))
            while (told := await frame(socket))["type"] == "event":
                pass
            assert (told["type"], told["client_id"], told["status"]) == ("ack", "c1", "heard")
    assert len(world.worker.commanded) == 1


@in_world()
async def test_a_ticket_is_good_for_nothing_else(world: World) -> None:
    call, other = await world.live_call(), await world.live_call()
    shown = await ticket(world, call, scopes=["control"])
    headers = {"Authorization": f"Bearer {shown}"}
    for method, path in (
        ("GET", f"/calls/{call}"),
        ("GET", "/calls"),
        ("POST", f"/calls/{call}/control"),
        ("POST", f"/calls/{call}/tickets"),
        ("POST", "/calls"),
    ):
        answer = await world.client.request(method, path, json={"type": "hold"}, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (401, "unauthorized"), path
    async with served(world) as address:
        assert await refusal(live(address, other, shown)) == (404, "not_found")
        assert await refusal(live(address, call, "tkt_" + "x" * 43)) == (401, "unauthorized")
        url = f"{address.replace('http', 'ws')}/api/v1/calls/{call}/live"
        assert await refusal(connect(f"{url}?ticket={shown}")) == (401, "unauthorized")
    assert not world.worker.commanded


@in_world()
async def test_an_expired_ticket_opens_nothing_and_closes_nothing(world: World) -> None:
    call = await world.live_call()
    shown = await ticket(world, call, ttl_seconds=10)
    async with served(world) as address, live(address, call, shown) as socket:
        await frame(socket)
        await age(world, 10)
        assert await refusal(live(address, call, shown)) == (401, "unauthorized")
        await asyncio.sleep(1.2)  # longer than the socket waits before it asks again who may listen
        await world.worker.write(call, "digits", digits="1", direction="in")
        assert (await frame(socket))["kind"] == "digits"


@in_world()
async def test_a_ticket_dies_with_the_key_that_asked_for_it(world: World) -> None:
    call = await world.live_call()
    shown = await ticket(world, call, scopes=["control"], ttl_seconds=3600)
    async with served(world) as address:
        async with live(address, call, shown) as socket:
            await frame(socket)
            await revoke(world)
            await socket.send(json.dumps(HOLD))
            assert (await frame(socket))["code"] == "unauthorized"
            async with asyncio.timeout(5):
                with pytest.raises(ConnectionClosed) as closed:
                    await socket.recv()
            assert closed.value.rcvd is not None and closed.value.rcvd.code == 1008
        assert await refusal(live(address, call, shown)) == (401, "unauthorized")


@in_world()
async def test_a_repeat_gets_the_same_ticket_while_it_is_good(world: World) -> None:
    call, other = await world.live_call(), await world.live_call()
    key = {"Idempotency-Key": "k"}
    first = await world.client.post(f"/calls/{call}/tickets", json={}, headers=key)
    again = await world.client.post(f"/calls/{call}/tickets", json={}, headers=key)
    assert (again.status_code, again.json()) == (201, first.json())
    assert len(await world.rows(TicketRow)) == 1
    assert await ticket(world, other, key) != first.json()["ticket"]
    reused = await world.client.post(f"/calls/{call}/tickets", json={"ttl_seconds": 61}, headers=key)
    assert (reused.status_code, reused.json()["code"]) == (409, "idempotency_key_reused")
    other_key = {**await world.key_with("control"), **key}
    answer = await world.client.post(f"/calls/{call}/tickets", json={}, headers=other_key)
    assert (answer.status_code, answer.json()["code"]) == (409, "conflict")
    await age(world, 60)
    answer = await world.client.post(f"/calls/{call}/tickets", json={}, headers=key)
    assert (answer.status_code, answer.json()["code"]) == (409, "conflict")


@in_world()
async def test_expired_tickets_are_deleted(world: World) -> None:
    call = await world.live_call()
    await ticket(world, call, ttl_seconds=10)
    kept = (await world.client.post(f"/calls/{call}/tickets", json={"ttl_seconds": 100})).json()["expires_at"]
    await Sweeper(world.bus, world.database, 10).sweep(clock.wall() + timedelta(seconds=11))
    assert [clock.iso(row.expires_at) for row in await world.rows(TicketRow)] == [kept]


@in_world()
async def test_a_socket_without_a_database_is_503_before_the_upgrade(world: World) -> None:
    call = await world.live_call()
    shown = await ticket(world, call)
    async with served(world) as address:
        await world.lose_database()
        assert await refusal(live(address, call, shown)) == (503, "unavailable")
