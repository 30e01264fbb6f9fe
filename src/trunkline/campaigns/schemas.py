"""Campaigns and leads as clients write them."""

from __future__ import annotations

import re
import zoneinfo
from functools import cache
from typing import Annotated, Any, Literal, Self, get_args

from pydantic import AfterValidator, ConfigDict, Field, StringConstraints, field_validator, model_validator

from trunkline.campaigns.states import Status
from trunkline.web.body import E164, Body, shown_as

RENAMED = {"agent_id": "assistant_id"}
LEAD_RENAMED = {"agent_config": "assistant_override"}

LEADS_AT_ONCE = 1_000
MOST_NUMBERS = 100
MOST_VARIABLES = 100

Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
DAYS: tuple[Day, ...] = get_args(Day)

Reason = Literal[
    "silence_timeout",
    "voicemail",
    "busy",
    "no_answer",
    "trunk_error",
    "no_capacity",
    "worker_lost",
    "provider_error",
    "media_timeout",
]
"""How a call can end after which the same person may be tried again."""
REASONS: tuple[Reason, ...] = get_args(Reason)

_TIME = re.compile(r"(?:[01][0-9]|2[0-3]):[0-5][0-9](?::[0-5][0-9])?")


@cache
def zones() -> frozenset[str]:
    """Every time zone this machine knows, read from its files once. Two of them are no place but this machine itself."""
    return frozenset(zoneinfo.available_timezones()) - {"localtime", "Factory"}


def _time(text: str) -> str:
    if not _TIME.fullmatch(text):
        raise ValueError("must be a time of day: HH:MM or HH:MM:SS")
    return text if text.count(":") == 2 else f"{text}:00"


def _zone(name: str) -> str:
    if name not in zones():
        raise ValueError("must be an IANA time zone such as Europe/Amsterdam")
    return name


def _each_once(items: list[Any]) -> list[Any]:
    for place, item in enumerate(items):
        if item in items[:place]:
            raise ValueError(f"{item!r} is there twice")
    return items


def _in_order(days: list[Day]) -> list[Day]:
    return [day for day in DAYS if day in days]


Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
Id = Annotated[str, StringConstraints(min_length=1, max_length=64)]
Template = Annotated[str, StringConstraints(max_length=20_000)]
Time = Annotated[str, StringConstraints(max_length=8), AfterValidator(_time), shown_as(pattern=f"^{_TIME.pattern}$")]
Zone = Annotated[str, StringConstraints(max_length=64), AfterValidator(_zone)]
NumberIds = Annotated[list[Id], Field(max_length=MOST_NUMBERS), AfterValidator(_each_once), shown_as(uniqueItems=True)]
Days = Annotated[
    list[Day],
    Field(min_length=1, max_length=7),
    AfterValidator(_each_once),
    AfterValidator(_in_order),
    shown_as(uniqueItems=True),
]
Concurrency = Annotated[int, Field(ge=1, le=1000)]
Pace = Annotated[int, Field(ge=1, le=6000)]

TEMPLATE = "is told to the assistant before each call; each lead's variables fill its {{name}} placeholders"
START = "local time from which leads are called, HH:MM or HH:MM:SS"
END = "local time from which no lead is called any more; before the start: a window over midnight"
ZONE = "IANA time zone of the window, for leads that have none of their own"
NUMBERS = "numbers to call from; empty: whichever of the organization's fits"
CONCURRENCY = "calls at the same time; null: the organization's limit"
PACE = "calls begun per minute; null: no limit"
WEEKDAYS = "days on which a window may begin"


class Retry(Body):
    """Whether and when somebody who could not be reached is called again."""

    max_attempts: int = Field(1, ge=1, le=10, description="calls per lead in all")
    delay_seconds: int = Field(3600, ge=60, le=604_800, description="from one attempt to the next")
    on: Annotated[
        list[Reason], Field(max_length=len(REASONS)), AfterValidator(_each_once), shown_as(uniqueItems=True)
    ] = Field(default_factory=lambda: list(REASONS), description="end reasons after which the lead is tried again")


def _retry() -> Retry:
    return Retry.model_validate({})


