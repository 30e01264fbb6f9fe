"""`Idempotency-Key`: the same request twice is one request. What the key means, apart from what each route does with it.

A key belongs to an organization and a route including the ids in it, for 24 hours. It is stored in the transaction that
stores what the request made, so neither exists without the other. `Once` is that for a request which makes one row.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Annotated, Any

from fastapi import Header
from sqlalchemy import bindparam, delete, insert, select, tuple_
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from trunkline import clock
from trunkline.errors import BadRequest, KeyReused, Problem
from trunkline.storage.columns import Table
from trunkline.storage.engine import Database
from trunkline.web.body import canonical_hash
from trunkline.web.tables import IdempotencyRow

LIFE = timedelta(hours=24)
_KEY = re.compile(r"[\x20-\x7e]{1,255}")

Key = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        description="1 to 255 printable ASCII characters; a repeat within 24 hours answers with what the first has made",
        json_schema_extra={"pattern": "^[!-~]([ -~]{0,253}[!-~])?$"},  # a header begins and ends with no space
    ),
]
"""The parameter of every route that makes something."""

Make = Callable[[AsyncSession], Awaitable[str]]
"""Makes a row in this transaction and returns its id."""

_KEYS = Table.metadata.tables[IdempotencyRow.__tablename__]
_ITS = tuple(_KEYS.c[name] == bindparam(f"its_{name}") for name in ("org_id", "route", "key"))
_KNOWN = select(_KEYS.c.body_hash, _KEYS.c.resource_id, _KEYS.c.created_at).where(*_ITS)
_FORGET = delete(_KEYS).where(*_ITS, _KEYS.c.resource_id == bindparam("its_resource_id"))
_FORGET_OLD = delete(_KEYS).where(*_ITS, _KEYS.c.created_at < bindparam("before"))
_REMEMBER = insert(_KEYS)


@dataclass(frozen=True, slots=True)
class Use:
    """One use of a key: whose, where, and for what body."""

    org_id: str
    route: str
    key: str
    body_hash: str

    def names(self) -> dict[str, str]:
        return {"its_org_id": self.org_id, "its_route": self.route, "its_key": self.key}


def use_of(org_id: str, route: str, key: str | None, body: Any) -> Use | None:
    """None where the request has no key. Raises BadRequest where it is none. `route`: `POST /assistants`."""
    if key is not None and not _KEY.fullmatch(key):
        raise BadRequest(
            "Idempotency-Key must be 1 to 255 printable ASCII characters", details=["Idempotency-Key: invalid"]
        )
    return None if key is None else Use(org_id, route, key, canonical_hash(body))


async def earlier(session: AsyncSession, use: Use) -> str | None:
    """The id of what this request has made before. Raises KeyReused where the key was used for another body."""
    row = (await session.execute(_KNOWN, use.names())).one_or_none()
    if row is None or row.created_at <= clock.wall() - LIFE:
        return None
    if row.body_hash != use.body_hash:
        raise KeyReused(f"This key was used with another body for {row.resource_id}")
    resource_id: str = row.resource_id
    return resource_id


async def remember(session: AsyncSession, use: Use, resource_id: str) -> None:
    """In the transaction that makes `resource_id`. A unique constraint decides between two processes."""
    now = clock.wall()
    await session.execute(_FORGET_OLD, {**use.names(), "before": now - LIFE})
    row = {"org_id": use.org_id, "route": use.route, "key": use.key, "body_hash": use.body_hash}
    await session.execute(_REMEMBER, {**row, "resource_id": resource_id, "created_at": now})


async def forget(session: AsyncSession, use: Use, resource_id: str) -> None:
    """Unless the key stands for something else by now: another process may have forgotten it too, and used it again."""
    await session.execute(_FORGET, {**use.names(), "its_resource_id": resource_id})


async def delete_old(session: AsyncSession, before: datetime, limit: int = 500) -> int:
    """At most `limit` of those older than `before`, none that another process is about to delete. Returns how many."""
    name = (_KEYS.c.org_id, _KEYS.c.route, _KEYS.c.key)
    old = select(*name).where(_KEYS.c.created_at < before).limit(limit).with_for_update(skip_locked=True)
    return len((await session.execute(delete(_KEYS).where(tuple_(*name).in_(old)).returning(_KEYS.c.key))).all())


@dataclass(slots=True)
class Turns:
    """Requests with the same key take turns, so that a concurrent repeat finds what the first has made."""

    _locks: dict[tuple[str, str, str], tuple[asyncio.Lock, int]] = field(default_factory=dict)

    @asynccontextmanager
    async def of(self, use: Use | None) -> AsyncIterator[None]:
        if use is None:
            yield
            return
        name = (use.org_id, use.route, use.key)
        lock, waiting = self._locks.get(name, (asyncio.Lock(), 0))
        self._locks[name] = lock, waiting + 1
        try:
            async with lock:
                yield
        finally:
            lock, waiting = self._locks[name]
            if waiting == 1:
                del self._locks[name]
            else:
                self._locks[name] = lock, waiting - 1


@dataclass(slots=True)
class Once:
    """Requests that make one row each, made once however often they come. `app.state.once`."""

    database: Database
    turns: Turns = field(default_factory=Turns)

    async def make(self, use: Use | None, make: Make) -> str:
        """The id of what `make` made, now or for an earlier request with this key. Raises what `make` raises, KeyReused."""
        async with self.turns.of(use):
            if use is not None and (known := await self._earlier(use)) is not None:
                return known
            try:
                async with self.database.writing() as session:
                    made = await make(session)
                    if use is not None:
                        await remember(session, use, made)
                    return made
            except (IntegrityError, Problem):
                known = None if use is None else await self._earlier(use)
                if known is None:
                    raise
                return known  # another process was faster with the same key, and what it made may be in the way

    async def _earlier(self, use: Use) -> str | None:
        async with self.database.reading() as session:
            return await earlier(session, use)
