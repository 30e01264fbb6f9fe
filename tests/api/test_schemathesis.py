"""Every operation against what the document says of it: 50 requests each, right and wrong ones, made from the document."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import described
import httpx
import pytest
import requests
import schemathesis
from api_world import ECHO, SANDBOX, World, world
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from trunkline.api.routes import BASE, URLS, Url

CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
EXAMPLES = 50

CAMPAIGN = {"name": "C", "schedule_start_time": "09:00", "schedule_end_time": "17:00", "timezone": "Europe/Amsterdam"}
MODES = (("assistant_id",), ("assistant",), ("assistant_id", "assistant_override"))
OLD = {"agent": "assistant", "agent_id": "assistant_id", "agent_config": "assistant_override"}


@cache
def schema() -> Any:
    return schemathesis.openapi.from_dict(described.document())


@dataclass(slots=True)
class Stage:
    """A world with one of everything, whose ids half of the requests name."""

    world: World
    run: asyncio.Runner
    ids: dict[str, str] = field(default_factory=dict)
    statuses: list[int] = field(default_factory=list)

    def post(self, path: str, body: dict[str, Any]) -> Any:
        answer = self.run.run(self.world.client.post(path, json=body))
        assert answer.status_code in (200, 201), answer.text
        return answer.json()

    def set(self) -> None:
        """Whatever is missing: the last request may have deleted it."""
        self.ids["assistant_id"] = assistant = self.post("/assistants", {"name": "A", **SANDBOX})["assistant"]["id"]
        self.ids["call_id"] = call = self.run.run(self.world.live_call())
        self.ids["command_id"] = self.post(f"/calls/{call}/control", {"type": "say", "content": "Hi."})["command_id"]
        campaign = self.post("/campaigns", {**CAMPAIGN, "assistant_id": assistant})["campaign"]["id"]
        self.ids["campaign_id"] = campaign
        lead = self.post(f"/campaigns/{campaign}/leads", {"phone_number": "+31612345678"})["lead"]
        self.ids["lead_id"] = lead["id"]
        self.ids["key_id"] = self.post("/keys", {"name": "K"})["key"]["id"]
        self.ids["number_id"] = (
            self.ids.get("number_id") or self.post("/numbers", {"phone_number": "+31201234567"})["number"]["id"]
        )
        self.run.run(self.world.worker.beat())

    def send(self, case: Any) -> None:
        prepared = requests.Request(**case.as_transport_kwargs(base_url="http://test")).prepare()
        headers = {**prepared.headers, "Authorization": f"Bearer {self.world.key}"}
        request = self.world.client.build_request(prepared.method, prepared.url, headers=headers, content=prepared.body)
        answer: httpx.Response = self.run.run(self.world.client.send(request))
        self.statuses.append(answer.status_code)
        case.validate_response(answer, checks=CHECKS)
        if case.method == "DELETE" and answer.status_code == 200:
            self.ids.pop("number_id", None)
            self.set()


@pytest.mark.parametrize("url", URLS, ids=lambda url: f"{url.method} {url.path}")
def test_an_operation_answers_as_described(url: Url, tmp_path: Path) -> None:
    with asyncio.Runner() as runner:
        made = world(tmp_path, control_limit_per_minute=0, rate_limit_per_minute=0)
        stage = Stage(runner.run(_entered(made)), runner)
        try:
            stage.set()
            _fuzz(stage, url)
        finally:
            runner.run(made.__aexit__(None, None, None))
    assert any(status < 300 for status in stage.statuses) or url.media != "application/json", stage.statuses


async def _entered(made: Any) -> World:
    there: World = await made.__aenter__()
    return there


def _fuzz(stage: Stage, url: Url) -> None:
    operation = schema()[BASE + url.path][url.method]
    cases = operation.as_strategy(GenerationMode.POSITIVE)
    if url.bodies or list(operation.iter_parameters()):
        cases |= operation.as_strategy(GenerationMode.NEGATIVE)

    @settings(
        max_examples=EXAMPLES,
        derandomize=True,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(cases, st.booleans(), st.sampled_from(MODES))
    def any_request(case: Any, real: bool, mode: tuple[str, ...]) -> None:
        if real and case.path_parameters:
            case.path_parameters = {name: stage.ids.get(name, value) for name, value in case.path_parameters.items()}
        case.body = _at_home(case.body, stage.ids if real else {}, mode)
        stage.send(case)

    any_request()
    for body in _examples(url):
        ids = {name: stage.ids[name] for name in stage.ids if f"{{{name}}}" in url.path}
        stage.send(
            operation.Case(path_parameters=ids, body=_at_home(body, stage.ids, ()), media_type="application/json")
        )


def _examples(url: Url) -> list[Any]:
    body = described.document()["paths"][BASE + url.path][url.method.lower()].get("requestBody")
    return [] if body is None else [e["value"] for e in body["content"]["application/json"]["examples"].values()]


def _at_home(body: Any, ids: dict[str, str], mode: tuple[str, ...]) -> Any:
    """Calls go to sandbox lines. With `ids`, what is named is there, and of the modes of placing a call one is chosen."""
    if not isinstance(body, dict):
        return body
    body = dict(body)
    if isinstance(body.get("destination"), str):
        body["destination"] = ECHO
        if ids and mode:
            body = {name: value for name, value in body.items() if OLD.get(name, name) not in OLD.values()}
            body |= {"assistant_id": ids["assistant_id"]} if "assistant_id" in mode else {"assistant": SANDBOX}
            body.pop("number_id", None)
    for name in ("assistant_id", "agent_id", "command_id", "number_id", "after"):
        if ids and isinstance(body.get(name), str):
            body[name] = ids["command_id" if name == "after" else name.replace("agent", "assistant")]
    return body
