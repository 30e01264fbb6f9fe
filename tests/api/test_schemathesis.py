"""Every operation against what the document says of it: 50 requests each, right and wrong ones, made from the document."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import described
import pytest
import requests
import schemathesis
from api_world import SANDBOX
from furnished import Furnished, at_home, furnished
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

WHO = ("assistant", "agent", "assistant_id", "agent_id", "assistant_override", "agent_config")
MODES = ({"assistant_id": ""}, {"assistant": SANDBOX}, {"assistant_id": "", "assistant_override": {"name": "Ann"}})


@cache
def schema() -> Any:
    return schemathesis.openapi.from_dict(described.document())


@pytest.mark.parametrize("url", URLS, ids=lambda url: f"{url.method} {url.path}")
def test_an_operation_answers_as_described(url: Url, tmp_path: Path) -> None:
    operation = schema()[BASE + url.path][url.method]
    with furnished(tmp_path) as here:
        statuses = [*_generated(here, url, operation), *_shown(here, url, operation)]
    assert any(status < 300 for status in statuses) or url.media != "application/json", statuses


def _generated(here: Furnished, url: Url, operation: Any) -> list[int]:
    """The statuses of requests, half of them fitting the document; half of them name what is there."""
    cases = operation.as_strategy(GenerationMode.POSITIVE)
    if url.bodies or list(operation.iter_parameters()):
        cases |= operation.as_strategy(GenerationMode.NEGATIVE)
    statuses: list[int] = []

    @settings(
        max_examples=EXAMPLES,
        derandomize=True,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(cases, st.booleans(), st.sampled_from(MODES))
    def any_request(case: Any, real: bool, mode: dict[str, Any]) -> None:
        ids = here.ids if real else {}
        if case.path_parameters:
            case.path_parameters = {name: ids.get(name, value) for name, value in case.path_parameters.items()}
        if real and isinstance(case.body, dict) and isinstance(case.body.get("destination"), str):
            case.body = {**{name: value for name, value in case.body.items() if name not in WHO}, **mode}
        case.body = at_home(case.body, ids)
        statuses.append(_send(here, case))

    any_request()
    return statuses


def _shown(here: Furnished, url: Url, operation: Any) -> list[int]:
    """The statuses of the requests that the document shows."""
    ids = {name: id for name, id in here.ids.items() if f"{{{name}}}" in url.path}
    return [
        _send(here, operation.Case(path_parameters=ids, body=body, media_type="application/json"))
        for body in (here.examples(url) if url.bodies else ())
    ]


def _send(here: Furnished, case: Any) -> int:
    prepared = requests.Request(**case.as_transport_kwargs(base_url="http://test")).prepare()
    headers = {**prepared.headers, "Authorization": f"Bearer {here.world.key}"}
    build = here.world.client.build_request
    answer = here.send(build(prepared.method, prepared.url, headers=headers, content=prepared.body))
    case.validate_response(answer, checks=CHECKS)
    if case.method == "DELETE" and answer.status_code == 200:
        for name in case.path_parameters:
            here.ids.pop(name, None)
        here.furnish()
    return answer.status_code
