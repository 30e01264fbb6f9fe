"""Campaigns and their lists over HTTP."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from api_world import SANDBOX, World, in_world
from sqlalchemy import select, update

from trunkline import clock, ids
from trunkline.campaigns import leads as judging
from trunkline.campaigns import store
from trunkline.campaigns.editing import Campaigns
from trunkline.campaigns.schemas import LeadBody
from trunkline.campaigns.tables import Campaign, Lead
from trunkline.errors import Conflict
from trunkline.numbers.tables import Number
from trunkline.organizations.store import create_organization
from trunkline.policy.dialing import Rules
from trunkline.web.body import validated
from trunkline.web.idempotency import Once

ANN, BOB = "+31612345678", "+31612345679"


async def an_assistant(world: World, **changes: Any) -> str:
    body = {"name": "Ann", **SANDBOX, **changes}
    return str((await world.client.post("/assistants", json=body)).json()["assistant"]["id"])


async def a_body(world: World, **changes: Any) -> dict[str, Any]:
    body = {
        "name": "Reminders",
        "assistant_id": await an_assistant(world),
        "schedule_start_time": "09:00",
        "schedule_end_time": "17:30:30",
        "timezone": "Europe/Amsterdam",
        **changes,
    }
    return {name: value for name, value in body.items() if value is not ...}


async def a_campaign(world: World, **changes: Any) -> dict[str, Any]:
    answer = await world.client.post("/campaigns", json=await a_body(world, **changes))
    assert answer.status_code == 201, answer.json()
    made: dict[str, Any] = answer.json()["campaign"]
    return made


async def a_number(world: World, org_id: str, reserved_for: str | None = None) -> str:
    now = clock.wall()
    async with world.database.writing() as session:
        row = Number(
            id=ids.new_uuid(),
            org_id=org_id,
            phone_number=f"+3120{len(await world.rows(Number)):07}",
            is_active=True,
            reserved_for_org_id=reserved_for,
            created_at=now,
            updated_at=now,
        )
        session.add(row)
    return str(row.id)


async def put(world: World, campaign_id: str, status: str) -> None:
    """Into a state that no client can bring about."""
    async with world.database.writing() as session:
        await session.execute(update(Campaign).where(Campaign.id == campaign_id).values(status=status))


async def put_lead(world: World, lead_id: str, status: str) -> None:
    async with world.database.writing() as session:
        await session.execute(update(Lead).where(Lead.id == lead_id).values(status=status))


def details(answer: Any, status: int = 400) -> list[str]:
    assert answer.status_code == status, answer.json()
    told: list[str] = answer.json().get("details", [])
    return told


@in_world()
async def test_a_new_campaign_is_a_draft_and_shows_its_defaults(world: World) -> None:
    made = await a_campaign(world)
    assert made["status"] == "draft"
    assert (made["schedule_start_time"], made["schedule_end_time"]) == ("09:00:00", "17:30:30")
    assert made["agent_id"] == made["assistant_id"]
    assert made["days_of_week"] == ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
    assert (made["retry"]["max_attempts"], made["retry"]["delay_seconds"]) == (1, 3600)
    assert (made["number_ids"], made["max_concurrency"], made["calls_per_minute"]) == ([], None, None)
    assert {name: count for name, count in made.items() if name.endswith("_leads")} == dict.fromkeys(
        ("total_leads", "pending_leads", "calling_leads", "completed_leads", "failed_leads", "skipped_leads"), 0
    )
    assert (await world.client.get(f"/campaigns/{made['id']}")).json() == {"campaign": made}
    newer = await a_campaign(world)
    listed = (await world.client.get("/campaigns")).json()
    assert [campaign["id"] for campaign in listed["campaigns"]] == [newer["id"], made["id"]]
    assert listed["pagination"] == {"total": 2, "limit": 100, "offset": 0}
    assert (await world.client.get("/campaigns?limit=1&offset=1")).json()["campaigns"] == [made]


@in_world()
async def test_the_old_names_work_and_are_marked(world: World) -> None:
    body = await a_body(world)
    body["agent_id"] = body.pop("assistant_id")
    body["leads"] = [{"phone_number": ANN, "agent_config": {"first_message": "Hi."}}]
    answer = await world.client.post("/campaigns", json=body)
    assert (answer.status_code, answer.headers["Deprecation"][:1]) == (201, "@")
    made = answer.json()["campaign"]
    [lead] = (await world.client.get(f"/campaigns/{made['id']}/leads")).json()["leads"]
    assert lead["assistant_override"] == {"first_message": "Hi."}
    other = await an_assistant(world)
    answer = await world.client.patch(f"/campaigns/{made['id']}", json={"agent_id": other})
    assert answer.json()["campaign"]["assistant_id"] == other
    assert "Deprecation" in answer.headers
    assert details(await world.client.post("/campaigns", json={**body, "assistant_id": "x"})) == [
        "agent_id: differs from assistant_id, which replaces it"
    ]
    twice = [{"phone_number": ANN}, {"phone_number": BOB, "agent_config": {}, "assistant_override": {"a": 1}}]
    assert details(await world.client.post("/campaigns", json={**body, "leads": twice})) == [
        "leads[1].agent_config: differs from assistant_override, which replaces it"
    ]


BAD: list[tuple[dict[str, Any], str]] = [
    ({"name": ...}, "name: is required"),
    ({"name": " "}, "name: "),
    ({"name": None}, "name: "),
    ({"colour": "red"}, "colour: unknown field"),
    ({"assistant_id": ...}, "assistant_id: is required"),
    ({"status": "scheduled"}, "status: unknown field"),
    ({"system_message_template": "x" * 20_001}, "system_message_template: "),
    ({"schedule_start_time": "9:00"}, "schedule_start_time: must be a time of day"),
    ({"schedule_start_time": "24:00"}, "schedule_start_time: must be a time of day"),
    ({"schedule_end_time": "17:60"}, "schedule_end_time: must be a time of day"),
    ({"schedule_end_time": "09:00:00"}, "schedule_end_time: must differ from schedule_start_time"),
    ({"timezone": "Europe/Atlantis"}, "timezone: must be an IANA time zone"),
    ({"timezone": "../../etc/passwd"}, "timezone: must be an IANA time zone"),
    ({"number_ids": ["a", "b", "a"]}, "number_ids: 'a' is there twice"),
    ({"number_ids": None}, "number_ids: "),
    ({"max_concurrency": 0}, "max_concurrency: "),
    ({"max_concurrency": 1001}, "max_concurrency: "),
    ({"max_concurrency": True}, "max_concurrency: "),
    ({"calls_per_minute": 6001}, "calls_per_minute: "),
    ({"days_of_week": []}, "days_of_week: "),
    ({"days_of_week": ["monday"]}, "days_of_week[0]: input should be 'mon', 'tue'"),
    ({"days_of_week": ["mon", "mon"]}, "days_of_week: 'mon' is there twice"),
    ({"retry": {"max_attempts": 11}}, "retry.max_attempts: "),
    ({"retry": {"delay_seconds": 59}}, "retry.delay_seconds: "),
    ({"retry": {"on": ["user_hangup"]}}, "retry.on[0]: "),
    ({"retry": {"when": []}}, "retry.when: unknown field"),
    ({"leads": [{"phone_number": ANN}, {}]}, "leads[1].phone_number: is required"),
    ({"leads": [{"phone_number": ANN}, {"phone_number": "0612345678"}]}, "leads[1].phone_number: must be an E.164"),
    ({"leads": [{"phone_number": "sip:a@b"}]}, "leads[0].phone_number: must be an E.164"),
    ({"leads": [{"phone_number": "+1"}]}, "leads[0].phone_number: must be an E.164"),
    ({"leads": [{"phone_number": ANN, "variables": {"a": 1}}]}, "leads[0].variables.a: "),
    ({"leads": [{"phone_number": ANN, "variables": {"a": "x" * 1001}}]}, "leads[0].variables.a: "),
    ({"leads": [{"phone_number": ANN, "variables": {str(n): "" for n in range(101)}}]}, "leads[0].variables: "),
    ({"leads": [{"phone_number": ANN, "timezone": "x"}]}, "leads[0].timezone: must be an IANA"),
    ({"leads": [{"phone_number": ANN}] * 1001}, "leads: "),
    (
        {"leads": [{"phone_number": ANN, "assistant_override": {"llm_config": {"temperature": 3}}}]},
        "leads[0].assistant_override.llm_config.temperature: ",
    ),
]


@in_world()
async def test_a_bad_campaign_is_refused_with_the_field_named(world: World) -> None:
    whole = await a_body(world)
    for changes, wanted in BAD:
        body = {name: value for name, value in {**whole, **changes}.items() if value is not ...}
        told = details(await world.client.post("/campaigns", json=body))
        assert any(detail.startswith(wanted) for detail in told), (changes, told)
    assert not await world.rows(Campaign)
    assert not await world.rows(Lead)


@in_world()
async def test_what_the_organization_does_not_have_is_named(world: World) -> None:
    headers = await world.stranger()
    foreign = (await world.client.post("/assistants", json={"name": "B"}, headers=headers)).json()["assistant"]["id"]
    async with world.database.writing() as session:
        other = await create_organization(session, "Other")
    own, lent = await a_number(world, world.org_id), await a_number(world, other.id, world.org_id)
    theirs = await a_number(world, other.id)
    body = await a_body(world, number_ids=[own, theirs, lent, "nothing"], assistant_id=foreign)
    answer = await world.client.post("/campaigns", json=body)
    assert details(answer, 404) == [
        "assistant_id: not found",
        "number_ids[1]: not found",
        "number_ids[3]: not found",
    ]
    made = await a_campaign(world, number_ids=[own, lent])
    assert made["number_ids"] == [own, lent]
    url = f"/campaigns/{made['id']}"
    refused = await world.client.patch(url, json={"name": "New", "number_ids": [theirs], "assistant_id": foreign})
    assert details(refused, 404) == ["assistant_id: not found", "number_ids[0]: not found"]
    assert (await world.client.get(url)).json() == {"campaign": made}


@in_world()
async def test_a_campaign_is_its_organizations_alone_and_changing_it_needs_the_full_scope(world: World) -> None:
    made = await a_campaign(world, leads=[{"phone_number": ANN}])
    url = f"/campaigns/{made['id']}"
    [lead] = (await world.client.get(f"{url}/leads")).json()["leads"]
    every = [
        ("GET", url, None),
        ("PATCH", url, {"name": "x"}),
        ("DELETE", url, None),
        ("GET", f"{url}/leads", None),
        ("POST", f"{url}/leads", {"phone_number": BOB}),
        ("GET", f"{url}/leads/{lead['id']}", None),
        ("DELETE", f"{url}/leads/{lead['id']}", None),
    ]
    stranger, reader = await world.stranger(), await world.key_with("read", "calls", "control")
    for method, where, body in every:
        answer = await world.client.request(method, where, json=body, headers=stranger)
        assert answer.status_code == 404, (method, where)
        answer = await world.client.request(method, where, json=body, headers=reader)
        assert answer.status_code == (200 if method == "GET" else 403), (method, where)
        answer = await world.client.request(method, where.replace(made["id"], "nothing"), json=body)
        assert answer.status_code == 404, (method, where)
    assert (await world.client.get("/campaigns", headers=stranger)).json()["campaigns"] == []
    assert (await world.client.post("/campaigns", json={}, headers=reader)).status_code == 403
    assert (await world.client.get(f"{url}/leads/nothing")).status_code == 404
    assert (await world.client.delete(f"{url}/leads/nothing")).status_code == 404
    assert (await world.client.get(url)).json()["campaign"] == made


@in_world()
async def test_what_is_sent_changes_and_nothing_else_does(world: World) -> None:
    made = await a_campaign(world, system_message_template="Hello {{name}}", max_concurrency=5, calls_per_minute=30)
    url = f"/campaigns/{made['id']}"
    assert (await world.client.patch(url, json={})).json() == {"campaign": made}
    assert (await world.client.patch(url, json={"name": "Reminders"})).json() == {"campaign": made}
    changes = {
        "name": "Other",
        "schedule_start_time": "22:00",
        "schedule_end_time": "06:00",
        "timezone": "UTC",
        "system_message_template": None,
        "max_concurrency": None,
        "days_of_week": ["sun", "mon"],
        "retry": {"max_attempts": 2, "on": ["busy"]},
    }
    answer = await world.client.patch(url, json=changes)
    changed = answer.json()["campaign"]
    shown = {**changes, "schedule_start_time": "22:00:00", "schedule_end_time": "06:00:00"}
    shown |= {"days_of_week": ["mon", "sun"], "retry": {"max_attempts": 2, "delay_seconds": 3600, "on": ["busy"]}}
    assert changed == {**made, **shown, "updated_at": changed["updated_at"]}
    assert changed["updated_at"] > made["updated_at"]
    block = (await world.client.patch(url, json={"retry": {"delay_seconds": 60}})).json()["campaign"]["retry"]
    assert (block["max_attempts"], block["delay_seconds"], len(block["on"])) == (1, 60, 9)


BAD_CHANGES: list[tuple[dict[str, Any], str]] = [
    ({"status": "completed"}, "status: completed is set by the platform alone"),
    ({"status": "running"}, "status: "),
    ({"status": None}, "status: "),
    *(({name: None}, f"{name}: ") for name in ("name", "assistant_id", "schedule_start_time", "schedule_end_time")),
    *(({name: None}, f"{name}: ") for name in ("timezone", "number_ids", "days_of_week", "retry")),
    ({"schedule_start_time": "17:30:30"}, "schedule_end_time: must differ from schedule_start_time"),
    ({"leads": []}, "leads: unknown field"),
    ({"retry": {"max_attempts": 0}}, "retry.max_attempts: "),
]


@in_world()
async def test_a_refused_change_changes_nothing(world: World) -> None:
    made = await a_campaign(world)
    url = f"/campaigns/{made['id']}"
    for changes, wanted in BAD_CHANGES:
        told = details(await world.client.patch(url, json={"calls_per_minute": 3, **changes}))
        assert any(detail.startswith(wanted) for detail in told), (changes, told)
    answer = await world.client.patch(url, json={"status": "scheduled", "name": "Now"})
    assert (answer.status_code, answer.json()["code"]) == (409, "campaigns_not_running")
    assert "calls nobody" in answer.json()["message"]
    assert (await world.client.patch(url, json={"status": "paused"})).json()["code"] == "conflict"
    assert (await world.client.get(url)).json() == {"campaign": made}


@in_world()
async def test_a_finished_campaign_does_not_change(world: World) -> None:
    made = await a_campaign(world)
    url = f"/campaigns/{made['id']}"
    cancelled = (await world.client.patch(url, json={"status": "cancelled", "name": "Over"})).json()["campaign"]
    assert (cancelled["status"], cancelled["name"]) == ("cancelled", "Over")
    for body in ({"status": "cancelled"}, {}):
        assert (await world.client.patch(url, json=body)).json() == {"campaign": cancelled}
    for status in ("cancelled", "completed"):
        await put(world, made["id"], status)
        for body in ({"name": "x"}, {"status": "draft"}, {"status": "scheduled"}, {"status": "cancelled", "name": "x"}):
            answer = await world.client.patch(url, json=body)
            assert (answer.status_code, answer.json()["code"]) == (409, "conflict"), body
        assert (await world.client.post(f"{url}/leads", json={"phone_number": ANN})).status_code == 409
    assert (await world.client.patch(url, json={"status": "cancelled"})).status_code == 409
    assert await world.rows(Lead) == []


@in_world()
async def test_the_assistant_is_exchanged_while_nobody_is_called(world: World) -> None:
    made, other = await a_campaign(world), await an_assistant(world)
    url = f"/campaigns/{made['id']}"
    await put(world, made["id"], "scheduled")
    answer = await world.client.patch(url, json={"assistant_id": other, "name": "x"})
    assert (answer.status_code, answer.json()["code"]) == (409, "conflict")
    same = await world.client.patch(url, json={"assistant_id": made["assistant_id"], "calls_per_minute": 5})
    assert same.json()["campaign"]["calls_per_minute"] == 5
    assert (await world.client.patch(url, json={"status": "paused"})).json()["campaign"]["status"] == "paused"
    assert (await world.client.patch(url, json={"assistant_id": other})).json()["campaign"]["assistant_id"] == other
    assert (await world.client.patch(url, json={"status": "draft"})).json()["campaign"]["status"] == "draft"


@in_world()
async def test_a_lead_is_put_at_the_end_of_the_list(world: World) -> None:
    made = await a_campaign(world, leads=[{"phone_number": ANN}])
    url = f"/campaigns/{made['id']}/leads"
    body = {"phone_number": BOB, "variables": {"name": "Bob"}, "timezone": "Asia/Tokyo"}
    body["assistant_override"] = {"first_message": "Hi."}
    answer = await world.client.post(url, json=body)
    assert answer.status_code == 201, answer.json()
    lead = answer.json()["lead"]
    assert answer.json()["warnings"] == []
    assert {name: lead[name] for name in body} == body
    assert (lead["campaign_id"], lead["status"], lead["skip_reason"]) == (made["id"], "pending", None)
    assert (lead["call_id"], lead["attempts"], lead["last_attempt_at"]) == (None, 0, None)
    assert (await world.client.get(f"{url}/{lead['id']}")).json() == {"lead": lead}
    listed = (await world.client.get(url)).json()
    assert [shown["phone_number"] for shown in listed["leads"]] == [ANN, BOB]
    assert listed["pagination"] == {"total": 2, "limit": 10_000, "offset": 0}
    bad = {"phone_number": "x", "assistant_override": {}}
    assert details(await world.client.post(url, json=bad)) == ["phone_number: must be an E.164 number with a leading +"]
    bad = {"phone_number": ANN, "assistant_override": {"gdpr_mode": True}}
    assert details(await world.client.post(url, json=bad)) == ["assistant_override.gdpr_mode: is not supported yet"]


@in_world()
async def test_several_leads_come_at_once(world: World) -> None:
    made = await a_campaign(world)
    url = f"/campaigns/{made['id']}/leads"
    answer = await world.client.post(url, json={"leads": [{"phone_number": ANN}, {"phone_number": BOB}]})
    assert (answer.status_code, answer.json()["leads"]) == (201, (await world.client.get(url)).json()["leads"])
    bad: list[dict[str, Any]] = [
        {"leads": []},
        {"leads": None},
        {"leads": [{"phone_number": ANN}], "phone_number": BOB},
    ]
    for body in bad:
        assert (await world.client.post(url, json=body)).status_code == 400


@in_world()
async def test_a_number_that_is_on_the_list_already_is_skipped(world: World) -> None:
    made = await a_campaign(world, leads=[{"phone_number": ANN}, {"phone_number": BOB}, {"phone_number": ANN}])
    url = f"/campaigns/{made['id']}"
    assert (made["total_leads"], made["pending_leads"], made["skipped_leads"]) == (3, 2, 1)
    again = (await world.client.post(f"{url}/leads", json={"phone_number": BOB})).json()["lead"]
    assert (again["status"], again["skip_reason"]) == ("skipped", "duplicate")
    listed = (await world.client.get(f"{url}/leads?status=skipped")).json()
    assert [lead["phone_number"] for lead in listed["leads"]] == [ANN, BOB]
    first = (await world.client.get(f"{url}/leads?status=pending")).json()["leads"][0]
    assert (await world.client.delete(f"{url}/leads/{first['id']}")).json() == {"success": True}
    anew = (await world.client.post(f"{url}/leads", json={"phone_number": ANN})).json()["lead"]
    assert anew["status"] == "pending"
    other = await a_campaign(world, leads=[{"phone_number": ANN}])
    assert other["pending_leads"] == 1


@in_world()
async def test_the_list_comes_in_pages_where_they_are_asked_for(world: World) -> None:
    leads = [{"phone_number": f"+3161234{n:04}"} for n in range(120)]
    made = await a_campaign(world, leads=leads)
    url = f"/campaigns/{made['id']}/leads"
    whole = (await world.client.get(url)).json()
    assert [lead["phone_number"] for lead in whole["leads"]] == [lead["phone_number"] for lead in leads]
    page = (await world.client.get(f"{url}?limit=10&offset=100")).json()
    assert (page["leads"], page["pagination"]) == (whole["leads"][100:110], {"total": 120, "limit": 10, "offset": 100})
    assert len((await world.client.get(f"{url}?offset=5")).json()["leads"]) == 100
    assert (await world.client.get(f"{url}?status=failed")).json()["pagination"]["total"] == 0
    for query in ("limit=0", "limit=1001", "offset=-1", "status=busy"):
        assert (await world.client.get(f"{url}?{query}")).status_code == 400


@in_world()
async def test_who_lacks_a_placeholders_variable_or_may_not_be_called_is_told_and_stored(world: World) -> None:
    leads = [
        {"phone_number": ANN, "variables": {"name": "Ann"}},
        {"phone_number": BOB, "variables": {"name": "Bob", "day": "Monday"}},
        {"phone_number": "+31900123456", "variables": {"name": "", "day": ""}},
    ]
    body = await a_body(world, system_message_template="{{name}} on {{ day }}", leads=leads)
    answer = await world.client.post("/campaigns", json=body)
    assert answer.json()["campaign"]["pending_leads"] == 3
    assert [warning.split(":")[0] for warning in answer.json()["warnings"]] == [
        "leads[2].phone_number",
        "leads[0].variables",
    ]
    assert f"{ANN} has no value for {{{{day}}}}" in answer.json()["warnings"][1]
    url = f"/campaigns/{answer.json()['campaign']['id']}/leads"
    lead = (await world.client.post(url, json={"phone_number": "+31612000000"})).json()
    assert lead["warnings"] == ["variables: +31612000000 has no value for {{name}}, {{day}}"]
    many = [{"phone_number": f"+3161234{n:04}"} for n in range(80)]
    told = (await world.client.post(url, json={"leads": many})).json()["warnings"]
    assert (len(told), told[-1]) == (51, "and 30 more")


@in_world()
async def test_the_same_request_twice_makes_one_campaign_and_one_lead(world: World) -> None:
    body = await a_body(world, leads=[{"phone_number": ANN}])
    key = {"Idempotency-Key": "k"}
    first, second = [await world.client.post("/campaigns", json=body, headers=key) for _ in range(2)]
    assert (first.status_code, first.json()) == (second.status_code, second.json())
    url = f"/campaigns/{first.json()['campaign']['id']}"
    for added, kind in (({"phone_number": BOB}, "lead"), ({"leads": [{"phone_number": "+31612345600"}]}, "leads")):
        key = {"Idempotency-Key": kind}
        once, again = await asyncio.gather(
            *(world.client.post(f"{url}/leads", json=added, headers=key) for _ in range(2))
        )
        assert (once.status_code, once.json()) == (201, again.json())
        assert kind in once.json()
    other = await world.client.post(f"{url}/leads", json={"phone_number": ANN}, headers=key)
    assert (other.status_code, other.json()["code"]) == (409, "idempotency_key_reused")
    assert (await world.client.get(url)).json()["campaign"]["total_leads"] == 3
    await world.client.delete(f"{url}/leads/{(await world.rows(Lead))[-1].id}")
    anew = await world.client.post(f"{url}/leads", json={"phone_number": "+31612345601"})
    assert anew.status_code == 201
    assert (await world.client.post(f"{url}/leads", json=added, headers=key)).json()["code"] == "conflict"
    assert (await world.client.delete(url)).status_code == 200
    assert (await world.client.post(f"{url}/leads", json=added, headers=key)).status_code == 404
    gone = await world.client.post("/campaigns", json=body, headers={"Idempotency-Key": "k"})
    assert (gone.status_code, gone.json()["code"]) == (409, "conflict")


@in_world()
async def test_a_repeat_is_answered_though_its_assistant_has_changed(world: World) -> None:
    leads = [{"phone_number": ANN, "assistant_override": {"llm_config": {"temperature": 0.5}}}]
    body = await a_body(world, leads=leads, assistant_id=await an_assistant(world, llm_config={"provider": "openai"}))
    key = {"Idempotency-Key": "k"}
    first = await world.client.post("/campaigns", json=body, headers=key)
    assert first.status_code == 201, first.json()
    url = f"/campaigns/{first.json()['campaign']['id']}"
    await world.client.patch(url, json={"status": "cancelled"})
    async with world.database.writing() as session:
        await session.execute(update(Campaign).values(assistant_id=None))
    again = await world.client.post("/campaigns", json=body, headers=key)
    assert (again.status_code, again.json()["campaign"]["status"]) == (201, "cancelled")


@in_world()
async def test_a_campaign_that_calls_is_not_deleted_and_its_lead_neither(world: World) -> None:
    made = await a_campaign(world, leads=[{"phone_number": ANN}, {"phone_number": BOB}])
    url = f"/campaigns/{made['id']}"
    await put(world, made["id"], "scheduled")
    assert (await world.client.delete(url)).status_code == 409
    await put(world, made["id"], "paused")
    lead = (await world.client.get(f"{url}/leads")).json()["leads"][0]
    await put_lead(world, lead["id"], "calling")
    assert (await world.client.delete(f"{url}/leads/{lead['id']}")).status_code == 409
    assert (await world.client.delete(url)).status_code == 409
    assert (await world.client.get(url)).json()["campaign"]["calling_leads"] == 1
    await put_lead(world, lead["id"], "completed")
    assert (await world.client.delete(url)).json() == {"success": True}
    assert (await world.client.get(url)).status_code == 404
    assert (await world.client.delete(url)).status_code == 404
    assert await world.rows(Lead) == []


@in_world()
async def test_a_long_list_is_deleted_in_portions_and_cut_off_in_the_middle_it_can_be_repeated(world: World) -> None:
    made, kept = await a_campaign(world), await a_campaign(world, leads=[{"phone_number": ANN}])
    url = f"/campaigns/{made['id']}"
    for start in range(4):
        leads = [{"phone_number": f"+316{start}234{n:04}"} for n in range(1000)]
        assert (await world.client.post(f"{url}/leads", json={"leads": leads})).status_code == 201
    async with asyncio.TaskGroup() as group:
        deletion = group.create_task(world.client.delete(url))
        while (await world.client.get(url)).json()["campaign"]["total_leads"] == 4000:
            pass
        deletion.cancel()
    assert (await world.client.get(url)).json()["campaign"]["status"] == "cancelled"
    assert (await world.client.post(f"{url}/leads", json={"phone_number": ANN})).status_code == 409
    assert (await world.client.delete(url)).status_code == 200
    assert [lead.campaign_id for lead in await world.rows(Lead)] == [kept["id"]]
    assert [campaign.id for campaign in await world.rows(Campaign)] == [kept["id"]]


@in_world()
async def test_a_list_has_an_end(world: World) -> None:
    made = await a_campaign(world, leads=[{"phone_number": ANN}, {"phone_number": BOB}])
    campaigns = Campaigns(world.database, Once(world.database), Rules(), most_leads=4)

    async def add(*phone_numbers: str) -> None:
        leads = [validated(LeadBody, {"phone_number": phone_number}) for phone_number in phone_numbers]
        await campaigns.add_leads(world.org_id, made["id"], judging.numbered(leads), None)

    await add("+31612345600", "+31612345601")
    with pytest.raises(Conflict, match="at most 4 leads"):
        await add("+31612345602")
    lead = (await world.rows(Lead))[0]
    await campaigns.delete_lead(world.org_id, made["id"], lead.id)
    await add("+31612345602")
    with pytest.raises(Conflict):
        await add("+31612345603")


@in_world()
async def test_not_more_leads_than_fit_an_answer_are_listed(world: World) -> None:
    made = await a_campaign(world)
    leads = [validated(LeadBody, {"phone_number": f"+3162{n:07}"}) for n in range(10_001)]
    async with world.database.writing() as session:
        row = (await session.scalars(select(Campaign))).one()
        await store.insert_leads(session, row, store.rows_of(leads), 1, ())
    whole = (await world.client.get(f"/campaigns/{made['id']}/leads")).json()
    assert whole["pagination"] == {"total": 10_001, "limit": 10_000, "offset": 0}
    assert [lead["phone_number"] for lead in whole["leads"]] == [lead.phone_number for lead in leads[:10_000]]
    last = (await world.client.get(f"/campaigns/{made['id']}/leads?offset=10000")).json()
    assert [lead["phone_number"] for lead in last["leads"]] == [leads[-1].phone_number]


@in_world()
async def test_an_unfinished_campaign_holds_its_assistant(world: World) -> None:
    made = await a_campaign(world)

    async def said() -> str | None:
        async with world.database.reading() as session:
            return await store.holds_assistant(session, world.org_id, made["assistant_id"])

    assert await said() == "Assistant is used by 1 campaign. Change or delete it first (PATCH /campaigns/{id})."
    refused = await world.client.delete(f"/assistants/{made['assistant_id']}")
    assert (refused.status_code, refused.json()["message"]) == (409, await said())
    await a_campaign(world, assistant_id=made["assistant_id"])
    assert "2 campaigns" in (await said() or "")
    for row in await world.rows(Campaign):
        await put(world, row.id, "completed")
    assert await said() is None
    assert (await world.client.delete(f"/assistants/{made['assistant_id']}")).status_code == 200
    assert (await world.client.get(f"/campaigns/{made['id']}")).json()["campaign"]["assistant_id"] is None


@in_world()
async def test_secrets_in_an_override_are_shown_to_those_who_may_do_everything(world: World) -> None:
    tool = {"type": "function", "name": "look", "description": "", "server": {"url": "https://x.test", "secret": "s2"}}
    override = {"webhook_secret": "s1", "llm_config": {"tools": [tool]}}
    campaign = await a_campaign(world, leads=[{"phone_number": ANN, "assistant_override": override}])
    url = f"/campaigns/{campaign['id']}/leads"
    lead = (await world.client.get(url)).json()["leads"][0]
    assert lead["assistant_override"] == override
    reader = await world.key_with("read")
    for url_, lists in ((url, True), (f"{url}/{lead['id']}", False)):
        answer = await world.client.get(url_, headers=reader)
        assert "s1" not in answer.text
        assert "s2" not in answer.text
        shown = answer.json()["leads"][0] if lists else answer.json()["lead"]
        assert shown["assistant_override"]["webhook_secret"] is None
