"""Phone numbers: what they are, whom they belong to, and what is refused."""

from __future__ import annotations

from itertools import count
from typing import Any

import pytest
from contract_client import NOBODY, Api, got, page, refused, timestamp

FIELDS = {
    "id",
    "phone_number",
    "agent_id",
    "agent_name",
    "business_name",
    "transfer_trunk_id",
    "transfer_trunk_name",
    "workflow_id",
    "workflow_name",
    "source",
    "is_active",
    "created_at",
    "updated_at",
}

_numbers = count(1000)


def unused() -> str:
    return f"+3120123{next(_numbers)}"


def test_only_the_phone_number_is_required(api: Api) -> None:
    phone_number = unused()
    made = got(api.post("/numbers", {"phone_number": phone_number}), 201)["number"]
    assert set(made) >= FIELDS
    assert made["phone_number"] == phone_number
    assert made["is_active"] is True
    for name in ("agent_id", "agent_name", "business_name", "transfer_trunk_id", "workflow_id", "workflow_name"):
        assert made[name] is None, name
    timestamp(made["created_at"])
    timestamp(made["updated_at"])
    assert got(api.get(f"/numbers/{made['id']}"))["number"] == made


@pytest.mark.parametrize("name", ["assistant_id", "agent_id"])
def test_an_assistant_is_assigned_by_either_name_and_shown_by_the_references(api: Api, name: str) -> None:
    saved = api.assistant(name="Ann", business_name="Ann's Garage")
    made = got(api.post("/numbers", {"phone_number": unused(), name: saved["id"]}), 201)["number"]
    assert (made["agent_id"], made["agent_name"], made["business_name"]) == (saved["id"], "Ann", "Ann's Garage")
    other = api.assistant(name="Ben")
    changed = got(api.patch(f"/numbers/{made['id']}", {name: other["id"]}))["number"]
    assert (changed["agent_id"], changed["agent_name"], changed["business_name"]) == (other["id"], "Ben", None)
    unassigned = got(api.patch(f"/numbers/{made['id']}", {name: None}))["number"]
    assert (unassigned["agent_id"], unassigned["agent_name"]) == (None, None)


def test_two_names_that_differ_are_400(api: Api) -> None:
    one, two = api.assistant()["id"], api.assistant()["id"]
    refused(
        api.post("/numbers", {"phone_number": unused(), "assistant_id": one, "agent_id": two}), 400, "invalid_request"
    )
    made = api.number(unused())
    refused(api.patch(f"/numbers/{made['id']}", {"assistant_id": one, "agent_id": None}), 400, "invalid_request")
    assert got(api.get(f"/numbers/{made['id']}"))["number"]["agent_id"] is None
    got(api.patch(f"/numbers/{made['id']}", {"assistant_id": one, "agent_id": one}))


def test_an_assistant_that_does_not_exist_is_not_assigned(api: Api) -> None:
    made = api.number(unused())
    for answer in (
        api.post("/numbers", {"phone_number": unused(), "assistant_id": NOBODY}),
        api.patch(f"/numbers/{made['id']}", {"assistant_id": NOBODY}),
    ):
        assert answer.status_code in (400, 404)
        refused(answer, answer.status_code)
    assert got(api.get(f"/numbers/{made['id']}"))["number"] == made


def test_a_number_may_have_a_name(api: Api) -> None:
    got(api.post("/numbers", {"phone_number": unused(), "name": "Reception", "is_active": False}), 201)


@pytest.mark.parametrize(
    "phone_number", ["31201234567", "020 123 4567", "+1", "+310000000000000000", "", None, 5, "sip:a@b"]
)
def test_a_phone_number_is_e164(api: Api, phone_number: Any) -> None:
    refused(api.post("/numbers", {"phone_number": phone_number}), 400, "invalid_request", "phone_number")


def test_the_phone_number_is_required_and_typos_are_named(api: Api) -> None:
    refused(api.post("/numbers", {}), 400, "invalid_request", "phone_number")
    refused(api.post("/numbers", {"phone_number": unused(), "typo": 1}), 400, "invalid_request", "typo")
    refused(api.post("/numbers", {"phone_number": unused(), "is_active": "yes"}), 400, "invalid_request", "is_active")


def test_the_same_number_twice_is_409(api: Api) -> None:
    made = api.number(unused())
    refused(api.post("/numbers", {"phone_number": made["phone_number"]}), 409)
    again = [number for number in page(api.get("/numbers?limit=1000"), "numbers") if number == made]
    assert len(again) == 1


def test_numbers_are_listed_with_the_fields_of_one(fresh: Api) -> None:
    made = {fresh.number(unused())["id"] for _ in range(3)}
    listed = page(fresh.get("/numbers"), "numbers")
    assert {number["id"] for number in listed} == made
    assert all(set(number) >= FIELDS for number in listed)


def test_a_number_is_switched_off_and_on(api: Api) -> None:
    made = api.number(unused())
    assert got(api.patch(f"/numbers/{made['id']}", {"is_active": False}))["number"]["is_active"] is False
    assert got(api.get(f"/numbers/{made['id']}"))["number"]["is_active"] is False
    changed = got(api.patch(f"/numbers/{made['id']}", {"is_active": True}))["number"]
    assert changed == {**made, "updated_at": changed["updated_at"]}


def test_trunk_and_workflow_can_be_taken_off(api: Api) -> None:
    made = api.number(unused())
    changed = got(api.patch(f"/numbers/{made['id']}", {"transfer_trunk_id": None, "workflow_id": None}))["number"]
    assert (changed["transfer_trunk_id"], changed["workflow_id"]) == (None, None)


def test_a_deleted_number_is_gone_and_may_come_back(api: Api) -> None:
    made = api.number(unused())
    assert got(api.delete(f"/numbers/{made['id']}")) == {"success": True}
    for answer in (
        api.get(f"/numbers/{made['id']}"),
        api.patch(f"/numbers/{made['id']}", {"is_active": True}),
        api.delete(f"/numbers/{made['id']}"),
        api.place(assistant_id=api.assistant()["id"], number_id=made["id"]),
    ):
        refused(answer, 404)
    api.number(made["phone_number"])


def test_active_numbers_are_counted_in_the_organization(fresh: Api) -> None:
    assert got(fresh.get("/organizations"))["active_numbers"] == 0
    fresh.number(unused())
    fresh.number(unused(), is_active=False)
    assert got(fresh.get("/organizations"))["active_numbers"] == 1
