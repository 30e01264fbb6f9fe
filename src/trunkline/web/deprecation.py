"""Old names that still work: `/agents` for `/assistants`, `agent_id` for `assistant_id`, and the header that says so."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fastapi import Request, Response

from trunkline.errors import BadRequest

HEADER = "Deprecation"
SINCE = "@1764547200"
"""RFC 9745 §2.1: the moment since which they are deprecated, 1 December 2025."""


async def mark(request: Request, response: Response) -> None:
    """What is asked for goes by an old name: the answer says so, be it a refusal (`problems.py`)."""
    response.headers[HEADER] = SINCE
    request.state.deprecated = True


def is_marked(request: Request) -> bool:
    return getattr(request.state, "deprecated", False)


def renamed(body: Mapping[str, Any], names: Mapping[str, str]) -> tuple[dict[str, Any], bool]:
    """`body` with old names (`names`: old → new) replaced, and whether any was used. Raises BadRequest if both differ."""
    result = dict(body)
    used = [old for old in names if old in body]
    for old in used:
        value, new = result.pop(old), names[old]
        if new in body and body[new] != value:
            raise BadRequest("The request body is invalid", details=[f"{old}: differs from {new}, which replaces it"])
        result[new] = value
    return result, bool(used)
