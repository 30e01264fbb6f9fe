"""Rate limits: a pure fixed window per name, and the headers that every answer carries."""

from __future__ import annotations

import math
from collections import OrderedDict
from dataclasses import dataclass, field

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from trunkline import clock
from trunkline.errors import TooMany

PERIOD_S = 60
MAX_NAMES = 50_000

UNCOUNTED = ("/health", "/ready", "/metrics", "/openapi.json", "/docs")
"""Paths (below the base path too) that are nobody's request."""


@dataclass(frozen=True, slots=True)
class Taken:
    """What is left of a window after one request was counted, or refused."""

    limit: int
    remaining: int
    reset_s: float
    """When the window is over, on the clock that `now` came from."""
    allowed: bool


@dataclass(slots=True)
class Window:
    """At most `limit` per minute and name; 0 is no limit. Minutes start with a name's first request."""

    limit: int
    _counts: OrderedDict[str, tuple[float, int]] = field(default_factory=OrderedDict)
    """Until when, and how many so far. A name that begins a minute goes to the end, so the first is over first.

    Ordered by links: a plain dictionary walks over what was deleted at its front to find what is first now.
    """

    def take(self, name: str, now_s: float) -> Taken:
        if self.limit == 0:
            return Taken(0, 0, now_s, True)
        ends_s, count = self._counts.get(name, (0.0, 0))
        if not now_s < ends_s <= now_s + PERIOD_S:  # over, or the clock was set back
            self._counts.pop(name, None)
            self._forget(now_s)
            ends_s, count = now_s + PERIOD_S, 0
        allowed = count < self.limit
        count += allowed
        self._counts[name] = (ends_s, count)
        return Taken(self.limit, self.limit - count, ends_s, allowed)

    def _forget(self, now_s: float) -> None:
        """At most two names for each that begins a minute: so much work and no more, and fewer and fewer that are over.

        Where every place is taken by a minute that goes on, the oldest of them is given up: memory is bounded first.
        """
        for _ in range(2):
            first = next(iter(self._counts), None)
            if first is None or (now_s < self._counts[first][0] and len(self._counts) < MAX_NAMES):
                return
            del self._counts[first]


def enforce(taken: Taken, now_s: float, what: str) -> None:
    """Raises TooMany if the window is used up."""
    if not taken.allowed:
        wait = max(1, math.ceil(taken.reset_s - now_s))
        raise TooMany(f"More than {taken.limit} {what} in a minute", retry_after=wait)


ANSWERS = ("http.response.start", "websocket.http.response.start", "websocket.accept")
"""Where an answer's headers are: of a request, and of an upgrade that is refused or granted."""


class RateHeaders:
    """Puts `X-RateLimit-*` on every answer: what the request's own window says, or that of the client's address."""

    def __init__(self, app: ASGIApp, strangers: Window) -> None:
        self.app = app
        self.strangers = strangers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan" or scope["path"].removeprefix("/api/v1") in UNCOUNTED:
            await self.app(scope, receive, send)
            return
        state = scope.setdefault("state", {})

        async def with_headers(message: Message) -> None:
            if message["type"] in ANSWERS:
                self._count(scope)
                MutableHeaders(scope=message).update(headers_of(state["taken"]))
            await send(message)

        try:
            await self.app(scope, receive, with_headers)
        finally:
            self._count(scope)  # an unexpected error is answered further out, with these headers too

    def _count(self, scope: Scope) -> None:
        """Against the client's address, unless it was counted against a window of its own."""
        state = scope["state"]
        if "taken" not in state:
            state["taken"] = self.strangers.take(address_of(scope), clock.wall_ms() / 1000)


def headers_of(taken: Taken) -> dict[str, str]:
    """None where there is no limit."""
    if not taken.limit:
        return {}
    return {
        "X-RateLimit-Limit": str(taken.limit),
        "X-RateLimit-Remaining": str(taken.remaining),
        "X-RateLimit-Reset": str(math.ceil(taken.reset_s)),
    }


def address_of(scope: Scope) -> str:
    client = scope.get("client")
    return client[0] if client else "unknown"
