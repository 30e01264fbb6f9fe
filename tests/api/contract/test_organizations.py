"""The organization of a key, its children, and how long it keeps what it knows."""

from __future__ import annotations

from typing import Any

import pytest
from contract_client import NOBODY, Api, got, page, refused, timestamp

FIELDS = {
    "id",
    "name",
    "minutes_balance",
    "monthly_usage_minutes",
    "active_numbers",
    "active_agents",
    "active_calls",
    "has_local_models_access",
    "parent_org_id",
}
RETENTION = {"content_retention_days": 30, "metadata_retention_days": 90}


def bearer(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}


def test_the_organization_of_the_key_is_a_bare_object(api: Api) -> None:
    own = got(api.get("/organizations"))
    assert set(own) >= FIELDS
    assert "organization" not in own
    assert own["minutes_balance"] is None
    assert own["parent_org_id"] is None
    for name in ("active_numbers", "active_agents", "active_calls"):
        assert type(own[name]) is int


def test_account_is_the_old_name_of_organizations(api: Api) -> None:
    answer = api.get("/account")
    assert got(answer) == got(api.get("/organizations"))
    assert "Deprecation" in answer.headers
    assert "Deprecation" not in api.get("/organizations").headers


def test_what_is_active_is_counted(fresh: Api) -> None:
    fresh.assistant()
    fresh.assistant(is_active=False)
    fresh.live_call()
    fresh.ended_call()
    own = got(fresh.get("/organizations"))
    assert (own["active_agents"], own["active_calls"]) == (1, 1)


def test_a_child_gets_a_key_that_is_shown_once_and_works(api: Api) -> None:
    own = got(api.get("/organizations"))
    made = got(api.post("/organizations", {"name": "Child", "parent_org_id": own["id"]}), 201)
    assert set(made) >= {"id", "name", "parent_org_id", "api_key", "created_at"}
    assert (made["name"], made["parent_org_id"]) == ("Child", own["id"])
    timestamp(made["created_at"])
    assert made["api_key"].startswith("tl_live_")
    assert len(made["api_key"].removeprefix("tl_live_")) >= 32
    child = got(api.get("/organizations", bearer(made["api_key"])))
    assert (child["id"], child["name"], child["parent_org_id"]) == (made["id"], "Child", own["id"])
    assert made["api_key"] not in api.get("/organizations?include_children=true").text
    assert made["api_key"] not in api.get("/organizations", bearer(made["api_key"])).text


def test_children_are_shown_when_asked_for(fresh: Api) -> None:
    own = got(fresh.get("/organizations"))
    assert "children" not in own
    made = got(fresh.post("/organizations", {"name": "Child", "parent_org_id": own["id"]}), 201)
    children = got(fresh.get("/organizations?include_children=true"))["children"]
    assert [set(child) for child in children] == [{"id", "name", "created_at"}]
    assert (children[0]["id"], children[0]["name"]) == (made["id"], "Child")
    assert "children" not in got(fresh.get("/organizations?include_children=false"))
    assert got(fresh.get("/organizations?include_children=true", fresh.stranger()))["children"] == []


def test_what_a_child_has_is_its_own(api: Api) -> None:
    own = got(api.get("/organizations"))
    child = bearer(got(api.post("/organizations", {"name": "Child", "parent_org_id": own["id"]}), 201)["api_key"])
    saved, call_id = api.assistant(), api.live_call()
    for path in (f"/assistants/{saved['id']}", f"/calls/{call_id}"):
        refused(api.get(path, child), 404)
    assert page(api.get("/calls", child), "calls") == []
    assert page(api.get("/assistants", child), "assistants") == []


@pytest.mark.parametrize("body", [{}, {"name": None}, {"name": ""}, {"name": 5}, {"name": "x", "typo": 1}])
def test_a_child_needs_a_name_and_nothing_unknown(api: Api, body: dict[str, Any]) -> None:
    refused(api.post("/organizations", body), 400, "invalid_request", "typo" if "typo" in body else "name")


def test_nobody_is_no_parent(api: Api) -> None:
    answer = api.post("/organizations", {"name": "Child", "parent_org_id": NOBODY})
    assert answer.status_code in (400, 403, 404)
    refused(answer, answer.status_code)


@pytest.mark.parametrize("content", [30, 90, 180, 365])
@pytest.mark.parametrize("metadata", [30, 90, 180, 365, 730])
def test_content_is_kept_no_longer_than_metadata(api: Api, content: int, metadata: int) -> None:
    body = {"content_retention_days": content, "metadata_retention_days": metadata}
    answer = api.patch("/organizations", body)
    if content <= metadata:
        assert got(answer).items() >= body.items()
    else:
        refused(answer, 400, "invalid_request")


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"content_retention_days": None}, "content_retention_days"),
        ({"metadata_retention_days": None}, "metadata_retention_days"),
        ({"content_retention_days": 31}, "content_retention_days"),
        ({"content_retention_days": 730, "metadata_retention_days": 730}, "content_retention_days"),
        ({"metadata_retention_days": 3650}, "metadata_retention_days"),
        ({"metadata_retention_days": "90"}, "metadata_retention_days"),
        ({"typo": 1}, "typo"),
    ],
)
def test_only_the_documented_periods_are_taken(api: Api, change: dict[str, Any], path: str) -> None:
    refused(api.patch("/organizations", {**RETENTION, **change}), 400, "invalid_request", path)


def test_both_periods_are_required(api: Api) -> None:
    for name in RETENTION:
        body = {other: days for other, days in RETENTION.items() if other != name}
        refused(api.patch("/organizations", body), 400, "invalid_request", name)


def test_a_key_without_the_scope_changes_nothing(api: Api) -> None:
    reader = api.key_with("read")
    for method, path, body in (
        ("POST", "/assistants", {"name": "Ann"}),
        ("POST", "/calls/outbound", {"destination": "+15005550001"}),
        ("POST", "/numbers", {"phone_number": "+31201239999"}),
        ("POST", "/organizations", {"name": "Child"}),
        ("PATCH", "/organizations", RETENTION),
        ("POST", "/campaigns", {"name": "x"}),
    ):
        refused(api.send(method, path, body, reader), 403, "scope_missing")