class LeadBody(Body):
    """Somebody to call."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"phone_number": "+31612345678", "variables": {"name": "Ann", "appointment": "Tuesday"}}]
        }
    )

    phone_number: Annotated[str, StringConstraints(max_length=32), shown_as(pattern=E164)] = Field(
        description="E.164 with its plus"
    )
    variables: dict[
        Annotated[str, StringConstraints(min_length=1, max_length=100)],
        Annotated[str, StringConstraints(max_length=1000)],
    ] = Field(default_factory=dict, max_length=MOST_VARIABLES, description="fill {{name}} in system_message_template")
    timezone: Zone | None = Field(None, description="the lead's own; null: the campaign's")
    assistant_override: dict[str, Any] | None = Field(None, description="replaces parts of the assistant for this lead")


class LeadsBody(Body):
    """Several at once."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"leads": [{"phone_number": "+31612345678"}, {"phone_number": "+31612345679"}]}]
        }
    )

    leads: list[LeadBody] = Field(min_length=1, max_length=LEADS_AT_ONCE)


class CampaignBody(Body):
    """A list of people to call, and when."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "name": "Reminders",
                    "assistant_id": "7c9e6679-7425-40de-944b-e07fc1f90ae7",
                    "system_message_template": "You call {{name}} about the appointment on {{appointment}}.",
                    "schedule_start_time": "09:00",
                    "schedule_end_time": "17:30",
                    "timezone": "Europe/Amsterdam",
                    "days_of_week": ["mon", "tue", "wed", "thu", "fri"],
                    "retry": {"max_attempts": 3, "delay_seconds": 3600, "on": ["busy", "no_answer"]},
                    "leads": [{"phone_number": "+31612345678", "variables": {"name": "Ann", "appointment": "Tuesday"}}],
                }
            ]
        }
    )

    name: Name
    assistant_id: Id = Field(description="who calls; `agent_id` is its old name")
    system_message_template: Template | None = Field(None, description=TEMPLATE)
    schedule_start_time: Time = Field(description=START)
    schedule_end_time: Time = Field(description=END)
    timezone: Zone = Field(description=ZONE)
    number_ids: NumberIds = Field(default_factory=list, description=NUMBERS)
    max_concurrency: Concurrency | None = Field(None, description=CONCURRENCY)
    calls_per_minute: Pace | None = Field(None, description=PACE)
    days_of_week: Days = Field(default_factory=lambda: list(DAYS), description=WEEKDAYS)
    retry: Retry = Field(default_factory=_retry)
    leads: list[LeadBody] = Field(default_factory=list, max_length=LEADS_AT_ONCE)

    @model_validator(mode="after")
    def _a_window(self) -> Self:
        if said := window_refusal(self.schedule_start_time, self.schedule_end_time):
            raise ValueError(said)
        return self


class CampaignChanges(Body):
    """What is sent changes, and nothing else does."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"status": "paused", "calls_per_minute": 30}]})

    name: Name = Field(default_factory=str)
    status: Literal["draft", "scheduled", "paused", "cancelled"] = Field(default_factory=lambda: "draft")
    assistant_id: Id = Field(default_factory=str, description="while draft or paused; `agent_id` is its old name")
    system_message_template: Template | None = Field(None, description=TEMPLATE)
    schedule_start_time: Time = Field(default_factory=str, description=START)
    schedule_end_time: Time = Field(default_factory=str, description=END)
    timezone: Zone = Field(default_factory=str, description=ZONE)
    number_ids: NumberIds = Field(default_factory=list, description=NUMBERS)
    max_concurrency: Concurrency | None = Field(None, description=CONCURRENCY)
    calls_per_minute: Pace | None = Field(None, description=PACE)
    days_of_week: Days = Field(default_factory=list, description=WEEKDAYS)
    retry: Retry = Field(default_factory=_retry)

    @field_validator("status", mode="before")
    @classmethod
    def _not_by_clients(cls, value: Any) -> Any:
        if value == Status.COMPLETED:
            raise ValueError("completed is set by the platform alone")
        return value

    def changes(self) -> dict[str, Any]:
        """What was sent. Blocks are whole."""
        values = self.model_dump()
        return {name: values[name] for name in values if name in self.model_fields_set}


def window_refusal(start: str, end: str) -> str | None:
    return "schedule_end_time: must differ from schedule_start_time" if start == end else None
