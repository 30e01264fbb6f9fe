"""What every endpoint of the reference answers in: one name around one thing, a plural around many, and who may see it."""

from __future__ import annotations

from typing import Any, NamedTuple
from uuid import UUID

import pytest
from contract_client import NOBODY, Api, got, page, refused


class Resource(NamedTuple):
    path: str
    one: str
    many: str
    changed: dict[str, Any]


ASSISTANTS = Resource("/assistants", "assistant", "assistants", {"name": "Other"})
AGENTS = Resource("/agents", "assistant", "assistants", {"name": "Other"})
NUMBERS = Resource("/numbers", "number", "numbers", {"is_active": False})
CAMPAIGNS = Resource("/campaigns", "campaign", "campaigns", {"name": "Other"})
RESOURCES = [ASSISTANTS, AGENTS, NUMBERS, CAMPAIGNS]

LISTS = {
    "/assistants": "assistants",
    "/agents": "assistants",
    "/numbers": "numbers",
    "/calls": "calls",
    "/campaigns": "campaigns",
    "/voices": "voices",
    "/usage": "logs",
}

every_resource = pytest.mark.parametrize("resource", RESOURCES, ids=lambda resource: resource.path)


class Made(NamedTuple):
    ids: dict[str, str]
    lead: str
    call: str


@pytest.fixture(scope="module")
def made(api: Api) -> Made:
    assistant = api.assistant()["id"]
    campaign = api.campaign(agent_id=assistant, leads=[{"phone_number": "+31201234567"}])["id"]
    number = api.number("+31201237001")["id"]
    lead = page(api.get(f"/campaigns/{campaign}/leads"), "leads")[0]["id"]
    ids = {"/assistants": assistant, "/agents": assistant, "/numbers": number, "/campaigns": campaign}
    return Made(ids, lead, api.live_call())


def everything(made: Made) -> list[tuple[str, str, Any]]:
    """Every endpoint that asks for a key, with a body it could take."""
    endpoints: list[tuple[str, str, Any]] = []
    for path, _, _, changed in RESOURCES:
        one = f"{path}/{made.ids[path]}"
        endpoints += [("GET", path, None), ("POST", path, {}), ("GET", one, None), ("PATCH", one, changed)]
        endpoints += [("DELETE", one, None)]
    leads = f"/campaigns/{made.ids['/campaigns']}/leads"
    return [
        *endpoints,
        ("GET", "/account", None),
        ("GET", "/organizations", None),
        ("POST", "/organizations", {"name": "Child"}),
        ("PATCH", "/organizations", {"content_retention_days": 30, "metadata_retention_days": 30}),
        ("GET", "/calls", None),
        ("GET", f"/calls/{made.call}", None),
        ("POST", "/calls", {}),
        ("POST", "/calls/outbound", {}),
        ("POST", f"/calls/{made.call}/control", {"type": "end-call"}),
        ("GET", f"/calls/{made.call}/events", None),
        ("GET", f"/calls/{made.call}/state", None),
        ("GET", f"/calls/{made.call}/recording", None),
        ("POST", f"/calls/{made.call}/tickets", {}),
        ("GET", "/usage", None),
        ("GET", "/voices", None),
        ("GET", leads, None),
        ("POST", leads, {"phone_number": "+31201234567"}),
        ("DELETE", f"{leads}/{made.lead}", None),
    ]


def test_health_needs_no_key(api: Api) -> None:
    answer = api.get("/health", {"Authorization": ""})
    body = got(answer)
    assert body["status"] == "ok"
    assert set(body) >= {"status", "timestamp", "version", "checks"}
    assert body["checks"]["database"]["status"]
    assert isinstance(body["checks"]["database"]["latency_ms"], (int, float))


def test_everything_else_is_401_without_a_key_and_changes_nothing(api: Api, made: Made) -> None:
    for method, path, body in everything(made):
        for key in ("", "Bearer tl_live_0123456789abcdef0123456789abcdef0123"):
            refused(api.send(method, path, body, {"Authorization": key}), 401, "unauthorized")
    for path, id in made.ids.items():
        got(api.get(f"{path}/{id}"))
    assert api.world.worker.lives[made.call].commands == {}


