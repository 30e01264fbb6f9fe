"""One organization tries the ids of another on every URL there is: it is told that they do not exist, and nothing happens.

The URLs come from the table of routes, so a new one is tried as soon as it is there; one whose parameters or whose body
nobody has described here fails.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import pytest
from api_world import ECHO, SANDBOX
from contract_client import Api, got, page, refused, serving
from sqlalchemy import select

from trunkline.api.routes import BASE, SOCKETS, URLS, Url
from trunkline.storage.columns import Table

IDS = re.compile(r"_ids?$|^after$")
"""Fields that hold ids of something."""

SCHEDULE = {"schedule_start_time": "09:00:00", "schedule_end_time": "17:00:00", "timezone": "Europe/Amsterdam"}
RETENTION = {"content_retention_days": 30, "metadata_retention_days": 30}

BODIES: dict[tuple[str, str], dict[str, Any]] = {
    ("PATCH", "/assistants/{assistant_id}"): {"name": "Taken over"},
    ("PATCH", "/agents/{assistant_id}"): {"name": "Taken over"},
    ("PATCH", "/numbers/{number_id}"): {"is_active": False},
    ("PATCH", "/campaigns/{campaign_id}"): {"name": "Taken over"},
    ("POST", "/campaigns/{campaign_id}/leads"): {"phone_number": "+31201234999"},
    ("POST", "/calls/{call_id}/control"): {"type": "say", "content": "Taken over."},
    ("POST", "/calls/{call_id}/tickets"): {},
}
"""What would be done if the id were the caller's own, for each URL with an id and a body."""

NOBODYS = {
    "transfer_trunk_id": "there are no trunks yet: no value is anybody's",
    "workflow_id": "there are no workflows yet: no value is anybody's",
}
"""Fields of bodies that name what no organization can have."""


class Owned(NamedTuple):
    """One of each thing that an organization can have, by the name its id has in paths."""

    assistant_id: str
    call_id: str
    command_id: str
    number_id: str
    campaign_id: str
    lead_id: str
    key_id: str
    org_id: str


def everything_of(api: Api, phone_number: str) -> Owned:
    assistant = api.assistant()["id"]
    call = api.live_call(assistant_id=assistant)
    command = got(api.control(call, type="say", content="Hello."))["command_id"]
    number = api.number(phone_number)["id"]
    campaign = api.campaign(agent_id=assistant, leads=[{"phone_number": "+31201234567"}])["id"]
    lead = page(api.get(f"/campaigns/{campaign}/leads"), "leads")[0]["id"]
    key = got(api.post("/keys", {"name": "second", "scopes": ["full"]}), 201)["key"]["id"]
    return Owned(assistant, call, command, number, campaign, lead, key, got(api.get("/organizations"))["id"])


class Two(NamedTuple):
    ours: Api
    own: Owned
    theirs: Api
    """The organization that tries."""
    their_own: Owned


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Two]:
    with serving(tmp_path_factory.mktemp("world")) as ours:
        theirs = ours.newcomer()
        yield Two(ours, everything_of(ours, "+31201238001"), theirs, everything_of(theirs, "+31201238002"))


@pytest.fixture(scope="module")
def child(two: Two) -> Api:
    """An organization below ours: not a stranger, and no more entitled."""
    made = got(two.ours.post("/organizations", {"name": "Child"}), 201)
    return Api(two.ours.runner, two.ours.world, made["api_key"])


def with_ids() -> list[Url]:
    return [url for url in URLS if "{" in url.path]


def parameters(path: str) -> list[str]:
    return re.findall(r"{(\w+)}", path)


def filled(path: str, owned: Owned) -> str:
    return path.format(**owned._asdict())


def title(url: Url) -> str:
    return f"{url.method} {url.path}"


