"""Who calls: the API key of a request, checked, counted against its limit, and held against the scope a route needs.

A route declares what it needs with the type of a parameter: `caller: Reader`, `Controller`, `Placer` or `Owner`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Annotated

from fastapi import Depends
from starlette.requests import HTTPConnection

from trunkline import clock
from trunkline.errors import ScopeMissing, Unauthorized
from trunkline.organizations.keys import Caller, allows
from trunkline.organizations.store import caller_of, is_active_key
from trunkline.storage.engine import Database
from trunkline.web.limits import Taken, Window, address_of, enforce
from trunkline.web.parameters import require_known

REMEMBERED_S = 0.3
"""A key is looked up again after this long: a revoked one stops within a second."""
MAX_REMEMBERED = 20_000
LONGEST_KEY = 200


@dataclass(slots=True)
class Callers:
    """Looks keys up, and remembers for under a second what it found, by hash."""

    database: Database
    _remembered: dict[bytes, tuple[float, Caller | None]] = field(default_factory=dict)

    async def of(self, key_text: str) -> Caller:
        """Raises Unauthorized."""
        caller = await self._look_up(key_text) if 0 < len(key_text) <= LONGEST_KEY else None
        if caller is None:
            raise Unauthorized("Invalid or missing API key")
        return caller

    async def still(self, caller: Caller) -> Caller:
        """Whoever came with something else than its key, while the key is good. Raises Unauthorized."""
        async with self.database.reading() as session:
            if not await is_active_key(session, caller.key_id):
                raise Unauthorized("The API key behind this has been revoked")
        return caller

    async def _look_up(self, key_text: str) -> Caller | None:
        digest = hashlib.sha256(key_text.encode("utf-8", "surrogatepass")).digest()
        now = clock.monotonic()
        until, caller = self._remembered.get(digest, (0.0, None))
        if now < until:
            return caller
        async with self.database.reading() as session:
            caller = await caller_of(session, key_text)
        if len(self._remembered) >= MAX_REMEMBERED:
            self._remembered.clear()
        self._remembered[digest] = (now + REMEMBERED_S, caller)
        return caller


@dataclass(frozen=True, slots=True)
class Door:
    """What stands between the world and the routes; `app.state.door`."""

    callers: Callers
    per_key: Window
    strangers: Window
    """By address: requests without a valid key."""


def database_of(connection: HTTPConnection) -> Database:
    door: Door = connection.app.state.door
    return door.callers.database


def require(caller: Caller, scope: str) -> None:
    """Raises ScopeMissing."""
    if not allows(caller.scopes, scope):
        raise ScopeMissing(
            f"This needs a key with the scope {scope!r}; this key has: {', '.join(sorted(caller.scopes))}"
        )


def bearer(connection: HTTPConnection) -> str:
    """The key in the Authorization header, or ''."""
    scheme, _, key = connection.headers.get("authorization", "").partition(" ")
    return key.strip() if scheme.lower() == "bearer" else ""


async def authenticate(connection: HTTPConnection, looking: Awaitable[Caller]) -> Caller:
    """Who `looking` finds. Raises what it does, and TooMany; leaves what is left of the limit for the answer's headers."""
    door: Door = connection.app.state.door
    now = clock.wall_ms() / 1000
    try:
        caller = await looking
    except Unauthorized:
        address = address_of(connection.scope)
        _count(connection, door.strangers.take(address, now), now, "requests without a valid key")
        raise
    _count(connection, door.per_key.take(caller.key_id, now), now, "requests with this key")
    return caller


def _count(connection: HTTPConnection, taken: Taken, now_s: float, what: str) -> None:
    connection.state.taken = taken
    enforce(taken, now_s, what)


def _needs(scope: str) -> Callable[[HTTPConnection], Awaitable[Caller]]:
    async def dependency(connection: HTTPConnection) -> Caller:
        door: Door = connection.app.state.door
        caller = await authenticate(connection, door.callers.of(bearer(connection)))
        require(caller, scope)
        require_known(connection)
        return caller

    return dependency


Owner = Annotated[Caller, Depends(_needs("full"))]
Placer = Annotated[Caller, Depends(_needs("calls"))]
Controller = Annotated[Caller, Depends(_needs("control"))]
Reader = Annotated[Caller, Depends(_needs("read"))]
