"""What a client does, step by step, for whoever waits and whoever awaits: sending, paging, waiting, following. Pure.

A flow is a generator: it yields the next step to take and is sent what came of it. `clients.py` takes the steps.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from trunkline.client import operations
from trunkline.client.errors import NotReached, ServerFailed, TrunklineError
from trunkline.client.requests import BASE, Request, next_page, path
from trunkline.client.sending import Answer, Sending

if TYPE_CHECKING:
    from trunkline.client import types

T = TypeVar("T")

WAIT_POLL_S = 0.2
FOLLOW_POLL_S = 0.3
PATIENCE_S = 15
"""How long a call that is followed may be out of reach: an api that died is back within seconds."""
EVENTS_AT_ONCE = 1000


# ---- steps --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Exchange:
    """Carry the request once; what comes is an Answer, or NotReached. A success goes `into` that file, if there is one."""

    sending: Sending[Any]
    into: Path | None = None


@dataclass(frozen=True, slots=True)
class Pause:
    """Wait so long; what comes is the time, in seconds."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Give:
    """One more item for whoever iterates."""

    item: Any


@dataclass(frozen=True, slots=True)
class Listen:
    """Open a socket at this URL; what comes is whether it is open."""

    url: str


@dataclass(frozen=True, slots=True)
class Hear:
    """Take the socket's next frame; what comes is its text, or None where it is closed."""


Step = Exchange | Pause | Give | Listen | Hear
Flow = Generator[Step, Any, T]


# ---- flows --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Flows:
    """Every flow of one client."""

    url: str
    retries: int
    new_key: Callable[[], str]
    chance: Callable[[], float]

    def send(self, request: Request[T], into: Path | None = None) -> Flow[T]:
        """Send a request, again where that is allowed. Raises TrunklineError."""
        sending = Sending(request, self.new_key(), self.retries)
        while True:
            outcome: Answer | NotReached = yield Exchange(sending, into)
            answer = None if isinstance(outcome, NotReached) else outcome
            pause_s = sending.pause_s(answer, self.chance())
            if pause_s is None:
                break
            yield Pause(pause_s)
        if isinstance(outcome, NotReached):
            raise outcome
        return sending.result(outcome)

    def each(self, request: Request[Any], items: Callable[[Any], Sequence[Any]]) -> Flow[None]:
        """Gives the items of every page of a list."""
        following: Request[Any] | None = request
        while following is not None:
            page = yield from self.send(following)
            for item in items(page):
                yield Give(item)
            following = next_page(following, page, len(items(page)))

    def wait_for(self, call_id: str, status: str | None, within_s: float) -> Flow[types.CallAnswer]:
        """The call once it has this status or is over. Raises TimeoutError."""
        deadline = (yield Pause(0)) + within_s
        while True:
            call = yield from self.send(operations.calls_get(call_id))
            if call["ended_at"] is not None or (status is not None and call["status"] == status):
                return call
            if (yield Pause(WAIT_POLL_S)) > deadline:
                raise TimeoutError(f"{call_id} is {call['status']} after {within_s:g} s")

    def follow(self, call_id: str) -> Flow[None]:
        """Gives every event of a call from its first to its last: from the live socket, else by asking again."""
        last = 0
        below = path("/calls/{call_id}/live", call_id=call_id)
        if (yield Listen(f"{self.url.replace('http', 'ws', 1)}{BASE}{below}?after=0")):
            while (text := (yield Hear())) is not None:
                if (event := _event(text)) is not None:
                    last = event["sequence"]
                    yield Give(event)
        # A proxy that knows no sockets, or a server that restarts: the journal is still there to be asked.
        yield from self._poll(call_id, last)

    def _poll(self, call_id: str, last: int) -> Flow[None]:
        now: float = yield Pause(0)
        reached = now if last else None
        while True:
            try:
                page = yield from self.send(operations.calls_list_events(call_id, after=last, limit=EVENTS_AT_ONCE))
            except TrunklineError as error:
                if not _may_come_back(error) or reached is None or now - reached > PATIENCE_S:
                    raise
                now = yield Pause(FOLLOW_POLL_S)
                continue
            for event in page["events"]:
                last = event["sequence"]
                yield Give(event)
            if page["complete"] and not page["events"]:
                return
            reached = now = yield Pause(0 if page["events"] else FOLLOW_POLL_S)


def _event(text: str | bytes) -> types.EventShown | None:
    """The event that a frame of the live socket holds, if it holds one."""
    frame: dict[str, Any] = json.loads(text)
    if frame.get("type") != "event":
        return None
    return {"sequence": frame["sequence"], "at_ms": frame["at_ms"], "kind": frame["kind"], "data": frame["data"]}


def _may_come_back(error: TrunklineError) -> bool:
    return isinstance(error, NotReached | ServerFailed)
