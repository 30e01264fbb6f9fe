"""Rate limits: a pure fixed window per name, and the headers that every answer carries."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from trunkline import clock
from trunkline.errors import TooMany

PERIOD_S = 60
MAX_NAMES = 50_000

UNCOUNTED = ("/health", "/ready", "/metrics", "/openapi.json")
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
    _counts: dict[str, tuple[float, int]] = field(default_factory=dict)

    def take(self, name: str, now_s: float) -> Taken:
        ends_s, count = self._counts.get(name, (0.0, 0))
        if now_s >= ends_s:
            ends_s, count = now_s + PERIOD_S, 0
            self._forget(now_s)
        allowed = self.limit == 0 or count < self.limit
        count += allowed
        self._counts[name] = (ends_s, count)
        return Taken(self.limit, max(0, self.limit - count), ends_s, allowed)

    def _forget(self, now_s: float) -> None:
        if len(self._counts) >= MAX_NAMES:
            self._counts = {name: entry for name, entry in self._counts.items() if entry[0] > now_s}


def enforce(taken: Taken, now_s: float, what: str) -> None:
    """Raises TooMany if the window is used up."""
    if not taken.allowed:
        wait = max(1, math.ceil(taken.reset_s - now_s))
        raise TooMany(f"More than {taken.limit} {what} in a minute", retry_after=wait)


class RateHeaders:
    """Puts `X-RateLimit-*` on every answer: what the request's own window says, or that of the client's address."""

    def __init__(self, app: ASGIApp, strangers: Window) -> None:
        self.app = app
        self.strangers = strangers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"].removeprefix("/api/v1") in UNCOUNTED:
            await self.app(scope, receive, send)
            return
        state = scope.setdefault("state", {})

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                taken = state.get("taken") or self.strangers.take(_address(scope), clock.wall_ms() / 1000)
                if taken.limit:
                    headers = MutableHeaders(scope=message)
                    headers["X-RateLimit-Limit"] = str(taken.limit)
                    headers["X-RateLimit-Remaining"] = str(taken.remaining)
                    headers["X-RateLimit-Reset"] = str(math.ceil(taken.reset_s))
            await send(message)

        await self.app(scope, receive, with_headers)


def _address(scope: Scope) -> str:
    client = scope.get("client")
    return client[0] if client else "unknown"
