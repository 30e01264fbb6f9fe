"""The API process: HTTP, live sockets, the recorder and the jobs, on one database and one bus."""

from __future__ import annotations

import asyncio
import signal

import structlog

from trunkline.api import server
from trunkline.bus.nats import NatsBus
from trunkline.calls.monitor import watch
from trunkline.calls.recorder import record
from trunkline.calls.sweeper import sweep
from trunkline.config import Settings
from trunkline.organizations.store import first_start
from trunkline.storage.engine import Database
from trunkline.storage.migrate import upgrade
from trunkline.usage.store import charge

LAST_ROWS_S = 0.5
"""When this process stops, the last lines of the calls that ended just before it become rows first."""

log = structlog.get_logger(__name__)


async def run(settings: Settings) -> None:
    """Until SIGTERM or SIGINT, or until cancelled."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    await upgrade(settings.database)
    database = Database(settings.database)
    bus = await NatsBus.connect(settings.nats_url, replicas=settings.nats_replicas)
    try:
        await _greet(settings, database)
        async with asyncio.TaskGroup() as group:
            serving = group.create_task(server.serve(settings, database, bus, _listening))
            jobs = [
                group.create_task(record(bus, database, charge)),
                group.create_task(watch(bus, database, settings)),
                group.create_task(sweep(bus, database, settings)),
            ]
            await stop.wait()
            serving.cancel()
            await asyncio.wait([serving])
            await asyncio.sleep(LAST_ROWS_S)
            for job in jobs:
                job.cancel()
    finally:
        await bus.close()
        await database.close()


async def _greet(settings: Settings, database: Database) -> None:
    """On the first start of all there is nobody who could call: make an organization, and show its key once."""
    async with database.writing() as session:
        key = await first_start(session, settings.bootstrap_key)
    if key is not None:
        print(f"API key (shown once): {key}", flush=True)


def _listening(url: str) -> None:
    log.info("api.ready", url=url)
