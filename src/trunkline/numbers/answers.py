"""What the routes of phone numbers answer, for the document."""

from __future__ import annotations

from pydantic import ConfigDict, Field
from pydantic.config import JsonDict

from trunkline.web.answers import Answer, Pagination

_NUMBER: JsonDict = {
    "id": "0b6f1d0e-8f0a-4f0e-9d65-3f2a7b1c9e54",
    "phone_number": "+31201234567",
    "name": "Front desk",
    "agent_id": "7c9e6679-7425-40de-944b-e07fc1f90ae7",
    "agent_name": "Anna",
    "assistant_id": "7c9e6679-7425-40de-944b-e07fc1f90ae7",
    "business_name": "Brightsmile",
    "transfer_trunk_id": None,
    "transfer_trunk_name": None,
    "workflow_id": None,
    "workflow_name": None,
    "source": "import",
    "is_active": True,
    "reserved_for_org_id": None,
    "last_used_at": "2026-02-03T10:15:00.000Z",
    "created_at": "2026-01-12T09:30:00.000Z",
    "updated_at": "2026-01-12T09:30:00.000Z",
}


class NumberShown(Answer):
    id: str
    phone_number: str = Field(description="E.164 with its plus")
    name: str | None
    agent_id: str | None = Field(description="the same as `assistant_id`")
    agent_name: str | None = Field(description="the assistant's name")
    assistant_id: str | None = Field(description="who answers it; null: nobody")
    business_name: str | None = Field(description="the assistant's")
    transfer_trunk_id: str | None = Field(description="null: it can call sandbox lines only")
    transfer_trunk_name: None
    workflow_id: str | None
    workflow_name: None
    source: str | None
    is_active: bool
    reserved_for_org_id: str | None = Field(description="the child organization that it serves; null: the owner")
    last_used_at: str | None = Field(description="when it was last called from; null: never")
    created_at: str
    updated_at: str


class NumberAnswer(Answer):
    model_config = ConfigDict(json_schema_extra={"examples": [{"number": _NUMBER}]})

    number: NumberShown


class NumbersAnswer(Answer):
    model_config = ConfigDict(
        json_schema_extra={"examples": [{"numbers": [_NUMBER], "pagination": {"total": 1, "limit": 100, "offset": 0}}]}
    )

    numbers: list[NumberShown]
    pagination: Pagination
