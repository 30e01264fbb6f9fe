"""A test's world behind a real port, for what a client in the same process cannot do."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from api_world import World

from trunkline.api.server import serve


@asynccontextmanager
async def served(world: World) -> AsyncIterator[str]:
    """The address of a server of its own on this world's database and bus: what it counts and remembers is its own too."""
    listening: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    settings = world.settings.model_copy(update={"port": 0})
    async with asyncio.TaskGroup() as group:
        server = group.create_task(serve(settings, world.database, world.bus, listening.set_result))
        yield await listening
        server.cancel()
