"""The OpenAPI document: complete, true to itself, with an example of everything; and the page that shows it."""

from __future__ import annotations

import asyncio
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import described
import httpx
import pytest
from api_world import PLACE, World, in_world

from trunkline.api import refusals
from trunkline.api.routes import BASE, URLS
from trunkline.errors import Problem

SEED = [
    {"type": "inject-context", "content": "The customer has been verified as John Smith, account #12345", "trigger_response": True},
]  # fmt: skip


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    return described.document()


def operations(document: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    return [(m.upper(), path, o) for path, methods in document["paths"].items() for m, o in methods.items()]


def contents(operation: dict[str, Any]) -> list[dict[str, Any]]:
    """Every body that an operation takes or gives, with its examples."""
    parts = [operation.get("requestBody", {}), *map(described.resolved, operation["responses"].values())]
    return [content for part in parts for media, content in part.get("content", {}).items() if media.endswith("json")]


def named(value: Any, key: str) -> list[Any]:
    """Every value of `key`, wherever it is."""
    if isinstance(value, list):
        return [found for item in value for found in named(item, key)]
    if not isinstance(value, dict):
        return []
    return [item for name, item in value.items() if name == key] + [
        found for item in value.values() for found in named(item, key)
    ]


def test_every_url_is_an_operation_that_says_what_it_answers(document: dict[str, Any]) -> None:
    told = {(method, path): operation for method, path, operation in operations(document)}
    assert set(told) == {(url.method, BASE + url.path) for url in URLS}
    for url in URLS:
        operation = told[url.method, BASE + url.path]
        content = operation["responses"][str(url.status)]["content"]
        assert content[url.media].get("schema"), f"{url.method} {url.path} says nothing of its answer"
        assert url.answer is not None or url.media != "application/json"
        assert operation["summary"] and operation["description"] and operation["tags"]
        assert bool(url.bodies) == ("requestBody" in operation)
    tags = {tag["name"] for tag in document["tags"]}
    assert {tag for operation in told.values() for tag in operation["tags"]} == tags


def test_operations_have_names_that_programs_can_use(document: dict[str, Any]) -> None:
    names = [operation["operationId"] for _, _, operation in operations(document)]
    assert len(set(names)) == len(names)
    assert all(re.fullmatch(r"[a-z]+([A-Z][a-z]+)+", name) for name in names), names
    assert {"placeCall", "controlCall", "listAssistants"} <= set(names)


def test_what_is_referred_to_is_there_and_nothing_else_is(document: dict[str, Any]) -> None:
    used = set(named(document, "$ref"))
    used |= {target for mapping in named(document, "mapping") for target in mapping.values()}
    for reference in used:
        assert described.resolved({"$ref": reference})
    schemas = {f"#/components/schemas/{name}" for name in document["components"]["schemas"]}
    assert schemas - used == set()
    assert all(re.fullmatch(r"[A-Za-z][A-Za-z0-9]*", name) for name in document["components"]["schemas"])
    assert "$defs" not in json.dumps(document)


def test_every_body_and_every_answer_has_examples_and_they_are_true(document: dict[str, Any]) -> None:
    for method, path, operation in operations(document):
        for content in contents(operation):
            examples = [described.resolved(example)["value"] for example in content["examples"].values()]
            assert examples, f"{method} {path}"
            for example in examples:
                schemas = content["schema"].get("oneOf", [content["schema"]])
                fitting = [s for s in schemas if described.validator(s["$ref"]).is_valid(example)]
                if not fitting:
                    described.valid(schemas[0], example, f"{method} {path}")
                assert len(fitting) == 1, (method, path, example)
    for name, schema in document["components"]["schemas"].items():
        for example in schema.get("examples", ()):
            described.valid({"$ref": f"#/components/schemas/{name}"}, example)


def test_the_seeds_own_examples_are_among_them(document: dict[str, Any]) -> None:
    control = document["paths"][f"{BASE}/calls/{{call_id}}/control"]["post"]
    bodies = [
        example["value"] for example in control["requestBody"]["content"]["application/json"]["examples"].values()
    ]
    assert all(example in bodies for example in SEED)
    answers = control["responses"]["200"]["content"]["application/json"]["examples"].values()
    first = next(iter(answers))["value"]
    assert (first["success"], first["message"]) == (True, "Command sent successfully")
    refused = described.resolved(
        described.resolved(control["responses"]["401"])["content"]["application/json"]["examples"]["unauthorized"]
    )
    assert refused["value"]["error"] == "Invalid API key"


def test_every_error_is_in_the_document_or_has_a_reason_not_to_be(document: dict[str, Any]) -> None:
    listed = {
        code
        for _, _, operation in operations(document)
        for status, response in operation["responses"].items()
        if status >= "400" and "ProblemBody" in json.dumps(described.resolved(response))
        for code in described.resolved(response)["content"]["application/json"]["examples"]
    }
    absent = {kind.code for kind in refusals.NOT_IN_THE_DOCUMENT}
    assert listed | absent == described.codes()
    assert listed & absent == set()
    assert set(document["components"]["examples"]) == described.codes()


def test_errors_have_the_status_of_their_kind(document: dict[str, Any]) -> None:
    kinds: list[type[Problem]] = [Problem]
    statuses = {}
    while kinds:
        statuses[kinds[-1].code] = kinds[-1].status
        kinds += kinds.pop().__subclasses__()
    for _, _, operation in operations(document):
        for status, response in operation["responses"].items():
            for code in described.resolved(response)["content"].get("application/json", {}).get("examples", ()):
                assert code not in statuses or statuses[code] == int(status)


def test_whatever_makes_something_takes_an_idempotency_key(document: dict[str, Any]) -> None:
    for method, path, operation in operations(document):
        names = [parameter["name"] for parameter in operation.get("parameters", ())]
        assert ("Idempotency-Key" in names) == (method == "POST"), path


def test_keys_are_needed_everywhere_but_for_health(document: dict[str, Any]) -> None:
    open_to_all = {path for _, path, operation in operations(document) if operation.get("security") == []}
    assert open_to_all == {f"{BASE}/health", f"{BASE}/ready"}
    assert document["security"] == [{"bearer": []}]
    for _, path, operation in operations(document):
        assert ("401" in operation["responses"]) == (path not in open_to_all)
        assert ("X-RateLimit-Limit" in named_headers(operation)) == (path not in open_to_all)


def named_headers(operation: dict[str, Any]) -> set[str]:
    responses = [described.resolved(response) for response in operation["responses"].values()]
    return set.union(*(set(response.get("headers", {})) for response in responses))


def test_waits_are_told_in_a_header(document: dict[str, Any]) -> None:
    for _, _, operation in operations(document):
        for status in {"429", "503"} & set(operation["responses"]):
            response = described.resolved(operation["responses"][status])
            assert "Retry-After" in response.get("headers", {}) or "ProblemBody" not in json.dumps(response)


def test_old_names_are_marked(document: dict[str, Any]) -> None:
    old = {path for _, path, operation in operations(document) if operation.get("deprecated")}
    assert old == {f"{BASE}/agents", f"{BASE}/agents/{{assistant_id}}", f"{BASE}/account"}
    schemas = document["components"]["schemas"]
    for name in ("agent_id", "agent", "agent_config"):
        assert schemas["PlaceBody"]["properties"][name]["deprecated"] is True
        assert (
            "deprecated"
            not in schemas["PlaceBody"]["properties"][name.replace("agent", "assistant").replace("config", "override")]
        )
    assert "Deprecation" in named_headers(document["paths"][f"{BASE}/calls"]["post"])


def test_every_body_that_names_an_assistant_shows_its_old_name(document: dict[str, Any]) -> None:
    bodies = {body.__name__ for url in URLS for body in url.bodies}
    fields = {name: document["components"]["schemas"][name]["properties"] for name in bodies}
    naming = {name for name in bodies if "assistant_id" in fields[name]}
    assert naming == {"PlaceBody", "CampaignBody", "CampaignChanges", "NumberBody", "NumberChanges"}
    assert all(fields[name]["agent_id"]["deprecated"] for name in naming)


def test_objects_say_that_they_take_nothing_else(document: dict[str, Any]) -> None:
    for name, schema in document["components"]["schemas"].items():
        if "properties" in schema:
            assert schema["additionalProperties"] is False, name


def test_an_assistants_blocks_are_told_apart_by_their_provider(document: dict[str, Any]) -> None:
    schemas = document["components"]["schemas"]
    place = schemas["PlaceBody"]["properties"]
    assert {"$ref": "#/components/schemas/TransientBody"} in place["assistant"]["anyOf"]
    assert {"$ref": "#/components/schemas/AssistantOverride"} in place["assistant_override"]["anyOf"]
    llm = schemas["LlmConfig"]
    assert llm["discriminator"]["mapping"]["xai_realtime"] == "#/components/schemas/LlmConfigXaiRealtime"
    assert len(llm["oneOf"]) == len(llm["discriminator"]["mapping"])
    fine = {"$ref": "#/components/schemas/LlmConfig"}
    described.valid(fine, {"provider": "openai", "model": "gpt-4o", "temperature": 0.2})
    for wrong in (
        {"provider": "openai", "model": "gpt-4o", "temperature": 3},
        {"provider": "nobody"},
        {"model": "gpt-4o"},
    ):
        assert not described.validator(fine["$ref"]).is_valid(wrong)
    seeds = {"llm_config": {"messages": [{"role": "system", "content": "Be brief."}]}}
    described.valid({"$ref": "#/components/schemas/AssistantOverride"}, seeds)


def test_an_answer_that_is_not_as_described_is_found() -> None:
    def answer(status: int, body: dict[str, Any]) -> httpx.Response:
        return httpx.Response(status, json=body, request=httpx.Request("DELETE", f"http://test{BASE}/keys/key_1"))

    fine = {"error": "Not found", "message": "No key with this id", "code": "not_found"}
    asyncio.run(described.hold(answer(200, {"success": True})))
    asyncio.run(described.hold(answer(404, fine)))
    for status, body in (
        (200, {}),
        (200, {"success": True, "more": 1}),
        (200, {"success": None}),
        (201, {"success": True}),
        (404, {**fine, "code": "conflict"}),
        (404, {**fine, "details": None}),
        (402, {**fine, "code": "insufficient_credits"}),
    ):
        with pytest.raises(AssertionError):
            asyncio.run(described.hold(answer(status, body)))


@in_world()
async def test_the_document_is_made_when_asked_for_and_has_a_name(world: World) -> None:
    assert world.app.state.document._made is None
    answer = await world.client.get("http://test/openapi.json")
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.json() == described.document()
    assert (await world.client.get("/openapi.json")).content == answer.content
    for known in (answer.headers["ETag"], f'"other", W/{answer.headers["ETag"]}'):
        again = await world.client.get("/openapi.json", headers={"If-None-Match": known})
        assert (again.status_code, again.content) == (304, b"")
    assert (await world.client.get("/openapi.json", headers={"If-None-Match": '"other"'})).status_code == 200


def test_it_can_be_printed_without_a_server() -> None:
    script = Path(__file__).parents[2] / "scripts/openapi.py"
    printed = subprocess.run([sys.executable, script], capture_output=True, check=True, timeout=60)
    assert json.loads(printed.stdout) == described.document()


@in_world()
async def test_the_page_loads_nothing_from_elsewhere(world: World) -> None:
    page = await world.client.get("http://test/docs", headers={"Authorization": ""})
    assert page.status_code == 200
    policy = dict(rule.split(" ", 1) for rule in page.headers["Content-Security-Policy"].split("; "))
    assert policy["default-src"] == "'none'"
    assert {word for rule in policy.values() for word in rule.split()} <= {
        "'none'",
        "'self'",
        "'unsafe-inline'",
        "data:",
    }
    assert policy["script-src"] == "'self'"
    links = re.findall(r'(?:src|href)="([^"]*)"', page.text)
    assert len(links) == 4 and "//" not in page.text.replace("<!doctype", "")
    for link in links:
        if not link.startswith("data:"):
            asset = await world.client.get(f"http://test/{link}")
            assert asset.status_code == 200, link
            assert asset.headers["Content-Type"].startswith("text/css" if link.endswith(".css") else "text/javascript")
    start = (await world.client.get("http://test/docs/start.js")).text
    assert '"openapi.json"' in start and "validatorUrl: null" in start
    for nothing in ("package.json", "..", "%2e%2e%2fLICENSE"):
        assert (await world.client.get(f"http://test/docs/{nothing}")).status_code == 404


@in_world()
async def test_the_page_knows_this_version_of_openapi(world: World) -> None:
    bundle = (await world.client.get("http://test/docs/swagger-ui-bundle.js")).text
    version = re.search(r'PACKAGE_VERSION:"(\d+)\.', bundle)
    assert version is not None and int(version[1]) >= 5


@in_world()
async def test_a_body_that_the_document_calls_valid_is_accepted(world: World) -> None:
    described.valid({"$ref": "#/components/schemas/PlaceBody"}, PLACE)
    assert (await world.place()).status_code == 201
