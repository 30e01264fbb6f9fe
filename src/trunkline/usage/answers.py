"""What the route of usage answers, for the document."""

from __future__ import annotations

from typing import Literal

from pydantic import ConfigDict, Field

from trunkline.web.answers import Answer, Pagination


class UsageLine(Answer):
    id: str = Field(description="the call's")
    duration_sec: int = Field(description="from answer to end, rounded")
    call_type: Literal["phone", "web"]
    phone_number: str | None = Field(description="the person's; null on web calls")
    agent_name: str | None = Field(description="the same as `assistant_name`")
    assistant_name: str | None
    business_name: str | None
    created_at: str = Field(description="when the call was placed")
    org_id: str = Field(description="whose call it was: the caller's own organization, or a child it pays for")


class UsageSummary(Answer):
    """Of all lines that the dates ask for, not of this page alone. Sums of exact durations, rounded once."""

    total_calls: int
    total_duration_seconds: int
    total_duration_minutes: float = Field(description="to two decimals")


class UsageAnswer(Answer):
    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "logs": [
                        {
                            "id": "call_3f0c9b1de8a24f7795d06a2c4b8e1f73",
                            "duration_sec": 63,
                            "call_type": "phone",
                            "phone_number": "+31612345678",
                            "agent_name": "Anna",
                            "assistant_name": "Anna",
                            "business_name": "Brightsmile",
                            "created_at": "2026-02-03T10:15:00.000Z",
                            "org_id": "org_3f9d2c81b7e64a05a1c8d4e2f6b70913",
                        }
                    ],
                    "pagination": {"total": 1, "limit": 100, "offset": 0},
                    "summary": {"total_calls": 1, "total_duration_seconds": 63, "total_duration_minutes": 1.05},
                }
            ]
        }
    )

    logs: list[UsageLine] = Field(description="newest first")
    pagination: Pagination
    summary: UsageSummary
