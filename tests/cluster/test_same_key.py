"""One request from twenty clients at once, all with the same Idempotency-Key, while the api is killed under them: one effect."""

from __future__ import annotations

import os
import random
import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest
from death_cluster import KEY, SANDBOX, Json, Serving, serving, until
from death_phone import Phone

CLIENTS, KILLS = 20, 3
PATIENCE_S = 60
MAKES: dict[str, tuple[str, Json, str]] = {
    "assistants": ("/assistants", {"name": "Once", **SANDBOX}, "select count(*) from assistants where name = 'Once'"),
    "numbers": (
        "/numbers",
        {"phone_number": "+31201234567"},
        "select count(*) from numbers where phone_number = '+31201234567'",
    ),
    "organizations": ("/organizations", {"name": "Once"}, "select count(*) from organizations where name = 'Once'"),
    "keys": ("/keys", {"name": "Once", "scopes": ["read"]}, "select count(*) from api_keys where name = 'Once'"),
}
"""By name: the route, the body, and the question how many there are."""


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Serving, Phone]]:
    settings = {"RATE_LIMIT_PER_MINUTE": "0", "CONTROL_LIMIT_PER_MINUTE": "0"}
    with serving(tmp_path_factory.mktemp("serve"), "--workers", "1", **settings) as both:
        yield both


def test_whatever_twenty_clients_ask_for_with_one_key_is_made_once_though_the_api_dies(
    served: tuple[Serving, Phone],
) -> None:
    platform, far = served
    live = platform.client.placed(far.uri("steered"))
    platform.client.until_status(live, "in-progress")
    asked = {name: (path, body) for name, (path, body, _) in MAKES.items()}
    asked["calls"] = ("/calls", {"destination": far.uri("once"), "assistant": SANDBOX})
    asked["commands"] = (f"/calls/{live}/control?wait=finished", {"type": "say", "content": "Only once."})
    with ThreadPoolExecutor(CLIENTS + 1) as pool:
        killing = pool.submit(kill_again_and_again, platform)
        answers = list(pool.map(lambda n: everything(platform, asked, random.Random(n)), range(CLIENTS)))
        killing.result()
    for name in asked:
        assert len({answer[name] for answer in answers}) == 1, name
    for name, (_, _, question) in MAKES.items():
        assert platform.rows(question) == [(1,)], name
    assert platform.rows("select count(*) from calls where destination = ?", far.uri("once")) == [(1,)]
    assert platform.rows("select count(*) from commands where call_id = ?", live) == [(1,)]
    until(lambda: len(far.calls("once")) == 1, 10, "the one INVITE")
    until(lambda: far.line("steered").words() == ["Only", "once."], 10, "the words, once")


def everything(platform: Serving, asked: dict[str, tuple[str, Json]], chance: random.Random) -> dict[str, str]:
    """One client: each request until it is answered, in an order of its own. Returns the ids."""
    names = list(asked)
    chance.shuffle(names)
    with httpx.Client(base_url=f"{platform.client.url}/api/v1", timeout=40) as http:
        http.headers["Authorization"] = f"Bearer {KEY}"
        return {name: made(http, *asked[name], f"key-{name}") for name in names}


def made(http: httpx.Client, path: str, body: Json, key: str) -> str:
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        try:
            answer = http.post(path, json=body, headers={"Idempotency-Key": key})
        except httpx.TransportError:
            time.sleep(0.05)
            continue
        if answer.status_code < 500:
            assert answer.is_success, answer.text
            return id_in(answer.json())
        time.sleep(0.05)
    raise AssertionError(f"no answer to {path}")


def id_in(body: dict[str, Any]) -> str:
    """Of what was made, in whichever envelope."""
    for name in ("command_id", "call_id", "id"):
        if name in body:
            return str(body[name])
    return str(next(inner["id"] for inner in body.values() if isinstance(inner, dict) and "id" in inner))


def kill_again_and_again(platform: Serving) -> None:
    """Each time in the middle of what is asked of it."""
    for wait_s in (0.02, 0.05, 0.15)[:KILLS]:
        until(platform.client.ready, 30, "readiness")
        time.sleep(wait_s)
        os.kill(platform.child("api"), signal.SIGKILL)
        time.sleep(0.3)
