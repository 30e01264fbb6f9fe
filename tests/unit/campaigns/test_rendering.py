"""Campaigns and leads as they are shown."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from trunkline.campaigns.answers import CampaignShown, LeadShown
from trunkline.campaigns.rendering import campaign_json, lead_json
from trunkline.campaigns.tables import Campaign, Lead

AT = datetime(2025, 12, 13, 10, tzinfo=UTC)


def campaign() -> Campaign:
    retry = {"max_attempts": 1, "delay_seconds": 60, "on": []}
    return Campaign(id="c", name="n", status="draft", number_ids=[], days_of_week=["mon"], retry=retry,
                    schedule_start_time="09:00:00", schedule_end_time="10:00:00", timezone="UTC", created_at=AT,
                    updated_at=AT)  # fmt: skip


def lead(**changes: Any) -> Lead:
    return Lead(id="l", campaign_id="c", phone_number="+1", variables={}, status="pending", attempts=0, created_at=AT,
                **{"assistant_override": {}, **changes})  # fmt: skip


def test_a_campaign_shows_how_far_it_is() -> None:
    shown = campaign_json(campaign(), {"pending": 2, "skipped": 1})
    CampaignShown.model_validate(shown)
    assert (shown["total_leads"], shown["pending_leads"], shown["skipped_leads"], shown["failed_leads"]) == (3, 2, 1, 0)


def test_a_lead_without_an_override_has_none() -> None:
    shown = lead_json(lead(), secrets=True)
    LeadShown.model_validate(shown)
    assert (shown["assistant_override"], shown["last_attempt_at"]) == (None, None)
    assert lead_json(lead(last_attempt_at=AT), secrets=True)["last_attempt_at"] == "2025-12-13T10:00:00.000Z"


def test_secrets_of_an_override_are_shown_if_they_may_be() -> None:
    override = {"webhook_secret": "s1", "first_message": "Hi."}
    assert lead_json(lead(assistant_override=override), secrets=True)["assistant_override"] == override
    hidden = lead_json(lead(assistant_override=override), secrets=False)["assistant_override"]
    assert hidden == {"webhook_secret": None, "first_message": "Hi."}
