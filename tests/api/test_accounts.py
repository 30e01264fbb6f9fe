"""Organizations, their children and their keys, as several organizations see them."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from api_world import PLACE, World, in_world
from served import served
from sqlalchemy import update
from websockets.asyncio.client import connect

from trunkline import clock, ids
from trunkline.accounts.children import MOST_CHILDREN
from trunkline.accounts.keyring import MOST_ACTIVE
from trunkline.calls.tables import CallRow
from trunkline.numbers.tables import Number
from trunkline.organizations.store import create_key, create_organization
from trunkline.organizations.tables import ApiKey, Organization
from trunkline.usage.tables import UsageRow

Headers = dict[str, str]


def bearer(key: str) -> Headers:
    return {"Authorization": f"Bearer {key}"}


def refused(answer: httpx.Response, status: int, code: str, *details: str) -> str:
    body = answer.json()
    assert (answer.status_code, body["code"]) == (status, code), body
    assert body.get("details", []) == list(details)
    return str(body["message"])


async def a_child(world: World, name: str = "Child") -> tuple[str, Headers]:
    made = (await world.client.post("/organizations", json={"name": name})).json()
    return made["id"], bearer(made["api_key"])


async def a_key(world: World, headers: Headers | None = None, **body: Any) -> dict[str, Any]:
    answer = await world.client.post("/keys", json={"name": "k", **body}, headers=headers)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


async def own(world: World, headers: Headers | None = None, query: str = "") -> dict[str, Any]:
    answer = await world.client.get(f"/organizations{query}", headers=headers)
    assert answer.status_code == 200
    shown: dict[str, Any] = answer.json()
    return shown


async def keys_of(world: World, headers: Headers | None = None, query: str = "") -> list[dict[str, Any]]:
    listed: list[dict[str, Any]] = (await world.client.get(f"/keys{query}", headers=headers)).json()["keys"]
    return listed


# ---- the organization ----------------------------------------------------------------------------


@in_world()
async def test_an_organization_is_a_bare_object_with_everything_in_it(world: World) -> None:
    shown = await own(world)
    created_at = shown.pop("created_at")
    assert datetime.fromisoformat(created_at) <= clock.wall()
    assert created_at.endswith("Z")
    assert shown == {
        "id": world.org_id,
        "name": "Test",
        "minutes_balance": None,
        "monthly_usage_minutes": 0,
        "active_numbers": 0,
        "active_agents": 0,
        "active_calls": 0,
        "has_local_models_access": False,
        "parent_org_id": None,
        "content_retention_days": None,
        "metadata_retention_days": None,
    }


@in_world()
async def test_what_is_active_is_counted_and_what_others_have_is_not(world: World) -> None:
    stranger = await world.stranger()
    for name, is_active in (("a", True), ("b", True), ("c", False)):
        await world.client.post("/assistants", json={"name": name, "is_active": is_active})
    await world.client.post("/assistants", json={"name": "theirs"}, headers=stranger)
    calls = [(await world.place()).json()["call_id"] for _ in range(4)]
    await world.place(PLACE, **stranger)
    await world.worker.ring(calls[0])
    await world.worker.answer(calls[1])
    await world.worker.answer(calls[2])
    await world.worker.end(calls[2])
    await _numbers(world, (True, True, False))
    shown = await own(world)
    assert [shown[f"active_{what}"] for what in ("numbers", "agents", "calls")] == [2, 2, 3]


async def _numbers(world: World, active: tuple[bool, ...]) -> None:
    now = clock.wall()
    async with world.database.writing() as session:
        for n, is_active in enumerate(active):
            session.add(
                Number(
                    id=ids.new_uuid(), org_id=world.org_id, phone_number=f"+3161234567{n}", is_active=is_active,
                    created_at=now, updated_at=now,
                )
            )  # fmt: skip


@in_world()
async def test_minutes_are_those_of_this_month_a_parent_pays_for_its_children_and_a_child_sees_only_its_own(
    world: World,
) -> None:
    child, childs = await a_child(world)
    sibling, siblings = await a_child(world)
    month = clock.wall().astimezone(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    before = month - timedelta(milliseconds=1)
    await _used(world, world.org_id, world.org_id, 90, month)
    await _used(world, world.org_id, world.org_id, 6000, before)
    await _used(world, child, world.org_id, 61, clock.wall())
    await _used(world, sibling, world.org_id, 30, clock.wall())
    shown = [(await own(world, headers))["monthly_usage_minutes"] for headers in (None, childs, siblings)]
    assert shown == [round((90 + 61 + 30) / 60, 2), round(61 / 60, 2), 0.5]
    assert (await own(world, await world.stranger()))["monthly_usage_minutes"] == 0


async def _used(world: World, org_id: str, payer: str, seconds: float, at: datetime) -> None:
    call_id = (await world.place()).json()["call_id"]
    async with world.database.writing() as session:
        session.add(
            UsageRow(
                call_id=call_id, org_id=org_id, payer_org_id=payer, call_type="phone", duration_seconds=seconds,
                created_at=at,
            )
        )  # fmt: skip


@in_world()
async def test_a_balance_is_shown_with_its_fractions(world: World) -> None:
    async with world.database.writing() as session:
        await session.execute(update(Organization).values(minutes_balance=500.5))
    assert (await own(world))["minutes_balance"] == 500.5


@in_world()
async def test_account_is_the_deprecated_name_of_organizations(world: World) -> None:
    old, new = (
        await world.client.get("/account?include_children=true"),
        await own(world, query="?include_children=true"),
    )
    assert old.json() == new
    assert old.headers["Deprecation"].startswith("@")
    assert "Deprecation" not in (await world.client.get("/organizations")).headers
    document = (await world.client.get("http://test/openapi.json")).json()["paths"]
    assert document["/api/v1/account"]["get"]["deprecated"]
    assert not document["/api/v1/organizations"]["get"].get("deprecated")


# ---- children ------------------------------------------------------------------------------------


@in_world()
async def test_a_child_has_a_key_of_its_own_that_works_at_once_and_is_shown_once(world: World) -> None:
    answer = await world.client.post("/organizations", json={"name": "  Bakery  "})
    made = answer.json()
    assert answer.status_code == 201
    assert set(made) == {"id", "name", "parent_org_id", "api_key", "created_at"}
    assert (made["name"], made["parent_org_id"]) == ("Bakery", world.org_id)
    shown = await own(world, bearer(made["api_key"]))
    assert (shown["id"], shown["parent_org_id"], shown["created_at"]) == (made["id"], world.org_id, made["created_at"])
    assert (await world.place(PLACE, **bearer(made["api_key"]))).status_code == 201
    assert made["api_key"] not in str(await keys_of(world, query=f"?org_id={made['id']}"))


@in_world()
async def test_children_are_listed_if_asked_for_newest_first(world: World) -> None:
    assert (await own(world, query="?include_children=true"))["children"] == []
    older, childs = await a_child(world, "Older")
    newer, _ = await a_child(world, "Newer")
    shown = (await own(world, query="?include_children=true"))["children"]
    assert [(child["id"], child["name"]) for child in shown] == [(newer, "Newer"), (older, "Older")]
    assert all(set(child) == {"id", "name", "created_at"} for child in shown)
    for query in ("", "?include_children=false"):
        assert "children" not in await own(world, query=query)
    assert (await own(world, childs, "?include_children=true"))["children"] == []
    assert (await own(world, await world.stranger(), "?include_children=true"))["children"] == []
    refused_ = await world.client.get("/organizations?include_children=perhaps")
    assert refused_.json()["details"][0].startswith("include_children: ")
    assert refused_.status_code == 400


@in_world()
async def test_the_parent_is_the_caller_and_nobody_else(world: World) -> None:
    child, childs = await a_child(world)
    for parent in (world.org_id, None):
        made = await world.client.post("/organizations", json={"name": "x", "parent_org_id": parent})
        assert made.json()["parent_org_id"] == world.org_id
    for other in (child, "org_of_nobody", "", (await own(world, await world.stranger()))["id"]):
        answer = await world.client.post("/organizations", json={"name": "x", "parent_org_id": other})
        refused(answer, 404, "not_found", "parent_org_id: not found")
    for body in ({"name": "x"}, {"name": "x", "parent_org_id": child}):
        message = refused(await world.client.post("/organizations", json=body, headers=childs), 409, "conflict")
        assert "cannot have children of its own" in message
    assert len((await own(world, query="?include_children=true"))["children"]) == 3


@in_world()
async def test_the_same_request_twice_is_one_child_whose_key_is_not_shown_again(world: World) -> None:
    key = {"Idempotency-Key": "once"}
    answers = await asyncio.gather(
        *(world.client.post("/organizations", json={"name": "One"}, headers=key) for _ in range(5))
    )
    assert {answer.status_code for answer in answers} == {201}
    made = [answer.json() for answer in answers]
    (text,) = [one["api_key"] for one in made if one["api_key"]]
    assert len({one["id"] for one in made}) == 1
    assert len((await own(world, query="?include_children=true"))["children"]) == 1
    assert (await own(world, bearer(text)))["id"] == made[0]["id"]
    another = await world.client.post("/organizations", json={"name": "Two"}, headers=key)
    refused(another, 409, "idempotency_key_reused")


@in_world()
async def test_there_are_at_most_a_thousand_children(world: World) -> None:
    async with world.database.writing() as session:
        for n in range(MOST_CHILDREN - 1):
            await create_organization(session, str(n), world.org_id)
    answers = await asyncio.gather(*(world.client.post("/organizations", json={"name": "x"}) for _ in range(3)))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409]
    last = next(answer for answer in answers if answer.status_code == 409)
    assert "1000 children" in refused(last, 409, "conflict")
    assert len((await own(world, query="?include_children=true"))["children"]) == MOST_CHILDREN


NAMES = [
    ({}, "name: is required"),
    ({"name": None}, "name: input should be a valid string"),
    ({"name": 7}, "name: input should be a valid string"),
    ({"name": ""}, "name: string should have at least 1 character"),
    ({"name": "  \t "}, "name: string should have at least 1 character"),
    ({"name": "x" * 201}, "name: string should have at most 200 characters"),
    ({"name": "a\nb"}, "name: a name must not contain control characters"),
]


@pytest.mark.parametrize("path", ["/organizations", "/keys"])
def test_a_name_is_1_to_200_characters(path: str, tmp_path: Any) -> None:
    @in_world()
    async def story(world: World) -> None:
        for body, detail in NAMES:
            refused(await world.client.post(path, json=body), 400, "invalid_request", detail)
        answer = await world.client.post(path, json={"name": f" {'é' * 200} "})
        assert answer.status_code == 201
        assert len(await world.rows(ApiKey)) == 2

    story(tmp_path)


@in_world()
async def test_what_is_not_known_is_refused_by_name(world: World) -> None:
    for method, path, body, field in (
        ("POST", "/organizations", {"name": "x", "minutes_balance": 5}, "minutes_balance"),
        ("POST", "/keys", {"name": "x", "scope": "read"}, "scope"),
        ("PATCH", "/organizations", {"content_retention_days": 30, "metadata_retention_days": 30, "name": "x"}, "name"),
    ):
        answer = await world.client.request(method, path, json=body)
        refused(answer, 400, "invalid_request", f"{field}: unknown field")


# ---- retention -----------------------------------------------------------------------------------


@in_world()
async def test_retention_is_set_shown_and_each_organizations_own(world: World) -> None:
    _, childs = await a_child(world)
    body = {"content_retention_days": 90, "metadata_retention_days": 730}
    answer = await world.client.patch("/organizations", json=body)
    assert (answer.status_code, answer.json()) == (200, body)
    shown = await own(world)
    assert {name: shown[name] for name in body} == body
    for other in (childs, await world.stranger()):
        shown = await own(world, other)
        assert {name: shown[name] for name in body} == dict.fromkeys(body)


CONTENT, METADATA = (30, 90, 180, 365), (30, 90, 180, 365, 730)


@in_world()
async def test_content_is_not_kept_longer_than_metadata(world: World) -> None:
    for content in CONTENT:
        for metadata in METADATA:
            body = {"content_retention_days": content, "metadata_retention_days": metadata}
            answer = await world.client.patch("/organizations", json=body)
            if content <= metadata:
                assert answer.json() == body
            else:
                detail = "content_retention_days: must not be longer than metadata_retention_days"
                refused(answer, 400, "invalid_request", detail)


@in_world()
async def test_both_retentions_are_required_and_a_refused_change_changes_nothing(world: World) -> None:
    await world.client.patch("/organizations", json={"content_retention_days": 30, "metadata_retention_days": 30})
    for body, fields in (
        ({}, ["content_retention_days", "metadata_retention_days"]),
        ({"content_retention_days": 90}, ["metadata_retention_days"]),
        ({"metadata_retention_days": 90}, ["content_retention_days"]),
        ({"content_retention_days": None, "metadata_retention_days": 365}, ["content_retention_days"]),
        ({"content_retention_days": 730, "metadata_retention_days": 730}, ["content_retention_days"]),
        ({"content_retention_days": 30, "metadata_retention_days": 31}, ["metadata_retention_days"]),
        ({"content_retention_days": "30", "metadata_retention_days": 30}, ["content_retention_days"]),
    ):
        answer = await world.client.patch("/organizations", json=body)
        assert (answer.status_code, answer.json()["code"]) == (400, "invalid_request")
        assert [detail.partition(":")[0] for detail in answer.json()["details"]] == fields
    shown = await own(world)
    assert (shown["content_retention_days"], shown["metadata_retention_days"]) == (30, 30)


# ---- keys ----------------------------------------------------------------------------------------


@in_world()
async def test_a_new_key_is_shown_once_and_works(world: World) -> None:
    made = await a_key(world, name=" switchboard ", scopes=["read", "control", "read"])
    assert set(made) == {"key", "api_key"}
    key, text = made["key"], made["api_key"]
    assert set(key) == {"id", "name", "prefix", "scopes", "org_id", "created_at", "revoked_at"}
    assert (key["name"], key["scopes"], key["org_id"]) == ("switchboard", ["control", "read"], world.org_id)
    assert text.startswith("tl_live_") and text.startswith(key["prefix"]) and len(key["prefix"]) < 20
    assert key["revoked_at"] is None
    assert (await world.client.get("/calls", headers=bearer(text))).status_code == 200
    assert (await world.place(PLACE, **bearer(text))).status_code == 403
    seen = await world.client.get(f"/keys/{key['id']}")
    assert (seen.status_code, seen.json()) == (200, {"key": key})


@in_world()
async def test_a_key_is_full_unless_something_else_is_said(world: World) -> None:
    made = await a_key(world)
    assert made["key"]["scopes"] == ["full"]
    assert (await world.client.get("/keys", headers=bearer(made["api_key"]))).status_code == 200


@in_world()
async def test_scopes_that_do_not_exist_are_refused(world: World) -> None:
    for scopes, field in (
        ([], "scopes"),
        (["admin"], "scopes[0]"),
        (["read", "Full"], "scopes[1]"),
        ("read", "scopes"),
        (None, "scopes"),
        (["read"] * 5, "scopes"),
        ([["read"]], "scopes[0]"),
    ):
        answer = await world.client.post("/keys", json={"name": "x", "scopes": scopes})
        assert (answer.status_code, answer.json()["code"]) == (400, "invalid_request")
        assert [detail.partition(":")[0] for detail in answer.json()["details"]] == [field]
    assert len(await world.rows(ApiKey)) == 1


@in_world()
async def test_keys_are_listed_oldest_first_in_pages_without_their_texts(world: World) -> None:
    texts = [(await a_key(world, name=name))["api_key"] for name in ("b", "a", "c")]
    answer = (await world.client.get("/keys")).json()
    assert [key["name"] for key in answer["keys"]] == ["test", "b", "a", "c"]
    assert answer["pagination"] == {"total": 4, "limit": 100, "offset": 0}
    assert not any(text in str(answer) for text in [*texts, world.key])
    page = (await world.client.get("/keys?limit=2&offset=1")).json()
    assert [key["name"] for key in page["keys"]] == ["b", "a"]
    assert page["pagination"] == {"total": 4, "limit": 2, "offset": 1}


@in_world()
async def test_the_same_request_twice_is_one_key_whose_text_is_not_shown_again(world: World) -> None:
    key = {"Idempotency-Key": "once"}
    answers = await asyncio.gather(*(world.client.post("/keys", json={"name": "k"}, headers=key) for _ in range(5)))
    assert {answer.status_code for answer in answers} == {201}
    made = [answer.json() for answer in answers]
    (text,) = [one["api_key"] for one in made if one["api_key"]]
    assert len({one["key"]["id"] for one in made}) == 1
    assert (await own(world, bearer(text)))["id"] == world.org_id
    await world.client.delete(f"/keys/{made[0]['key']['id']}")
    again = (await world.client.post("/keys", json={"name": "k"}, headers=key)).json()
    assert (again["key"]["id"], again["api_key"]) == (made[0]["key"]["id"], None)
    assert again["key"]["revoked_at"] is not None


@in_world()
async def test_only_a_full_key_sees_and_makes_keys_and_children(world: World) -> None:
    key_id = (await keys_of(world))[0]["id"]
    for scope in ("read", "control", "calls"):
        weak = await world.key_with(scope)
        assert (await world.client.get("/organizations", headers=weak)).status_code == 200
        for method, path, body in (
            ("POST", "/organizations", {"name": "x"}),
            ("PATCH", "/organizations", {"content_retention_days": 30, "metadata_retention_days": 30}),
            ("GET", "/keys", None),
            ("POST", "/keys", {"name": "x", "scopes": ["read"]}),
            ("GET", f"/keys/{key_id}", None),
            ("DELETE", f"/keys/{key_id}", None),
        ):
            answer = await world.client.request(method, path, json=body, headers=weak)
            refused(answer, 403, "scope_missing")
    assert len(await world.rows(ApiKey)) == 4
    assert len(await world.rows(Organization)) == 1


@in_world()
async def test_a_revoked_key_is_refused_within_a_second_and_stays_in_the_list(world: World) -> None:
    made = await a_key(world)
    path, headers = f"/keys/{made['key']['id']}", bearer(made["api_key"])
    assert (await world.client.get("/calls", headers=headers)).status_code == 200
    answer = await world.client.delete(path)
    assert (answer.status_code, answer.json()) == (200, {"success": True})
    revoked_at = (await world.client.get(path)).json()["key"]["revoked_at"]
    await asyncio.sleep(1)
    refused(await world.client.get("/calls", headers=headers), 401, "unauthorized")
    refused(await world.place(PLACE, **headers), 401, "unauthorized")
    again = await world.client.delete(path)
    assert (again.status_code, again.json()) == (200, {"success": True})
    assert (await world.client.get(path)).json()["key"]["revoked_at"] == revoked_at is not None
    assert [key["revoked_at"] for key in await keys_of(world)] == [None, revoked_at]


@in_world()
async def test_a_key_revoked_over_the_api_stops_watching_within_a_second_too(world: World) -> None:
    made = await a_key(world, scopes=["read"])
    call = await world.live_call()
    async with served(world) as address, httpx.AsyncClient(headers=bearer(made["api_key"])) as client:
        url = f"{address}/api/v1/calls/{call}/live".replace("http", "ws")
        async with connect(url, additional_headers=bearer(made["api_key"])) as socket:
            await socket.recv()
            await asyncio.sleep(0.85)  # now it is known from before the revocation for as long as can be
            assert (await client.get(f"{address}/api/v1/calls")).status_code == 200
            began = clock.monotonic()
            assert (await world.client.delete(f"/keys/{made['key']['id']}")).status_code == 200
            await socket.wait_closed()
            assert clock.monotonic() - began < 1.2
            assert socket.close_code == 1008
            refused(await client.get(f"{address}/api/v1/calls"), 401, "unauthorized")


@in_world()
async def test_the_last_full_key_is_not_revoked(world: World) -> None:
    first = (await keys_of(world))[0]["id"]
    await a_key(world, scopes=["calls"])
    message = refused(await world.client.delete(f"/keys/{first}"), 409, "conflict")
    assert "last active key with the scope 'full'" in message
    second = await a_key(world, scopes=["full", "read"])
    assert (await world.client.delete(f"/keys/{first}", headers=bearer(second["api_key"]))).status_code == 200
    answer = await world.client.delete(f"/keys/{second['key']['id']}", headers=bearer(second["api_key"]))
    refused(answer, 409, "conflict")


@in_world()
async def test_full_keys_that_are_all_revoked_at_once_leave_one(world: World) -> None:
    for _ in range(7):
        await a_key(world)
    every = [key["id"] for key in await keys_of(world)]
    answers = await asyncio.gather(*(world.client.delete(f"/keys/{key_id}") for key_id in every))
    assert sorted(answer.status_code for answer in answers) == [200] * 7 + [409]
    assert sum(row.revoked_at is None for row in await world.rows(ApiKey)) == 1


@in_world()
async def test_an_organization_has_at_most_a_hundred_active_keys(world: World) -> None:
    async with world.database.writing() as session:
        for n in range(MOST_ACTIVE - 1):
            last = await create_key(session, world.org_id, str(n), ["read"])
    message = refused(await world.client.post("/keys", json={"name": "x"}), 409, "conflict")
    assert "100 active keys" in message
    child, _ = await a_child(world)
    await a_key(world, org_id=child)
    await world.client.delete(f"/keys/{last.row.id}")
    answers = await asyncio.gather(*(world.client.post("/keys", json={"name": "x"}) for _ in range(3)))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409]


# ---- between organizations -----------------------------------------------------------------------


@in_world()
async def test_a_parent_manages_the_keys_of_its_children(world: World) -> None:
    child, _ = await a_child(world)
    made = await a_key(world, name="for them", org_id=child, scopes=["calls"])
    assert made["key"]["org_id"] == child
    assert (await own(world, bearer(made["api_key"])))["id"] == child
    assert [key["name"] for key in await keys_of(world, query=f"?org_id={child}")] == ["first", "for them"]
    assert [key["name"] for key in await keys_of(world, query=f"?org_id={world.org_id}")] == ["test"]
    assert [key["name"] for key in await keys_of(world)] == ["test"]
    for key in await keys_of(world, query=f"?org_id={child}"):
        assert (await world.client.get(f"/keys/{key['id']}")).json() == {"key": key}
        assert (await world.client.delete(f"/keys/{key['id']}")).status_code == 200
    assert all(key["revoked_at"] for key in await keys_of(world, query=f"?org_id={child}"))


@in_world()
async def test_nobody_else_sees_a_key_or_makes_one(world: World) -> None:
    child, childs = await a_child(world)
    sibling, siblings = await a_child(world)
    stranger = await world.stranger()
    parents = (await keys_of(world))[0]["id"]
    of_child = (await keys_of(world, childs))[0]["id"]
    for headers, key_id, org_id in (
        (childs, parents, world.org_id),
        (siblings, of_child, child),
        (childs, ids.new("key"), sibling),
        (stranger, parents, world.org_id),
        (stranger, of_child, child),
        (None, "key_%00", "org_of_nobody"),
        (None, "x" * 500, "x"),
    ):
        for method in ("GET", "DELETE"):
            answer = await world.client.request(method, f"/keys/{key_id}", headers=headers)
            assert answer.status_code == 404
        refused(
            await world.client.get(f"/keys?org_id={org_id}", headers=headers), 404, "not_found", "org_id: not found"
        )
        made = await world.client.post("/keys", json={"name": "x", "org_id": org_id}, headers=headers)
        refused(made, 404, "not_found", "org_id: not found")
    rows = await world.rows(ApiKey)
    assert len(rows) == 4
    assert not any(row.revoked_at for row in rows)


@in_world()
async def test_a_child_does_not_see_what_its_parent_has(world: World) -> None:
    _, childs = await a_child(world)
    call_id = (await world.place()).json()["call_id"]
    assert (await world.client.get(f"/calls/{call_id}", headers=childs)).status_code == 404
    shown = await own(world, childs)
    assert (shown["active_calls"], shown["minutes_balance"]) == (0, None)
    assert len(await world.rows(CallRow)) == 1


# ---- health --------------------------------------------------------------------------------------


@in_world()
async def test_health_needs_no_key_and_says_how_the_database_fares(world: World) -> None:
    for path in ("/health", "http://test/health"):
        answer = await world.client.get(path, headers={"Authorization": ""})
        assert answer.status_code == 200
        shown = answer.json()
        assert set(shown) == {"status", "timestamp", "version", "checks"}
        assert shown["status"] == "ok"
        assert set(shown["checks"]) == {"database"}
        assert shown["checks"]["database"]["status"] == "ok"
        assert shown["checks"]["database"]["latency_ms"] >= 0


@in_world()
async def test_ready_is_503_until_a_worker_is_heard_of(world: World) -> None:
    for path in ("/ready", "http://test/ready"):
        answer = await world.client.get(path, headers={"Authorization": ""})
        assert (answer.status_code, answer.json()["status"]) == (503, "not ready")
        assert answer.json()["checks"]["workers"] == {"status": "error", "count": 0}
    await world.worker.beat()
    answer = await world.client.get("/ready")
    assert (answer.status_code, answer.json()["status"]) == (200, "ready")
    assert set(answer.json()["checks"]) == {"database", "bus", "workers"}
