"""The live socket of a call: its snapshot, every event as it becomes durable, and commands with their acknowledgements.

One direction at a time decides nothing here: events come from the call's journal in order, commands go the way of
`POST /calls/{id}/control` with `client_id` as their idempotency key.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson
from fastapi import WebSocket, WebSocketDisconnect

from trunkline.api.admission import Admitted, admit, chosen_protocol
from trunkline.bus import messages
from trunkline.bus.port import BusAway
from trunkline.calls import rendering, store
from trunkline.calls.control import Steering
from trunkline.calls.events import Event
from trunkline.calls.journal import events_of
from trunkline.calls.projection import FINAL_STATUSES
from trunkline.calls.routes import asked, state_of
from trunkline.calls.tables import CallRow
from trunkline.errors import BadRequest, NotFound, Problem, Unauthorized
from trunkline.storage.engine import AWAY
from trunkline.web.body import parse
from trunkline.web.caller import require
from trunkline.web.problems import body_of, database_away, render

MAX_BEHIND = 1000
PAGE = 500
RECHECK_S = 0.65
"""Together with `REMEMBERED_S`, for which a check may find what was before, less than a second: so long a revoked key listens."""
CLOSE_S = 10.0

NORMAL, POLICY, TRY_AGAIN = 1000, 1008, 1013
"""Close codes: after the last event; the key is no longer good; too slow, or the bus is away (RFC 6455 §7.4.1)."""


class _Over(Exception):
    """The socket's work is done, or cannot go on."""

    def __init__(self, code: int, reason: str = "") -> None:
        super().__init__(reason)
        self.code, self.reason = code, reason


@dataclass(slots=True)
class Live:
    socket: WebSocket
    admitted: Admitted
    row: CallRow
    after: int
    _behind: asyncio.Queue[bytes] = field(default_factory=lambda: asyncio.Queue(MAX_BEHIND))
    _sending: asyncio.Lock = field(default_factory=asyncio.Lock)

    @property
    def steering(self) -> Steering:
        steering: Steering = self.socket.app.state.steering
        return steering

    async def run(self) -> None:
        """Until the call's last event, or until the client or the server has had enough."""
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._tell())
                group.create_task(self._write())
                group.create_task(self._listen())
                group.create_task(self._recheck())
        except* _Over as over:
            first = over.exceptions[0]
            assert isinstance(first, _Over)
            await self._close(first)
        except* WebSocketDisconnect:
            pass

    async def _close(self, over: _Over) -> None:
        """A client that reads nothing cannot be told; the server drops its connection when this returns."""
        with contextlib.suppress(RuntimeError, WebSocketDisconnect, TimeoutError):
            async with asyncio.timeout(CLOSE_S):
                await self.socket.close(over.code, over.reason)

    # ---- out -----------------------------------------------------------------------------

    async def _tell(self) -> None:
        await self._send(await self._snapshot())
        try:
            if self.row.status in FINAL_STATUSES:
                await self._replay()
            else:
                await self._follow()
        except BusAway as error:
            raise _Over(TRY_AGAIN, "the bus is not available") from error

    async def _snapshot(self) -> dict[str, Any]:
        async with self.steering.database.reading() as session:
            spoken = await store.spoken_in(session, [self.row])
        call = rendering.call_json(self.row, spoken.get(self.row.id, ()), _base_url(self.socket))
        state = await state_of(self.steering, self.row)
        return {"type": "snapshot", "call": call, "state": state, "last_sequence": self.row.last_sequence}

    async def _replay(self) -> None:
        """A call that is over: its events are rows, and no more will come."""
        after = self.after
        while True:
            async with self.steering.database.reading() as session:
                events = await store.events_after(session, self.row.id, after, PAGE)
            if not events:
                raise _Over(NORMAL, "the call is over")
            for event in events:
                await self._send(_frame(event))
            after = events[-1].sequence

    async def _follow(self) -> None:
        """What was before the snapshot is sent as fast as the client takes it; from there on it must keep up."""
        log = messages.journal(self.row.org_id, self.row.id)
        async with self.steering.bus.follow(log) as entries:
            async for entry in entries:
                for event in events_of(entry):
                    if event.sequence <= self.after:
                        continue
                    if event.sequence <= self.row.last_sequence:
                        await self._send(_frame(event))
                    else:
                        self._queue(_frame(event))
                    if event.kind == "ended":
                        await self._behind.join()
                        raise _Over(NORMAL, "the call is over")

    def _queue(self, frame: Mapping[str, Any]) -> None:
        try:
            self._behind.put_nowait(orjson.dumps(frame))
        except asyncio.QueueFull as error:
            raise _Over(TRY_AGAIN, f"more than {MAX_BEHIND} events behind") from error

    async def _write(self) -> None:
        while True:
            frame = await self._behind.get()
            await self._send_text(frame)
            self._behind.task_done()

    async def _send(self, frame: Mapping[str, Any]) -> None:
        await self._send_text(orjson.dumps(frame))

    async def _send_text(self, frame: bytes) -> None:
        async with self._sending:
            await self.socket.send_text(frame.decode())

    # ---- in ------------------------------------------------------------------------------

    async def _listen(self) -> None:
        while True:
            message = await self.socket.receive()
            if message["type"] == "websocket.disconnect":
                raise WebSocketDisconnect(message.get("code", NORMAL))
            text = message.get("text")
            await self._send(await self._command(text.encode() if text is not None else message.get("bytes") or b""))

    async def _command(self, raw: bytes) -> dict[str, Any]:
        client_id: Any = None
        try:
            frame = parse(raw)
            client_id = frame.get("client_id")
            command = _command_in(frame)
            caller = await self.admitted.again()
            require(caller, "control")
            request = asked(caller.org_id, caller.key_id, self.row.id, command, client_id)
            call = await self.steering.call(caller.org_id, self.row.id)
            return {"type": "ack", "client_id": client_id, **await self.steering.command(request, call)}
        except Problem as problem:
            return _refusal(client_id, problem)
        except AWAY as error:
            return _refusal(client_id, database_away(error))

    async def _recheck(self) -> None:
        """A key that is revoked stops listening too. Without a database nobody can tell: watching goes on."""
        while True:
            await asyncio.sleep(RECHECK_S)
            try:
                await self.admitted.again()
            except Unauthorized as error:
                raise _Over(POLICY, "the key is no longer valid") from error
            except AWAY:
                continue


