"""Commands that go straight to the database of this installation, whether a server runs or not."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncSession

T = TypeVar("T")

DataDir = Annotated[Path | None, typer.Option(help="where the database lives, if TRUNKLINE_DATABASE_URL does not say")]


def in_database(data_dir: Path | None, steps: Callable[[AsyncSession], Awaitable[T]]) -> T:
    """What `steps` come to, in one transaction. A ValueError is a sentence for whoever asked, and the end of the process."""
    from trunkline.cli import roles  # noqa: PLC0415  (loads the settings)
    from trunkline.storage.engine import Database  # noqa: PLC0415  (loads the database)
    from trunkline.storage.migrate import upgrade  # noqa: PLC0415

    settings = roles.settings(data_dir=data_dir)

    async def run() -> T:
        settings.data_dir.mkdir(parents=True, exist_ok=True)
        await upgrade(settings.database)
        database = Database(settings.database)
        try:
            async with database.writing() as session:
                return await steps(session)
        finally:
            await database.close()

    try:
        return asyncio.run(run())
    except ValueError as error:
        roles.stop(str(error))
