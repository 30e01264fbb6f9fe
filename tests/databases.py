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

from trunkline.storage.columns import Table
from trunkline.storage.migrate import upgrade
from trunkline.testing import postgres

_numbers = count()
_clean: list[str] = []
"""Names of databases on the server that are empty again: emptying one costs less than making one."""


def on_postgres() -> bool:
    return os.environ.get("TRUNKLINE_TEST_DATABASE") == "postgresql"


async def fresh(folder: Path) -> str:
    """The URL of one that nobody else has."""
    if on_postgres():
        return _server().url(_clean.pop() if _clean else await _another())
    await asyncio.to_thread(shutil.copyfile, await asyncio.to_thread(_template), folder / "test.db")
    return f"sqlite+aiosqlite:///{folder / 'test.db'}"


async def lose(url: str) -> None:
    """From now on nobody can reach it."""
    if on_postgres():
        await _execute(f"drop database {make_url(url).database} with (force)")
        return
    await asyncio.to_thread(_put_a_folder_in_its_place, Path(url.partition(":///")[2]))


def _put_a_folder_in_its_place(path: Path) -> None:
    for file in path.parent.glob(f"{path.name}*"):
        file.unlink()
    path.mkdir()


async def give_back(url: str) -> None:
    """Nobody uses it any more."""
    name = make_url(url).database
    if on_postgres() and name is not None:
        try:
            await _execute(_emptying(), name)
        except psycopg.OperationalError:
            return  # it was lost
        _clean.append(name)


@cache
def _emptying() -> str:
    """Not before every table is loaded."""
    return "; ".join(f'delete from "{table.name}"' for table in reversed(Table.metadata.sorted_tables))


async def _another() -> str:
    name = f"test_{next(_numbers)}"
    await _execute(f"create database {name} template template_trunkline")
    return name


async def _execute(statement: str, database: str = "postgres") -> None:
    where = f"host={_server().folder} user={postgres.ACCOUNT} dbname={database}"
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
    with psycopg.connect(
        f"host={server.folder} user={postgres.ACCOUNT} dbname=postgres", autocommit=True
    ) as connection:
        connection.execute("create database template_trunkline")
    asyncio.run(upgrade(server.url("template_trunkline")))
    return server


if on_postgres():
    _server()  # now, by a thread that lives as long as the process: the server dies with whoever started it
