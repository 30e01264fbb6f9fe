"""Campaigns and their leads: what they hold, what may become of them, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest
from contract_client import NOBODY, Api, got, page, refused, same, timestamp

FIELDS = {
    "id",
    "name",
    "agent_id",
    "status",
    "system_message_template",
    "schedule_start_time",
    "schedule_end_time",
    "timezone",
    "total_leads",
    "completed_leads",
    "failed_leads",
    "created_at",
    "updated_at",
}
LEAD_FIELDS = {
    "id",
    "campaign_id",
    "phone_number",
    "variables",
    "status",
    "call_id",
    "attempts",
    "last_attempt_at",
    "created_at",
}
ANN = {"phone_number": "+31201234567", "variables": {"name": "Ann"}}
BODY = {
    "name": "Autumn",
    "schedule_start_time": "09:00:00",
    "schedule_end_time": "17:00:00",
    "timezone": "Europe/Amsterdam",
}


@pytest.fixture(scope="module")
def agent(api: Api) -> str:
    made: str = api.assistant()["id"]
    return made


@pytest.fixture(scope="module")
def held(api: Api, agent: str) -> str:
    """A campaign that refusals are tried on."""
    made: str = api.campaign(agent_id=agent)["id"]
    return made


# ---- campaigns -----------------------------------------------------------------------------------


def test_a_new_campaign_is_a_draft_without_leads(api: Api, agent: str) -> None:
    made = got(api.post("/campaigns", {**BODY, "agent_id": agent}), 201)["campaign"]
    assert set(made) >= FIELDS
    assert same(made, {**BODY, "agent_id": agent, "status": "draft", "system_message_template": None})
    assert (made["total_leads"], made["completed_leads"], made["failed_leads"]) == (0, 0, 0)
    timestamp(made["created_at"])
    timestamp(made["updated_at"])
    assert got(api.get(f"/campaigns/{made['id']}"))["campaign"] == made


def test_assistant_id_is_another_name_of_agent_id(api: Api, agent: str) -> None:
    made = got(api.post("/campaigns", {**BODY, "assistant_id": agent}), 201)["campaign"]
    assert made["agent_id"] == agent
    both = {**BODY, "agent_id": agent, "assistant_id": api.assistant()["id"]}
    refused(api.post("/campaigns", both), 400, "invalid_request")


@pytest.mark.parametrize("name", [*BODY, "agent_id"])
def test_what_a_campaign_requires_is_asked_for(api: Api, agent: str, name: str) -> None:
    body = {field: value for field, value in {**BODY, "agent_id": agent}.items() if field != name}
    answer = refused(api.post("/campaigns", body), 400, "invalid_request")
    assert name in str(answer["details"]) or (name == "agent_id" and "assistant_id" in str(answer["details"]))


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"name": ""}, "name"),
        ({"name": 5}, "name"),
        ({"schedule_start_time": "9 o'clock"}, "schedule_start_time"),
        ({"schedule_start_time": "24:00:01"}, "schedule_start_time"),
        ({"schedule_end_time": "17:60:00"}, "schedule_end_time"),
        ({"schedule_end_time": 17}, "schedule_end_time"),
        ({"timezone": "Mars/Olympus"}, "timezone"),
        ({"timezone": ""}, "timezone"),
        ({"system_message_template": 5}, "system_message_template"),
        ({"typo": 1}, "typo"),
        ({"leads": [{"phone_number": "0201234567"}]}, "leads.0.phone_number"),
        ({"leads": [{"variables": {}}]}, "leads.0.phone_number"),
        ({"leads": [ANN, {**ANN, "variables": {"a": 1}}]}, "leads.1.variables"),
        ({"leads": [{**ANN, "typo": 1}]}, "leads.0.typo"),
    ],
    ids=str,
)
def test_a_bad_field_is_named_and_no_campaign_is_made(api: Api, agent: str, change: dict[str, Any], path: str) -> None:
    before = got(api.get("/campaigns"))["pagination"]["total"]
    refused(api.post("/campaigns", {**BODY, "agent_id": agent, **change}), 400, "invalid_request", path)
    assert got(api.get("/campaigns"))["pagination"]["total"] == before


def test_an_assistant_that_does_not_exist_runs_no_campaign(api: Api, held: str) -> None:
    for answer in (
        api.post("/campaigns", {**BODY, "agent_id": NOBODY}),
        api.post("/campaigns", {**BODY, "assistant_id": NOBODY}),
    ):
        assert answer.status_code in (400, 404)
        refused(answer, answer.status_code)


def test_leads_come_with_the_campaign_or_later(api: Api, agent: str) -> None:
    leads = [ANN, {"phone_number": "+31201234568"}]
    body = {**BODY, "agent_id": agent, "system_message_template": "You call {{name}}.", "leads": leads}
    made = got(api.post("/campaigns", body), 201)["campaign"]
    assert made["total_leads"] == 2
    listed = page(api.get(f"/campaigns/{made['id']}/leads"), "leads")
    assert {lead["phone_number"] for lead in listed} == {"+31201234567", "+31201234568"}
    added = got(api.post(f"/campaigns/{made['id']}/leads", {"phone_number": "+31201234569"}), 201)["lead"]
    assert added["campaign_id"] == made["id"]
    assert got(api.get(f"/campaigns/{made['id']}"))["campaign"]["total_leads"] == 3


def test_our_own_fields_are_kept(api: Api, agent: str) -> None:
    number = api.number("+31201230001")
    fields = {
        "number_ids": [number["id"]],
        "max_concurrency": 2,
        "calls_per_minute": 10,
        "retry": {"max_attempts": 3, "delay_seconds": 600, "on": ["no_answer"]},
    }
    made = got(api.post("/campaigns", {**BODY, "agent_id": agent, **fields}), 201)["campaign"]
    assert same(made, fields)
    assert "days_of_week" in made


def test_a_number_that_does_not_exist_calls_for_no_campaign(api: Api, agent: str) -> None:
    answer = api.post("/campaigns", {**BODY, "agent_id": agent, "number_ids": [NOBODY]})
    assert answer.status_code in (400, 404)
    refused(answer, answer.status_code)


def test_a_change_leaves_everything_else_as_it_was(api: Api, agent: str) -> None:
    made = api.campaign(agent_id=agent, leads=[ANN])
    change = {
        "name": "Winter",
        "system_message_template": "You call {{name}}.",
        "schedule_start_time": "10:00:00",
        "schedule_end_time": "12:30:00",
        "timezone": "America/New_York",
    }
    for name, value in change.items():
        changed = got(api.patch(f"/campaigns/{made['id']}", {name: value}))["campaign"]
        made = {**made, name: value, "updated_at": changed["updated_at"]}
        assert changed == made
    assert got(api.get(f"/campaigns/{made['id']}"))["campaign"] == made


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"name": None}, "name"),
        ({"status": "completed"}, "status"),
        ({"status": "running"}, "status"),
        ({"status": None}, "status"),
        ({"timezone": "Mars/Olympus"}, "timezone"),
        ({"schedule_start_time": "25:00:00"}, "schedule_start_time"),
        ({"total_leads": 5}, "total_leads"),
        ({"typo": 1}, "typo"),
    ],
    ids=str,
)
def test_a_refused_change_changes_nothing(api: Api, held: str, change: dict[str, Any], path: str) -> None:
    before = got(api.get(f"/campaigns/{held}"))
    refused(api.patch(f"/campaigns/{held}", {"system_message_template": "x", **change}), 400, "invalid_request", path)
    assert got(api.get(f"/campaigns/{held}")) == before


def test_a_campaign_is_not_scheduled_while_nothing_dials(api: Api, agent: str) -> None:
    made = api.campaign(agent_id=agent, leads=[ANN])
    body = refused(api.patch(f"/campaigns/{made['id']}", {"status": "scheduled"}), 409, "campaigns_not_running")
    assert body["message"]
    assert got(api.get(f"/campaigns/{made['id']}"))["campaign"] == made


@pytest.mark.parametrize("status", ["draft", "paused", "cancelled"])
def test_a_draft_may_be_kept_paused_or_cancelled(api: Api, agent: str, status: str) -> None:
    made = api.campaign(agent_id=agent)
    answer = api.patch(f"/campaigns/{made['id']}", {"status": status})
    if answer.status_code == 409 and status == "paused":
        refused(answer, 409)
    else:
        assert got(answer)["campaign"]["status"] == status


def test_campaigns_are_listed_with_the_fields_of_one(fresh: Api) -> None:
    made = {fresh.campaign()["id"] for _ in range(3)}
    listed = page(fresh.get("/campaigns"), "campaigns")
    assert {campaign["id"] for campaign in listed} == made
    assert all(set(campaign) >= FIELDS for campaign in listed)


def test_a_deleted_campaign_is_gone_with_its_leads(api: Api, agent: str) -> None:
    made = api.campaign(agent_id=agent, leads=[ANN])
    lead = page(api.get(f"/campaigns/{made['id']}/leads"), "leads")[0]
    assert got(api.delete(f"/campaigns/{made['id']}")) == {"success": True}
    for answer in (
        api.get(f"/campaigns/{made['id']}"),
        api.patch(f"/campaigns/{made['id']}", {"name": "x"}),
        api.delete(f"/campaigns/{made['id']}"),
        api.get(f"/campaigns/{made['id']}/leads"),
        api.post(f"/campaigns/{made['id']}/leads", ANN),
        api.delete(f"/campaigns/{made['id']}/leads/{lead['id']}"),
    ):
        refused(answer, 404, "not_found")


# ---- leads ---------------------------------------------------------------------------------------


def test_a_new_lead_waits(api: Api, agent: str) -> None:
    made = api.campaign(agent_id=agent)
    lead = got(api.post(f"/campaigns/{made['id']}/leads", ANN), 201)["lead"]
    assert set(lead) >= LEAD_FIELDS
    assert same(lead, {**ANN, "campaign_id": made["id"], "status": "pending", "attempts": 0})
    assert (lead["call_id"], lead["last_attempt_at"]) == (None, None)
    timestamp(lead["created_at"])
    assert page(api.get(f"/campaigns/{made['id']}/leads"), "leads") == [lead]


@pytest.mark.parametrize(
    ("lead", "path"),
    [
        ({}, "phone_number"),
        ({"phone_number": "0201234567"}, "phone_number"),
        ({"phone_number": 5}, "phone_number"),
        ({**ANN, "variables": {"a": 1}}, "variables"),
        ({**ANN, "variables": ["a"]}, "variables"),
        ({**ANN, "timezone": "Mars/Olympus"}, "timezone"),
        ({**ANN, "assistant_override": {"max_duration_seconds": 29}}, "assistant_override"),
        ({**ANN, "assistant_override": {"typo": 1}}, "assistant_override.typo"),
        ({**ANN, "status": "completed"}, "status"),
        ({**ANN, "typo": 1}, "typo"),
    ],
    ids=str,
)
def test_a_bad_lead_is_400_by_its_field(api: Api, held: str, lead: dict[str, Any], path: str) -> None:
    refused(api.post(f"/campaigns/{held}/leads", lead), 400, "invalid_request", path)
    assert page(api.get(f"/campaigns/{held}/leads"), "leads") == []


def test_a_lead_may_have_its_own_time_zone_and_override(api: Api, agent: str) -> None:
    made = api.campaign(agent_id=agent)
    fields = {"timezone": "Asia/Tokyo", "assistant_override": {"first_message": "Hello, Ann."}}
    lead = got(api.post(f"/campaigns/{made['id']}/leads", {**ANN, **fields}), 201)["lead"]
    assert same(lead, fields)


def test_a_number_that_is_there_already_is_skipped_with_the_reason(api: Api, agent: str) -> None:
    made = api.campaign(agent_id=agent, leads=[ANN, ANN])
    leads = page(api.get(f"/campaigns/{made['id']}/leads"), "leads")
    assert sorted(lead["status"] for lead in leads) == ["pending", "skipped"]
    assert [bool(lead["skip_reason"]) for lead in leads if lead["status"] == "skipped"] == [True]
    again = got(api.post(f"/campaigns/{made['id']}/leads", ANN), 201)["lead"]
    assert again["status"] == "skipped" and again["skip_reason"]


def test_a_deleted_lead_is_gone(api: Api, agent: str) -> None:
    made = api.campaign(agent_id=agent, leads=[ANN])
    lead = page(api.get(f"/campaigns/{made['id']}/leads"), "leads")[0]
    other = api.campaign(agent_id=agent)
    refused(api.delete(f"/campaigns/{other['id']}/leads/{lead['id']}"), 404)
    assert got(api.delete(f"/campaigns/{made['id']}/leads/{lead['id']}")) == {"success": True}
    refused(api.delete(f"/campaigns/{made['id']}/leads/{lead['id']}"), 404)
    assert page(api.get(f"/campaigns/{made['id']}/leads"), "leads") == []
    assert got(api.get(f"/campaigns/{made['id']}"))["campaign"]["total_leads"] == 0
