"""Campaigns and leads as the API shows them. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from trunkline.assistants.hiding import without_secrets
from trunkline.campaigns.states import LeadStatus
from trunkline.campaigns.tables import Campaign
from trunkline.clock import iso


def campaign_json(row: Campaign, counts: Mapping[str, int]) -> dict[str, Any]:
    """`counts`: its leads by their status."""
    return {
        "id": row.id,
        "name": row.name,
        "assistant_id": row.assistant_id,
        "agent_id": row.assistant_id,
        "status": row.status,
        "system_message_template": row.system_message_template,
        "schedule_start_time": row.schedule_start_time,
        "schedule_end_time": row.schedule_end_time,
        "timezone": row.timezone,
        "number_ids": row.number_ids,
        "max_concurrency": row.max_concurrency,
        "calls_per_minute": row.calls_per_minute,
        "days_of_week": row.days_of_week,
        "retry": row.retry,
        "total_leads": sum(counts.values()),
        **{f"{status}_leads": counts.get(status, 0) for status in LeadStatus},
        "created_at": iso(row.created_at),
        "updated_at": iso(row.updated_at),
    }


def lead_json(row: Any, secrets: bool) -> dict[str, Any]:
    """`row`: a row of the table of leads, whether of its class or plain. `secrets`: also those of its override."""
    return {
        "id": row.id,
        "campaign_id": row.campaign_id,
        "phone_number": row.phone_number,
        "variables": row.variables,
        "status": row.status,
        "skip_reason": row.skip_reason,
        "call_id": row.call_id,
        "attempts": row.attempts,
        "last_attempt_at": iso(row.last_attempt_at) if row.last_attempt_at else None,
        "timezone": row.timezone,
        "assistant_override": (row.assistant_override if secrets else without_secrets(row.assistant_override)) or None,
        "created_at": iso(row.created_at),
    }
