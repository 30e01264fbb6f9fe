"""Phone numbers, and the pool of them that calls are placed from."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import httpx
import pytest
from api_world import ECHO, PLACE, SANDBOX, World, in_world

from trunkline import clock, ids
from trunkline.errors import Problem
from trunkline.numbers.choosing import Chosen
from trunkline.numbers.store import Pool
from trunkline.numbers.tables import Number

Headers = dict[str, str]
FRONT = "+31201234567"


def refused(answer: httpx.Response, status: int, code: str, *details: str) -> str:
    body = answer.json()
    assert (answer.status_code, body["code"], body.get("details", [])) == (status, code, list(details)), body
    return str(body["message"])


async def register(
    world: World, phone_number: str = FRONT, headers: Headers | None = None, **fields: Any
) -> dict[str, Any]:
    answer = await world.client.post("/numbers", json={"phone_number": phone_number, **fields}, headers=headers)
    assert answer.status_code == 201, answer.text
    number: dict[str, Any] = answer.json()["number"]
    return number


async def assistant(world: World, headers: Headers | None = None, **fields: Any) -> str:
    answer = await world.client.post("/assistants", json={"name": "Anna", **SANDBOX, **fields}, headers=headers)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["assistant"]["id"])


async def a_child(world: World, name: str = "Child") -> tuple[str, Headers]:
    made = (await world.client.post("/organizations", json={"name": name})).json()
    return made["id"], {"Authorization": f"Bearer {made['api_key']}"}


async def patched(world: World, number: dict[str, Any], **fields: Any) -> dict[str, Any]:
    answer = await world.client.patch(f"/numbers/{number['id']}", json=fields)
    assert answer.status_code == 200, answer.text
    changed: dict[str, Any] = answer.json()["number"]
    return changed


# ---- registering ---------------------------------------------------------------------------------


@in_world()
async def test_a_registered_number_shows_every_field(world: World) -> None:
    number = await register(world)
    assert number.pop("created_at") == number.pop("updated_at")
    assert len(number.pop("id")) == 36
    nothing = dict.fromkeys(
        ("name", "agent_id", "agent_name", "assistant_id", "business_name", "transfer_trunk_id", "transfer_trunk_name",
         "workflow_id", "workflow_name", "source", "reserved_for_org_id", "last_used_at")
    )  # fmt: skip
    assert number == {"phone_number": FRONT, "is_active": True, **nothing}


@in_world()
async def test_a_number_with_an_assistant_shows_both_of_its_names(world: World) -> None:
    anna = await assistant(world, business_name="Brightsmile")
    child, _ = await a_child(world)
    fields = {"name": " Desk ", "source": "import", "is_active": False, "reserved_for_org_id": child}
    number = await register(world, assistant_id=anna, **fields)
    assert number["assistant_id"] == number["agent_id"] == anna
    assert (number["agent_name"], number["business_name"]) == ("Anna", "Brightsmile")
    assert {name: number[name] for name in fields} == {**fields, "name": "Desk"}
    await world.client.patch(f"/assistants/{anna}", json={"name": "Bea", "business_name": None})
    shown = (await world.client.get(f"/numbers/{number['id']}")).json()["number"]
    assert (shown["agent_name"], shown["business_name"]) == ("Bea", None)


@in_world()
async def test_the_old_name_of_the_assistant_still_works_and_is_marked(world: World) -> None:
    anna, ben = await assistant(world), await assistant(world, name="Ben")
    answer = await world.client.post("/numbers", json={"phone_number": FRONT, "agent_id": anna})
    number = answer.json()["number"]
    assert (answer.status_code, number["assistant_id"]) == (201, anna)
    assert answer.headers["Deprecation"].startswith("@")
    answer = await world.client.patch(f"/numbers/{number['id']}", json={"agent_id": None})
    assert answer.json()["number"]["assistant_id"] is None
    assert answer.headers["Deprecation"].startswith("@")
    both = {"agent_id": anna, "assistant_id": ben}
    answer = await world.client.patch(f"/numbers/{number['id']}", json=both)
    refused(answer, 400, "invalid_request", "agent_id: differs from assistant_id, which replaces it")
    assert "Deprecation" not in (await world.client.get(f"/numbers/{number['id']}")).headers


@in_world()
async def test_a_number_that_nobody_can_own_is_not_registered(world: World) -> None:
    for wrong in ("0201234567", "+31112", ECHO, "sip:a@b.c", "+3120"):
        answer = await world.client.post("/numbers", json={"phone_number": wrong})
        assert refused(answer, 400, "invalid_request", *answer.json()["details"])
        assert answer.json()["details"][0].startswith("phone_number: ")
    answer = await world.client.post("/numbers", json={"name": "x", "agnet_id": None})
    refused(answer, 400, "invalid_request", "phone_number: is required", "agnet_id: unknown field")
    assert await world.rows(Number) == []


@in_world()
async def test_what_a_number_refers_to_must_be_the_organizations_own(world: World) -> None:
    stranger = await world.stranger()
    child, childs = await a_child(world)
    theirs = await assistant(world, stranger)
    answer = await world.client.post("/numbers", json={"phone_number": FRONT, "assistant_id": theirs})
    refused(answer, 404, "not_found", "assistant_id: not found")
    every = {
        "assistant_id": "nobody", "transfer_trunk_id": "trunk", "workflow_id": "flow", "reserved_for_org_id": world.org_id
    }  # fmt: skip
    answer = await world.client.post("/numbers", json={"phone_number": FRONT, **every})
    assert sorted(answer.json()["details"]) == sorted(f"{name}: not found" for name in every)
    number = await register(world)
    answer = await world.client.patch(f"/numbers/{number['id']}", json={"name": "new", **every})
    assert (answer.status_code, len(answer.json()["details"])) == (404, 4)
    assert (await world.client.get(f"/numbers/{number['id']}")).json()["number"] == number
    for headers, org_id in ((stranger, child), (childs, child), (childs, world.org_id)):
        body = {"phone_number": "+31201234568", "reserved_for_org_id": org_id}
        answer = await world.client.post("/numbers", json=body, headers=headers)
        refused(answer, 404, "not_found", "reserved_for_org_id: not found")


@in_world()
async def test_a_number_is_registered_once_in_an_installation_and_nobody_learns_whose_it_is(world: World) -> None:
    await register(world)
    for headers in (None, await world.stranger()):
        answer = await world.client.post("/numbers", json={"phone_number": FRONT}, headers=headers)
        message = refused(answer, 409, "conflict", "phone_number: is registered already")
        assert message == "This phone number is registered already"


@in_world()
async def test_of_two_who_register_a_number_at_once_one_has_it(world: World) -> None:
    stranger = await world.stranger()
    headers = [None, stranger] * 4
    answers = await asyncio.gather(
        *(world.client.post("/numbers", json={"phone_number": FRONT}, headers=each) for each in headers)
    )
    assert sorted(answer.status_code for answer in answers) == [201] + [409] * 7
    assert {answer.json().get("code") for answer in answers} == {None, "conflict"}


@in_world()
async def test_a_repeat_with_the_same_key_registers_once(world: World) -> None:
    key = {"Idempotency-Key": "k1"}
    first = await register(world, headers=key)
    assert await register(world, headers=key) == first
    answer = await world.client.post("/numbers", json={"phone_number": "+31201234568"}, headers=key)
    assert answer.json()["code"] == "idempotency_key_reused"
    await patched(world, first, name="Desk")
    assert (await register(world, headers=key))["name"] == "Desk"
    await world.client.delete(f"/numbers/{first['id']}")
    answer = await world.client.post("/numbers", json={"phone_number": FRONT}, headers=key)
    assert "deleted since" in refused(answer, 409, "conflict")


# ---- reading, changing, deleting -----------------------------------------------------------------


@in_world()
async def test_a_list_has_the_newest_first_and_pages(world: World) -> None:
    made = [await register(world, f"+3120123456{n}") for n in range(5)]
    await register(world, "+31201234569", await world.stranger())
    answer = (await world.client.get("/numbers")).json()
    assert answer == {"numbers": made[::-1], "pagination": {"total": 5, "limit": 100, "offset": 0}}
    answer = (await world.client.get("/numbers?limit=2&offset=1")).json()
    assert answer == {"numbers": made[3:1:-1], "pagination": {"total": 5, "limit": 2, "offset": 1}}
    assert (await world.client.get("/numbers?limit=0")).status_code == 400


@in_world()
async def test_what_is_sent_changes_what_is_not_sent_stays_and_null_detaches(world: World) -> None:
    anna = await assistant(world)
    child, _ = await a_child(world)
    number = await register(world, name="Desk", assistant_id=anna, source="import", reserved_for_org_id=child)
    assert await patched(world, number) == number
    assert await patched(world, number, name="Desk", is_active=True, transfer_trunk_id=None) == number
    changed = await patched(world, number, is_active=False, name=None)
    assert changed["updated_at"] > number["updated_at"]
    assert changed == {**number, "is_active": False, "name": None, "updated_at": changed["updated_at"]}
    cleared = await patched(world, number, assistant_id=None, source=None, workflow_id=None, reserved_for_org_id=None)
    nothing = dict.fromkeys(("assistant_id", "agent_id", "agent_name", "source", "reserved_for_org_id"))
    assert cleared == {**changed, **nothing, "updated_at": cleared["updated_at"]}
    assert (await patched(world, number, assistant_id=anna))["agent_name"] == "Anna"


@in_world()
async def test_a_refused_change_changes_nothing(world: World) -> None:
    number = await register(world, name="Desk")
    for fields, says in [
        ({"phone_number": FRONT}, "phone_number: cannot change; delete this number and register the other"),
        ({"is_active": None}, "is_active: input should be a valid boolean"),
        ({"name": ""}, "name: string should have at least 1 character"),
        ({"id": "x"}, "id: unknown field"),
    ]:
        answer = await world.client.patch(f"/numbers/{number['id']}", json={"source": "new", **fields})
        refused(answer, 400, "invalid_request", says)
    assert (await world.client.get(f"/numbers/{number['id']}")).json()["number"] == number


@in_world()
async def test_a_number_of_others_or_of_nobody_is_404(world: World) -> None:
    number = await register(world, headers=await world.stranger())
    for id in (number["id"], "nobody", ids.new_uuid(), "%20", "x" * 300):
        for method, body in (("GET", None), ("PATCH", {"is_active": False}), ("DELETE", None)):
            answer = await world.client.request(method, f"/numbers/{id}", json=body)
            refused(answer, 404, "not_found")
    (row,) = await world.rows(Number)
    assert row.is_active


@in_world()
async def test_reading_needs_any_key_and_the_rest_one_with_the_scope_full(world: World) -> None:
    number = await register(world)
    url = f"/numbers/{number['id']}"
    for scope in ("read", "control", "calls"):
        headers = await world.key_with(scope)
        for each in ("/numbers", url):
            assert (await world.client.get(each, headers=headers)).status_code == 200
        for method, each in (("POST", "/numbers"), ("PATCH", url), ("DELETE", url)):
            answer = await world.client.request(method, each, json={}, headers=headers)
            refused(answer, 403, "scope_missing")
    assert (await world.client.get("/numbers", headers={"Authorization": ""})).status_code == 401


@in_world()
async def test_a_deleted_number_is_gone_its_calls_go_on_and_it_can_be_registered_again(world: World) -> None:
    number = await register(world)
    call_id = (await world.place({**PLACE, "number_id": number["id"]})).json()["call_id"]
    await world.worker.answer(call_id)
    answer = await world.client.delete(f"/numbers/{number['id']}")
    assert (answer.status_code, answer.json()) == (200, {"success": True})
    assert (await world.client.delete(f"/numbers/{number['id']}")).status_code == 404
    call = (await world.client.get(f"/calls/{call_id}")).json()
    assert (call["status"], call["number_id"]) == ("in-progress", number["id"])
    assert (await register(world))["id"] != number["id"]


@in_world()
async def test_an_assistant_that_answers_numbers_is_not_deleted_before_it_is_detached(world: World) -> None:
    anna = await assistant(world)
    numbers = [await register(world, f"+3120123456{n}", assistant_id=anna) for n in range(2)]
    detach = "Detach it first (PATCH /numbers/{id} with assistant_id: null)."
    answer = await world.client.delete(f"/assistants/{anna}")
    assert refused(answer, 409, "in_use") == f"Assistant is attached to 2 phone numbers. {detach}"
    await patched(world, numbers[0], assistant_id=None)
    answer = await world.client.delete(f"/assistants/{anna}")
    assert refused(answer, 409, "in_use") == f"Assistant is attached to 1 phone number. {detach}"
    await world.client.delete(f"/numbers/{numbers[1]['id']}")
    assert (await world.client.delete(f"/assistants/{anna}")).status_code == 200


# ---- calling from them ---------------------------------------------------------------------------


@in_world()
async def test_a_call_can_name_the_number_it_is_made_from(world: World) -> None:
    number = await register(world)
    answer = await world.place({**PLACE, "number_id": number["id"]})
    assert answer.status_code == 201
    assert answer.json()["number"] == {"id": number["id"], "phone_number": FRONT, "chosen_by": "request"}
    assert world.worker.asked[-1]["caller_id"] == FRONT
    call = (await world.client.get(f"/calls/{answer.json()['call_id']}")).json()
    assert (call["number_id"], call["assistant_phone"]) == (number["id"], FRONT)
    used = (await world.client.get(f"/numbers/{number['id']}")).json()["number"]
    assert used == {**number, "last_used_at": call["created_at"]}


@in_world()
async def test_a_number_that_cannot_be_called_from_is_refused_and_nobody_is_rung(world: World) -> None:
    child, childs = await a_child(world)
    inactive = await register(world, "+31201234501", is_active=False)
    reserved = await register(world, "+31201234502", reserved_for_org_id=child)
    trunkless = await register(world, "+31201234503")
    theirs = await register(world, "+31201234504", await world.stranger())

    async def tried(number: dict[str, Any], destination: str = ECHO, headers: Headers | None = None) -> httpx.Response:
        body = {**PLACE, "destination": destination, "number_id": number["id"]}
        return await world.client.post("/calls", json=body, headers=headers)

    refused(await tried(inactive), 409, "conflict", "number_id: is not active")
    answer = await tried(reserved)
    assert child in refused(answer, 409, "conflict", "number_id: is reserved for a child organization")
    answer = await tried(trunkless, "+31201234567")
    assert "no SIP trunk" in refused(answer, 409, "no_available_number", "number_id: has no SIP trunk")
    refused(await tried(theirs), 404, "not_found", "number_id: not found")
    refused(await tried(trunkless, headers=childs), 404, "not_found", "number_id: not found")
    assert world.worker.asked == []
    assert {row.last_used_at for row in await world.rows(Number)} == {None}


@in_world()
async def test_a_number_reserved_for_a_child_is_the_childs_to_call_from_and_the_parents_to_manage(world: World) -> None:
    child, childs = await a_child(world)
    reserved = await register(world, reserved_for_org_id=child)
    body = {**PLACE, "number_id": reserved["id"]}
    answer = await world.client.post("/calls", json=body, headers=childs)
    assert answer.json()["number"] == {"id": reserved["id"], "phone_number": FRONT, "chosen_by": "request"}
    assert (await world.client.get("/numbers", headers=childs)).json()["numbers"] == []
    for method in ("GET", "DELETE"):
        answer = await world.client.request(method, f"/numbers/{reserved['id']}", headers=childs)
        assert answer.status_code == 404


@in_world()
async def test_without_a_usable_number_the_answer_says_what_is_missing(world: World) -> None:
    child, _ = await a_child(world)

    async def missing() -> str:
        answer = await world.place({**PLACE, "destination": "+31301234567"})
        message = refused(answer, 409, "no_available_number", "number_id: no number can be chosen")
        return message.removeprefix("No number can call this destination: ")

    assert await missing() == "this organization has no phone numbers"
    await register(world, "+31201234501", reserved_for_org_id=child)
    assert await missing() == "all of this organization's phone numbers are reserved for child organizations"
    await register(world, "+31201234502", is_active=False)
    assert await missing() == "none of this organization's phone numbers is active"
    await register(world, "+31201234503")
    assert await missing() == "none of this organization's active phone numbers has a SIP trunk"


# ---- the pool ------------------------------------------------------------------------------------

DUTCH = "+31301234567"


async def row(world: World, phone_number: str, **columns: Any) -> str:
    """A number as the database holds it, with a trunk."""
    now = clock.wall()
    number = Number(
        id=ids.new_uuid(), phone_number=phone_number,
        **{"org_id": world.org_id, "is_active": True, "transfer_trunk_id": "trunk", **columns},
        created_at=now, updated_at=now,
    )  # fmt: skip
    async with world.database.writing() as session:
        session.add(number)
    return number.id


async def chosen(world: World, destination: str, org_id: str | None = None, number_id: str | None = None) -> Chosen:
    async with world.database.reading() as session:
        return await Pool().choose(session, org_id or world.org_id, destination, number_id)


@in_world()
async def test_the_pool_takes_a_number_of_the_destinations_country_and_takes_turns(world: World) -> None:
    first, second = sorted([await row(world, "+31201234501"), await row(world, "+31201234502")])
    american = await row(world, "+12125551234")
    await row(world, "+31301234501", is_active=False)
    await row(world, "+31301234502", transfer_trunk_id=None)
    taken = []
    for _ in range(4):
        answer = await world.place({**PLACE, "destination": DUTCH})
        assert (answer.status_code, answer.json()["number"]["chosen_by"]) == (201, "local_presence")
        taken.append(answer.json()["number"]["id"])
    assert taken == [first, second, first, second]
    number = (await world.place({**PLACE, "destination": "+819012345678"})).json()["number"]
    assert number == {"id": american, "phone_number": "+12125551234", "chosen_by": "least_recently_used"}


@in_world()
async def test_calls_that_are_placed_at_once_take_turns_too(world: World) -> None:
    numbers = sorted([await row(world, f"+3120123450{n}") for n in range(3)])
    placing = [world.place({**PLACE, "destination": DUTCH}) for _ in range(6)]
    taken = [answer.json()["number"]["id"] for answer in await asyncio.gather(*placing)]
    assert sorted(taken) == sorted([*numbers, *numbers])


@in_world()
async def test_the_pool_serves_each_organization_its_own_and_what_is_reserved_for_it(world: World) -> None:
    child, childs = await a_child(world)
    sibling, _ = await a_child(world, "Sibling")
    own = await row(world, "+12125551234")
    for_child = await row(world, "+31301234501", reserved_for_org_id=child)
    assert (await chosen(world, DUTCH)).number_id == own
    assert (await chosen(world, DUTCH, child)).number_id == for_child
    answer = await world.client.post("/calls", json={**PLACE, "destination": DUTCH}, headers=childs)
    assert answer.json()["number"] == {"id": for_child, "phone_number": "+31301234501", "chosen_by": "local_presence"}
    of_child = await row(world, "+31301234567", org_id=child)
    assert (await chosen(world, DUTCH, child)).number_id == of_child
    assert (await chosen(world, DUTCH, child, for_child)).chosen_by == "request"
    for org_id, number_id, status in (
        (sibling, None, 409), (sibling, for_child, 404), (sibling, own, 404), (child, own, 404),
        (world.org_id, of_child, 404), (world.org_id, for_child, 409),
    ):  # fmt: skip
        with pytest.raises(Problem) as refusal:
            await chosen(world, DUTCH, org_id, number_id)
        assert refusal.value.status == status


@in_world()
async def test_when_a_number_was_last_used_never_goes_back(world: World) -> None:
    number_id = await row(world, "+31201234501")
    now = clock.wall()
    for at, expected in ((now, now), (now - timedelta(seconds=1), now), (now + timedelta(milliseconds=1), None)):
        async with world.database.writing() as session:
            await Pool().used(session, number_id, at)
        (number,) = await world.rows(Number)
        assert number.last_used_at == (expected or at)
        assert number.updated_at == number.created_at


@in_world()
async def test_a_number_that_vanishes_between_choice_and_use_holds_up_nobody(world: World) -> None:
    number_id = await row(world, "+31201234501")
    assert (await chosen(world, DUTCH)).number_id == number_id
    await world.client.delete(f"/numbers/{number_id}")
    async with world.database.writing() as session:
        await Pool().used(session, number_id, clock.wall())
    assert await world.rows(Number) == []
