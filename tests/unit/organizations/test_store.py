"""Keys in a real database in memory: made, listed, revoked, recognized, and what the first start does."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from trunkline.organizations import keys, store
from trunkline.organizations.tables import ApiKey
from trunkline.storage.columns import Table
from trunkline.storage.engine import Database

Steps = Callable[[AsyncSession], Awaitable[Any]]
CHOSEN = "tl_live_" + "c" * 32


def in_database(folder: Path, *transactions: Steps) -> list[Any]:
    """Runs each in its own transaction on the same database, and returns what they returned."""

    async def run() -> list[Any]:
        database = Database(f"sqlite+aiosqlite:///{folder / 'test.db'}")
        try:
            async with database.engine.begin() as connection:
                await connection.run_sync(Table.metadata.create_all, tables=[*_tables()])
            results = []
            for steps in transactions:
                async with database.writing() as session:
                    results.append(await steps(session))
            return results
        finally:
            await database.close()

    return asyncio.run(run())


def _tables() -> list[Any]:
    return [Table.metadata.tables["organizations"], Table.metadata.tables["api_keys"]]


def test_a_key_is_recognized_until_it_is_revoked(tmp_path: Path):
    made: list[store.NewKey] = []

    async def make(session: AsyncSession) -> None:
        organization = await store.create_organization(session, "One")
        made.append(await store.create_key(session, organization.id, "laptop", ["read", "control"]))

    async def recognize(session: AsyncSession) -> keys.Caller | None:
        return await store.caller_of(session, made[0].text)

    async def revoke(session: AsyncSession) -> bool:
        return await store.revoke_key(session, made[0].row.id)

    _, before, revoked, again, after = in_database(tmp_path, make, recognize, revoke, revoke, recognize)
    assert before == keys.Caller(made[0].row.org_id, made[0].row.id, frozenset({"read", "control"}))
    assert (revoked, again, after) == (True, False, None)


def test_a_strangers_key_is_nobodys(tmp_path: Path):
    async def recognize(session: AsyncSession) -> keys.Caller | None:
        await store.first_start(session)
        return await store.caller_of(session, CHOSEN)

    assert in_database(tmp_path, recognize) == [None]


def test_the_text_of_a_key_is_not_in_its_row(tmp_path: Path):
    async def make(session: AsyncSession) -> bool:
        text = await store.first_start(session)
        (row,) = await store.list_keys(session)
        return text not in {row.id, row.prefix, row.hash, row.name} and row.hash == keys.hash_of(text or "")

    assert in_database(tmp_path, make) == [True]


def test_keys_are_listed_by_organization(tmp_path: Path):
    async def make(session: AsyncSession) -> list[list[str]]:
        one, two = [await store.create_organization(session, name) for name in ("One", "Two")]
        for organization, name in ((one, "a"), (two, "b"), (one, "c")):
            await store.create_key(session, organization.id, name, ["full"])
        listed = [await store.list_keys(session, which) for which in (one.id, two.id, None)]
        return [sorted(row.name for row in rows) for rows in listed]

    assert in_database(tmp_path, make) == [[["a", "c"], ["b"], ["a", "b", "c"]]]


def test_an_unknown_scope_makes_no_key(tmp_path: Path):
    async def make(session: AsyncSession) -> list[ApiKey]:
        organization = await store.create_organization(session, "One")
        with pytest.raises(ValueError, match="admin"):
            await store.create_key(session, organization.id, "a", ["admin"])
        return await store.list_keys(session)

    assert in_database(tmp_path, make) == [[]]


def test_the_first_start_makes_one_key_and_later_ones_none(tmp_path: Path):
    first, second = in_database(tmp_path, store.first_start, store.first_start)
    assert keys.is_key(first)
    assert second is None


def test_a_bootstrap_key_is_the_first_key(tmp_path: Path):
    async def start(session: AsyncSession) -> tuple[str | None, keys.Caller | None, int]:
        shown = await store.first_start(session, CHOSEN)
        return shown, await store.caller_of(session, CHOSEN), len(await store.list_keys(session))

    (first, again) = in_database(tmp_path, start, start)
    assert first == again
    assert first[0] is None
    assert first[1] is not None
    assert first[1].scopes == {"full"}
    assert first[2] == 1


def test_a_bootstrap_key_is_added_to_the_oldest_organization(tmp_path: Path):
    async def fill(session: AsyncSession) -> str:
        oldest = await store.create_organization(session, "Oldest")
        await store.create_organization(session, "Younger")
        return oldest.id

    async def start(session: AsyncSession) -> str | None:
        assert await store.first_start(session, CHOSEN) is None
        caller = await store.caller_of(session, CHOSEN)
        return caller and caller.org_id

    oldest, owner = in_database(tmp_path, fill, start)
    assert owner == oldest


def test_a_revoked_bootstrap_key_stays_revoked(tmp_path: Path):
    async def revoke(session: AsyncSession) -> None:
        await store.first_start(session, CHOSEN)
        (row,) = await store.list_keys(session)
        await store.revoke_key(session, row.id)

    async def start(session: AsyncSession) -> keys.Caller | None:
        await store.first_start(session, CHOSEN)
        return await store.caller_of(session, CHOSEN)

    assert in_database(tmp_path, revoke, start)[1] is None


def test_a_malformed_bootstrap_key_is_refused(tmp_path: Path):
    async def start(session: AsyncSession) -> None:
        with pytest.raises(ValueError, match="tl_live_"):
            await store.first_start(session, "hunter2")

    in_database(tmp_path, start)


def test_children_are_their_parents_newest_first_and_nobody_elses(tmp_path: Path):
    async def make(session: AsyncSession) -> tuple[list[list[str]], list[int]]:
        one, two = [await store.create_organization(session, name) for name in ("One", "Two")]
        for name, parent in (("a", one), ("b", two), ("c", one)):
            await store.create_organization(session, name, parent.id)
        listed = [await store.children(session, parent.id) for parent in (one, two)]
        counts = [await store.count_children(session, parent.id) for parent in (one, two, listed[0][0])]
        return [[child.name for child in rows] for rows in listed], counts

    assert in_database(tmp_path, make) == [([["c", "a"], ["b"]], [2, 1, 0])]


def test_an_organization_acts_for_itself_and_its_children_only(tmp_path: Path):
    async def make(session: AsyncSession) -> list[bool]:
        one, two = [await store.create_organization(session, name) for name in ("One", "Two")]
        child, sibling, other = [await store.create_organization(session, "c", of.id) for of in (one, one, two)]
        pairs = ((one, one), (one, child), (child, child), (one, two), (one, other), (child, one), (child, sibling))
        return [await store.is_own_or_child(session, who.id, whom.id) for who, whom in pairs]

    assert in_database(tmp_path, make) == [[True, True, True, False, False, False, False]]


def test_a_key_is_found_by_its_organization_and_the_parent_of_that(tmp_path: Path):
    async def make(session: AsyncSession) -> list[bool]:
        one, two = [await store.create_organization(session, name) for name in ("One", "Two")]
        child = await store.create_organization(session, "c", one.id)
        key = await store.create_key(session, child.id, "k", ["full"])
        return [await store.key_of(session, who.id, key.row.id) is not None for who in (one, two, child)]

    assert in_database(tmp_path, make) == [[True, False, True]]


def test_revoked_keys_are_listed_and_not_active(tmp_path: Path):
    async def make(session: AsyncSession) -> tuple[Any, ...]:
        organization = await store.create_organization(session, "One")
        made = [await store.create_key(session, organization.id, name, ["read"]) for name in "abc"]
        await store.revoke_key(session, made[1].row.id)
        page, total = await store.page_of_keys(session, organization.id, 2, 1)
        active = await store.active_keys(session, organization.id)
        return [row.name for row in page], total, sorted(row.name for row in active)

    assert in_database(tmp_path, make) == [(["b", "c"], 3, ["a", "c"])]


def test_organizations_are_listed_oldest_first(tmp_path: Path):
    async def make(session: AsyncSession) -> list[str]:
        for name in ("b", "a", "c"):
            await store.create_organization(session, name)
        return [row.name for row in await store.list_organizations(session)]

    assert in_database(tmp_path, make) == [["b", "a", "c"]]