def holdings(api: Api) -> str:
    """Every row of every table, and what the worker was asked; when a key was last used is nobody's business."""

    async def rows() -> dict[str, list[str]]:
        found = {}
        async with api.world.database.engine.connect() as connection:
            for table in Table.metadata.sorted_tables:
                kept = [column for column in table.columns if column.name != "last_used_at"]
                found[table.name] = sorted(map(str, await connection.execute(select(*kept))))
        return found

    worker = api.world.worker
    return json.dumps([api.run(rows()), len(worker.asked), len(worker.commanded)], indent=1)


# ---- nothing is left out -------------------------------------------------------------------------


def test_every_parameter_of_a_path_is_the_id_of_something_we_have_here() -> None:
    paths = [url.path for url in URLS] + [path for path, _ in SOCKETS]
    unknown = {name for path in paths for name in parameters(path)} - set(Owned._fields)
    assert not unknown, f"make one of {sorted(unknown)} in `everything_of`, so that strangers can try it"


def test_every_url_with_an_id_and_a_body_has_a_body_here() -> None:
    missing = [
        title(url) for url in with_ids() if url.method not in ("GET", "DELETE") and (url.method, url.path) not in BODIES
    ]
    assert not missing, f"say in `BODIES` what a stranger would try with {missing}"


def test_every_field_of_a_body_that_holds_an_id_is_tried() -> None:
    fields = {
        (url.method, url.path, name)
        for url in URLS
        for body in url.bodies
        for name in body.model_fields
        if IDS.search(name) and name not in NOBODYS
    }
    tried = {(case.method, case.path, case.field) for case in CASES}
    assert fields <= tried, f"add to `CASES`: {sorted(fields - tried)}"


def test_every_parameter_of_a_query_that_holds_an_id_is_tried(two: Two) -> None:
    document = got(two.ours.get("http://test/openapi.json"))
    found = {
        (path.removeprefix(BASE), parameter["name"])
        for path, methods in document["paths"].items()
        for operation in methods.values()
        for parameter in operation.get("parameters", [])
        if parameter["in"] == "query" and re.search(r"_ids?$", parameter["name"])
    }
    assert found == set(QUERIES)


# ---- ids in paths --------------------------------------------------------------------------------


@pytest.mark.parametrize("url", with_ids(), ids=title)
def test_a_stranger_is_told_that_it_does_not_exist_and_nothing_changes(two: Two, url: Url) -> None:
    before = holdings(two.ours)
    answer = two.theirs.send(url.method, filled(url.path, two.own), BODIES.get((url.method, url.path)))
    refused(answer, 404, "not_found")
    assert holdings(two.ours) == before


@pytest.mark.parametrize("url", with_ids(), ids=title)
def test_a_child_is_told_the_same(two: Two, child: Api, url: Url) -> None:
    before = holdings(two.ours)
    answer = child.send(url.method, filled(url.path, two.own), BODIES.get((url.method, url.path)))
    refused(answer, 404, "not_found")
    assert holdings(two.ours) == before


@pytest.mark.parametrize("url", [url for url in with_ids() if len(parameters(url.path)) == 2], ids=title)
def test_the_second_id_of_a_path_is_no_way_in_either(two: Two, url: Url) -> None:
    """One's own call or campaign, and another's command or lead in it; and the other way about."""
    _, second = parameters(url.path)
    before = holdings(two.ours)
    for owned in (
        two.their_own._replace(**{second: getattr(two.own, second)}),
        two.own._replace(**{second: getattr(two.their_own, second)}),
    ):
        refused(
            two.theirs.send(url.method, filled(url.path, owned), BODIES.get((url.method, url.path))), 404, "not_found"
        )
    assert holdings(two.ours) == before


@pytest.mark.parametrize("path", [path for path, _ in SOCKETS])
def test_a_socket_is_refused_with_404_before_the_upgrade(two: Two, path: str) -> None:
    before = holdings(two.ours)
    for api, status in ((two.theirs, 404), (two.ours, 101)):
        assert api.upgrade(filled(path, two.own), {"Authorization": f"Bearer {api.key}"}) == status
    assert holdings(two.ours) == before


# ---- ids in bodies -------------------------------------------------------------------------------


