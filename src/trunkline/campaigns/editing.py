"""What changes campaigns and their lists: made, changed, filled and deleted, each as a whole or not at all.

A list may be long. So what can be judged without the database is judged in a thread before a transaction begins, and a
campaign with many leads is deleted in portions.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncSession

from trunkline import clock
from trunkline.campaigns import leads as judging
from trunkline.campaigns import schemas, states, store
from trunkline.campaigns.leads import Numbered
from trunkline.campaigns.schemas import CampaignBody
from trunkline.campaigns.states import FINISHED, REASSIGNABLE, LeadStatus, Status
from trunkline.campaigns.tables import Campaign
from trunkline.errors import BadRequest, CampaignsNotRunning, Conflict, NotFound
from trunkline.policy.dialing import Rules
from trunkline.storage.columns import change
from trunkline.storage.engine import Database
from trunkline.web.idempotency import Once, Use

MOST_LEADS = 100_000
"""Of one campaign."""

NOT_RUNNING = "This version keeps campaigns and their lists, but calls nobody by itself: none can be scheduled"


@dataclass(frozen=True, slots=True)
class Campaigns:
    database: Database
    once: Once
    rules: Rules
    most_leads: int = MOST_LEADS

    async def create(self, org_id: str, body: CampaignBody, use: Use | None) -> tuple[str, list[str]]:
        """Its id, and warnings. Raises BadRequest, NotFound."""
        leads = judging.numbered(body.leads)
        warnings = await self._warnings(leads, body.system_message_template)
        rows = store.rows_of(body.leads)
        async with self.database.reading() as session:
            trouble = await self._trouble(session, org_id, body.assistant_id, leads)

        async def make(session: AsyncSession) -> str:
            await _require(session, org_id, body.assistant_id, body.number_ids)
            if trouble is not None:
                raise trouble
            row = await store.insert_campaign(session, org_id, body.model_dump(exclude={"leads"}))
            await store.insert_leads(session, row, rows, 1, ())
            return row.id

        return await self.once.make(use, make), warnings

    async def change(self, org_id: str, campaign_id: str, changes: Mapping[str, Any]) -> None:
        """Raises NotFound, BadRequest, Conflict or CampaignsNotRunning; then nothing has changed."""
        async with self.database.writing() as session:
            row = found(await store.get_campaign(session, org_id, campaign_id, to_change=True))
            if changes:
                await _require_changeable(session, row, changes)
                change(row, changes, clock.wall())

    async def delete(self, org_id: str, campaign_id: str) -> None:
        """With its list, in portions: a long transaction would hold up everybody. Raises NotFound, Conflict.

        While its list is taken away it is cancelled, so nothing is added to it. Cut off in the middle, it stays so.
        """
        async with self.database.writing() as session:
            row = found(await store.get_campaign(session, org_id, campaign_id, to_change=True))
            if row.status == Status.SCHEDULED or await store.is_calling(session, row.id):
                raise Conflict("This campaign is calling people. Pause or cancel it first, and let its calls end.")
            if not await store.delete_some_leads(session, row.id):
                await session.delete(row)
                return
            if row.status not in FINISHED:
                change(row, {"status": Status.CANCELLED}, clock.wall())
        while not await self._delete_more(org_id, campaign_id):
            pass  # others have had their turn meanwhile

    async def add_leads(
        self, org_id: str, campaign_id: str, leads: Sequence[Numbered], use: Use | None
    ) -> tuple[Sequence[Row[Any]], list[str]]:
        """The leads as they are now, and warnings. Raises NotFound, BadRequest, Conflict."""
        async with self.database.reading() as session:
            campaign = found(await store.get_campaign(session, org_id, campaign_id))
            trouble = await self._trouble(session, org_id, campaign.assistant_id, leads)
        warnings = await self._warnings(leads, campaign.system_message_template)
        rows = store.rows_of(named.lead for named in leads)

        async def make(session: AsyncSession) -> str:
            row = found(await store.get_campaign(session, org_id, campaign_id, to_change=True))
            if row.status in FINISHED:
                raise Conflict(f"A {row.status} campaign cannot change")
            if trouble is not None:
                raise trouble
            return await self._append(session, row, rows)

        made = await self.once.make(use, make)
        async with self.database.reading() as session:
            return await _appended(session, campaign_id, made), warnings

    async def delete_lead(self, org_id: str, campaign_id: str, lead_id: str) -> None:
        """Whatever the campaign's status: a person may ask to be forgotten. Raises NotFound, Conflict."""
        async with self.database.writing() as session:
            found(await store.get_campaign(session, org_id, campaign_id, to_change=True))
            lead = await store.get_lead(session, campaign_id, lead_id)
            if lead is None:
                raise NotFound("No lead with this id in this campaign")
            if lead.status == LeadStatus.CALLING:
                raise Conflict("This lead is being called; delete it when the call has ended")
            await store.delete_lead(session, lead_id)

    async def _warnings(self, leads: Sequence[Numbered], template: str | None) -> list[str]:
        def judged() -> list[str]:
            return judging.told([*judging.numbers(leads, self.rules), *judging.unfilled(leads, template)])

        return await asyncio.to_thread(judged) if leads else []

    async def _trouble(
        self, session: AsyncSession, org_id: str, assistant_id: str | None, leads: Sequence[Numbered]
    ) -> BadRequest | None:
        """What is wrong with the leads' overrides. It is not raised yet: a repeat is answered whatever has become of them."""
        if assistant_id is None or not any(named.lead.assistant_override for named in leads):
            return None
        config = await store.assistant_config(session, org_id, assistant_id)
        if config is None:
            return None
        try:
            await asyncio.to_thread(judging.overrides, leads, config)
        except BadRequest as refused:
            return refused
        return None

    async def _append(self, session: AsyncSession, row: Campaign, leads: Sequence[dict[str, Any]]) -> str:
        """At the end of the list. What an idempotency key remembers of them: the first one's id, and how many."""
        last = await store.last_place(session, row.id)
        room = self.most_leads - len(leads)
        if last > room and await store.count_leads(session, row.id) > room:  # deleted leads leave their places empty
            raise Conflict(f"A campaign can have at most {self.most_leads} leads")
        known = await store.numbers_on_list(session, row.id, [lead["phone_number"] for lead in leads])
        await store.insert_leads(session, row, leads, last + 1, known)
        return f"{leads[0]['id']}:{len(leads)}"

    async def _delete_more(self, org_id: str, campaign_id: str) -> bool:
        """Is it gone, by us or by whoever deletes it too?"""
        async with self.database.writing() as session:
            row = await store.get_campaign(session, org_id, campaign_id, to_change=True)
            if row is None:
                return True
            if await store.delete_some_leads(session, campaign_id):
                return False
            await session.delete(row)
            return True


