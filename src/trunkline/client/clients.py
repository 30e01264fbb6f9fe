"""The two clients, `Trunkline` and `AsyncTrunkline`: they take the steps of `flows.py`, the one waiting, the other awaiting."""

from __future__ import annotations

import asyncio
import random
import time
import uuid
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import AsyncExitStack, ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, TypeVar

import httpx

from trunkline.client.errors import NotReached, Unauthorized
from trunkline.client.flows import Exchange, Flow, Flows, Give, Hear, Listen, Pause, Step
from trunkline.client.operations import Rooms, calls_get_recording
from trunkline.client.requests import BASE, Async, Request, Sync
from trunkline.client.sending import RETRIES, TIMEOUT_S, Answer

if TYPE_CHECKING:
    from trunkline.client import types

DEFAULT_URL = "http://127.0.0.1:8080"

T = TypeVar("T")


class Trunkline(Rooms[Sync]):
    """The client that waits. Close it, or use it in a `with`."""

    def __init__(
        self,
        key: str,
        url: str = DEFAULT_URL,
        *,
        timeout_s: float = TIMEOUT_S,
        retries: int = RETRIES,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        super().__init__(self)
        self.url, self._headers = _address(key, url)
        self._flows = Flows(self.url, retries, _new_key, random.random)
        self._http = httpx.Client(
            base_url=self.url + BASE, headers=self._headers, timeout=timeout_s, transport=transport
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._http.close()

    def send(self, request: Request[T]) -> T:
        """What a request is answered with; it is sent again where that is allowed. Raises TrunklineError."""
        return self._run(self._flows.send(request))

    def each(self, request: Request[Any], items: Callable[[Any], Sequence[Any]]) -> Iterator[Any]:
        """The items of every page of a list."""
        return self._iterate(self._flows.each(request, items))

    def wait_for(self, call_id: str, status: str | None = None, *, within_s: float = 60) -> types.CallAnswer:
        """The call once it has this status or is over; without a status, once it is over. Raises TimeoutError."""
        return self._run(self._flows.wait_for(call_id, status, within_s))

    def follow(self, call_id: str) -> Iterator[types.EventShown]:
        """Every event of a call from its first to its last, as they come."""
        return self._iterate(self._flows.follow(call_id))

    def save_recording(self, call_id: str, path: Path) -> None:
        self._run(self._flows.send(calls_get_recording(call_id), into=path))

    def _run(self, flow: Flow[T]) -> T:
        came: Any = None
        with _Steps(self._http, self._headers) as steps:
            while True:
                try:
                    step = flow.send(came)
                except StopIteration as over:
                    result: T = over.value
                    return result
                came = steps.take(step)

    def _iterate(self, flow: Flow[None]) -> Iterator[Any]:
        came: Any = None
        with _Steps(self._http, self._headers) as steps:
            while True:
                try:
                    step = flow.send(came)
                except StopIteration:
                    return
                if isinstance(step, Give):
                    came = yield step.item
                else:
                    came = steps.take(step)


class AsyncTrunkline(Rooms[Async]):
    """The client that awaits. Close it, or use it in an `async with`."""

    def __init__(
        self,
        key: str,
        url: str = DEFAULT_URL,
        *,
        timeout_s: float = TIMEOUT_S,
        retries: int = RETRIES,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        super().__init__(self)
        self.url, self._headers = _address(key, url)
        self._flows = Flows(self.url, retries, _new_key, random.random)
        self._http = httpx.AsyncClient(
            base_url=self.url + BASE, headers=self._headers, timeout=timeout_s, transport=transport
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        await self._http.aclose()

    async def send(self, request: Request[T]) -> T:
        """What a request is answered with; it is sent again where that is allowed. Raises TrunklineError."""
        return await self._run(self._flows.send(request))

    def each(self, request: Request[Any], items: Callable[[Any], Sequence[Any]]) -> AsyncIterator[Any]:
        """The items of every page of a list."""
        return self._iterate(self._flows.each(request, items))

    async def wait_for(self, call_id: str, status: str | None = None, *, within_s: float = 60) -> types.CallAnswer:
        """The call once it has this status or is over; without a status, once it is over. Raises TimeoutError."""
        return await self._run(self._flows.wait_for(call_id, status, within_s))

    def follow(self, call_id: str) -> AsyncIterator[types.EventShown]:
        """Every event of a call from its first to its last, as they come."""
        return self._iterate(self._flows.follow(call_id))

    async def save_recording(self, call_id: str, path: Path) -> None:
        await self._run(self._flows.send(calls_get_recording(call_id), into=path))

    async def _run(self, flow: Flow[T]) -> T:
        came: Any = None
        async with _AsyncSteps(self._http, self._headers) as steps:
            while True:
                try:
                    step = flow.send(came)
                except StopIteration as over:
                    result: T = over.value
                    return result
                came = await steps.take(step)

    async def _iterate(self, flow: Flow[None]) -> AsyncIterator[Any]:
        came: Any = None
        async with _AsyncSteps(self._http, self._headers) as steps:
            while True:
                try:
                    step = flow.send(came)
                except StopIteration:
                    return
                if isinstance(step, Give):
                    came = yield step.item
                else:
                    came = await steps.take(step)


# ---- taking steps -------------------------------------------------------------------------------


class _Steps(ExitStack):
    """Takes the steps of one flow; what it has opened is closed with it."""

    def __init__(self, http: httpx.Client, headers: dict[str, str]) -> None:
        super().__init__()
        self.http, self.headers = http, headers
        self.socket: Any = None

    def take(self, step: Step) -> Any:
        match step:
            case Exchange():
                return self._exchange(step)
            case Pause(seconds):
                time.sleep(seconds)
                return time.monotonic()
            case Listen(url):
                return self._listen(url)
            case Hear():
                return self._hear()
            case Give():
                raise AssertionError("whoever iterates takes what is given")

    def _exchange(self, step: Exchange) -> Answer | NotReached:
        try:
            with self.http.stream(**_asked(step)) as answer:
                if step.into is None or not answer.is_success:
                    return Answer(answer.status_code, answer.headers, answer.read())
                with step.into.open("wb") as file:
                    for piece in answer.iter_bytes():
                        file.write(piece)
                return Answer(answer.status_code, answer.headers)
        except httpx.TransportError as error:
            return _not_reached(self.http.base_url, error)

    def _listen(self, url: str) -> bool:
        from websockets.exceptions import InvalidHandshake  # noqa: PLC0415  (loaded by those who follow)
        from websockets.sync.client import connect  # noqa: PLC0415

        try:
            self.socket = self.enter_context(connect(url, additional_headers=self.headers, max_size=None))
        except (OSError, InvalidHandshake):
            return False
        return True

    def _hear(self) -> str | bytes | None:
        from websockets.exceptions import ConnectionClosed  # noqa: PLC0415

        try:
            text: str | bytes = self.socket.recv()
        except ConnectionClosed:
            return None
        return text


class _AsyncSteps(AsyncExitStack):
    """Takes the steps of one flow; what it has opened is closed with it."""

    def __init__(self, http: httpx.AsyncClient, headers: dict[str, str]) -> None:
        super().__init__()
        self.http, self.headers = http, headers
        self.socket: Any = None

    async def take(self, step: Step) -> Any:
        match step:
            case Exchange():
                return await self._exchange(step)
            case Pause(seconds):
                await asyncio.sleep(seconds)
                return time.monotonic()
            case Listen(url):
                return await self._listen(url)
            case Hear():
                return await self._hear()
            case Give():
                raise AssertionError("whoever iterates takes what is given")

    async def _exchange(self, step: Exchange) -> Answer | NotReached:
        try:
            async with self.http.stream(**_asked(step)) as answer:
                if step.into is None or not answer.is_success:
                    return Answer(answer.status_code, answer.headers, await answer.aread())
                with step.into.open("wb") as file:
                    async for piece in answer.aiter_bytes():
                        file.write(piece)
                return Answer(answer.status_code, answer.headers)
        except httpx.TransportError as error:
            return _not_reached(self.http.base_url, error)

    async def _listen(self, url: str) -> bool:
        from websockets.asyncio.client import connect  # noqa: PLC0415  (loaded by those who follow)
        from websockets.exceptions import InvalidHandshake  # noqa: PLC0415

        try:
            self.socket = await self.enter_async_context(connect(url, additional_headers=self.headers, max_size=None))
        except (OSError, InvalidHandshake):
            return False
        return True

    async def _hear(self) -> str | bytes | None:
        from websockets.exceptions import ConnectionClosed  # noqa: PLC0415

        try:
            text: str | bytes = await self.socket.recv()
        except ConnectionClosed:
            return None
        return text


def _asked(step: Exchange) -> dict[str, Any]:
    request = step.sending.request
    return {
        "method": request.method,
        "url": request.path,
        "params": dict(request.query),
        "content": step.sending.content(),
        "headers": step.sending.headers(),
    }


def _not_reached(url: httpx.URL, error: httpx.TransportError) -> NotReached:
    place = f"{url.scheme}://{url.netloc.decode()}"
    reached = NotReached(f"cannot reach {place}: {str(error) or type(error).__name__}")
    reached.__cause__ = error
    return reached


def _address(key: str, url: str) -> tuple[str, dict[str, str]]:
    """Whom to ask, and the headers that say who asks. Raises Unauthorized for what can be no key."""
    if not key or not key.isascii() or not key.isprintable():
        raise Unauthorized(401, {"error": "Invalid API key", "message": "This is no API key", "code": "unauthorized"})
    return url.rstrip("/").removesuffix(BASE), {"Authorization": f"Bearer {key}"}


def _new_key() -> str:
    return str(uuid.uuid4())