async def live(websocket: WebSocket, call_id: str) -> None:
    """Watch and steer one call. Refusals come before the upgrade, as ordinary answers."""
    try:
        session = await _opened(websocket, call_id)
    except Problem as problem:
        await websocket.send_denial_response(render(problem))
        return
    except AWAY as error:
        await websocket.send_denial_response(render(database_away(error)))
        return
    await websocket.accept(subprotocol=chosen_protocol(websocket))
    await session.run()


async def _opened(websocket: WebSocket, call_id: str) -> Live:
    """Raises Unauthorized, TooMany, ScopeMissing, BadRequest or NotFound."""
    admitted = await admit(websocket, call_id)
    require(admitted.caller, "read")
    after = websocket.query_params.get("after", "0")
    if not (after.isascii() and after.isdigit() and len(after) < 10):
        raise BadRequest("A parameter is invalid", details=["after: must be a whole number, 0 or more"])
    steering: Steering = websocket.app.state.steering
    async with steering.database.reading() as session:
        row = await store.get_call(session, admitted.caller.org_id, call_id)
    if row is None:
        raise NotFound("No call with this id")
    return Live(websocket, admitted, row, int(after))


def _base_url(websocket: WebSocket) -> str:
    """Where the same call is read over HTTP."""
    scheme = "https" if websocket.url.scheme == "wss" else "http"
    return f"{str(websocket.base_url.replace(scheme=scheme)).rstrip('/')}/api/v1"


def _command_in(frame: Mapping[str, Any]) -> dict[str, Any]:
    details = [f"{name}: unknown field" for name in frame if name not in ("client_id", "command")]
    if not isinstance(frame.get("client_id"), str):
        details.append("client_id: is required")
    command = frame.get("command")
    if details or not isinstance(command, dict):
        raise BadRequest("The frame is invalid", details=details or ["command: must be an object"])
    return command


def _refusal(client_id: Any, problem: Problem) -> dict[str, Any]:
    return {"type": "error", "client_id": client_id, **body_of(problem)}


def _frame(event: Event) -> dict[str, Any]:
    return {"type": "event", **event.to_json()}
