"""Campaigns and leads in the database. Leads come by the thousand, so they are written and read as plain rows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Row, delete, func, insert, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from trunkline import clock, ids
from trunkline.assistants.tables import Assistant
from trunkline.campaigns.schemas import LeadBody
from trunkline.campaigns.states import FINISHED, LeadStatus, Status
from trunkline.campaigns.tables import Campaign, Lead
from trunkline.numbers.tables import Number
from trunkline.storage.columns import Table
from trunkline.storage.sqlite import LONG

Counts = dict[str, int]
"""Leads of a campaign by their status."""

CHUNK = 1_000
"""Leads deleted in one transaction."""
NUMBERS_AT_ONCE = 1_000
DUPLICATE = "duplicate"
"""Why a lead is skipped whose number is on the list already."""
INSERTED_AT_ONCE = 250
"""Leads in one statement: the loop does nothing else while it is made ready."""

READ_AT_ONCE = 500
"""Leads read at once, for the same reason."""

_LEADS = Table.metadata.tables[Lead.__tablename__]
_INSERT_LEADS = insert(_LEADS)


# ---- campaigns -----------------------------------------------------------------------------------


async def insert_campaign(session: AsyncSession, org_id: str, values: Mapping[str, Any]) -> Campaign:
    now = clock.wall()
    row = Campaign(id=ids.new_uuid(), org_id=org_id, status=Status.DRAFT, created_at=now, updated_at=now, **values)
    session.add(row)
    await session.flush()
    return row


async def get_campaign(
    session: AsyncSession, org_id: str, campaign_id: str, *, to_change: bool = False
) -> Campaign | None:
    """`to_change`: nobody else changes it, or its list, before this transaction is over."""
    mine = select(Campaign).where(Campaign.id == campaign_id, Campaign.org_id == org_id)
    return await session.scalar(mine.with_for_update() if to_change else mine)


async def list_campaigns(session: AsyncSession, org_id: str, limit: int, offset: int) -> tuple[list[Campaign], int]:
    """Newest first, and how many there are in all."""
    mine = select(Campaign).where(Campaign.org_id == org_id)
    total = await session.scalar(select(func.count()).select_from(mine.subquery()))
    page = mine.order_by(Campaign.created_at.desc(), Campaign.id).limit(limit).offset(offset)
    return list(await session.scalars(page)), total or 0


async def counts_of(session: AsyncSession, campaign_ids: Sequence[str]) -> dict[str, Counts]:
    query = (
        select(_LEADS.c.campaign_id, _LEADS.c.status, func.count())
        .where(_LEADS.c.campaign_id.in_(campaign_ids))
        .group_by(_LEADS.c.campaign_id, _LEADS.c.status)
    )
    counts: dict[str, Counts] = {campaign_id: {} for campaign_id in campaign_ids}
    for campaign_id, status, count in await session.execute(query, execution_options=LONG):
        counts[campaign_id][status] = count
    return counts


async def assistant_config(session: AsyncSession, org_id: str, assistant_id: str) -> dict[str, Any] | None:
    """None: the organization has no such assistant."""
    return await session.scalar(
        select(Assistant.config).where(Assistant.id == assistant_id, Assistant.org_id == org_id)
    )


async def unknown_numbers(session: AsyncSession, org_id: str, number_ids: Sequence[str]) -> list[int]:
    """Places in `number_ids` of those that are neither the organization's nor reserved for it."""
    if not number_ids:
        return []
    its = or_(Number.org_id == org_id, Number.reserved_for_org_id == org_id)
    known = frozenset(await session.scalars(select(Number.id).where(Number.id.in_(number_ids), its)))
    return [place for place, number_id in enumerate(number_ids) if number_id not in known]


async def holds_assistant(session: AsyncSession, org_id: str, assistant_id: str) -> str | None:
    """Why the assistant cannot be deleted; None: no unfinished campaign uses it."""
    using = select(func.count()).where(
        Campaign.org_id == org_id, Campaign.assistant_id == assistant_id, Campaign.status.not_in(FINISHED)
    )
    count = await session.scalar(using) or 0
    if not count:
        return None
    what = "1 campaign. Change or delete it" if count == 1 else f"{count} campaigns. Change or delete them"
    return f"Assistant is used by {what} first (PATCH /campaigns/{{id}})."


# ---- leads ---------------------------------------------------------------------------------------


def rows_of(leads: Iterable[LeadBody]) -> list[dict[str, Any]]:
    """Rows that lack only what the transaction that inserts them knows: whose they are, their places, who is skipped."""
    now = clock.wall()
    return [
        {
            "id": ids.new_uuid(),
            "phone_number": lead.phone_number,
            "variables": lead.variables,
            "timezone": lead.timezone,
            "assistant_override": lead.assistant_override or {},
            "status": LeadStatus.PENDING.value,
            "skip_reason": None,
            "attempts": 0,
            "created_at": now,
        }
        for lead in leads
    ]


