"""Every URL there is, in one list: method, path below the base path, who answers, and what the answer's status is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, Depends, FastAPI

from trunkline.accounts import answers as account_answers
from trunkline.accounts import routes as accounts
from trunkline.accounts.schemas import KeyBody, OrganizationBody, RetentionBody
from trunkline.api import health, live
from trunkline.api.answers import HealthAnswer, ReadyAnswer
from trunkline.assistants import answers as assistant_answers
from trunkline.assistants import routes as assistants
from trunkline.assistants.schemas import AssistantBody, AssistantPatch
from trunkline.calls import answers as call_answers
from trunkline.calls import routes as calls
from trunkline.calls.schemas import BODIES, PlaceBody, TicketBody
from trunkline.campaigns import answers as campaign_answers
from trunkline.campaigns import routes as campaigns
from trunkline.campaigns.schemas import CampaignBody, CampaignChanges, LeadBody, LeadsBody
from trunkline.errors import (
    CampaignsNotRunning,
    Conflict,
    InUse,
    KeyReused,
    NoAvailableNumber,
    NoCapacity,
    NotFound,
    NotInProgress,
    PaymentRequired,
    PolicyBlocked,
    Problem,
    ProviderUnavailable,
    RecordingNotReady,
    TooManyCommands,
)
from trunkline.numbers import answers as number_answers
from trunkline.numbers import routes as numbers
from trunkline.numbers.schemas import NumberBody, NumberChanges
from trunkline.usage import routes as usage
from trunkline.usage.answers import UsageAnswer
from trunkline.web import deprecation
from trunkline.web.answers import Answer, Success
from trunkline.web.body import Body

BASE = "/api/v1"


@dataclass(frozen=True, slots=True)
class Url:
    method: str
    path: str
    answers: Callable[..., Any]
    status: int = 200
    bodies: tuple[type[Body], ...] = ()
    answer: type[Answer] | None = None
    """Describes the answer for the document; the route renders it itself."""
    problems: tuple[type[Problem], ...] = ()
    """What this route in particular can raise, besides what every route of its kind can (`refusals.py`)."""
    deprecated: bool = False
    also: tuple[int, ...] = ()
    """Other statuses with which it gives the same answer."""
    media: str = "application/json"


CONTROL = tuple(dict.fromkeys(BODIES.values()))
PLACING = (NotFound, ProviderUnavailable, PaymentRequired, PolicyBlocked, NoAvailableNumber, NoCapacity)

URLS = (
    Url("POST", "/assistants", assistants.create_assistant, 201, (AssistantBody,),
        assistant_answers.AssistantSavedAnswer, (Conflict, KeyReused)),
    Url("GET", "/assistants", assistants.list_assistants, answer=assistant_answers.AssistantsAnswer),
    Url("GET", "/assistants/{assistant_id}", assistants.get_assistant, answer=assistant_answers.AssistantAnswer),
    Url("PATCH", "/assistants/{assistant_id}", assistants.change_assistant, 200, (AssistantPatch,),
        assistant_answers.AssistantSavedAnswer),
    Url("DELETE", "/assistants/{assistant_id}", assistants.delete_assistant, answer=Success, problems=(InUse,)),
    Url("POST", "/agents", assistants.create_assistant, 201, (AssistantBody,),
        assistant_answers.AssistantSavedAnswer, (Conflict, KeyReused), deprecated=True),
    Url("GET", "/agents", assistants.list_assistants, answer=assistant_answers.AssistantsAnswer, deprecated=True),
    Url("GET", "/agents/{assistant_id}", assistants.get_assistant, answer=assistant_answers.AssistantAnswer, deprecated=True),
    Url("PATCH", "/agents/{assistant_id}", assistants.change_assistant, 200, (AssistantPatch,),
        assistant_answers.AssistantSavedAnswer, deprecated=True),
    Url("DELETE", "/agents/{assistant_id}", assistants.delete_assistant, answer=Success, problems=(InUse,), deprecated=True),
    Url("GET", "/catalog", assistants.get_catalog, answer=assistant_answers.CatalogAnswer),
    Url("GET", "/voices", assistants.list_voices, answer=assistant_answers.VoicesAnswer),
    Url("POST", "/calls", calls.place_call, 201, (PlaceBody,), call_answers.PlacedAnswer, PLACING),
    Url("POST", "/calls/outbound", calls.place_call, 201, (PlaceBody,), call_answers.PlacedAnswer, PLACING),
    Url("GET", "/calls", calls.list_calls, answer=call_answers.CallsAnswer),
    Url("GET", "/calls/{call_id}", calls.get_call, answer=call_answers.CallAnswer),
    Url("GET", "/calls/{call_id}/events", calls.get_events, answer=call_answers.EventsAnswer),
    Url("GET", "/calls/{call_id}/state", calls.get_state, answer=call_answers.StateAnswer),
    Url("GET", "/calls/{call_id}/commands", calls.get_commands, answer=call_answers.CommandsAnswer),
    Url("GET", "/calls/{call_id}/commands/{command_id}", calls.get_command, answer=call_answers.CommandAnswer),
    Url("GET", "/calls/{call_id}/recording", calls.get_recording, problems=(RecordingNotReady,), also=(206,),
        media="audio/wav"),
    Url("POST", "/calls/{call_id}/control", calls.control_call, 200, CONTROL, call_answers.ControlAnswer,
        (NotInProgress, PolicyBlocked, TooManyCommands)),
    Url("POST", "/calls/{call_id}/tickets", calls.create_ticket, 201, (TicketBody,), call_answers.TicketAnswer, (Conflict,)),
    Url("GET", "/organizations", accounts.get_organization, answer=account_answers.OrganizationAnswer),
    Url("POST", "/organizations", accounts.create_organization, 201, (OrganizationBody,),
        account_answers.NewOrganizationAnswer, (NotFound, Conflict)),
    Url("PATCH", "/organizations", accounts.change_organization, 200, (RetentionBody,), account_answers.RetentionAnswer),
    Url("GET", "/account", accounts.get_organization, answer=account_answers.OrganizationAnswer, deprecated=True),
    Url("GET", "/keys", accounts.list_keys, answer=account_answers.KeysAnswer, problems=(NotFound,)),
    Url("POST", "/keys", accounts.create_key, 201, (KeyBody,), account_answers.NewKeyAnswer, (NotFound, Conflict)),
    Url("GET", "/keys/{key_id}", accounts.get_key, answer=account_answers.KeyAnswer),
    Url("DELETE", "/keys/{key_id}", accounts.revoke_key, answer=Success, problems=(Conflict,)),
    Url("POST", "/campaigns", campaigns.create_campaign, 201, (CampaignBody,), campaign_answers.CampaignMade,
        (NotFound, Conflict)),
    Url("GET", "/campaigns", campaigns.list_campaigns, answer=campaign_answers.CampaignList),
    Url("GET", "/campaigns/{campaign_id}", campaigns.get_campaign, answer=campaign_answers.CampaignOne),
    Url("PATCH", "/campaigns/{campaign_id}", campaigns.change_campaign, 200, (CampaignChanges,),
        campaign_answers.CampaignOne, (Conflict, CampaignsNotRunning)),
    Url("DELETE", "/campaigns/{campaign_id}", campaigns.delete_campaign, answer=Success, problems=(Conflict,)),
    Url("POST", "/campaigns/{campaign_id}/leads", campaigns.add_leads, 201, (LeadBody, LeadsBody),
        campaign_answers.LeadsMade, (Conflict,)),
    Url("GET", "/campaigns/{campaign_id}/leads", campaigns.list_leads, answer=campaign_answers.LeadList),
    Url("GET", "/campaigns/{campaign_id}/leads/{lead_id}", campaigns.get_lead, answer=campaign_answers.LeadOne),
    Url("DELETE", "/campaigns/{campaign_id}/leads/{lead_id}", campaigns.delete_lead, answer=Success,
        problems=(Conflict,)),
    Url("POST", "/numbers", numbers.create_number, 201, (NumberBody,), number_answers.NumberAnswer, (NotFound, Conflict)),
    Url("GET", "/numbers", numbers.list_numbers, answer=number_answers.NumbersAnswer),
    Url("GET", "/numbers/{number_id}", numbers.get_number, answer=number_answers.NumberAnswer),
    Url("PATCH", "/numbers/{number_id}", numbers.change_number, 200, (NumberChanges,), number_answers.NumberAnswer,
        (Conflict,)),
    Url("DELETE", "/numbers/{number_id}", numbers.delete_number, answer=Success),
    Url("GET", "/usage", usage.get_usage, answer=UsageAnswer),
    Url("GET", "/health", health.get_health, answer=HealthAnswer),
    Url("GET", "/ready", health.get_ready, answer=ReadyAnswer, also=(503,)),
)  # fmt: skip

SOCKETS = (("/calls/{call_id}/live", live.live),)

ROOT = (
    Url("GET", "/health", health.get_health),
    Url("GET", "/ready", health.get_ready),
    Url("GET", "/metrics", health.get_metrics),
)
"""What the machine's keepers ask, outside the base path."""


def install(app: FastAPI) -> None:
    below = APIRouter(prefix=BASE)
    for url in URLS:
        _add(below, url)
    for path, answers in SOCKETS:
        below.add_api_websocket_route(path, answers)
    app.include_router(below)
    for url in ROOT:
        _add(app.router, url, documented_too=False)


def _add(router: APIRouter, url: Url, documented_too: bool = True) -> None:
    router.add_api_route(
        url.path,
        url.answers,
        methods=[url.method],
        status_code=url.status,
        deprecated=url.deprecated or None,
        dependencies=[Depends(deprecation.mark)] if url.deprecated else [],
        include_in_schema=documented_too,
    )
