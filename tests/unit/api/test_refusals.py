"""Which errors a URL can answer with."""

from __future__ import annotations

import pytest

from trunkline.api.refusals import EXAMPLES, NOT_IN_THE_DOCUMENT, Needs, examples, needs, refusals
from trunkline.api.routes import URLS, Url
from trunkline.errors import Problem


def url(method: str, path: str) -> Url:
    return next(one for one in URLS if (one.method, one.path) == (method, path))


def codes(method: str, path: str) -> dict[int, list[str]]:
    return {status: [kind.code for kind in kinds] for status, kinds in refusals(url(method, path)).items()}


@pytest.mark.parametrize(
    ("method", "path", "expected"),
    [
        ("GET", "/health", Needs(None, keyed=False)),
        ("GET", "/assistants", Needs("read", keyed=False)),
        ("GET", "/assistants/{assistant_id}", Needs("read", keyed=False)),
        ("PATCH", "/assistants/{assistant_id}", Needs("full", keyed=False)),
        ("POST", "/calls", Needs("calls", keyed=True)),
        ("POST", "/calls/{call_id}/control", Needs("control", keyed=True)),
    ],
)
def test_a_routes_parameters_say_what_it_needs(method: str, path: str, expected: Needs) -> None:
    assert needs(url(method, path)) == expected


def test_errors_follow_from_the_kind_of_route() -> None:
    assert codes("GET", "/health") == {}
    assert codes("GET", "/assistants/{assistant_id}") == {
        400: ["invalid_request"],
        401: ["unauthorized"],
        404: ["not_found"],
        429: ["rate_limit_exceeded"],
        503: ["unavailable"],
    }
    assert 404 not in codes("GET", "/assistants")
    assert codes("GET", "/assistants")[400] == ["invalid_request"]
    assert codes("DELETE", "/assistants/{assistant_id}")[400] == ["invalid_request"]
    assert codes("PATCH", "/assistants/{assistant_id}")[403] == ["scope_missing"]
    assert {413, 415} <= set(codes("PATCH", "/assistants/{assistant_id}"))


def test_a_route_adds_its_own() -> None:
    control = codes("POST", "/calls/{call_id}/control")
    assert control[400] == ["call_not_in_progress", "invalid_request"]
    assert control[429] == ["rate_limit_exceeded", "too_many_commands"]
    assert codes("POST", "/calls")[402] == ["insufficient_credits"]
    assert codes("DELETE", "/assistants/{assistant_id}")[409] == ["conflict", "in_use"]


def test_there_is_an_example_of_every_error() -> None:
    kinds, known = [Problem], set()
    while kinds:
        known.add(kind := kinds.pop())
        kinds += kind.__subclasses__()
    assert {type(one) for one in EXAMPLES} == {kind for kind in known if kind.__module__ == "trunkline.errors"}
    assert set(NOT_IN_THE_DOCUMENT) <= known
    assert all(example["value"]["code"] == code for code, example in examples().items())
