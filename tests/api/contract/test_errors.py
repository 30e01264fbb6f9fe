"""Refusals: one flat shape, one status per kind of mistake, and every offending field by its path."""

from __future__ import annotations

import json

import pytest
from api_world import ECHO, SANDBOX
from contract_client import MESSAGES, NOBODY, Api, got, nested, refused

PLACE = json.dumps({"destination": ECHO, "assistant": SANDBOX})
WRITES = [
    ("POST", "/assistants"),
    ("POST", "/calls/outbound"),
    ("POST", "/numbers"),
    ("POST", "/organizations"),
    ("PATCH", "/organizations"),
    ("POST", "/campaigns"),
]


@pytest.fixture(scope="module")
def call(api: Api) -> str:
    return api.live_call()


@pytest.fixture(scope="module")
def paths(api: Api, call: str) -> list[tuple[str, str]]:
    """Every URL that reads a body."""
    assistant = api.assistant()["id"]
    campaign = api.campaign(agent_id=assistant)["id"]
    return [
        *WRITES,
        ("PATCH", f"/assistants/{assistant}"),
        ("PATCH", f"/numbers/{api.number('+31201239001')['id']}"),
        ("PATCH", f"/campaigns/{campaign}"),
        ("POST", f"/campaigns/{campaign}/leads"),
        ("POST", f"/calls/{call}/control"),
    ]


# ---- shape ---------------------------------------------------------------------------------------


def test_an_error_is_flat_whatever_its_status(api: Api) -> None:
    call_id = api.live_call()
    with api.full():
        no_worker = api.place(assistant=SANDBOX)
    answers = {
        400: api.post("/assistants", {}),
        401: api.get("/assistants", {"Authorization": "Bearer nobody"}),
        403: api.post("/assistants", {"name": "Ann"}, api.key_with("read")),
        404: api.get(f"/assistants/{NOBODY}"),
        405: api.send("PUT", "/assistants"),
        409: api.get(f"/calls/{call_id}/recording"),
        413: api.raw("POST", "/assistants", b" " * 2_000_000),
        415: api.raw("POST", "/assistants", b"{}", "text/plain"),
        503: no_worker,
    }
    for status, answer in answers.items():
        body = refused(answer, status)
        assert len(body["error"]) < 80
        assert not any(isinstance(value, dict) for value in body.values())


def test_a_missing_key_and_a_wrong_key_are_401(api: Api) -> None:
    for header in ("", "Bearer", "Bearer fl_live_x", "Basic eDp4", f"bearer{api.world.key}"):
        refused(api.get("/calls", {"Authorization": header}), 401, "unauthorized")


def test_the_scheme_is_written_as_you_like(api: Api) -> None:
    got(api.get("/calls", {"Authorization": f"bearer {api.world.key}"}))


def test_a_url_that_does_not_exist_and_a_method_that_it_lacks_are_problems_too(api: Api) -> None:
    refused(api.get("/nothing"), 404)
    assert "/api/v1" in refused(api.get("http://test/calls"), 404)["message"]
    refused(api.send("PUT", "/calls"), 405)
    refused(api.send("DELETE", "/organizations"), 405)


# ---- bodies --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'"x"',
        b"1",
        b"\xff\xfe",
        b'{"name": "x", "name": "y"}',
        b'{"name": NaN}',
        b'{"name": Infinity}',
        b'{"name": -Infinity}',
        b'{"name": "\\u0000"}',
        b'{"name": "\\ud800"}',
        b'{"name": 1e999}',
        b"{'name': 'x'}",
        b'{"name": "x",}',
        b'{"name": "x"} {}',
        nested(40).encode(),
    ],
    ids=lambda content: content.decode("latin1")[:40] or "empty",
)
def test_what_is_no_sane_json_object_is_400_everywhere(api: Api, paths: list[tuple[str, str]], content: bytes) -> None:
    for method, path in paths:
        refused(api.raw(method, path, content), 400, "invalid_request")


def test_a_duplicate_key_is_refused_at_any_depth(api: Api) -> None:
    twice = PLACE.replace('"model": "echo"', '"model": "echo", "model": "rules"')
    assert twice != PLACE
    before = len(api.world.worker.asked)
    refused(api.raw("POST", "/calls/outbound", twice), 400, "invalid_request")
    refused(api.raw("POST", "/calls/outbound", PLACE[:-1] + ', "metadata": {"a": 1, "a": 1}}'), 400, "invalid_request")
    assert len(api.world.worker.asked) == before


