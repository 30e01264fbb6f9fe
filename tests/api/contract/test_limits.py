"""Rate limits: what every answer says about them, and what an answer beyond them says."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from contract_client import NOBODY, Api, got, refused, serving

NAMES = ("X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset")


@pytest.fixture
def tight(tmp_path: Path) -> Iterator[Api]:
    """Three requests a minute for each key."""
    with serving(tmp_path, rate_limit_per_minute=3) as served:
        yield served


def limits(answer: httpx.Response) -> tuple[int, int, int]:
    limit, remaining, reset = (int(answer.headers[name]) for name in NAMES)
    return limit, remaining, reset


def test_every_answer_says_limit_remaining_and_reset(api: Api) -> None:
    for answer in (
        api.get("/calls"),
        api.post("/assistants", {"name": "Ann"}),
        api.post("/assistants", {}),
        api.get(f"/assistants/{NOBODY}"),
        api.delete(f"/assistants/{NOBODY}"),
    ):
        limit, remaining, reset = limits(answer)
        assert limit == 6000
        assert 0 <= remaining < limit
        assert reset > 1_600_000_000


def test_what_has_no_url_says_them_too(api: Api) -> None:
    assert set(limits(api.get("/nothing")))


def test_each_request_takes_one(api: Api) -> None:
    first, second = (limits(api.get("/calls"))[1] for _ in range(2))
    assert second == first - 1


def test_the_request_too_many_is_429_and_says_when_to_come_back(tight: Api) -> None:
    for remaining in (2, 1, 0):
        assert limits(tight.get("/calls"))[:2] == (3, remaining)
    answer = tight.get("/calls")
    body = refused(answer, 429, "rate_limit_exceeded")
    assert limits(answer)[:2] == (3, 0)
    wait = int(answer.headers["Retry-After"])
    assert 1 <= wait <= 60
    assert body.get("retry_after", wait) == wait


def test_a_refused_request_does_nothing(tight: Api) -> None:
    call_id = tight.live_call()
    for _ in range(3):
        tight.get("/calls")
    refused(tight.control(call_id, type="end-call"), 429, "rate_limit_exceeded")
    assert tight.world.worker.lives[call_id].commands == {}


def test_keys_are_counted_each_for_itself(tight: Api) -> None:
    for _ in range(4):
        tight.get("/calls")
    assert limits(tight.get("/calls", tight.key_with("read")))[:2] == (3, 2)


@pytest.mark.parametrize("path", ["/api/v1/health", "/health", "/ready"])
def test_what_machines_ask_is_not_counted(api: Api, path: str) -> None:
    before = limits(api.get("/calls"))[1]
    for _ in range(3):
        assert api.get(f"http://test{path}").status_code in (200, 503)
    assert limits(api.get("/calls"))[1] == before - 1


def test_control_has_a_limit_of_its_own_for_each_call(tmp_path: Path) -> None:
    with serving(tmp_path, control_limit_per_minute=2) as api:
        one, other = api.live_call(), api.live_call()
        for _ in range(2):
            answer = api.control(one, type="say", content="Hello.", end_after=False)
            got(answer)
            assert set(NAMES) <= {name.title().replace("Ratelimit", "RateLimit") for name in answer.headers}
        answer = api.control(one, type="say", content="Hello.", end_after=False)
        refused(answer, 429)
        assert 1 <= int(answer.headers["Retry-After"]) <= 60
        assert len(api.world.worker.lives[one].commands) == 2
        got(api.control(other, type="say", content="Hello.", end_after=False))
        got(api.get("/calls"))


def test_the_reset_is_a_time_in_unix_seconds_at_most_a_minute_away(api: Api) -> None:
    now = time.time()  # noqa: TID251
    assert now - 1 <= limits(api.get("/calls"))[2] <= now + 61
