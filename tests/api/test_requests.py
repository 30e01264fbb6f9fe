"""What holds for every request: keys, scopes, limits, strict bodies, one form of error, and never a 5xx for bad input."""

from __future__ import annotations

import asyncio
import copy
import functools
import json
from collections.abc import Iterator
from contextlib import AsyncExitStack, suppress
from pathlib import Path
from typing import Any

import httpx
import pytest
from api_world import PLACE, World, in_world
from furnished import furnished
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import update
from sqlalchemy.exc import TimeoutError

from trunkline import clock
from trunkline.api.routes import URLS, Url
from trunkline.api.server import build
from trunkline.organizations.tables import ApiKey
from trunkline.storage.engine import Database

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
    for coding in ("gzip", "br", "gzip, identity"):
        answer = await world.client.post("/calls", json=PLACE, headers={"Content-Encoding": coding})
        assert "Content-Encoding" in problem(answer, 415, "unsupported_media_type")["message"]
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


WILD = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.sampled_from([0, -1, 1e308, -0.0, 10**18, 2**63 - 1, 10**400])
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from(
        ["", " ", "\0", "\ud800", "\udfff\ud800", "x" * 30_000, "{{name}}", "+", "2026-01-01", "\u202e", "('\"--"]
    )
    | st.integers(1, 60).map(lambda depth: functools.reduce(lambda inner, _: [inner], range(depth), 0))
    | st.recursive(
        st.none() | st.text(max_size=8),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
        max_leaves=8,
    )
)
"""What may stand where something else is expected: NaN, infinities and numbers too large for JSON too."""


@st.composite
def spoiled(draw: st.DrawFn, examples: list[dict[str, Any]]) -> bytes:
    """A body that would do but for what was done to it."""
    body = copy.deepcopy(draw(st.sampled_from(examples)))
    for _ in range(draw(st.integers(0, 3))):
        holder, place = draw(st.sampled_from(list(_places(body))))
        holder[place] = draw(WILD)
    text = json.dumps(body)
    match draw(st.integers(0, 9)):
        case 0:  # a key twice
            text = text.replace("{", '{"' + next(iter(body), "a") + '": 1, ', 1)
        case 1:  # cut off
            text = text[: draw(st.integers(0, len(text)))]
        case 2:  # not escaped, and not UTF-8 where there is a lone surrogate
            return json.dumps(body, ensure_ascii=False).encode("utf-8", "surrogatepass")
        case 3:  # bytes in the middle of it
            raw, at = text.encode(), draw(st.integers(0, len(text)))
            return raw[:at] + draw(st.binary(max_size=8)) + raw[at:]
    return text.encode()


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Everywhere in a body that something stands, and a field that nobody knows."""
    if isinstance(value, dict):
        yield value, "surprise"
        for name in list(value):
            yield value, name
            yield from _places(value[name])
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield value, index
            yield from _places(item)


@pytest.mark.parametrize("url", [url for url in URLS if url.bodies], ids=lambda url: f"{url.method} {url.path}")
def test_no_body_makes_a_5xx_nor_a_change_that_is_not_said(url: Url, tmp_path: Path) -> None:
    with furnished(tmp_path) as here:
        path, known = here.path(url), here.rows()

        @settings(
            max_examples=60, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
        )
        @given(st.binary(max_size=200) | spoiled(here.examples(url)) | spoiled(here.examples(url)))
        def any_body(raw: bytes) -> None:
            nonlocal known
            answer = here.send(here.world.client.build_request(url.method, path, content=raw, headers=JSON))
            assert answer.status_code < 500, answer.text
            now = here.rows()
            if answer.status_code >= 300:
                assert answer.json()["code"]
                assert now == known, answer.text
            known = now

        any_body()


@in_world()
async def test_a_parameter_that_a_url_does_not_know_is_named_and_so_is_one_sent_twice(world: World) -> None:
    for path, detail in (
        ("/calls?stauts=ended", "stauts: unknown parameter; known: end_date, limit, offset, start_date, status"),
        ("/assistants?limit[]=5", "limit[]: unknown parameter; known: limit, offset"),
        ("/catalog?x", "x: unknown parameter; this URL has none"),
        (
            f"/calls?{'y' * 5000}=1",
            f"{'y' * 100}…: unknown parameter; known: end_date, limit, offset, start_date, status",
        ),
        ("/calls?status=ended&status=failed", "status: is there twice"),
    ):
        body = problem(await world.client.get(path), 400, "invalid_request")
        assert body["details"] == [detail], path
    assert (await world.client.get("/calls?status=ended&limit=5&offset=0&start_date=2026-01-01")).status_code == 200
    problem(await world.client.get("/calls?stauts=ended", headers={"Authorization": "Bearer x"}), 401, "unauthorized")
    assert (await world.client.get("/health?_=1")).status_code == 200


@in_world()
async def test_what_a_url_does_not_know_in_its_query_keeps_a_mutation_from_happening(world: World) -> None:
    body = problem(await world.client.post("/assistants?dry_run=true", json={"name": "A"}), 400, "invalid_request")
    assert body["details"] == ["dry_run: unknown parameter; this URL has none"]
    assert (await world.client.get("/assistants")).json()["pagination"]["total"] == 0
    call = await world.live_call()
    said = await world.client.post(f"/calls/{call}/control?wiat=heard", json={"type": "say", "content": "Hi."})
    assert problem(said, 400, "invalid_request")["details"] == ["wiat: unknown parameter; known: wait"]
    assert world.worker.commanded == []


@in_world()
async def test_a_database_whose_connections_are_all_in_use_is_503_after_a_while(world: World) -> None:
    busy = Database(world.database.engine.url.render_as_string(hide_password=False), patience_s=0.05)
    app = build(world.settings, busy, world.bus)
    client = httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url="http://test/api/v1", headers=world.client.headers
    )
    async with AsyncExitStack() as held:
        with suppress(TimeoutError):
            while True:
                await held.enter_async_context(busy.engine.connect())
        answer = await client.get("/calls")
        problem(answer, 503, "unavailable")
        assert answer.headers["Retry-After"] == "2"
        problem(await client.post("/assistants", json={"name": "A"}), 503, "unavailable")
    assert (await client.get("/calls")).status_code == 200
    await busy.close()
