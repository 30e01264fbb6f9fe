"""The API as its clients see it: requests over HTTP and nothing else, with the worker at the far end as the only accomplice.

`Api` is a world of `api_world` spoken to from ordinary functions, so that one world can serve a whole module.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Coroutine, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import httpx
from api_world import ECHO, SANDBOX, World, world
from sqlalchemy import text

T = TypeVar("T")
Json = dict[str, Any]

NOBODY = "00000000-0000-4000-8000-000000000000"
"""An id that is well formed and belongs to nothing."""

MESSAGES = [{"role": "system", "content": "Be kind."}]


@dataclass(slots=True)
class Api:
    runner: asyncio.Runner
    world: World
    key: str

    def run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        return self.runner.run(coroutine)

    def send(
        self, method: str, path: str, body: Any = None, headers: Mapping[str, str] | None = None
    ) -> httpx.Response:
        """`path` below the base path, or a whole URL."""
        json_body = {} if body is None else {"json": body}
        headers = {"Authorization": f"Bearer {self.key}", **(headers or {})}
        return self.run(self.world.client.request(method, path, headers=headers, **json_body))

    def raw(self, method: str, path: str, content: bytes | str, kind: str = "application/json") -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.key}", "Content-Type": kind}
        return self.run(self.world.client.request(method, path, content=content, headers=headers))

    def get(self, path: str, headers: Mapping[str, str] | None = None) -> httpx.Response:
        return self.send("GET", path, headers=headers)

    def post(self, path: str, body: Any, headers: Mapping[str, str] | None = None) -> httpx.Response:
        return self.send("POST", path, body, headers)

    def patch(self, path: str, body: Any, headers: Mapping[str, str] | None = None) -> httpx.Response:
        return self.send("PATCH", path, body, headers)

    def delete(self, path: str, headers: Mapping[str, str] | None = None) -> httpx.Response:
        return self.send("DELETE", path, headers=headers)

    def upgrade(self, path: str, headers: Mapping[str, str] | None = None, subprotocols: Sequence[str] = ()) -> int:
        """The status that the opening of a WebSocket is answered with: 101, or what it is refused with."""
        return self.run(self._upgrade(path, headers or {}, subprotocols))

    async def _upgrade(self, path: str, headers: Mapping[str, str], subprotocols: Sequence[str]) -> int:
        path, _, query = path.partition("?")
        path = f"/api/v1{path}"
        scope = {
            "type": "websocket",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "scheme": "ws",
            "path": path,
            "raw_path": path.encode(),
            "root_path": "",
            "query_string": query.encode(),
            "headers": [
                (b"host", b"test"),
                *((name.lower().encode(), value.encode()) for name, value in headers.items()),
            ],
            "client": ("127.0.0.1", 5),
            "server": ("test", 80),
            "subprotocols": list(subprotocols),
            "state": {},
            "extensions": {"websocket.http.response": {}},
        }
        received = iter([{"type": "websocket.connect"}])
        statuses: list[int] = []

        async def receive() -> Json:
            return next(received, {"type": "websocket.disconnect", "code": 1000})

        async def send(message: Any) -> None:
            if message["type"] in ("websocket.accept", "websocket.http.response.start"):
                statuses.append(message.get("status", 101))

        await self.world.app(scope, receive, send)
        return statuses[0]

    def stranger(self) -> dict[str, str]:
        """The headers of a key of another organization."""
        return self.run(self.world.stranger())

    def newcomer(self) -> Api:
        """The same API as an organization sees it that has nothing yet."""
        return Api(self.runner, self.world, self.stranger()["Authorization"].removeprefix("Bearer "))

    def has_balance(self, org_id: str, minutes: float | None) -> None:
        """What only the keeper of the installation can set."""

        async def change() -> None:
            async with self.world.database.writing() as session:
                await session.execute(
                    text("update organizations set minutes_balance = :minutes where id = :id"),
                    {"minutes": minutes, "id": org_id},
                )

        self.run(change())

    @contextmanager
    def full(self) -> Iterator[None]:
        """No worker has a free slot."""
        self.world.worker.free = False
        try:
            yield
        finally:
            self.world.worker.free = True

    def key_with(self, *scopes: str) -> dict[str, str]:
        return self.run(self.world.key_with(*scopes))

    # ---- things to have ---------------------------------------------------------------------------

    def assistant(self, **fields: Any) -> Json:
        """A saved assistant that can be called without any vendor."""
        body = {"name": "Ann", **SANDBOX, **fields}
        made: Json = got(self.post("/assistants", body), 201)["assistant"]
        return made

    def number(self, phone_number: str, **fields: Any) -> Json:
        made: Json = got(self.post("/numbers", {"phone_number": phone_number, **fields}), 201)["number"]
        return made

    def campaign(self, **fields: Any) -> Json:
        body = {
            "name": "Autumn",
            "schedule_start_time": "09:00:00",
            "schedule_end_time": "17:00:00",
            "timezone": "Europe/Amsterdam",
            **fields,
        }
        if not {"agent_id", "assistant_id"} & set(body):
            body["agent_id"] = self.assistant()["id"]
        made: Json = got(self.post("/campaigns", body), 201)["campaign"]
        return made

    def place(self, **fields: Any) -> httpx.Response:
        """An outbound call to somebody who answers, with the fields of the body that matter to the test."""
        return self.post("/calls/outbound", {"destination": ECHO, **fields})

    def call(self, **fields: Any) -> str:
        """A call that rings."""
        call_id: str = got(self.place(**(fields or {"assistant": SANDBOX})), 201)["call_id"]
        return call_id

    def live_call(self, **fields: Any) -> str:
        """A call in progress."""
        call_id = self.call(**fields)
        self.run(self.world.worker.answer(call_id))
        return call_id

    def ended_call(self, **fields: Any) -> str:
        call_id = self.live_call(**fields)
        self.run(self.world.worker.end(call_id))
        return call_id

    def control(self, call_id: str, **body: Any) -> httpx.Response:
        return self.post(f"/calls/{call_id}/control", body)

    @property
    def last_plan(self) -> Json:
        """What the worker was asked to do last."""
        return self.world.worker.asked[-1]


@contextmanager
def serving(folder: Path, **settings: Any) -> Iterator[Api]:
    """One task enters and leaves the world; the loop runs whenever a test asks for something."""
    with asyncio.Runner() as runner:
        ready: asyncio.Future[World] = runner.get_loop().create_future()
        over = asyncio.Event()

        async def live() -> None:
            try:
                async with world(folder, **settings) as made:
                    ready.set_result(made)
                    await over.wait()
            except BaseException as error:
                if ready.done():
                    raise
                ready.set_exception(error)

        life = runner.get_loop().create_task(live())

        async def started() -> World:
            return await ready

        async def leave() -> None:
            over.set()
            await life

        made = runner.run(started())
        api = Api(runner, made, made.key)
        try:
            yield api
        finally:
            runner.run(leave())


# ---- what answers are held against ---------------------------------------------------------------


def got(answer: httpx.Response, status: int = 200) -> Any:
    """The body of an answer that must have this status."""
    assert answer.status_code == status, (
        f"{answer.request.method} {answer.request.url}: {answer.status_code} {answer.text}"
    )
    assert answer.headers["Content-Type"].split(";")[0] == "application/json"
    return answer.json()


def refused(answer: httpx.Response, status: int, code: str | None = None, *paths: str) -> Json:
    """The body of a refusal: flat, with a code, and a detail for each of `paths`."""
    body: Json = got(answer, status)
    assert set(body) <= {"error", "message", "details", "code", "retry_after"}, body
    for name in ("error", "message", "code"):
        assert isinstance(body[name], str) and body[name], body
    assert isinstance(body.get("details", []), list)
    assert all(isinstance(detail, str) for detail in body.get("details", []))
    if code is not None:
        assert body["code"] == code, body
    named = [plain(detail.partition(": ")[0]) for detail in body.get("details", [])]
    for path in paths:
        assert any(name == path or name.endswith(f".{path}") or name.startswith(f"{path}.") for name in named), (
            path,
            body,
        )
    return body


def plain(path: str) -> str:
    """`tools[0].name` as `tools.0.name`: either may be written."""
    return re.sub(r"\[(\d+)\]", r".\1", path)


def page(answer: httpx.Response, name: str) -> list[Json]:
    """The elements of a list in its envelope."""
    body = got(answer)
    pagination = body["pagination"]
    assert set(pagination) == {"total", "limit", "offset"}
    assert all(type(value) is int for value in pagination.values())
    listed: list[Json] = body[name]
    assert isinstance(listed, list)
    assert len(listed) <= pagination["limit"]
    return listed


def warned(answer: httpx.Response, word: str) -> None:
    """The answer warns about something and names it."""
    warnings = answer.json()["warnings"]
    assert any(word in warning for warning in warnings), warnings


def nested(depth: int) -> str:
    return '{"a":' * depth + "1" + "}" * depth


def timestamp(moment: str) -> None:
    """ISO 8601 in UTC with milliseconds."""
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", moment), moment


def same(shown: Any, given: Any) -> bool:
    """Everything given is shown, whatever else is."""
    if isinstance(given, dict):
        return isinstance(shown, dict) and all(name in shown and same(shown[name], given[name]) for name in given)
    if isinstance(given, list):
        return isinstance(shown, list) and len(shown) == len(given) and all(map(same, shown, given))
    return json.dumps(shown) == json.dumps(given) or shown == given