class Case(NamedTuple):
    method: str
    path: str
    field: str
    """Where another's id stands."""
    owned: str
    """Which of another's ids."""
    body: dict[str, Any] = {}
    spelled: str = ""
    """The field as the client wrote it, where that is an old name."""
    many: bool = False


LEAD = {"phone_number": "+31201234568"}
NUMBER = {"phone_number": "+31201238003"}
CAMPAIGN = {"name": "Theirs", **SCHEDULE}
CALL = {"destination": ECHO}
CONTROLLED = "/calls/{call_id}/control"

CASES = [
    *(Case("POST", path, "assistant_id", "assistant_id", CALL) for path in ("/calls", "/calls/outbound")),
    *(Case("POST", path, "assistant_id", "assistant_id", CALL, "agent_id") for path in ("/calls", "/calls/outbound")),
    *(
        Case("POST", path, "number_id", "number_id", {**CALL, "assistant": SANDBOX})
        for path in ("/calls", "/calls/outbound")
    ),
    Case("POST", "/numbers", "assistant_id", "assistant_id", NUMBER),
    Case("POST", "/numbers", "assistant_id", "assistant_id", NUMBER, "agent_id"),
    Case("POST", "/numbers", "reserved_for_org_id", "org_id", NUMBER),
    Case("PATCH", "/numbers/{number_id}", "assistant_id", "assistant_id"),
    Case("PATCH", "/numbers/{number_id}", "assistant_id", "assistant_id", {}, "agent_id"),
    Case("PATCH", "/numbers/{number_id}", "reserved_for_org_id", "org_id"),
    Case("POST", "/campaigns", "assistant_id", "assistant_id", CAMPAIGN),
    Case("POST", "/campaigns", "assistant_id", "assistant_id", CAMPAIGN, "agent_id"),
    Case("POST", "/campaigns", "number_ids", "number_id", CAMPAIGN, many=True),
    Case("PATCH", "/campaigns/{campaign_id}", "assistant_id", "assistant_id"),
    Case("PATCH", "/campaigns/{campaign_id}", "number_ids", "number_id", many=True),
    Case("POST", "/organizations", "parent_org_id", "org_id", {"name": "Theirs"}),
    Case("POST", "/keys", "org_id", "org_id", {"name": "Theirs", "scopes": ["full"]}),
    Case("POST", CONTROLLED, "after", "command_id", {"type": "say", "content": "Hello."}),
    Case("POST", CONTROLLED, "command_id", "command_id", {"type": "cancel"}),
]

ABOUT_THE_CALL = {"command_id"}
"""Whether a command can be taken back is known to the worker of the call it is sent to, and to nobody else."""


def body_of(case: Case, two: Two) -> dict[str, Any]:
    value: Any = getattr(two.own, case.owned)
    body = {**case.body, (case.spelled or case.field): [value] if case.many else value}
    if case.path == "/campaigns" and case.field != "assistant_id":
        body["assistant_id"] = two.their_own.assistant_id
    return body


def name_of(case: Case) -> str:
    return f"{case.method} {case.path} {case.spelled or case.field}"


@pytest.mark.parametrize("case", [case for case in CASES if case.field not in ABOUT_THE_CALL], ids=name_of)
def test_anothers_id_in_a_body_is_refused_by_its_field_and_nothing_changes(two: Two, case: Case) -> None:
    before = holdings(two.ours)
    answer = two.theirs.send(case.method, filled(case.path, two.their_own), body_of(case, two))
    assert answer.status_code in (400, 404), answer.text
    said = refused(answer, answer.status_code)
    assert case.field in str(said) or (case.spelled and case.spelled in str(said))
    assert "Test" not in str(said) and "Ann" not in str(said)
    assert holdings(two.ours) == before


@pytest.mark.parametrize("case", [case for case in CASES if case.field in ABOUT_THE_CALL], ids=name_of)
def test_anothers_command_is_sent_to_ones_own_call_alone(two: Two, case: Case) -> None:
    ours_before = commands_of(two.ours, two.own.call_id)
    asked = len(two.ours.world.worker.commanded)
    two.theirs.send(case.method, filled(case.path, two.their_own), body_of(case, two))
    assert commands_of(two.ours, two.own.call_id) == ours_before
    commanded = two.ours.world.worker.commanded[asked:]
    assert not [each for each in commanded if two.own.call_id in str(each)]


