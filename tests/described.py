"""Holds an answer to the OpenAPI document: its status, its media type, every field of it, and which error it may be."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import Any

import httpx
import jsonschema_rs

from trunkline.api import openapi
from trunkline.api.routes import BASE
from trunkline.errors import Problem

ANYWHERE = {404: "not_found", 405: "method_not_allowed", 500: "internal_error"}
"""Errors of what the document does not describe: no such URL, no such method, a fault of ours."""


@dataclass(frozen=True, slots=True)
class Operation:
    method: str
    path: str
    pattern: re.Pattern[str]
    described: dict[str, Any]


async def hold(answer: httpx.Response) -> None:
    """For the `event_hooks` of a client. Raises AssertionError."""
    await answer.aread()
    said = f"{answer.request.method} {answer.request.url} {answer.status_code} {answer.text[:2000]}"
    operation = operation_of(answer.request.method, answer.request.url.path)
    responses = operation.described["responses"] if operation is not None else {}
    if str(answer.status_code) in responses:
        as_described(answer, resolved(responses[str(answer.status_code)]), said)
    elif answer.status_code >= 400 and (operation is None or answer.status_code == 500):
        assert answer.status_code in ANYWHERE, f"a status that is not described: {said}"
        problem(answer.json(), [ANYWHERE[answer.status_code]], said)
    else:
        assert operation is None, f"a status that is not described: {said}"
    if operation is not None and operation.described.get("deprecated") and answer.status_code < 400:
        assert "Deprecation" in answer.headers, said


def as_described(answer: httpx.Response, response: dict[str, Any], said: str) -> None:
    media = answer.headers.get("content-type", "").partition(";")[0]
    assert media in response["content"], f"{media} is not described: {said}"
    content = response["content"][media]
    if media == "application/json" and content["schema"]["$ref"].endswith("/ProblemBody"):
        problem(answer.json(), list(content["examples"]), said)
    elif media == "application/json":
        valid(content["schema"], answer.json(), said)


def problem(body: Any, codes: list[str], said: str) -> None:
    valid({"$ref": "#/components/schemas/ProblemBody"}, body, said)
    assert body["code"] in codes, f"an error that is not described ({', '.join(codes)}): {said}"
    assert body["error"] and body["message"], said


def valid(schema: dict[str, Any], value: Any, said: str = "") -> None:
    errors = [
        f"{'.'.join(map(str, e.instance_path))}: {e.message}" for e in validator(str(schema["$ref"])).iter_errors(value)
    ]
    assert not errors, f"{errors[:5]} in {said or value}"


@cache
def validator(reference: str) -> jsonschema_rs.Draft202012Validator:
    schemas = {"schemas": document()["components"]["schemas"]}
    return jsonschema_rs.Draft202012Validator({"$ref": reference, "components": schemas})


@cache
def document() -> dict[str, Any]:
    return openapi.document(openapi.bare())


@cache
def operations() -> tuple[Operation, ...]:
    """Those whose path has no ids first: they are what `{id}` would match too."""
    found = [
        Operation(method.upper(), path, re.compile(re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(path))), described)
        for path, methods in document()["paths"].items()
        for method, described in methods.items()
    ]
    return tuple(sorted(found, key=lambda operation: operation.path.count("{")))


def operation_of(method: str, path: str) -> Operation | None:
    """Health is asked outside the base path too."""
    if path in ("/health", "/ready"):
        path = f"{BASE}{path}"
    return next((o for o in operations() if o.method == method and o.pattern.fullmatch(path)), None)


def resolved(part: dict[str, Any]) -> dict[str, Any]:
    """A part of the document, or what it refers to."""
    if "$ref" not in part:
        return part
    found: Any = document()
    for step in part["$ref"].removeprefix("#/").split("/"):
        found = found[step]
    return dict(found)


def codes() -> set[str]:
    """Of every error there is."""
    kinds, found = [Problem], set()
    while kinds:
        kind = kinds.pop()
        found.add(kind.code)
        kinds += kind.__subclasses__()
    return found
