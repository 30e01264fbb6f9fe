"""Child organizations: one level below a parent, which pays for them."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncSession

from trunkline.errors import Conflict, NotFound
from trunkline.organizations import store
from trunkline.organizations.store import NewKey

MOST_CHILDREN = 1_000


async def make(session: AsyncSession, org_id: str, name: str, parent_org_id: str | None) -> NewKey:
    """A child of `org_id` and its first key. Raises NotFound, Conflict."""
    if parent_org_id not in (None, org_id):
        raise NotFound("parent_org_id must be your own organization", details=["parent_org_id: not found"])
    parent = await store.organization_alone(session, org_id)
    if parent.parent_org_id is not None:
        raise Conflict("A child organization cannot have children of its own: its parent makes them")
    if await store.count_children(session, org_id) >= MOST_CHILDREN:
        raise Conflict(f"An organization has at most {MOST_CHILDREN} children")
    child = await store.create_organization(session, name, org_id)
    return await store.create_key(session, child.id, store.FIRST_KEY_NAME, ["full"])