# ---- one -----------------------------------------------------------------------------------------


@every_resource
def test_one_stands_under_its_name(api: Api, made: Made, resource: Resource) -> None:
    url = f"{resource.path}/{made.ids[resource.path]}"
    for answer in (api.get(url), api.patch(url, {})):
        body = got(answer)
        assert body[resource.one]["id"] == made.ids[resource.path]
        assert set(body) <= {resource.one, "warnings"}


def test_a_call_an_organization_and_an_account_are_bare(api: Api, made: Made) -> None:
    assert got(api.get(f"/calls/{made.call}"))["id"] == made.call
    for path in ("/organizations", "/account"):
        assert got(api.get(path))["id"] == api.world.org_id


@every_resource
def test_what_does_not_exist_is_404(api: Api, resource: Resource) -> None:
    url = f"{resource.path}/{NOBODY}"
    for answer in (api.get(url), api.patch(url, resource.changed), api.delete(url)):
        refused(answer, 404, "not_found")


@every_resource
def test_what_is_anothers_is_404_and_stays(api: Api, made: Made, resource: Resource) -> None:
    stranger = api.stranger()
    url = f"{resource.path}/{made.ids[resource.path]}"
    before = got(api.get(url))
    for answer in (api.get(url, stranger), api.patch(url, resource.changed, stranger), api.delete(url, stranger)):
        refused(answer, 404, "not_found")
    assert got(api.get(url)) == before


def test_anothers_leads_are_404_and_stay(api: Api, made: Made) -> None:
    stranger = api.stranger()
    leads = f"/campaigns/{made.ids['/campaigns']}/leads"
    for answer in (
        api.get(leads, stranger),
        api.post(leads, {"phone_number": "+31201234999"}, stranger),
        api.delete(f"{leads}/{made.lead}", stranger),
    ):
        refused(answer, 404, "not_found")
    assert [lead["id"] for lead in page(api.get(leads), "leads")] == [made.lead]


def test_anothers_call_is_404_and_goes_on(api: Api, made: Made) -> None:
    stranger = api.stranger()
    for method, path, body in everything(made):
        if made.call in path:
            refused(api.send(method, path, body, stranger), 404, "not_found")
    assert got(api.get(f"/calls/{made.call}"))["status"] == "in-progress"


def test_a_ticket_is_made_for_a_call_of_ones_own(api: Api, made: Made) -> None:
    assert api.post(f"/calls/{made.call}/tickets", {}).status_code in (200, 201)
    refused(api.post(f"/calls/{NOBODY}/tickets", {}), 404, "not_found")


@pytest.mark.parametrize("resource", [ASSISTANTS, NUMBERS, CAMPAIGNS], ids=lambda resource: resource.path)
def test_a_delete_answers_success(api: Api, resource: Resource) -> None:
    id = {
        "/assistants": lambda: api.assistant()["id"],
        "/numbers": lambda: api.number("+31201237002")["id"],
        "/campaigns": lambda: api.campaign()["id"],
    }[resource.path]()
    answer = api.delete(f"{resource.path}/{id}")
    assert got(answer) == {"success": True}


# ---- many ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", LISTS)
def test_many_stand_under_their_name_in_pages_of_100(api: Api, made: Made, path: str) -> None:
    body = got(api.get(path))
    assert set(body) - {"summary"} == {LISTS[path], "pagination"}
    assert (body["pagination"]["limit"], body["pagination"]["offset"]) == (100, 0)
    for limit in (1, 1000):
        answer = api.get(f"{path}?limit={limit}")
        assert got(answer)["pagination"] == {"total": body["pagination"]["total"], "limit": limit, "offset": 0}
        page(answer, LISTS[path])


