"""The routes of campaigns and of the people on their lists."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Annotated, Any

import orjson
from fastapi import Query, Request, Response

from trunkline.campaigns import leads as judging
from trunkline.campaigns import store
from trunkline.campaigns.editing import Campaigns, found
from trunkline.campaigns.leads import Numbered
from trunkline.campaigns.rendering import campaign_json, lead_json
from trunkline.campaigns.schemas import LEAD_RENAMED, RENAMED, CampaignBody, CampaignChanges, LeadBody, LeadsBody
from trunkline.campaigns.states import LeadStatus
from trunkline.errors import BadRequest, Conflict, NotFound
from trunkline.policy.dialing import Rules
from trunkline.web import deprecation
from trunkline.web.body import read, validated
from trunkline.web.caller import Owner, Reader, database_of
from trunkline.web.idempotency import Key, use_of
from trunkline.web.paging import Page, Paged

MOST_LISTED = 10_000
"""Leads in an answer whose request did not ask for a page."""


async def create_campaign(request: Request, caller: Owner, key: Key = None) -> dict[str, Any]:
    """Make a campaign, with up to 1 000 leads. It is a draft: nobody is called."""
    raw, deprecated = deprecation.renamed(await read(request), RENAMED)
    use = use_of(caller.org_id, "POST /campaigns", key, raw)
    listed, deprecated_too = _renamed_in_list(raw)
    if deprecated or deprecated_too:
        await deprecation.mark(request)
    body = validated(CampaignBody, listed)
    campaign_id, warnings = await _campaigns(request).create(caller.org_id, body, use)
    try:
        return {"campaign": await _shown(request, caller.org_id, campaign_id), "warnings": warnings}
    except NotFound as gone:
        raise Conflict("The campaign that this request made has been deleted since") from gone


async def list_campaigns(request: Request, caller: Reader, page: Paged) -> dict[str, Any]:
    """The organization's campaigns, newest first."""
    async with database_of(request).reading() as session:
        rows, total = await store.list_campaigns(session, caller.org_id, page.limit, page.offset)
        counts = await store.counts_of(session, [row.id for row in rows])
    return {"campaigns": [campaign_json(row, counts[row.id]) for row in rows], "pagination": page.pagination(total)}


async def get_campaign(request: Request, caller: Reader, campaign_id: str) -> dict[str, Any]:
    """One campaign, and how far it has come."""
    return {"campaign": await _shown(request, caller.org_id, campaign_id)}


async def change_campaign(request: Request, caller: Owner, campaign_id: str) -> dict[str, Any]:
    """Change a campaign: what is sent changes, what is not sent stays."""
    raw, deprecated = deprecation.renamed(await read(request), RENAMED)
    if deprecated:
        await deprecation.mark(request)
    body = validated(CampaignChanges, raw)
    await _campaigns(request).change(caller.org_id, campaign_id, body.changes())
    return {"campaign": await _shown(request, caller.org_id, campaign_id)}


async def delete_campaign(request: Request, caller: Owner, campaign_id: str) -> dict[str, Any]:
    """Delete a campaign and its list. Its calls stay."""
    await _campaigns(request).delete(caller.org_id, campaign_id)
    return {"success": True}


async def add_leads(request: Request, caller: Owner, campaign_id: str, key: Key = None) -> dict[str, Any]:
    """Put one lead at the end of the list, or with `leads` up to 1 000 of them."""
    raw = await read(request)
    use = use_of(caller.org_id, f"POST /campaigns/{campaign_id}/leads", key, raw)
    several = "leads" in raw
    renamed, deprecated = _renamed_in_list(raw) if several else deprecation.renamed(raw, LEAD_RENAMED)
    if deprecated:
        await deprecation.mark(request)
    if several:
        leads = judging.numbered(validated(LeadsBody, renamed).leads)
    else:
        leads = [Numbered("", validated(LeadBody, renamed))]
    rows, warnings = await _campaigns(request).add_leads(caller.org_id, campaign_id, leads, use)
    made = [lead_json(row, secrets=True) for row in rows]
    return {**({"leads": made} if several else {"lead": made[0]}), "warnings": warnings}


async def list_leads(
    request: Request,
    caller: Reader,
    campaign_id: str,
    limit: Annotated[int | None, Query(ge=1, le=1000)] = None,
    offset: Annotated[int | None, Query(ge=0, lt=2**31)] = None,
    status: LeadStatus | None = None,
) -> Response:
    """The leads in the order of the list: with `limit` or `offset` a page, without both all of them up to 10 000."""
    page = Page(MOST_LISTED, 0) if limit is None and offset is None else Page(limit or 100, offset or 0)
    async with database_of(request).reading() as session:
        found(await store.get_campaign(session, caller.org_id, campaign_id))
        rows, total = await store.list_leads(session, campaign_id, status, page.limit, page.offset)

    secrets = "full" in caller.scopes

    def rendered() -> bytes:
        return orjson.dumps({"leads": [lead_json(row, secrets) for row in rows], "pagination": page.pagination(total)})

    return Response(await asyncio.to_thread(rendered), media_type="application/json")


async def get_lead(request: Request, caller: Reader, campaign_id: str, lead_id: str) -> dict[str, Any]:
    """One lead, and what has become of it."""
    async with database_of(request).reading() as session:
        found(await store.get_campaign(session, caller.org_id, campaign_id))
        row = await store.get_lead(session, campaign_id, lead_id)
    if row is None:
        raise NotFound("No lead with this id in this campaign")
    return {"lead": lead_json(row, "full" in caller.scopes)}


async def delete_lead(request: Request, caller: Owner, campaign_id: str, lead_id: str) -> dict[str, Any]:
    """Take a lead off the list. Its calls stay."""
    await _campaigns(request).delete_lead(caller.org_id, campaign_id, lead_id)
    return {"success": True}


async def _shown(request: Request, org_id: str, campaign_id: str) -> dict[str, Any]:
    async with database_of(request).reading() as session:
        row = found(await store.get_campaign(session, org_id, campaign_id))
        counts = await store.counts_of(session, [row.id])
    return campaign_json(row, counts[row.id])


def _renamed_in_list(raw: Mapping[str, Any]) -> tuple[dict[str, Any], bool]:
    """`raw` with the old names in its leads replaced, and whether any was used."""
    if not isinstance(raw.get("leads"), list):
        return dict(raw), False
    leads, used = [], False
    for place, lead in enumerate(raw["leads"]):
        if not isinstance(lead, dict):
            leads.append(lead)
            continue
        try:
            renamed, old = deprecation.renamed(lead, LEAD_RENAMED)
        except BadRequest as refused:
            details = [f"leads[{place}].{detail}" for detail in refused.details]
            raise BadRequest(refused.message, details=details) from refused
        leads.append(renamed)
        used = used or old
    return {**raw, "leads": leads}, used


def _campaigns(request: Request) -> Campaigns:
    state = request.app.state
    return Campaigns(database_of(request), state.once, Rules.of(state.placing.settings))
