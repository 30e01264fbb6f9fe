"""The keys of an organization and of its children: how many there may be, and which one has to stay."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy.ext.asyncio import AsyncSession

from trunkline.errors import Conflict, NotFound
from trunkline.organizations import store
from trunkline.organizations.store import NewKey

MOST_ACTIVE = 100


async def make(session: AsyncSession, org_id: str, name: str, scopes: Iterable[str]) -> NewKey:
    """Raises Conflict."""
    await store.organization_alone(session, org_id)
    if len(await store.active_keys(session, org_id)) >= MOST_ACTIVE:
        raise Conflict(f"An organization has at most {MOST_ACTIVE} active keys: revoke one of them first")
    return await store.create_key(session, org_id, name, scopes)


async def revoke(session: AsyncSession, org_id: str, key_id: str) -> None:
    """A key of `org_id` or of one of its children; one that is revoked already stays so. Raises NotFound, Conflict.

    The last key that may do everything has to stay, or its organization could not make another. A parent may take it
    from a child, and give it another.
    """
    row = await store.key_of(session, org_id, key_id)
    if row is None:
        raise NotFound("No key with this id")
    if row.org_id == org_id:
        await store.organization_alone(session, org_id)
        full = [key.id for key in await store.active_keys(session, org_id) if "full" in key.scopes]
        if full == [key_id]:
            raise Conflict("This is your last active key with the scope 'full': make another before you revoke it")
    await store.revoke_key(session, key_id)
