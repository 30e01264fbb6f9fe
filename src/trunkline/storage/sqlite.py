"""SQLite as the event loop uses it: answered in this process, and in this very thread wherever nothing has to be waited for.

An answer from SQLite takes microseconds. Fetching it from another thread takes several times as long, and longer still while
the loop is busy. So statements run where they are asked, and only these are given to a thread: COMMIT, which may wait for
the disk; BEGIN IMMEDIATE while another process writes; and statements marked with `LONG`.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from sqlalchemy import URL, AsyncAdaptedQueuePool, Connection, Pool
from sqlalchemy.dialects import registry
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.util import await_only

LONG: Mapping[str, Any] = {"long": True}
"""Execution options of a statement that may read a good part of a table: the loop does not wait for it."""
WRITING: Mapping[str, Any] = {"writing": True}
"""Execution options of a connection whose transaction will write."""

BUSY_TIMEOUT_MS = 5_000
THREADS = 16
"""One more than a pool has connections, so that nobody waits for a thread."""

_DRIVER = "in_loop"
_SETTINGS = ("journal_mode=WAL", "synchronous=NORMAL", f"busy_timeout={BUSY_TIMEOUT_MS}", "foreign_keys=ON")
"""WAL so that readers and the one writer do not wait for each other."""


def in_loop(url: URL) -> URL:
    """The same SQLite database through this module's driver, whichever the URL names."""
    registry.register(f"sqlite.{_DRIVER}", __name__, Dialect.__name__)
    return url.set(drivername=f"sqlite+{_DRIVER}")


def begin(connection: Connection) -> None:
    """A writing transaction takes its lock at the start: a read that later writes could only fail (SQLITE_BUSY)."""
    if connection.get_execution_options().get("writing") and not _begun_at_once(connection.connection.dbapi_connection):
        connection.exec_driver_sql("BEGIN IMMEDIATE", execution_options=LONG)


def _begun_at_once(connection: Any) -> bool:
    """Only another process can hold the lock, and hardly ever does."""
    connection.execute("PRAGMA busy_timeout=0")
    try:
        connection.execute("BEGIN IMMEDIATE")
    except sqlite3.OperationalError:
        return False
    finally:
        connection.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")
    return True


class _Cursor(sqlite3.Cursor):
    async def _async_soft_close(self) -> None:
        """SQLAlchemy's asyncio layer asks this of every cursor. There is nothing to give back."""


class _Connection(sqlite3.Connection):
    def cursor(self, factory: Any = _Cursor) -> Any:
        return super().cursor(factory)


class Dialect(SQLiteDialect_pysqlite):
    driver = _DRIVER
    is_async = True
    supports_statement_cache = True

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._threads = ThreadPoolExecutor(THREADS, "sqlite")

    @classmethod
    def get_pool_class(cls, url: URL) -> type[Pool]:
        return AsyncAdaptedQueuePool

    def create_connect_args(self, url: URL) -> Any:
        """The driver's own BEGIN is switched off."""
        where, options = super().create_connect_args(url)
        return where, {**options, "factory": _Connection, "isolation_level": None, "check_same_thread": False}

    def on_connect(self) -> Callable[[Any], None]:
        ready = super().on_connect()

        def set_up(connection: Any) -> None:
            ready(connection)
            for setting in _SETTINGS:
                connection.execute(f"PRAGMA {setting}")

        return set_up

    def do_begin(self, dbapi_connection: Any) -> None:
        if not dbapi_connection.in_transaction:
            dbapi_connection.execute("BEGIN")

    def do_commit(self, dbapi_connection: Any) -> None:
        if dbapi_connection.in_transaction:
            await_only(self._elsewhere(dbapi_connection.commit))

    def do_execute(self, cursor: Any, statement: str, parameters: Any, context: Any = None) -> None:
        await_only(self._run(context, cursor.execute, statement, parameters))

    def do_executemany(self, cursor: Any, statement: str, parameters: Any, context: Any = None) -> None:
        await_only(self._run(context, cursor.executemany, statement, parameters))

    async def _run(self, context: Any, call: Callable[..., Any], statement: str, parameters: Any) -> None:
        """Awaited even where nothing is waited for: SQLAlchemy's asyncio layer insists on that."""
        if context is not None and context.execution_options.get("long"):
            await self._elsewhere(call, statement, parameters)
        else:
            call(statement, parameters)

    async def _elsewhere(self, call: Callable[..., Any], *arguments: Any) -> None:
        """In a thread; whoever is cancelled meanwhile lets it finish first: the connection is in use until then."""
        work = asyncio.get_running_loop().run_in_executor(self._threads, call, *arguments)
        try:
            await asyncio.shield(work)
        except asyncio.CancelledError:
            await asyncio.wait([work])
            raise
