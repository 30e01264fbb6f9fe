"""What the routes of organizations and keys answer."""

from __future__ import annotations

from typing import Literal

from pydantic import ConfigDict, Field
from pydantic.config import JsonDict

from trunkline.web.answers import Answer, Pagination

_ORG = "org_3f9d2c81b7e64a05a1c8d4e2f6b70913"
_CHILD = "org_b81c0e57d92f4d36a4e7190c5f82d6ab"
_KEY: JsonDict = {
    "id": "key_7c1e4b09f2d8436fb5a06e9d31c8f472",
    "name": "switchboard",
    "prefix": "tl_live_mB3xQ9aT",
    "scopes": ["calls"],
    "org_id": _ORG,
    "created_at": "2026-01-12T09:30:00.000Z",
    "revoked_at": None,
}
_TEXT = "tl_live_mB3xQ9aT0vYk2LrW7dHcZs5EfNgJu8PiOq1XtA4b"


class Child(Answer):
    id: str
    name: str
    created_at: str


class OrganizationAnswer(Answer):
    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "id": _ORG,
                    "name": "Harbour Telephony",
                    "minutes_balance": 500.5,
                    "monthly_usage_minutes": 128.25,
                    "active_numbers": 3,
                    "active_agents": 4,
                    "active_calls": 1,
                    "has_local_models_access": False,
                    "parent_org_id": None,
                    "content_retention_days": 90,
                    "metadata_retention_days": 365,
                    "created_at": "2026-01-05T08:00:00.000Z",
                    "children": [
                        {"id": _CHILD, "name": "Bakery on the corner", "created_at": "2026-01-12T09:00:00.000Z"}
                    ],
                }
            ]
        }
    )

    id: str
    name: str
    minutes_balance: float | None = Field(description="null: it has no limit of its own")
    monthly_usage_minutes: float = Field(
        description="of the calls it pays for, its children's too, since the 1st, 00:00 UTC; for a child of its own calls"
    )
    active_numbers: int
    active_agents: int = Field(description="assistants that are active")
    active_calls: int = Field(description="calls that are not over")
    has_local_models_access: bool
    parent_org_id: str | None = Field(description="who pays for its calls, if it is a child")
    content_retention_days: int | None = Field(description="null: for ever")
    metadata_retention_days: int | None = Field(description="null: for ever")
    created_at: str
    children: list[Child] = Field([], description="newest first; only with `include_children=true`")


class NewOrganizationAnswer(Answer):
    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "id": _CHILD,
                    "name": "Bakery on the corner",
                    "parent_org_id": _ORG,
                    "api_key": _TEXT,
                    "created_at": "2026-01-12T09:00:00.000Z",
                }
            ]
        }
    )

    id: str
    name: str
    parent_org_id: str
    api_key: str | None = Field(
        description="a key of the new organization with the scope `full`, shown this once; "
        "null in the answer to a repeat with the same Idempotency-Key"
    )
    created_at: str


class RetentionAnswer(Answer):
    model_config = ConfigDict(
        json_schema_extra={"examples": [{"content_retention_days": 90, "metadata_retention_days": 365}]}
    )

    content_retention_days: int
    metadata_retention_days: int


class ApiKeyShown(Answer):
    id: str
    name: str
    prefix: str = Field(description="the first characters of its text, to tell keys apart")
    scopes: list[Literal["full", "calls", "control", "read"]]
    org_id: str
    created_at: str
    revoked_at: str | None = Field(description="null while it is good")


class KeyAnswer(Answer):
    model_config = ConfigDict(json_schema_extra={"examples": [{"key": _KEY}]})

    key: ApiKeyShown


class NewKeyAnswer(Answer):
    model_config = ConfigDict(json_schema_extra={"examples": [{"key": _KEY, "api_key": _TEXT}]})

    key: ApiKeyShown
    api_key: str | None = Field(
        description="its text, shown this once; null in the answer to a repeat with the same Idempotency-Key"
    )


class KeysAnswer(Answer):
    model_config = ConfigDict(
        json_schema_extra={"examples": [{"keys": [_KEY], "pagination": {"total": 1, "limit": 100, "offset": 0}}]}
    )

    keys: list[ApiKeyShown]
    pagination: Pagination
