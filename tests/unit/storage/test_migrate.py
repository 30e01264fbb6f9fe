"""The schema: its history agrees with the tables, is taken once however many ask, and costs nothing when up to date."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

import trunkline.assistants.tables
import trunkline.calls.tables
import trunkline.campaigns.tables
import trunkline.numbers.tables
import trunkline.organizations.tables
import trunkline.usage.tables
import trunkline.web.tables  # noqa: F401
from trunkline.storage import migrate
from trunkline.storage.columns import Table
from trunkline.storage.engine import Database


def url(folder: Path) -> str:
    return f"sqlite+aiosqlite:///{folder / 'test.db'}"


def test_the_constant_names_the_newest_version():
    config = Config()
    config.set_main_option("script_location", str(migrate.MIGRATIONS))
    assert ScriptDirectory.from_config(config).get_heads() == [migrate.HEAD]


def test_versions_and_tables_agree(tmp_path: Path):
    def differences(connection: Connection) -> list[object]:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        return list(compare_metadata(context, Table.metadata))

    async def run() -> list[object]:
        await migrate.upgrade(url(tmp_path))
        database = Database(url(tmp_path))
        try:
            async with database.engine.connect() as connection:
                return await connection.run_sync(differences)
        finally:
            await database.close()

    assert asyncio.run(run()) == []


def test_calls_of_an_older_schema_keep_what_their_lists_show(tmp_path: Path):
    at = "2026-01-01 00:00:00.000000"
    plan = '{"assistant": {"name": "Desk", "business_name": "Dental"}, "metadata": {"order": 7}}'
    call = f"""insert into calls (id, org_id, direction, destination, caller_id, plan, warnings, status, epoch, last_sequence,
        transfer, created_at, updated_at) values ('c', 'o', 'outbound', '+1', '+2', '{plan}', '[]', 'ended', 1, 1, '{{}}',
        '{at}', '{at}')"""

    def go(connection: Connection, revision: str) -> None:
        config = Config()
        config.set_main_option("script_location", str(migrate.MIGRATIONS))
        config.attributes["connection"] = connection
        command.upgrade(config, revision)

    async def run() -> list[object]:
        database = Database(url(tmp_path))
        try:
            async with database.engine.begin() as connection:
                await connection.run_sync(go, "0001")
                await connection.exec_driver_sql(f"insert into organizations values ('o', 'One', null, null, '{at}')")
                await connection.exec_driver_sql(call)
                await connection.run_sync(go, "head")
                row = await connection.exec_driver_sql("select assistant_name, business_name, metadata from calls")
                return list(row.one())
        finally:
            await database.close()

    assert asyncio.run(run()) == ["Desk", "Dental", '{"order":7}']


def test_every_tables_module_is_compared():
    source = Path(migrate.__file__).parents[1]
    with_tables = {f"trunkline.{path.parent.name}.tables" for path in source.glob("*/tables.py")}
    assert with_tables <= set(sys.modules)
    assert with_tables


def test_a_second_upgrade_has_nothing_to_do(tmp_path: Path):
    async def run() -> list[bool]:
        return [await migrate.upgrade(url(tmp_path)), await migrate.upgrade(url(tmp_path))]

    assert asyncio.run(run()) == [True, False]


def test_an_up_to_date_schema_loads_no_alembic(tmp_path: Path):
    asyncio.run(migrate.upgrade(url(tmp_path)))
    code = (
        f"import asyncio, sys; from trunkline.storage import migrate; asyncio.run(migrate.upgrade({url(tmp_path)!r}))"
    )
    code += "; print('alembic' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    assert (done.stdout.strip(), done.returncode) == ("False", 0), done.stderr


def test_processes_that_start_at_once_upgrade_once(tmp_path: Path):
    code = (
        f"import asyncio; from trunkline.storage import migrate; print(asyncio.run(migrate.upgrade({url(tmp_path)!r})))"
    )
    processes = [
        subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(3)
    ]
    outcomes = [process.communicate(timeout=60) for process in processes]
    assert [process.returncode for process in processes] == [0, 0, 0], outcomes
    assert sorted(out.strip() for out, _ in outcomes) == ["False", "False", "True"]


def test_a_step_that_fails_leaves_nothing_behind(tmp_path: Path):
    async def run() -> list[str]:
        database = Database(url(tmp_path))
        try:
            async with database.engine.begin() as connection:
                await connection.exec_driver_sql("create table idempotency_keys (id integer)")
            with pytest.raises(Exception, match="already exists"):
                await migrate.upgrade(url(tmp_path))
            async with database.engine.connect() as connection:
                names = await connection.exec_driver_sql("select name from sqlite_master where type = 'table'")
                return [name for (name,) in names]
        finally:
            await database.close()

    assert asyncio.run(run()) == ["idempotency_keys"]
