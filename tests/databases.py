"""An empty database with the schema of today for each test: a SQLite file, or a database in a PostgreSQL server of this process.

`TRUNKLINE_TEST_DATABASE=postgresql` chooses the second; `scripts/test` runs the API's tests with both.
"""

from __future__ import annotations

import asyncio
import atexit
import os
import shutil
import tempfile
from contextlib import ExitStack
from functools import cache
from itertools import count
from pathlib import Path

import psycopg
from sqlalchemy import make_url

from trunkline.storage.migrate import upgrade
from trunkline.testing import postgres

_numbers = count()


def on_postgres() -> bool:
    return os.environ.get("TRUNKLINE_TEST_DATABASE") == "postgresql"


async def fresh(folder: Path) -> str:
    """The URL of one that nobody else has."""
    if on_postgres():
        server = _server()
        name = f"test_{next(_numbers)}"
        await _execute(server, f"create database {name} template template_trunkline")
        return server.url(name)
    await asyncio.to_thread(shutil.copyfile, await asyncio.to_thread(_template), folder / "test.db")
    return f"sqlite+aiosqlite:///{folder / 'test.db'}"


async def lose(url: str) -> None:
    """From now on nobody can reach it."""
    if on_postgres():
        await drop(url)
        return
    await asyncio.to_thread(_put_a_folder_in_its_place, Path(url.partition(":///")[2]))


def _put_a_folder_in_its_place(path: Path) -> None:
    for file in path.parent.glob(f"{path.name}*"):
        file.unlink()
    path.mkdir()


async def drop(url: str) -> None:
    if on_postgres():
        name = make_url(url).database
        await _execute(_server(), f"drop database if exists {name} with (force)")


async def _execute(server: postgres.Postgres, statement: str) -> None:
    where = f"host={server.folder} user={postgres.ACCOUNT} dbname=postgres"
    async with await psycopg.AsyncConnection.connect(where, autocommit=True) as connection:
        await connection.execute(statement)  # type: ignore[call-overload]


@cache
def _template() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="trunkline-template-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    asyncio.run(upgrade(f"sqlite+aiosqlite:///{folder / 'template.db'}"))
    return folder / "template.db"


@cache
def _server() -> postgres.Postgres:
    stack = ExitStack()
    atexit.register(stack.close)
    server = stack.enter_context(postgres.serving())
    asyncio.run(_execute(server, "create database template_trunkline"))
    asyncio.run(upgrade(server.url("template_trunkline")))
    return server


if on_postgres():
    _server()  # now, by a thread that lives as long as the process: the server dies with whoever started it
