"""`Idempotency-Key`: the same request twice is one request. What the key means, apart from what each route does with it.

A key belongs to an organization and a route including its call id, for 24 hours. It is stored in the transaction that
stores what the request made, so neither exists without the other.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from trunkline import clock
from trunkline.calls import store
from trunkline.calls.tables import IdempotencyRow
from trunkline.errors import BadRequest, KeyReused

LIFE = timedelta(hours=24)
_KEY = re.compile(r"[\x20-\x7e]{1,255}")


@dataclass(frozen=True, slots=True)
class Use:
    """One use of a key: whose, where, and for what body."""

    org_id: str
    route: str
    key: str
    body_hash: str


def checked(key: str | None) -> str | None:
    """Raises BadRequest where it is no key."""
    if key is not None and not _KEY.fullmatch(key):
        raise BadRequest(
            "Idempotency-Key must be 1 to 255 printable ASCII characters", details=["Idempotency-Key: invalid"]
        )
    return key


async def earlier(session: AsyncSession, use: Use) -> str | None:
    """The id of what this request has made before. Raises KeyReused where the key was used for another body."""
    row = await store.get_idempotency(session, use.org_id, use.route, use.key)
    if row is None or row.created_at <= clock.wall() - LIFE:
        return None
    if row.body_hash != use.body_hash:
        raise KeyReused(f"This key was used with another body for {row.resource_id}")
    return row.resource_id


async def remember(session: AsyncSession, use: Use, resource_id: str) -> None:
    """In the transaction that makes `resource_id`. A unique constraint decides between two processes."""
    await store.delete_idempotency(session, use.org_id, use.route, use.key, before=clock.wall() - LIFE)
    row = IdempotencyRow(
        org_id=use.org_id,
        route=use.route,
        key=use.key,
        body_hash=use.body_hash,
        resource_id=resource_id,
        created_at=clock.wall(),
    )
    await store.insert_idempotency(session, row)


async def forget(session: AsyncSession, use: Use) -> None:
    await store.delete_idempotency(session, use.org_id, use.route, use.key)


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