def test_leads_are_such_a_list_too(api: Api, made: Made) -> None:
    leads = f"/campaigns/{made.ids['/campaigns']}/leads"
    assert len(page(api.get(leads), "leads")) == 1
    assert got(api.get(f"{leads}?limit=10"))["pagination"] == {"total": 1, "limit": 10, "offset": 0}
    assert page(api.get(f"{leads}?limit=1&offset=1"), "leads") == []
    for query in ("limit=1001", "limit=x", "offset=-1"):
        refused(api.get(f"{leads}?{query}"), 400, "invalid_request", query.partition("=")[0])


@pytest.mark.parametrize("path", LISTS)
@pytest.mark.parametrize("query", ["limit=1001", "limit=-1", "limit=x", "offset=-1", "offset=x", "limit=1.5"])
def test_a_page_that_cannot_be_meant_is_400(api: Api, path: str, query: str) -> None:
    refused(api.get(f"{path}?{query}"), 400, "invalid_request", query.partition("=")[0])


@pytest.mark.parametrize("resource", [ASSISTANTS, NUMBERS, CAMPAIGNS], ids=lambda resource: resource.path)
def test_pages_leave_nothing_out_and_repeat_nothing(fresh: Api, resource: Resource) -> None:
    agent = fresh.assistant()["id"]
    for n in range(5):
        match resource.path:
            case "/assistants":
                fresh.assistant()
            case "/numbers":
                fresh.number(f"+3120123710{n}")
            case _:
                fresh.campaign(agent_id=agent)
    whole = [each["id"] for each in page(fresh.get(resource.path), resource.many)]
    paged = []
    for offset in range(0, len(whole), 2):
        paged += [each["id"] for each in page(fresh.get(f"{resource.path}?limit=2&offset={offset}"), resource.many)]
    assert paged == whole
    assert len(set(whole)) == len(whole) >= 5


@pytest.mark.parametrize("path", [path for path in LISTS if path != "/voices"])
def test_a_list_holds_nothing_of_others(api: Api, made: Made, path: str) -> None:
    assert page(api.get(path, api.stranger()), LISTS[path]) == []


# ---- once ----------------------------------------------------------------------------------------


def test_an_idempotency_key_makes_one_of_two_on_every_post(api: Api, made: Made) -> None:
    agent = made.ids["/assistants"]
    schedule = {"schedule_start_time": "09:00:00", "schedule_end_time": "17:00:00", "timezone": "Europe/Amsterdam"}
    leads = f"/campaigns/{made.ids['/campaigns']}/leads"
    for path, body in (
        ("/assistants", {"name": "Once"}),
        ("/agents", {"name": "Once"}),
        ("/numbers", {"phone_number": "+31201237003"}),
        ("/campaigns", {"name": "Once", "agent_id": agent, **schedule}),
        (leads, {"phone_number": "+31201237004"}),
    ):
        key = {"Idempotency-Key": f"once {path}"}
        first, second = (got(api.post(path, body, key), 201) for _ in range(2))
        assert first == second
        other = {**body, "phone_number": "+31201237005"} if "phone_number" in body else {**body, "name": "Twice"}
        refused(api.post(path, other, key), 409, "idempotency_key_reused")


def test_a_child_and_its_key_are_made_once_too(api: Api) -> None:
    for path, body in (("/organizations", {"name": "Once"}), ("/keys", {"name": "Once", "scopes": ["read"]})):
        before = children_and_keys(api)
        for _ in range(2):
            got(api.post(path, body, {"Idempotency-Key": f"once {path}"}), 201)
        assert children_and_keys(api) == before + 1


def children_and_keys(api: Api) -> int:
    children = got(api.get("/organizations?include_children=true"))["children"]
    return len(children) + int(got(api.get("/keys"))["pagination"]["total"])


@pytest.mark.parametrize("resource", [ASSISTANTS, NUMBERS, CAMPAIGNS], ids=lambda resource: resource.path)
def test_ids_of_resources_are_uuids(made: Made, resource: Resource) -> None:
    assert str(UUID(made.ids[resource.path])) == made.ids[resource.path]
