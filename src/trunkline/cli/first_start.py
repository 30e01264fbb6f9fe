"""What a database needs before anything else uses it: its schema, an organization, a key."""

from __future__ import annotations

from trunkline.config import Settings
from trunkline.organizations import store
from trunkline.storage.engine import Database
from trunkline.storage.migrate import upgrade


async def first_start(settings: Settings) -> str | None:
    """The text of a key made now; None on every later start, and where a bootstrap key is set."""
    await prepare(settings)
    database = Database(settings.database)
    try:
        async with database.writing() as session:
            return await store.first_start(session, settings.bootstrap_key)
    finally:
        await database.close()


async def prepare(settings: Settings) -> None:
    settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    await upgrade(settings.database)
