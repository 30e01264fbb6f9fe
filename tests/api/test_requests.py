"""What holds for every request: keys, scopes, limits, strict bodies, one form of error, and never a 5xx for bad input."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import httpx
from api_world import PLACE, World, in_world, world
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import update

from trunkline import clock
from trunkline.organizations.tables import ApiKey

JSON = {"Content-Type": "application/json"}


def problem(answer: httpx.Response, status: int, code: str) -> dict[str, Any]:
    body: dict[str, Any] = answer.json()
    assert (answer.status_code, body["code"]) == (status, code), body
    assert body["error"] and body["message"]
    assert set(body) <= {"error", "message", "details", "code", "retry_after"}
    return body


@in_world()
async def test_a_missing_or_wrong_key_is_401(world: World) -> None:
    for header in ("", "Bearer ", "Bearer tl_live_wrong", f"Basic {world.key}", world.key, f"Bearer {'x' * 5000}"):
        for method, path in (("GET", "/calls"), ("POST", "/calls"), ("GET", "/calls/x/recording")):
            answer = await world.client.request(method, path, headers={"Authorization": header})
            problem(answer, 401, "unauthorized")
            assert answer.headers["WWW-Authenticate"] == "Bearer"


@in_world()
async def test_a_revoked_key_stops_within_a_second(world: World) -> None:
    assert (await world.client.get("/calls")).status_code == 200
    async with world.database.writing() as session:
        await session.execute(update(ApiKey).values(revoked_at=clock.wall()))
    await asyncio.sleep(1)
    problem(await world.client.get("/calls"), 401, "unauthorized")


@in_world()
async def test_a_scope_that_does_not_allow_it_is_403(world: World) -> None:
    for scope, status in (("read", 403), ("control", 403), ("calls", 201), ("full", 201)):
        answer = await world.place(None, **await world.key_with(scope))
        assert answer.status_code == status, scope
        assert (await world.client.get("/calls", headers=await world.key_with(scope))).status_code == 200
    assert len(world.worker.asked) == 2


@in_world(rate_limit_per_minute=3)
async def test_requests_of_one_key_are_limited_and_every_answer_says_what_is_left(world: World) -> None:
    answers = [await world.client.get("/calls") for _ in range(4)]
    assert [answer.headers["X-RateLimit-Remaining"] for answer in answers] == ["2", "1", "0", "0"]
    assert {answer.headers["X-RateLimit-Limit"] for answer in answers} == {"3"}
    now = clock.wall_ms() / 1000
    assert now < int(answers[0].headers["X-RateLimit-Reset"]) <= now + 61
    problem(answers[3], 429, "rate_limit_exceeded")
    assert 0 < int(answers[3].headers["Retry-After"]) <= 60
    assert answers[3].json()["retry_after"] == int(answers[3].headers["Retry-After"])
    assert (await world.client.get("/calls", headers=await world.key_with("read"))).status_code == 200
    for path in ("/health", "/ready", "/openapi.json"):
        answer = await world.client.get(f"http://test{path}")
        assert answer.status_code in (200, 503)
        assert "X-RateLimit-Limit" not in answer.headers
    strange = await world.client.get("/nothing")
    assert "X-RateLimit-Limit" in strange.headers


@in_world()
async def test_unknown_urls_and_methods_are_problems_too(world: World) -> None:
    problem(await world.client.get("/nothing"), 404, "not_found")
    problem(await world.client.get("/calls/"), 404, "not_found")
    answer = await world.client.put("/calls")
    problem(answer, 405, "method_not_allowed")
    assert "GET" in answer.headers["Allow"]


BODIES: list[tuple[bytes, str]] = [
    (b"", "not valid JSON"),
    (b"{", "not valid JSON"),
    (b"[]", "must be a JSON object"),
    (b"null", "must be a JSON object"),
    (b'{"a": 1, "a": 2}', "duplicate key 'a'"),
    (b'{"metadata": {"a": 1, "a": 2}}', "duplicate key 'a'"),
    (b'{"a": NaN}', "NaN is not JSON"),
    (b'{"a": -Infinity}', "-Infinity is not JSON"),
    (b'{"a": 1e999}', "out of range"),
    (b'{"a": 9223372036854775808}', "out of range"),
    (b'{"a": ' + b"9" * 5000 + b"}", "out of range"),
    (b'{"a": "\\u0000"}', "NUL"),
    (b'{"\\u0000": 1}', "NUL"),
    (b'{"a": "\x00"}', "not valid JSON"),
    (b'{"a": ["\\ud800"]}', "lone surrogate"),
    (b'{"a": "\xff"}', "not UTF-8"),
    (b'\xef\xbb\xbf{"a": 1}', "not valid JSON"),
    (b'{"a": ' + b"[" * 33 + b"]" * 33 + b"}", "deeper than 32"),
    (b'{"a": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", "deeper than 32"),
]


@in_world()
async def test_bodies_that_are_not_strict_json_are_400(world: World) -> None:
    for path in ("/calls", "/assistants"):
        for body, message in BODIES:
            answer = await world.client.post(path, content=body, headers=JSON)
            assert message in problem(answer, 400, "invalid_request")["message"], body[:40]


@in_world()
async def test_escaped_pairs_and_nesting_within_bounds_are_fine(world: World) -> None:
    deep: Any = "\U0001f600"
    for _ in range(30):
        deep = [deep]
    body = json.dumps({**PLACE, "metadata": {"deep": deep}}).encode()
    assert b"\\ud83d" in body
    assert (await world.client.post("/calls", content=body, headers=JSON)).status_code == 201


@in_world()
async def test_another_content_type_is_415_and_a_large_body_413(world: World) -> None:
    for kind in ("text/plain", "application/x-www-form-urlencoded", ""):
        answer = await world.client.post("/calls", content=b"{}", headers={"Content-Type": kind})
        problem(answer, 415, "unsupported_media_type")
    fine = await world.client.post(
        "/calls", content=json.dumps(PLACE), headers={"Content-Type": "Application/JSON; charset=utf-8"}
    )
    assert fine.status_code == 201
    large = b'{"a": "' + b"x" * 1024 * 1024 + b'"}'
    problem(await world.client.post("/calls", content=large, headers=JSON), 413, "body_too_large")

    async def chunks() -> Any:
        for _ in range(20):
            yield b"x" * 65_536

    answer = await world.client.post("/calls", content=chunks(), headers=JSON)
    assert "Content-Length" not in answer.request.headers
    problem(answer, 413, "body_too_large")


@in_world()
async def test_a_database_that_is_away_is_503_and_a_bug_is_500_without_details(world: World) -> None:
    await world.client.get("/calls")
    await world.lose_database()
    answer = await world.client.get("/calls", headers={"Authorization": "Bearer other"})
    problem(answer, 503, "unavailable")
    health = (await world.client.get("/health")).json()
    assert (health["status"], health["checks"]["database"]["status"]) == ("degraded", "error")
    world.app.state.door = None
    body = problem(await world.client.get("/calls"), 500, "internal_error")
    assert "NoneType" not in json.dumps(body)


@in_world()
async def test_health_ready_and_metrics_need_no_key(world: World) -> None:
    bare = httpx.AsyncClient(transport=httpx.ASGITransport(world.app), base_url="http://test")
    for path in ("/health", "/api/v1/health"):
        health = (await bare.get(path)).json()
        assert (health["status"], health["checks"]["database"]["status"]) == ("ok", "ok")
        assert health["version"] and health["timestamp"].endswith("Z")
    answer = await bare.get("/ready")
    assert (answer.status_code, answer.json()["checks"]["workers"]["status"]) == (503, "error")
    await world.worker.beat()
    assert (await bare.get("/ready")).status_code == 200
    assert (await bare.get("/api/v1/ready")).status_code == 200
    world.bus.away(True)
    assert (await bare.get("/ready")).status_code == 503
    await world.client.get("/calls/call_123")
    text = (await bare.get("/metrics")).text
    assert 'trunkline_http_requests_total{method="GET",route="/api/v1/calls/{call_id}",status="404"} 1.0' in text
    assert "trunkline_workers 1.0" in text
    await bare.aclose()


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
NAMES = st.sampled_from(
    [
        *("type", "content", "destination", "assistant", "assistant_id", "assistant_override", "agent", "variables"),
        *("metadata", "ring_timeout_seconds", "end_after", "interrupt", "after", "command_id", "digits", "name"),
        *("llm_config", "stt_config", "tts_config", "speech_config", "tools", "first_message", "max_duration_seconds"),
    ]
)
VERBS = st.sampled_from(["say", "inject-context", "end-call", "transfer", "send-dtmf", "mute", "hold", "cancel"])
NEARLY = st.dictionaries(NAMES, VALUES | VERBS | st.dictionaries(NAMES, VALUES, max_size=4), max_size=5)
RAW = st.binary(max_size=200) | NEARLY.map(lambda body: json.dumps(body).encode())


def test_no_body_ever_makes_a_5xx(tmp_path):  # type: ignore[no-untyped-def]
    with asyncio.Runner() as runner:
        made = world(tmp_path, control_limit_per_minute=0, rate_limit_per_minute=0)
        there = runner.run(_entered(made))
        call = runner.run(there.live_call())
        paths = st.sampled_from(["/calls", "/assistants", f"/calls/{call}/control", "/calls/x/control"])

        @settings(max_examples=400, deadline=None, suppress_health_check=list(HealthCheck))
        @given(paths, RAW)
        def any_body(path: str, raw: bytes) -> None:
            answer = runner.run(there.client.post(path, content=raw, headers=JSON))
            assert answer.status_code < 500, answer.text
            if answer.status_code >= 400:
                assert answer.json()["code"]

        try:
            any_body()
        finally:
            runner.run(made.__aexit__(None, None, None))


async def _entered(made: Any) -> World:
    there: World = await made.__aenter__()
    return there
