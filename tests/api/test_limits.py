"""Limits as a client meets them: headers on every answer, Retry-After when it was too much, and who shares with whom."""

from __future__ import annotations

import json
import math

import httpx
import pytest
from api_world import PLACE, World, in_world
from served import served
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from trunkline import clock
from trunkline.api import server
from trunkline.config import Settings
from trunkline.web.limits import PERIOD_S

HEADERS = ("X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset")
SAY = {"type": "say", "content": "Hi."}
NOBODY = {"Authorization": "Bearer tl_live_nobody"}


def counted(answer: httpx.Response) -> tuple[int, int]:
    """The limit, and what is left of it; the third header must make sense."""
    limit, remaining, reset = (int(answer.headers[name]) for name in HEADERS)
    now = clock.wall_ms() / 1000
    assert now < reset <= now + PERIOD_S + 1
    return limit, remaining


def refused(answer: httpx.Response) -> None:
    """429 as documented: the same wait in header and body, and it leads to when the window begins again."""
    assert (answer.status_code, answer.json()["code"]) == (429, "rate_limit_exceeded")
    wait = answer.json()["retry_after"]
    assert answer.headers["Retry-After"] == str(wait)
    assert abs(math.ceil(clock.wall_ms() / 1000) + wait - int(answer.headers["X-RateLimit-Reset"])) <= 2
    assert counted(answer)[1] == 0


@in_world()
async def test_six_thousand_requests_a_minute_are_a_keys_and_a_hundred_and_twenty_commands_a_calls(
    world: World,
) -> None:
    assert counted(await world.client.get("/calls")) == (6000, 5999)
    call = await world.live_call()
    assert counted(await world.control(call, SAY)) == (120, 119)


@in_world(rate_limit_per_minute=100)
async def test_every_answer_with_a_key_counts_it_down_whatever_became_of_the_request(world: World) -> None:
    get, post = world.client.get, world.client.post
    reader = await world.key_with("read")
    answers = [
        (200, await get("/organizations", headers=reader)),
        (404, await get("/calls/nothing", headers=reader)),
        (403, await post("/calls", json=PLACE, headers=reader)),
        (400, await get("/calls?limit=many", headers=reader)),
        (403, await post("/assistants", content=b"{", headers=reader)),
        (404, await get("/calls/nothing/recording", headers=reader)),
    ]
    assert [answer.status_code for _, answer in answers] == [status for status, _ in answers]
    assert [counted(answer) for _, answer in answers if answer.status_code != 400] == [
        (100, left) for left in (99, 98, 97, 95, 94)
    ]
    assert all(name in answer.headers for _, answer in answers for name in HEADERS)
    for status, answer in (
        (400, await post("/assistants", content=b"{", headers={"Content-Type": "application/json"})),
        (415, await post("/assistants", content=b"{}")),
        (413, await post("/assistants", json={"name": "x" * 1_100_000})),
        (201, await post("/keys", json={"name": "x"})),
    ):
        assert answer.status_code == status
        assert counted(answer)[0] == 100


@in_world()
async def test_answers_to_nobody_and_to_no_url_say_what_is_left_to_an_address(world: World) -> None:
    answers = [
        await world.client.get("/calls", headers=NOBODY),
        await world.client.get("/calls", headers={"Authorization": ""}),
        await world.client.get("/nothing", headers=NOBODY),
        await world.client.put("/calls", headers=NOBODY),
        await world.client.get("http://test/elsewhere"),
    ]
    assert [answer.status_code for answer in answers] == [401, 401, 404, 405, 404]
    assert [counted(answer) for answer in answers] == [(server.STRANGERS_PER_MINUTE, 600 - n) for n in range(1, 6)]


@in_world()
async def test_an_unexpected_error_says_it_too(world: World) -> None:
    world.app.state.vitals = None
    world.app.state.once = None
    answer = await world.client.post("/keys", json={"name": "x"})
    assert (answer.status_code, answer.json()["code"]) == (500, "internal_error")
    assert counted(answer) == (6000, 5999)


@in_world(rate_limit_per_minute=3)
async def test_keys_of_one_organization_do_not_share_and_a_used_up_one_is_told_how_long(world: World) -> None:
    other = await world.key_with("full")
    for left in (2, 1, 0):
        assert counted(await world.client.get("/organizations")) == (3, left)
    for _ in range(2):
        refused(await world.client.get("/organizations"))
    refused(await world.client.post("/keys", json={"name": "x"}))
    assert counted(await world.client.get("/keys", headers=other)) == (3, 2)
    assert len((await world.client.get("/keys", headers=other)).json()["keys"]) == 2