def test_numbers_that_are_none_are_refused_even_in_free_objects(api: Api) -> None:
    for value in ("NaN", "Infinity", "-Infinity", "1e999", '"\\u0000"', '"\\udfff"', nested(40)):
        content = PLACE[:-1] + f', "metadata": {{"a": {value}}}}}'
        refused(api.raw("POST", "/calls/outbound", content), 400, "invalid_request")


def test_a_reasonable_depth_is_taken_in_free_objects(api: Api) -> None:
    got(api.raw("POST", "/calls/outbound", PLACE[:-1] + f', "metadata": {nested(24)}}}'), 201)


def test_a_body_over_a_mebibyte_is_413(api: Api, paths: list[tuple[str, str]]) -> None:
    for method, path in paths:
        refused(api.raw(method, path, b'{"x": "' + b"a" * (1 << 20) + b'"}'), 413)


def test_a_body_just_under_a_mebibyte_is_read(api: Api) -> None:
    refused(api.raw("POST", "/assistants", b'{"x": "' + b"a" * ((1 << 20) - 100) + b'"}'), 400, "invalid_request")


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"])
def test_another_content_type_is_415(api: Api, paths: list[tuple[str, str]], kind: str) -> None:
    for method, path in paths:
        if not path.endswith("/leads"):
            refused(api.raw(method, path, PLACE, kind), 415)


@pytest.mark.parametrize(
    "kind", ["application/json; charset=utf-8", "application/json;charset=UTF-8", "Application/JSON"]
)
def test_a_content_type_may_name_its_charset(api: Api, kind: str) -> None:
    got(api.raw("POST", "/calls/outbound", PLACE, kind), 201)


# ---- fields --------------------------------------------------------------------------------------


def test_an_unknown_field_is_400_with_its_path_everywhere(api: Api, paths: list[tuple[str, str]]) -> None:
    for method, path in paths:
        body = {"typpo": 1, "type": "say"} if path.endswith("/control") else {"typpo": 1}
        refused(api.send(method, path, body), 400, "invalid_request", "typpo")


def test_unknown_fields_are_named_deep_inside(api: Api) -> None:
    tools = [{"name": "a", "description": "A."}, {"name": "b", "description": "B.", "server": {"uri": "x"}}]
    messages = [*MESSAGES, {"role": "user", "content": "x", "nmae": "y"}]
    for config, path in (
        ({**SANDBOX["llm_config"], "messages": messages}, "llm_config.messages.1.nmae"),
        ({"provider": "openai", "model": "gpt-4o", "tools": tools}, "llm_config.tools.1"),
    ):
        refused(api.post("/assistants", {"name": "Ann", "llm_config": config}), 400, "invalid_request", path)
        refused(api.place(assistant={**SANDBOX, "llm_config": config}), 400, "invalid_request", f"assistant.{path}")


def test_free_objects_take_any_field(api: Api) -> None:
    tool = {"name": "a", "description": "A.", "parameters": {"type": "object", "x-any": {"b": [1]}, "properties": {}}}
    schema = {"type": "object", "x-any": True, "properties": {"a": {"type": "string", "x": 1}}}
    body = {
        "name": "Ann",
        "llm_config": {"provider": "openai", "model": "gpt-4o", "tools": [tool]},
        "analysis_plan": {"structured_data_plan": {"enabled": True, "schema": schema, "messages": MESSAGES}},
    }
    made = got(api.post("/assistants", body), 201)["assistant"]
    assert "x-any" in str(made["llm_config"]["tools"]) and "x-any" in str(made["analysis_plan"])
    got(api.place(assistant=SANDBOX, metadata={"anything": {"at": ["all"]}}), 201)


def test_validation_is_never_422(api: Api, paths: list[tuple[str, str]]) -> None:
    for method, path in paths:
        for body in ({}, {"name": []}, {"type": []}, {"destination": {}}, {"phone_number": True}):
            assert api.send(method, path, body).status_code in (200, 400)
    for query in ("limit=x", "limit=-1", "offset=x", "limit=99999999999999999999"):
        for path in ("/calls", "/assistants", "/numbers", "/usage", "/campaigns", "/voices"):
            refused(api.get(f"{path}?{query}"), 400, "invalid_request", query.partition("=")[0])
