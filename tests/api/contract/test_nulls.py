"""Null in a change: what may be empty becomes empty and says so, and what may not is refused by its name."""

from __future__ import annotations

from typing import Any

import pytest
from api_world import SANDBOX
from contract_client import Api, got, refused

NULLABLE: dict[str, Any] = {
    "business_name": "Ann's Garage",
    "notification_email": "ann@example.com",
    "notification_emails": ["ann@example.com"],
    "recording_consent": {"enabled": False, "message": "Press 1."},
    "first_message": "Hello.",
    "voicemail_message": "Call back.",
    "webhook_url": "https://example.com/hook",
    "webhook_events": ["tool-calls"],
    "analysis_plan": {"min_messages_threshold": 3},
    "speech_config": {"end_call_message": "Bye."},
}
"""Each nullable field that has no default of its own, with something to take away."""

NOT_NULLABLE = [
    "name",
    "is_active",
    "autonomous_silence_handling",
    "silence_timeout_seconds",
    "gdpr_mode",
    "llm_config",
]


@pytest.fixture
def url(api: Api) -> str:
    return f"/assistants/{api.assistant()['id']}"


@pytest.mark.parametrize("name", NULLABLE)
def test_a_nullable_field_is_set_and_emptied(api: Api, url: str, name: str) -> None:
    before = got(api.get(url))["assistant"]
    assert got(api.patch(url, {name: NULLABLE[name]}))["assistant"][name] is not None
    changed = got(api.patch(url, {name: None}))["assistant"]
    assert changed[name] is None
    assert changed == {**before, name: None, "updated_at": changed["updated_at"]}
    assert got(api.get(url))["assistant"] == changed


def test_all_of_them_are_emptied_at_once(api: Api, url: str) -> None:
    got(api.patch(url, NULLABLE))
    changed = got(api.patch(url, dict.fromkeys(NULLABLE)))["assistant"]
    assert {name: changed[name] for name in NULLABLE} == dict.fromkeys(NULLABLE)


@pytest.mark.parametrize("name", ["max_duration_seconds", "voicemail_detection", "tts_config", "webhook_secret"])
def test_a_nullable_field_with_a_default_takes_null_too(api: Api, url: str, name: str) -> None:
    got(api.patch(url, {name: None}))


@pytest.mark.parametrize("name", NOT_NULLABLE)
def test_a_field_that_is_never_null_is_refused_by_its_name(api: Api, url: str, name: str) -> None:
    before = got(api.get(url))
    refused(api.patch(url, {name: None}), 400, "invalid_request", name)
    assert got(api.get(url)) == before


@pytest.mark.parametrize("name", NULLABLE)
def test_a_new_assistant_may_say_null(api: Api, name: str) -> None:
    assert got(api.post("/assistants", {"name": "Ann", **SANDBOX, name: None}), 201)["assistant"][name] is None


def test_a_secret_that_is_taken_away_can_be_set_again(api: Api, url: str) -> None:
    for secret in ("one-secret", None, "two-secret", None):
        got(api.patch(url, {"webhook_secret": secret}))


@pytest.mark.parametrize("name", ["assistant_id", "agent_id", "transfer_trunk_id", "workflow_id"])
def test_a_numbers_links_take_null(api: Api, name: str) -> None:
    number = api.number(f"+3120123600{len(name) % 10}", agent_id=api.assistant()["id"])
    changed = got(api.patch(f"/numbers/{number['id']}", {name: None}))["number"]
    shown = "agent_id" if name == "assistant_id" else name
    assert changed[shown] is None
    if shown != "agent_id":
        assert changed["agent_id"] == number["agent_id"]


@pytest.mark.parametrize("name", ["is_active", "phone_number"])
def test_a_numbers_own_facts_do_not(api: Api, name: str) -> None:
    number = api.number(f"+3120123601{len(name) % 10}")
    refused(api.patch(f"/numbers/{number['id']}", {name: None}), 400, "invalid_request", name)


def test_a_campaigns_template_takes_null_and_its_schedule_does_not(api: Api) -> None:
    campaign = api.campaign(system_message_template="You call {{name}}.")
    url = f"/campaigns/{campaign['id']}"
    assert got(api.patch(url, {"system_message_template": None}))["campaign"]["system_message_template"] is None
    for name in ("name", "schedule_start_time", "schedule_end_time", "timezone", "status"):
        refused(api.patch(url, {name: None}), 400, "invalid_request", name)
