"""The OpenAPI document, made from the table of URLs: operations with their bodies, answers, errors and headers.

Bodies and answers as named schemas are `components.py`'s, which errors a URL can answer with `refusals.py`'s.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from trunkline import __version__
from trunkline.api import refusals, routes
from trunkline.api.components import components, reference
from trunkline.api.routes import BASE, URLS, Url
from trunkline.calls import schemas as call_schemas
from trunkline.campaigns import schemas as campaign_schemas
from trunkline.errors import Problem
from trunkline.numbers import schemas as number_schemas
from trunkline.web.body import Body
from trunkline.web.problems import ProblemBody

RENAMED: dict[type[Body], Mapping[str, str]] = {
    call_schemas.PlaceBody: call_schemas.RENAMED,
    campaign_schemas.CampaignBody: campaign_schemas.RENAMED,
    campaign_schemas.CampaignChanges: campaign_schemas.RENAMED,
    campaign_schemas.LeadBody: campaign_schemas.LEAD_RENAMED,
    number_schemas.NumberBody: number_schemas.RENAMED,
    number_schemas.NumberChanges: number_schemas.RENAMED,
}
"""Bodies whose fields have old names too."""

DESCRIPTION = """\
Phone calls made by AI assistants, and steered while they are live.

Every request but those to `/health` and `/ready` carries a key: `Authorization: Bearer tl_live_…`. Bodies are strict JSON:
unknown fields, duplicate keys and wrong types are refused, not ignored. Every error is `{error, message, details?, code}`;
`code` is what programs read, `details` has one line per offending field. Besides what an operation lists, an unknown
method is 405 `method_not_allowed`, and a fault of ours 500 `internal_error`.

A `POST` with an `Idempotency-Key` may be repeated: the repeat answers with what the first has made. Lists come in pages of
`limit` items from `offset` on. Moments are ISO 8601 in UTC with milliseconds.
"""

TAGS = {
    "assistants": "Saved configurations of who listens, thinks and speaks.",
    "catalog": "What assistants can be made of.",
    "calls": "Calls: placed, steered while they are live, and read afterwards.",
    "numbers": "Numbers that calls are placed from.",
    "campaigns": "Lists of people to call.",
    "usage": "What calls have used.",
    "organizations": "Whose keys, numbers and calls they are.",
    "keys": "Keys of the API.",
    "health": "For those who keep the machine running.",
}
TAG_OF = {"agents": "assistants", "voices": "catalog", "account": "organizations", "ready": "health"}
"""Paths that begin with another word than their tag."""

NOISE = ("title", "description")
"""What FastAPI says of a parameter's schema that the parameter says itself, or its name."""

NEEDED = {None: "Needs no key.", "read": "Any key may do this."}

RATE_HEADERS = {
    "X-RateLimit-Limit": "Requests per minute that this key (or this call, for commands) may make.",
    "X-RateLimit-Remaining": "How many of them are left in this minute.",
    "X-RateLimit-Reset": "When the minute is over, in seconds since 1970.",
}
HEADERS: dict[str, Any] = {
    **{name: {"description": text, "schema": {"type": "integer"}} for name, text in RATE_HEADERS.items()},
    "Retry-After": {"description": "Seconds to wait before a repeat.", "schema": {"type": "integer"}},
    "WWW-Authenticate": {"description": "`Bearer`.", "schema": {"type": "string"}},
    "Deprecation": {
        "description": "The URL, or a field of the body, goes by an old name: since when (RFC 9745).",
        "schema": {"type": "string"},
    },
}

Document = dict[str, Any]
Examples = Mapping[str, list[Any]]
"""By the name of a body or an answer."""


def bare() -> FastAPI:
    """An application that has the routes and nothing behind them: enough to describe it."""
    app = FastAPI(title="Trunkline", version=__version__)
    routes.install(app)
    return app


def document(app: FastAPI) -> Document:
    """The whole document. Takes a moment: whoever serves it keeps it."""
    raw = get_openapi(title=app.title, version=app.version, routes=app.routes)
    schemas = _schemas()
    examples = _examples(schemas)
    taken: set[str] = set()
    paths: dict[str, Any] = {}
    for url in URLS:
        given = raw["paths"][BASE + url.path][url.method.lower()].get("parameters", ())
        operation = _operation(url, _operation_id(url, taken), examples)
        if given:
            operation["parameters"] = [_parameter(one, raw["components"]["schemas"]) for one in given]
        paths.setdefault(BASE + url.path, {})[url.method.lower()] = operation
    return {
        "openapi": "3.1.0",
        "info": {"title": app.title, "version": app.version, "description": DESCRIPTION, "license": _LICENSE},
        "servers": [{"url": "/"}],
        "security": [{"bearer": []}],
        "tags": [{"name": name, "description": text} for name, text in TAGS.items()],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "responses": _responses(),
            "headers": HEADERS,
            "examples": refusals.examples(),
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer", "description": "A key of the API."}},
        },
    }


_LICENSE = {"name": "Apache-2.0", "identifier": "Apache-2.0"}


# ---- operations -----------------------------------------------------------------------------


def _operation(url: Url, name: str, examples: Examples) -> Document:
    summary, text = _told(url)
    operation: Document = {"operationId": name, "tags": [tag_of(url)], "summary": summary, "description": text}
    if url.deprecated:
        operation["deprecated"] = True
    if refusals.needs(url).scope is None:
        operation["security"] = []
    if url.bodies:
        operation["requestBody"] = {"required": True, "content": {"application/json": _body(url, examples)}}
    operation["responses"] = {**_answers(url, examples), **_refused(url)}
    return operation