async def insert_leads(
    session: AsyncSession, campaign: Campaign, rows: Sequence[dict[str, Any]], first: int, known: Iterable[str]
) -> None:
    """At the places from `first` on. Those whose number is `known`, or comes twice, are skipped."""
    seen = set(known)
    for place, row in enumerate(rows, first):
        row.update(org_id=campaign.org_id, campaign_id=campaign.id, place=place)
        if row["phone_number"] in seen:
            row.update(status=LeadStatus.SKIPPED.value, skip_reason=DUPLICATE)
        seen.add(row["phone_number"])
    for start in range(0, len(rows), INSERTED_AT_ONCE):
        await session.execute(_INSERT_LEADS, rows[start : start + INSERTED_AT_ONCE], execution_options=LONG)


async def last_place(session: AsyncSession, campaign_id: str) -> int:
    return await session.scalar(select(func.max(_LEADS.c.place)).where(_LEADS.c.campaign_id == campaign_id)) or 0


async def count_leads(session: AsyncSession, campaign_id: str) -> int:
    query = select(func.count()).select_from(_LEADS).where(_LEADS.c.campaign_id == campaign_id)
    return (await session.execute(query, execution_options=LONG)).scalar_one()


async def numbers_on_list(session: AsyncSession, campaign_id: str, numbers: Sequence[str]) -> set[str]:
    """Which of them are on the campaign's list, as more than a duplicate."""
    known: set[str] = set()
    for start in range(0, len(numbers), NUMBERS_AT_ONCE):
        query = select(_LEADS.c.phone_number).where(
            _LEADS.c.campaign_id == campaign_id,
            _LEADS.c.phone_number.in_(numbers[start : start + NUMBERS_AT_ONCE]),
            or_(_LEADS.c.skip_reason.is_(None), _LEADS.c.skip_reason != DUPLICATE),
        )
        known.update((await session.execute(query)).scalars())
    return known


async def get_lead(session: AsyncSession, campaign_id: str, lead_id: str) -> Row[Any] | None:
    mine = select(_LEADS).where(_LEADS.c.id == lead_id, _LEADS.c.campaign_id == campaign_id)
    return (await session.execute(mine)).one_or_none()


async def leads_at(session: AsyncSession, campaign_id: str, first: int, last: int) -> Sequence[Row[Any]]:
    """Those at the places from `first` to `last`, both included."""
    query = select(_LEADS).where(_LEADS.c.campaign_id == campaign_id, _LEADS.c.place.between(first, last))
    return (await session.execute(query.order_by(_LEADS.c.place), execution_options=LONG)).all()


async def list_leads(
    session: AsyncSession, campaign_id: str, status: str | None, limit: int, offset: int
) -> tuple[list[Row[Any]], int]:
    """In the order of the list, and how many there are in all."""
    where = [_LEADS.c.campaign_id == campaign_id]
    if status is not None:
        where.append(_LEADS.c.status == status)
    count = select(func.count()).select_from(_LEADS).where(*where)
    total = (await session.execute(count, execution_options=LONG)).scalar_one()
    portion = select(_LEADS).where(*where).order_by(_LEADS.c.place)
    rows: list[Row[Any]] = []
    while len(rows) < min(limit, total):
        rest = portion.where(_LEADS.c.place > rows[-1].place) if rows else portion.offset(offset)
        got = await session.execute(rest.limit(min(READ_AT_ONCE, limit - len(rows))), execution_options=LONG)
        if not (more := got.all()):
            break
        rows += more
    return rows, total


async def is_calling(session: AsyncSession, campaign_id: str) -> bool:
    calling = select(_LEADS.c.id).where(_LEADS.c.campaign_id == campaign_id, _LEADS.c.status == LeadStatus.CALLING)
    return (await session.execute(calling.limit(1))).first() is not None


async def delete_lead(session: AsyncSession, lead_id: str) -> None:
    await session.execute(delete(_LEADS).where(_LEADS.c.id == lead_id))


async def delete_some_leads(session: AsyncSession, campaign_id: str) -> bool:
    """Up to `CHUNK` of them. Returns whether more may be left."""
    some = select(_LEADS.c.id).where(_LEADS.c.campaign_id == campaign_id).limit(CHUNK)
    gone = await session.execute(delete(_LEADS).where(_LEADS.c.id.in_(some)), execution_options=LONG)
    return bool(getattr(gone, "rowcount", 0) == CHUNK)
