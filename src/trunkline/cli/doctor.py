"""`trunkline doctor`: is everything here that this installation needs? One line per check, while it runs and while not."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from trunkline.cli.checks import Line
    from trunkline.config import Settings

DataDir = Annotated[Path | None, typer.Option(help="where database, journal and recordings live (data)")]


def doctor(*, data_dir: DataDir = None) -> None:
    """Check settings, data folder, database, bus, workers, ports, clock and keys. Exit code 1 if anything must be mended."""
    raise typer.Exit(asyncio.run(_run(data_dir)))


async def _run(data_dir: Path | None) -> int:
    from trunkline.cli import checks, probing, roles  # noqa: PLC0415  (loads the database and the bus)

    logging.disable()
    loaded, wrong = roles.read_settings(data_dir=data_dir)
    lines: list[Line] = []
    async for found in _found(loaded, checks.settings(probing.settings(wrong, loaded is not None))):
        for line in found:
            typer.echo(line)
        lines += found
    return checks.exit_code(lines)


async def _found(loaded: Settings | None, first: Sequence[Line]) -> AsyncIterator[Sequence[Line]]:
    """Check after check, so that what is known is read while the next is made."""
    from trunkline.cli import checks, probing, probing_bus  # noqa: PLC0415  (as above)
    from trunkline.storage.migrate import HEAD  # noqa: PLC0415

    yield first
    apart_s: dict[str, float] = {}
    if loaded is not None:
        yield checks.folder(probing.folder(loaded.data_dir))
        database, apart_s = await probing.database(loaded)
        yield checks.database(database, HEAD)
        yield checks.keys(database)
        found = await probing_bus.bus(loaded)
        apart_s |= found.apart_s
        yield checks.bus(found.bus)
        yield checks.workers(found.workers, found.bus.running, loaded.max_calls, loaded.max_late_ms)
        yield checks.api(await probing.api(loaded))
        yield checks.sip(probing.sip(loaded))
    yield checks.clock(await probing.time(apart_s))
    yield checks.machine(probing.machine())
