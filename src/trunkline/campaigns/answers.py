"""What the answers about campaigns and leads hold."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import ConfigDict, Field

from trunkline.web.answers import Answer, Pagination

CampaignStatus = Literal["draft", "scheduled", "paused", "completed", "cancelled"]
LeadStatus = Literal["pending", "calling", "completed", "failed", "skipped"]

Example = dict[str, Any]

EXAMPLE_RETRY: Example = {"max_attempts": 3, "delay_seconds": 3600, "on": ["busy", "no_answer"]}
EXAMPLE_CAMPAIGN: Example = {
    "id": "0b8a1f0e-6f5c-4f5e-9d0a-2f1f7a3b9c11",
    "name": "Reminders",
    "assistant_id": "7c9e6679-7425-40de-944b-e07fc1f90ae7",
    "agent_id": "7c9e6679-7425-40de-944b-e07fc1f90ae7",
    "status": "draft",
    "system_message_template": "You call {{name}} about the appointment on {{appointment}}.",
    "schedule_start_time": "09:00:00",
    "schedule_end_time": "17:30:00",
    "timezone": "Europe/Amsterdam",
    "number_ids": [],
    "max_concurrency": 5,
    "calls_per_minute": 30,
    "days_of_week": ["mon", "tue", "wed", "thu", "fri"],
    "retry": EXAMPLE_RETRY,
    "total_leads": 1,
    "pending_leads": 1,
    "calling_leads": 0,
    "completed_leads": 0,
    "failed_leads": 0,
    "skipped_leads": 0,
    "created_at": "2025-12-13T10:00:00.000Z",
    "updated_at": "2025-12-13T10:00:00.000Z",
}
EXAMPLE_LEAD: Example = {
    "id": "5d3c2a10-94f1-4f0c-8f53-6f0a1b2c3d4e",
    "campaign_id": "0b8a1f0e-6f5c-4f5e-9d0a-2f1f7a3b9c11",
    "phone_number": "+31612345678",
    "variables": {"name": "Ann", "appointment": "Tuesday"},
    "status": "pending",
    "skip_reason": None,
    "call_id": None,
    "attempts": 0,
    "last_attempt_at": None,
    "timezone": None,
    "assistant_override": None,
    "created_at": "2025-12-13T10:00:00.000Z",
}
EXAMPLE_PAGE: Example = {"total": 1, "limit": 100, "offset": 0}


class RetryShown(Answer):
    max_attempts: int
    delay_seconds: int
    on: list[str]


class CampaignShown(Answer):
    id: str
    name: str
    assistant_id: str | None = Field(description="null once the campaign is over and its assistant is deleted")
    agent_id: str | None = Field(description="the old name of assistant_id")
    status: CampaignStatus
    system_message_template: str | None
    schedule_start_time: str
    schedule_end_time: str
    timezone: str
    number_ids: list[str]
    max_concurrency: int | None
    calls_per_minute: int | None
    days_of_week: list[str]
    retry: RetryShown
    total_leads: int
    pending_leads: int
    calling_leads: int
    completed_leads: int
    failed_leads: int
    skipped_leads: int
    created_at: str
    updated_at: str


class LeadShown(Answer):
    id: str
    campaign_id: str
    phone_number: str
    variables: dict[str, str]
    status: LeadStatus
    skip_reason: str | None = Field(description="`duplicate`: the number was on the list already")
    call_id: str | None
    attempts: int
    last_attempt_at: str | None
    timezone: str | None
    assistant_override: dict[str, Any] | None
    created_at: str


class CampaignList(Answer):
    model_config = ConfigDict(
        json_schema_extra={"examples": [{"campaigns": [EXAMPLE_CAMPAIGN], "pagination": EXAMPLE_PAGE}]}
    )

    campaigns: list[CampaignShown]
    pagination: Pagination


class CampaignOne(Answer):
    model_config = ConfigDict(json_schema_extra={"examples": [{"campaign": EXAMPLE_CAMPAIGN}]})

    campaign: CampaignShown


class CampaignMade(Answer):
    model_config = ConfigDict(json_schema_extra={"examples": [{"campaign": EXAMPLE_CAMPAIGN, "warnings": []}]})

    campaign: CampaignShown
    warnings: list[str]


class LeadList(Answer):
    model_config = ConfigDict(json_schema_extra={"examples": [{"leads": [EXAMPLE_LEAD], "pagination": EXAMPLE_PAGE}]})

    leads: list[LeadShown]
    pagination: Pagination


class LeadOne(Answer):
    model_config = ConfigDict(json_schema_extra={"examples": [{"lead": EXAMPLE_LEAD}]})

    lead: LeadShown


class LeadsMade(Answer):
    """`lead` for a body that was one lead, `leads` for one with a list of them."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"lead": EXAMPLE_LEAD, "warnings": []}, {"leads": [EXAMPLE_LEAD], "warnings": []}]
        }
    )

    lead: LeadShown | None = None
    leads: list[LeadShown] | None = None
    warnings: list[str]
