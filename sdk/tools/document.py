"""The OpenAPI document as clients are generated from it: one name per operation, one component per schema.

    document.py < openapi.json > clients.json
    document.py --schemas < clients.json > schemas.json      only what has a name

An operation is named after its room and what it does: `calls.place`, `campaigns.list_leads`. What the document offers twice
(deprecated URLs, the second URL of placing a call) is left out, and so is what an operation cannot answer by type (the
ranges 4XX and 5XX: every error has one body). Schemas written in place become components under their titles.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from typing import Any

METHODS = {"get": "get", "post": "create", "patch": "update", "put": "replace", "delete": "delete"}
"""What an operation on a resource does; on a collection, `get` lists it."""

NAMES = {
    "post /calls": "calls.place",
    "post /calls/{call_id}/control": "calls.control",
    "post /campaigns/{campaign_id}/leads": "campaigns.add_leads",
    "delete /keys/{key_id}": "keys.revoke",
    "get /usage": "usage.get",
    "get /catalog": "catalog.get",
    "get /organizations": "organizations.get",
    "patch /organizations": "organizations.update",
    "get /health": "health.get",
    "get /ready": "health.ready",
}
"""Where the rule of `name_of` would be no name."""

ALIASES = {"post /calls/outbound"}

Document = dict[str, Any]


def for_clients(document: Document) -> Document:
    schemas: dict[str, Any] = document.setdefault("components", {}).setdefault("schemas", {})
    base = _base(document["paths"])
    paths: dict[str, Any] = {}
    for method, path, operation in _operations(document["paths"]):
        short = path.removeprefix(base)
        if operation.get("deprecated") or f"{method} {short}" in ALIASES:
            continue
        operation["operationId"] = name_of(method, short)
        operation["responses"] = {
            status: answer for status, answer in operation["responses"].items() if not status.endswith("XX")
        }
        for content in _contents(operation):
            if "schema" in content:
                content["schema"] = _lifted(content["schema"], schemas)
        paths.setdefault(path, {})[method] = operation
    return {**document, "paths": paths}


def name_of(method: str, path: str) -> str:
    """`get /campaigns/{campaign_id}/leads` is `campaigns.list_leads`."""
    if (known := NAMES.get(f"{method} {path}")) is not None:
        return known
    steps = path.strip("/").split("/")
    words = [step.replace("-", "_") for step in steps if not step.startswith("{")]
    is_one = steps[-1].startswith("{") or (method == "get" and not words[-1].endswith("s"))
    verb = "list" if method == "get" and not is_one else METHODS[method]
    below = words[1:]
    if below and (is_one or method != "get"):
        below[-1] = below[-1].removesuffix("s")
    return f"{words[0]}.{'_'.join([verb, *below])}"


def _base(paths: Document) -> str:
    """What every path begins with."""
    return "/api/v1" if all(path.startswith("/api/v1/") for path in paths) else ""


def _operations(paths: Document) -> Iterator[tuple[str, str, Document]]:
    for path, operations in paths.items():
        for method in METHODS:
            if method in operations:
                yield method, path, operations[method]


def _contents(operation: Document) -> Iterator[Document]:
    for part in (operation.get("requestBody") or {}, *operation["responses"].values()):
        yield from (part.get("content") or {}).values()


def _lifted(schema: Document, schemas: Document) -> Document:
    """A reference to the schema, which becomes a component if it has a title and is none yet."""
    for union in ("oneOf", "anyOf"):
        if union in schema:
            return {**schema, union: [_lifted(one, schemas) for one in schema[union]]}
    title = schema.get("title", "")
    if "$ref" in schema or schema.get("type") != "object" or not title.isidentifier() or "properties" not in schema:
        return schema
    if schemas.setdefault(title, schema) != schema:
        raise SystemExit(f"the document has two schemas called {title}")
    return {"$ref": f"#/components/schemas/{title}"}


def only_schemas(document: Document) -> Document:
    return {**document, "paths": {}}


if __name__ == "__main__":
    prepare = only_schemas if "--schemas" in sys.argv else for_clients
    json.dump(prepare(json.load(sys.stdin)), sys.stdout, indent=1, ensure_ascii=False)
