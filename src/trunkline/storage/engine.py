"""The engine and the unit of work: one way to open a transaction, on SQLite (`sqlite.py`) and PostgreSQL alike.

async with database.reading() as session: ...     # no commit
async with database.writing() as session: ...     # one transaction, committed at the end
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import orjson
from sqlalchemy import event, make_url
from sqlalchemy.exc import InterfaceError, OperationalError, TimeoutError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, async_sessionmaker, create_async_engine

from trunkline.storage import sqlite

AWAY = (OperationalError, InterfaceError, TimeoutError)
"""What is raised when there is no database, or none of its connections to be had in time."""
PATIENCE_S = 10.0


LOCK_MS = 5_000
"""How long a statement on PostgreSQL waits for a lock: one row held by somebody must not take every connection."""


class Database:
    def __init__(self, url: str, patience_s: float = PATIENCE_S) -> None:
        """`patience_s`: how long is waited for a connection when all are in use."""
        where = make_url(url)
        self._is_sqlite = where.get_backend_name() == "sqlite"
        self.engine: AsyncEngine = create_async_engine(
            sqlite.in_loop(where) if self._is_sqlite else where,
            json_serializer=lambda value: orjson.dumps(value).decode(),
            json_deserializer=orjson.loads,
            pool_timeout=patience_s,
            connect_args={} if self._is_sqlite else {"options": f"-c lock_timeout={LOCK_MS}"},
            hide_parameters=True,  # errors are logged, and rows hold secrets
        )
        if self._is_sqlite:
            event.listen(self.engine.sync_engine, "begin", sqlite.begin)
        self._sessions = async_sessionmaker(self.engine, expire_on_commit=False)
        self._turn = asyncio.Lock()
        """SQLite has one writer at a time. In one process they queue here: its own way of waiting is to look again later."""

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncSession]:
        session = self._sessions()
        try:
            yield session
        finally:
            await self._end(session)

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[AsyncSession]:
        if not self._is_sqlite:
            async with self._sessions() as session, session.begin():
                yield session
            return
        async with self._turn:
            session = self._sessions()
            try:
                await session.connection(execution_options=sqlite.WRITING)
                yield session
                await session.commit()
            finally:
                await self._end(session)

    async def _end(self, session: AsyncSession) -> None:
        """Not to be interrupted. On SQLite nothing is waited for here, so that no task of its own is needed."""
        await (session.close() if self._is_sqlite else asyncio.shield(session.close()))

    async def close(self) -> None:
        await self.engine.dispose()
