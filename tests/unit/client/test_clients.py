"""Both clients take the same steps: over a scripted transport, without a network and without waiting."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from trunkline.client import AsyncTrunkline, NotFound, NotReached, ServerFailed, Trunkline, Unauthorized

NOW = {"Retry-After": "0"}
PLACE: Any = {"destination": "+15005550001", "assistant_id": "asst_1"}
Ask = Callable[..., Any]


class Server:
    """Answers from a script, and keeps what it was asked."""

    def __init__(self, *script: httpx.Response | Exception) -> None:
        self.script = list(script)
        self.asked: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        came = self.script.pop(0)
        if isinstance(came, Exception):
            raise came
        return came


def waiting(server: Server, ask: Ask) -> Any:
    with Trunkline("tl_live_x", "http://here/api/v1/", transport=httpx.MockTransport(server)) as trunkline:
        return ask(trunkline)


def awaiting(server: Server, ask: Ask) -> Any:
    async def run() -> Any:
        transport = httpx.MockTransport(server)
        async with AsyncTrunkline("tl_live_x", "http://here/api/v1/", transport=transport) as trunkline:
            return await ask(trunkline)

    return asyncio.run(run())


either = pytest.mark.parametrize("client", [waiting, awaiting])


@either
def test_a_request_goes_where_it_should_as_whom_it_should(client: Ask) -> None:
    server = Server(httpx.Response(200, json={"id": "call_1"}))
    assert client(server, lambda trunkline: trunkline.calls.get("../x", include="commands")) == {"id": "call_1"}
    (request,) = server.asked
    assert str(request.url) == "http://here/api/v1/calls/..%2Fx?include=commands"
    assert request.headers["Authorization"] == "Bearer tl_live_x"
    assert "Idempotency-Key" not in request.headers


@either
def test_a_call_that_is_placed_again_has_the_same_key_and_body(client: Ask) -> None:
    busy = [httpx.Response(503, headers=NOW), httpx.Response(429, headers=NOW)]
    server = Server(*busy, httpx.Response(201, json={"call_id": "call_1"}))
    assert client(server, lambda trunkline: trunkline.calls.place(PLACE)) == {"call_id": "call_1"}
    assert len({request.headers["Idempotency-Key"] for request in server.asked}) == 1
    assert len({request.content for request in server.asked}) == 1
    assert server.asked[0].headers["Content-Type"] == "application/json"


@either
def test_two_calls_have_two_keys(client: Ask) -> None:
    first, second = (Server(httpx.Response(201, json={})) for _ in range(2))
    for server in (first, second):
        client(server, lambda trunkline: trunkline.calls.place(PLACE))
    assert first.asked[0].headers["Idempotency-Key"] != second.asked[0].headers["Idempotency-Key"]


@either
def test_after_three_attempts_it_has_failed(client: Ask) -> None:
    server = Server(*[httpx.Response(500, headers=NOW, json={"code": "internal_error"})] * 3)
    with pytest.raises(ServerFailed) as failed:
        client(server, lambda trunkline: trunkline.calls.get("call_1"))
    assert failed.value.code == "internal_error"


@either
def test_whoever_is_not_reached_is_named_with_the_reason(client: Ask) -> None:
    server = Server(httpx.Response(503, headers=NOW), httpx.Response(503, headers=NOW), httpx.ConnectError("refused"))
    with pytest.raises(NotReached, match="cannot reach http://here: refused") as failed:
        client(server, lambda trunkline: trunkline.calls.get("call_1"))
    assert isinstance(failed.value.__cause__, httpx.ConnectError)


@either
def test_a_recording_goes_into_its_file_and_an_error_does_not(client: Ask, tmp_path: Path) -> None:
    path = tmp_path / "call.wav"
    server = Server(httpx.Response(404, json={"code": "not_found"}))
    with pytest.raises(NotFound):
        client(server, lambda trunkline: trunkline.save_recording("call_1", path))
    assert not path.exists()
    server = Server(httpx.Response(200, content=b"RIFF", headers={"Content-Type": "audio/wav"}))
    client(server, lambda trunkline: trunkline.save_recording("call_1", path))
    assert path.read_bytes() == b"RIFF"


def pages() -> Server:
    return Server(
        httpx.Response(200, json={"calls": [{"id": "a"}], "pagination": {"total": 2, "limit": 1, "offset": 0}}),
        httpx.Response(200, json={"calls": [{"id": "b"}], "pagination": {"total": 2, "limit": 1, "offset": 1}}),
    )


def test_pages_are_gone_through_waiting() -> None:
    assert waiting(pages(), lambda trunkline: [call["id"] for call in trunkline.calls.each(limit=1)]) == ["a", "b"]


def test_pages_are_gone_through_awaiting() -> None:
    async def ids(trunkline: AsyncTrunkline) -> list[str]:
        return [call["id"] async for call in trunkline.calls.each(limit=1)]

    assert awaiting(pages(), ids) == ["a", "b"]


@pytest.mark.parametrize("key", ["", "clé", "tl_live_\nx"])
def test_with_what_can_be_no_key_nobody_is_asked(key: str) -> None:
    with pytest.raises(Unauthorized):
        Trunkline(key)