@in_world(rate_limit_per_minute=50)
async def test_strangers_at_the_same_address_do_not_use_up_a_keys_minute(world: World) -> None:
    window = world.app.state.door.strangers
    window.limit = 5
    answers = [await world.client.get("/organizations", headers=NOBODY) for _ in range(7)]
    assert [answer.status_code for answer in answers] == [401] * 5 + [429] * 2
    refused(answers[-1])
    assert counted(await world.client.get("/organizations")) == (50, 49)
    assert (await world.client.get("/nothing")).status_code == 404


@in_world(rate_limit_per_minute=50)
async def test_a_used_up_key_does_not_use_up_its_address(world: World) -> None:
    for _ in range(51):
        await world.client.get("/organizations")
    refused(await world.client.get("/organizations"))
    assert counted(await world.client.get("/organizations", headers=NOBODY))[0] == server.STRANGERS_PER_MINUTE


@in_world(control_limit_per_minute=2)
async def test_commands_are_counted_by_call_and_their_answers_show_the_calls_window(world: World) -> None:
    call, other = await world.live_call(), await world.live_call()
    assert [counted(await world.control(call, SAY)) for _ in range(2)] == [(2, 1), (2, 0)]
    refused(await world.control(call, SAY))
    refused(await world.control(call, SAY, **await world.key_with("control")))
    assert counted(await world.control(other, SAY)) == (2, 1)
    assert counted(await world.client.get(f"/calls/{call}"))[0] == 6000
    assert len(world.worker.commanded) == 3


@in_world(rate_limit_per_minute=2, control_limit_per_minute=1)
async def test_a_command_counts_as_a_request_of_its_key_as_well(world: World) -> None:
    helper = await world.key_with("full")
    call = (await world.client.post("/calls", json=PLACE, headers=helper)).json()["call_id"]
    await world.worker.answer(call)
    assert counted(await world.control(call, SAY)) == (1, 0)
    assert counted(await world.client.get("/organizations")) == (2, 0)
    answer = await world.control(call, SAY)
    refused(answer)
    assert answer.headers["X-RateLimit-Limit"] == "2"


@in_world(rate_limit_per_minute=3)
async def test_opening_a_live_socket_is_a_request_and_its_frames_are_none(world: World) -> None:
    call = await world.live_call()
    key = await world.key_with("control")
    async with served(world) as address, httpx.AsyncClient(headers=key) as client:
        url = f"{address}/api/v1/calls/{call}/live"
        async with connect(url.replace("http", "ws"), additional_headers=key) as socket:
            assert socket.response is not None
            assert socket.response.headers["X-RateLimit-Remaining"] == "2"
            for n in range(5):
                await socket.send(json.dumps({"client_id": str(n), "command": SAY}))
            for _ in range(6):
                await socket.recv()
            assert counted(await client.get(f"{address}/api/v1/calls")) == (3, 1)
        assert counted(await client.get(f"{address}/api/v1/calls")) == (3, 0)
        with pytest.raises(InvalidStatus) as closed_door:
            await connect(url.replace("http", "ws"), additional_headers=key)
        answer = closed_door.value.response
        assert answer.status_code == 429
        assert answer.headers["X-RateLimit-Remaining"] == "0"
        assert 0 < int(answer.headers["Retry-After"]) <= PERIOD_S


@in_world(rate_limit_per_minute=3)
async def test_each_api_process_counts_for_itself(world: World) -> None:
    assert counted(await world.client.get("/calls")) == (3, 2)
    async with served(world) as address, httpx.AsyncClient(headers={"Authorization": f"Bearer {world.key}"}) as client:
        assert counted(await client.get(f"{address}/api/v1/calls")) == (3, 2)


@in_world(rate_limit_per_minute=1)
async def test_what_keepers_and_readers_of_documents_ask_is_not_counted(world: World) -> None:
    for base in ("", "http://test"):
        for path in ("/health", "/ready", "/openapi.json", "/docs"):
            for _ in range(3):
                answer = await world.client.get(f"{base}{path}")
                assert answer.status_code in (200, 404, 503)
                assert not any(name in answer.headers for name in HEADERS), path
    assert counted(await world.client.get("/organizations")) == (1, 0)


@in_world(rate_limit_per_minute=0, control_limit_per_minute=0)
async def test_without_limits_there_are_no_headers(world: World) -> None:
    call = await world.live_call()
    answers = [await world.client.get("/organizations") for _ in range(200)]
    answers += [await world.control(call, SAY) for _ in range(3)]
    assert {answer.status_code for answer in answers} == {200}
    assert not any(name in answer.headers for answer in answers for name in HEADERS)


def test_a_limit_below_zero_is_no_setting() -> None:
    for name in ("rate_limit_per_minute", "control_limit_per_minute"):
        with pytest.raises(ValueError, match=name):
            Settings(**{name: -1})