def commands_of(api: Api, call_id: str) -> tuple[Any, list[str]]:
    return page(api.get(f"/calls/{call_id}/commands"), "commands"), list(api.world.worker.lives[call_id].commands)


QUERIES = [("/keys", "org_id")]


@pytest.mark.parametrize(("path", "name"), QUERIES)
def test_anothers_id_in_a_query_finds_nothing(two: Two, path: str, name: str) -> None:
    answer = two.theirs.get(f"{path}?{name}={getattr(two.own, name)}")
    assert answer.status_code in (400, 404), answer.text


def test_a_child_reaches_its_parent_and_its_siblings_by_no_field(two: Two, child: Api) -> None:
    sibling = got(two.ours.post("/organizations", {"name": "Sibling"}), 201)["id"]
    before = holdings(two.ours)
    for org_id in (two.own.org_id, sibling):
        for path, body in (
            ("/keys", {"name": "x", "scopes": ["full"], "org_id": org_id}),
            ("/organizations", {"name": "x", "parent_org_id": org_id}),
            ("/numbers", {**NUMBER, "reserved_for_org_id": org_id}),
        ):
            answer = child.post(path, body)
            assert answer.status_code in (400, 404), (path, answer.text)
    assert holdings(two.ours) == before


# ---- lists and keys ------------------------------------------------------------------------------


@pytest.mark.parametrize("url", [url for url in URLS if url.method == "GET" and "{" not in url.path], ids=title)
def test_no_list_shows_anything_of_another(two: Two, url: Url) -> None:
    answer = two.theirs.get(url.path)
    shown = [id for id in two.own if id in answer.text]
    assert not shown, f"{url.path} shows {shown}"


def test_the_same_idempotency_key_is_another_key_for_another_organization(two: Two) -> None:
    key = {"Idempotency-Key": "the same"}
    placed: list[httpx.Response] = [
        api.post("/calls", {**CALL, "assistant": SANDBOX}, key) for api in (two.ours, two.theirs)
    ]
    ids = [got(answer, 201)["call_id"] for answer in placed]
    assert ids[0] != ids[1]
    refused(two.theirs.get(f"/calls/{ids[0]}"), 404)


# ---- the ids are real ----------------------------------------------------------------------------


def test_their_owner_is_served_with_the_very_same_requests(tmp_path: Path) -> None:
    """What is deleted is deleted last, and what stands in something else before it."""
    with serving(tmp_path) as api:
        owned = everything_of(api, "+31201238001")
        order = sorted(with_ids(), key=lambda url: (url.method == "DELETE", -len(parameters(url.path))))
        for url in order:
            if url.method == "DELETE" and url.path.startswith("/agents"):
                continue
            if url.method == "DELETE" and url.path.startswith("/assistants"):
                owned = owned._replace(assistant_id=api.assistant()["id"])
            answer = api.send(url.method, filled(url.path, owned), BODIES.get((url.method, url.path)))
            ready = 409 if url.path.endswith("/recording") else url.status
            assert answer.status_code == ready, (title(url), answer.text)


def test_a_body_with_ones_own_ids_is_served(two: Two) -> None:
    """So what was refused above was refused for the id alone."""
    child = got(two.theirs.post("/organizations", {"name": "Child"}), 201)["id"]
    for n, case in enumerate(CASES):
        owned = two.their_own._replace(org_id=child) if case.field == "reserved_for_org_id" else two.their_own
        body = body_of(case, two._replace(own=owned))
        if "phone_number" in body:
            body["phone_number"] = f"+312012391{n:02}"
        answer = two.theirs.send(case.method, filled(case.path, two.their_own), body)
        assert answer.status_code in (200, 201), (name_of(case), answer.text)