def found(row: Campaign | None) -> Campaign:
    if row is None:
        raise NotFound("No campaign with this id")
    return row


async def _require(session: AsyncSession, org_id: str, assistant_id: str | None, number_ids: Sequence[str]) -> None:
    """Raises NotFound naming what the organization does not have. `assistant_id` None: not asked for."""
    details = []
    if assistant_id is not None and await store.assistant_config(session, org_id, assistant_id) is None:
        details.append("assistant_id: not found")
    details += [f"number_ids[{place}]: not found" for place in await store.unknown_numbers(session, org_id, number_ids)]
    if details:
        raise NotFound("The request names something that does not exist", details=details)


async def _require_changeable(session: AsyncSession, row: Campaign, changes: Mapping[str, Any]) -> None:
    status = Status(row.status)
    wanted = Status(changes.get("status", status))
    refusal = states.refusal(status, wanted)
    if refusal is None and status in FINISHED and changes.keys() != {"status"}:
        refusal = f"A {status} campaign cannot change"
    if refusal is not None:
        raise Conflict(refusal)
    if status not in REASSIGNABLE and changes.get("assistant_id", row.assistant_id) != row.assistant_id:
        raise Conflict(f"The assistant of a {status} campaign cannot change; pause it first")
    await _require(session, row.org_id, changes.get("assistant_id"), changes.get("number_ids", ()))
    start, end = (changes.get(name, getattr(row, name)) for name in ("schedule_start_time", "schedule_end_time"))
    if said := schemas.window_refusal(start, end):
        raise BadRequest("The request body is invalid", details=[said])
    if changes.get("status") == Status.SCHEDULED:
        raise CampaignsNotRunning(NOT_RUNNING)


async def _appended(session: AsyncSession, campaign_id: str, made: str) -> Sequence[Row[Any]]:
    """Those of them that are still there. A place may have been given anew, so the moment of their making counts too."""
    first_id, _, count = made.partition(":")
    first = await store.get_lead(session, campaign_id, first_id)
    if first is None:
        raise Conflict("What this request made has been deleted since")
    rows = await store.leads_at(session, campaign_id, first.place, first.place + int(count) - 1)
    return [row for row in rows if row.created_at == first.created_at]
