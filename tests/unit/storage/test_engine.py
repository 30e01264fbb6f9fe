from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from trunkline.storage.engine import Database


def test_an_error_of_the_database_does_not_say_what_was_to_be_stored(tmp_path: Path) -> None:
    async def story() -> None:
        database = Database(f"sqlite+aiosqlite:///{tmp_path / 'test.db'}")
        try:
            async with database.writing() as session:
                await session.execute(text("insert into nowhere values (:value)"), {"value": "a secret"})
        finally:
            await database.close()

    with pytest.raises(OperationalError) as raised:
        asyncio.run(story())
    assert "nowhere" in str(raised.value)
    assert "a secret" not in str(raised.value)
