"""Transactions on SQLite in the event loop: writers take turns, and nothing that has to be waited for holds up the loop."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from trunkline.storage.engine import Database
from trunkline.storage.sqlite import LONG

INSERT = text("insert into things values (:id)")
COUNT = text("select count(*) from things")
ENDLESS = text("with recursive n(i) as (select 1 union all select i + 1 from n where i < 300000) select max(i) from n")


def in_database(story: Callable[[Database, Path], Awaitable[None]], folder: Path) -> None:
    async def told() -> None:
        path = folder / "test.db"
        database = Database(f"sqlite+aiosqlite:///{path}")
        try:
            async with database.writing() as session:
                await session.execute(text("create table things (id integer primary key)"))
            async with asyncio.timeout(30):
                await story(database, path)
        finally:
            await database.close()

    asyncio.run(told())


async def count(database: Database) -> int:
    async with database.reading() as session:
        return int((await session.execute(COUNT)).scalar_one())


def test_writers_of_one_process_take_turns(tmp_path: Path) -> None:
    async def story(database: Database, _: Path) -> None:
        async def write(n: int) -> None:
            async with database.writing() as session:
                await session.execute(INSERT, {"id": n})
                for _ in range(5):
                    await asyncio.sleep(0)
                await session.execute(INSERT, {"id": 1_000 + n})

        await asyncio.gather(*(write(n) for n in range(50)))
        assert await count(database) == 100

    in_database(story, tmp_path)


def test_a_writer_waits_for_another_process_while_the_loop_goes_on(tmp_path: Path) -> None:
    async def story(database: Database, path: Path) -> None:
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")

        async def write() -> None:
            async with database.writing() as session:
                await session.execute(INSERT, {"id": 1})

        writing = asyncio.create_task(write())  # noqa: TID251  (ends in this test)
        for _ in range(20):
            assert await count(database) == 0
            await asyncio.sleep(0)
        assert not writing.done()
        other.execute("COMMIT")
        other.close()
        await writing
        assert await count(database) == 1

    in_database(story, tmp_path)


def test_a_long_statement_does_not_hold_up_the_loop(tmp_path: Path) -> None:
    async def story(database: Database, _: Path) -> None:
        async def read() -> int:
            async with database.reading() as session:
                return int((await session.execute(ENDLESS, execution_options=LONG)).scalar_one())

        reading = asyncio.create_task(read())  # noqa: TID251  (ends in this test)
        turns = 0
        while not reading.done():
            await asyncio.sleep(0)
            turns += 1
        assert await reading == 300_000
        assert turns > 10

    in_database(story, tmp_path)


def test_a_transaction_that_fails_leaves_nothing_behind(tmp_path: Path) -> None:
    async def story(database: Database, _: Path) -> None:
        async def write_twice() -> None:
            async with database.writing() as session:
                await session.execute(INSERT, {"id": 1})
                await session.execute(INSERT, {"id": 1})

        with pytest.raises(IntegrityError):
            await write_twice()
        assert await count(database) == 0

    in_database(story, tmp_path)


def test_whoever_is_cancelled_while_waiting_for_the_lock_leaves_the_database_usable(tmp_path: Path) -> None:
    async def story(database: Database, path: Path) -> None:
        other = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        other.execute("BEGIN IMMEDIATE")
        asyncio.get_running_loop().call_later(0.2, other.execute, "COMMIT")
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05), database.writing() as session:
                await session.execute(INSERT, {"id": 1})
        async with database.writing() as session:
            await session.execute(INSERT, {"id": 2})
        assert await count(database) == 1
        other.close()

    in_database(story, tmp_path)


def test_a_connection_answers_without_a_session_too(tmp_path: Path) -> None:
    async def story(database: Database, _: Path) -> None:
        async with database.engine.connect() as connection:
            assert (await connection.execute(COUNT)).scalar_one() == 0
            assert (await connection.exec_driver_sql("PRAGMA journal_mode")).scalar_one() == "wal"
            assert (await connection.exec_driver_sql("PRAGMA foreign_keys")).scalar_one() == 1

    in_database(story, tmp_path)
