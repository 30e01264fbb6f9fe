"""The old names: they work, they are marked, and they never disagree with the new ones in silence."""

from __future__ import annotations

from typing import Any

import pytest
from api_world import SANDBOX
from contract_client import Api, got, page, refused


def marked(answer: Any) -> bool:
    return "Deprecation" in answer.headers


def test_agents_is_another_name_of_assistants(api: Api) -> None:
    made = api.post("/agents", {"name": "Ann", **SANDBOX})
    assistant = got(made, 201)["assistant"]
    id = assistant["id"]
    assert got(api.get(f"/assistants/{id}"))["assistant"] == assistant
    read, changed = api.get(f"/agents/{id}"), api.patch(f"/agents/{id}", {"name": "Ben"})
    assert got(read)["assistant"] == assistant
    assert got(changed)["assistant"]["name"] == "Ben"
    assert got(api.get(f"/assistants/{id}"))["assistant"]["name"] == "Ben"
    listed = api.get("/agents")
    assert id in {each["id"] for each in page(listed, "assistants")}
    deleted = api.delete(f"/agents/{id}")
    assert got(deleted) == {"success": True}
    refused(api.get(f"/assistants/{id}"), 404)
    assert all(map(marked, (made, read, changed, listed, deleted)))


@pytest.mark.parametrize("path", ["/agents", "/calls", "/calls/outbound", "/numbers", "/campaigns"])
def test_a_refusal_under_an_old_name_is_marked_too(api: Api, path: str) -> None:
    answer = api.post(path, {"agent_id": api.assistant()["id"], "typo": 1} if path != "/agents" else {})
    refused(answer, 400, "invalid_request")
    assert marked(answer)


def test_an_old_name_in_a_number_or_a_campaign_is_marked(api: Api) -> None:
    agent = api.assistant()["id"]
    schedule = {"schedule_start_time": "09:00:00", "schedule_end_time": "17:00:00", "timezone": "Europe/Amsterdam"}
    for path, body in (
        ("/numbers", {"phone_number": "+31201236101"}),
        ("/campaigns", {"name": "Autumn", **schedule}),
    ):
        answer = api.post(path, {**body, "agent_id": agent})
        got(answer, 201)
        assert marked(answer)


def test_new_names_are_not_marked(api: Api) -> None:
    saved = api.assistant()
    for answer in (
        api.get("/assistants"),
        api.get(f"/assistants/{saved['id']}"),
        api.place(assistant_id=saved["id"], assistant_override={"first_message": "Hi."}),
        api.place(assistant=SANDBOX),
    ):
        assert not marked(answer)


@pytest.mark.parametrize("base", ["assistant_id", "agent_id"])
@pytest.mark.parametrize("override", ["assistant_override", "agent_config"])
def test_old_and_new_names_mix(api: Api, base: str, override: str) -> None:
    saved = api.assistant(first_message="Saved.")
    answer = api.place(**{base: saved["id"], override: {"first_message": "Changed."}})
    assert got(answer, 201)["call"]["agent_id"] == saved["id"]
    assert api.last_plan["first_message"] == "Changed."
    assert marked(answer) is (base == "agent_id" or override == "agent_config")


def test_an_old_and_a_new_name_that_agree_are_one(api: Api) -> None:
    saved = api.assistant()
    got(api.place(assistant_id=saved["id"], agent_id=saved["id"]), 201)
    got(api.place(assistant=SANDBOX, agent=SANDBOX), 201)


@pytest.mark.parametrize(
    ("old", "new"), [("agent_id", "assistant_id"), ("agent", "assistant"), ("agent_config", "assistant_override")]
)
def test_an_old_and_a_new_name_that_differ_are_400(api: Api, old: str, new: str) -> None:
    one, two = api.assistant()["id"], api.assistant()["id"]
    fields: dict[str, Any] = {
        "agent_id": {"agent_id": one, "assistant_id": two},
        "agent": {"agent": SANDBOX, "assistant": {**SANDBOX, "first_message": "Hi."}},
        "agent_config": {"assistant_id": one, "agent_config": {}, "assistant_override": {"first_message": "Hi."}},
    }[old]
    before = len(api.world.worker.asked)
    body = refused(api.place(**fields), 400, "invalid_request")
    assert old in str(body["details"]) and new in str(body["details"])
    assert len(api.world.worker.asked) == before


def test_modes_exclude_each_other_by_their_old_names_too(api: Api) -> None:
    saved = api.assistant()["id"]
    refused(api.place(agent=SANDBOX, agent_id=saved), 400, "invalid_request")
    refused(api.place(agent=SANDBOX, assistant_id=saved), 400, "invalid_request")
    refused(api.place(assistant=SANDBOX, agent_config={}), 400, "invalid_request")


def test_a_mistake_under_an_old_name_is_still_a_mistake(api: Api) -> None:
    answer = api.place(agent={**SANDBOX, "max_duration_seconds": 29})
    details = refused(answer, 400, "invalid_request")["details"]
    assert any("max_duration_seconds" in detail for detail in details)