def _operation_id(url: Url, taken: set[str]) -> str:
    """The function's name; where a second URL leads to it, with that URL's last word."""
    head, *rest = url.answers.__name__.split("_")
    name = head + "".join(word.capitalize() for word in rest)
    if name in taken:
        name += [step for step in url.path.split("/") if not step.startswith("{")][-1].capitalize()
    assert name not in taken, name
    taken.add(name)
    return name


def _told(url: Url) -> tuple[str, str]:
    """The docstring's first sentence, and all of it with the scope that is needed."""
    text = " ".join(inspect.cleandoc(url.answers.__doc__ or "").split())
    summary = text.partition(". ")[0].rstrip(".")
    scope = refusals.needs(url).scope
    needed = NEEDED.get(scope, f"Needs a key with the scope `{scope}`.")
    return summary, f"{text}\n\n{needed}"


def tag_of(url: Url) -> str:
    first = url.path.split("/")[1]
    return TAG_OF.get(first, first)


def _parameter(raw: Document, schemas: Document) -> Document:
    """A parameter that may be left out is not one that may be null."""
    schema = {name: value for name, value in raw["schema"].items() if name not in NOISE}
    options = [option for option in schema.pop("anyOf", ()) if option != {"type": "null"}]
    schema |= options[0] if options else {}
    if "$ref" in schema:
        schema |= schemas[schema.pop("$ref").rsplit("/", 1)[1]]
    schema = {name: value for name, value in schema.items() if name not in NOISE}
    parameter = {"name": raw["name"], "in": raw["in"], "required": raw.get("required", False), "schema": schema}
    if text := raw.get("description") or raw["schema"].get("description"):
        parameter["description"] = text
    return parameter


def _body(url: Url, examples: Examples) -> Document:
    shown = [example for body in url.bodies for example in examples[body.__name__]]
    return {"schema": _one_of(url.bodies), "examples": _named(shown)}


def _one_of(bodies: tuple[type[Body], ...]) -> Document:
    if len(bodies) == 1:
        return reference(bodies[0].__name__)
    schema: Document = {"oneOf": [reference(body.__name__) for body in bodies]}
    mapping = {value: reference(body.__name__)["$ref"] for body in bodies for value in _types(body)}
    if mapping:
        schema["discriminator"] = {"propertyName": "type", "mapping": mapping}
    return schema


def _types(body: type[Body]) -> Iterable[str]:
    """The values of `type` that tell a body from others."""
    field = body.model_fields.get("type")
    return getattr(field.annotation, "__args__", ()) if field is not None else ()


def _answers(url: Url, examples: Examples) -> Document:
    """What the route answers when it does not refuse."""
    headers = dict.fromkeys(RATE_HEADERS) if refusals.needs(url).scope is not None else {}
    if url.deprecated or any(body in RENAMED for body in url.bodies):
        headers["Deprecation"] = None
    answers = {}
    for status in (url.status, *url.also):
        answer: Document = {"description": HTTPStatus(status).phrase, "content": {url.media: _content(url, examples)}}
        if headers:
            answer["headers"] = {name: {"$ref": f"#/components/headers/{name}"} for name in headers}
        answers[str(status)] = answer
    return answers


def _content(url: Url, examples: Examples) -> Document:
    if url.answer is None:
        binary = {"type": "string", "format": "binary"}
        return {} if url.media == "application/json" else {"schema": binary}
    return {"schema": reference(url.answer.__name__), "examples": _named(examples[url.answer.__name__])}


def _examples(schemas: Document) -> Examples:
    """Those of each body and answer, taken out of its schema: they stand with the operations."""
    models = {model.__name__ for url in URLS for model in (*url.bodies, url.answer) if model is not None}
    return {name: schemas[name].pop("examples", []) for name in models}


def _named(examples: list[Any]) -> Document:
    """By the kind of body where there are several kinds, else counted."""
    named: Document = {}
    for number, example in enumerate(examples, 1):
        kind = example.get("type", "example") if isinstance(example, dict) else "example"
        named[kind if kind not in named else f"{kind}_{number}"] = {"value": example}
    return named


# ---- refusals -------------------------------------------------------------------------------


def _refused(url: Url) -> Document:
    return {
        str(status): {"$ref": f"#/components/responses/{_name(kinds)}"}
        for status, kinds in refusals.refusals(url).items()
    }


def _name(kinds: tuple[type[Problem], ...]) -> str:
    """`ConflictOrKeyReused`."""
    return "Or".join(kind.__name__ for kind in kinds)


def _responses() -> Document:
    """Each set of errors that some operation can give, with an example of each."""
    groups = {_name(kinds): kinds for url in URLS for kinds in refusals.refusals(url).values()}
    return {name: _response(kinds) for name, kinds in sorted(groups.items())}


def _response(kinds: tuple[type[Problem], ...]) -> Document:
    status = kinds[0].status
    headers = list(RATE_HEADERS)
    headers += {401: ["WWW-Authenticate"], 429: ["Retry-After"], 503: ["Retry-After"]}.get(status, [])
    lines = [f"`{kind.code}`: {(kind.__doc__ or '').strip()}" for kind in kinds]
    return {
        "description": "; ".join(lines),
        "headers": {name: {"$ref": f"#/components/headers/{name}"} for name in headers},
        "content": {
            "application/json": {
                "schema": reference(ProblemBody.__name__),
                "examples": {kind.code: {"$ref": f"#/components/examples/{kind.code}"} for kind in kinds},
            }
        },
    }


def _schemas() -> Document:
    models = [model for url in URLS for model in (*url.bodies, url.answer) if model is not None]
    schemas = components([*models, ProblemBody], RENAMED)
    schemas[ProblemBody.__name__]["properties"]["code"]["enum"] = sorted(refusals.examples())
    return schemas
