"""Brings the database's schema up to date. The steps themselves are in `migrations/versions`.

Alembic costs a third of a second to import, so it is loaded only when the schema is behind.
"""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, inspect, text

from trunkline.storage.engine import Database

HEAD = "0002"
"""The newest of the versions."""

MIGRATIONS = Path(__file__).parent / "migrations"

_LOCK = 7_264_000
"""PostgreSQL's name for the lock under which one of several starting processes migrates. SQLite locks the whole file."""


async def upgrade(url: str) -> bool:
    """Whether there was something to do. Any number of processes may call it at the same time."""
    database = Database(url)
    try:
        async with database.engine.connect() as connection:
            if await connection.run_sync(version) == HEAD:
                return False
        from trunkline.storage.migrations import runner  # noqa: PLC0415  (loads Alembic)

        async with database.writing() as session:
            if database.engine.dialect.name == "postgresql":
                await session.execute(text("set local lock_timeout = 0"))  # another's migration takes its time
                await session.execute(text("select pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
            connection = await session.connection()
            if await connection.run_sync(version) == HEAD:
                return False
            await connection.run_sync(runner.upgrade, MIGRATIONS)
            return True
    finally:
        await database.close()


def version(connection: Connection) -> str | None:
    """The version the schema has; None for an empty database."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("select version_num from alembic_version")).scalar_one_or_none()
