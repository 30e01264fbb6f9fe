"""Organizations and keys in the database: functions on a session; whoever opened it commits."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import func, or_, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession

from trunkline import clock, ids
from trunkline.organizations import keys
from trunkline.organizations.keys import Caller
from trunkline.organizations.tables import ApiKey, Organization

FIRST_NAME = "Default"
BOOTSTRAP_NAME = "bootstrap"
FIRST_KEY_NAME = "first"

_FIRST_START_LOCK = 7_264_001
"""PostgreSQL's name for the lock under which one of several starting processes creates the first organization."""


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key just made; the only moment its text is known."""

    row: ApiKey
    text: str


async def create_organization(session: AsyncSession, name: str, parent_org_id: str | None = None) -> Organization:
    row = Organization(
        id=ids.new("org"), name=name, parent_org_id=parent_org_id, minutes_balance=None, created_at=clock.wall()
    )
    session.add(row)
    await session.flush()
    return row


async def organization(session: AsyncSession, org_id: str) -> Organization | None:
    return await session.get(Organization, org_id)


async def organization_alone(session: AsyncSession, org_id: str) -> Organization:
    """It, while nobody else counts its keys or its children: until this transaction ends. Other rows may refer to it."""
    row = await session.get(Organization, org_id, with_for_update={"key_share": True}, populate_existing=True)
    assert row is not None
    return row


async def list_organizations(session: AsyncSession) -> list[Organization]:
    """Oldest first."""
    return list(await session.scalars(select(Organization).order_by(Organization.created_at, Organization.id)))


async def children(session: AsyncSession, org_id: str) -> list[Organization]:
    """Newest first."""
    its = select(Organization).where(Organization.parent_org_id == org_id)
    return list(await session.scalars(its.order_by(Organization.created_at.desc(), Organization.id)))


async def count_children(session: AsyncSession, org_id: str) -> int:
    count = select(func.count()).select_from(Organization).where(Organization.parent_org_id == org_id)
    return await session.scalar(count) or 0


async def is_own_or_child(session: AsyncSession, org_id: str, other_id: str) -> bool:
    """May `org_id` act for `other_id`?"""
    if other_id == org_id:
        return True
    child = select(Organization.id).where(Organization.id == other_id, Organization.parent_org_id == org_id)
    return await session.scalar(child) is not None


async def first_organization(session: AsyncSession) -> Organization | None:
    oldest = select(Organization).order_by(Organization.created_at, Organization.id).limit(1)
    return (await session.scalars(oldest)).one_or_none()


async def create_key(
    session: AsyncSession, org_id: str, name: str, scopes: Iterable[str], key_text: str | None = None
) -> NewKey:
    """Raises ValueError for scopes that do not exist or a text that is no key."""
    key = key_text if key_text is not None else keys.new_key(secrets.token_bytes(keys.RANDOM_BYTES))
    if not keys.is_key(key):
        raise ValueError("not a key: tl_live_ and at least 32 characters of A-Z a-z 0-9 _ - are needed")
    row = ApiKey(
        id=ids.new("key"),
        org_id=org_id,
        name=name,
        prefix=keys.shown(key),
        hash=keys.hash_of(key),
        scopes=sorted(keys.scopes_from(scopes)),
        created_at=clock.wall(),
        revoked_at=None,
    )
    session.add(row)
    await session.flush()
    return NewKey(row, key)


async def list_keys(session: AsyncSession, org_id: str | None = None) -> list[ApiKey]:
    """Oldest first, revoked ones too; of every organization if none is named."""
    every = select(ApiKey).order_by(ApiKey.created_at, ApiKey.id)
    return list(await session.scalars(every.where(ApiKey.org_id == org_id) if org_id is not None else every))


async def page_of_keys(session: AsyncSession, org_id: str, limit: int, offset: int) -> tuple[list[ApiKey], int]:
    """Oldest first, revoked ones too, and how many there are in all."""
    total = await session.scalar(select(func.count()).select_from(ApiKey).where(ApiKey.org_id == org_id))
    page = select(ApiKey).where(ApiKey.org_id == org_id).order_by(ApiKey.created_at, ApiKey.id)
    return list(await session.scalars(page.limit(limit).offset(offset))), total or 0


async def active_keys(session: AsyncSession, org_id: str) -> list[ApiKey]:
    active = select(ApiKey).where(ApiKey.org_id == org_id, ApiKey.revoked_at.is_(None))
    return list(await session.scalars(active))


async def key_of(session: AsyncSession, org_id: str, key_id: str) -> ApiKey | None:
    """A key of this organization or of one of its children."""
    its = or_(Organization.id == org_id, Organization.parent_org_id == org_id)
    found = select(ApiKey).join(Organization, Organization.id == ApiKey.org_id).where(ApiKey.id == key_id, its)
    return await session.scalar(found)


async def revoke_key(session: AsyncSession, key_id: str) -> bool:
    """False if there is no such key, or it was revoked before."""
    revoke = update(ApiKey).where(ApiKey.id == key_id, ApiKey.revoked_at.is_(None)).values(revoked_at=clock.wall())
    return bool((await session.execute(revoke.returning(ApiKey.id))).all())


async def caller_of(session: AsyncSession, key_text: str) -> Caller | None:
    """Whose key this is, or None if nobody's or revoked."""
    found = select(ApiKey.org_id, ApiKey.id, ApiKey.scopes).where(
        ApiKey.hash == keys.hash_of(key_text), ApiKey.revoked_at.is_(None)
    )
    row = (await session.execute(found)).one_or_none()
    return Caller(row.org_id, row.id, frozenset(row.scopes)) if row is not None else None


async def is_active_key(session: AsyncSession, key_id: str) -> bool:
    active = select(ApiKey.id).where(ApiKey.id == key_id, ApiKey.revoked_at.is_(None))
    return await session.scalar(active) is not None


async def first_start(session: AsyncSession, bootstrap_key: str = "") -> str | None:
    """Sees to it that there is an organization with a key. Returns the text of a key made here, to be shown once.

    A bootstrap key is added, to the oldest organization, if the database does not know it; one that was revoked stays
    revoked. Raises ValueError if it has not the form of a key.
    """
    if session.get_bind().dialect.name == "postgresql":
        await session.execute(text("select pg_advisory_xact_lock(:lock)"), {"lock": _FIRST_START_LOCK})
    first = await first_organization(session)
    is_empty = first is None
    if first is None:
        first = await create_organization(session, FIRST_NAME)
    if bootstrap_key:
        known = select(ApiKey.id).where(ApiKey.hash == keys.hash_of(bootstrap_key))
        if (await session.execute(known)).one_or_none() is None:
            await create_key(session, first.id, BOOTSTRAP_NAME, {"full"}, bootstrap_key)
        return None
    return (await create_key(session, first.id, FIRST_KEY_NAME, {"full"})).text if is_empty else None
