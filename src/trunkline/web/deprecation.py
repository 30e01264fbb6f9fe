"""Old names that still work: `/agents` for `/assistants`, `agent_id` for `assistant_id`, and the header that says so."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from trunkline.errors import BadRequest

HEADER = "Deprecation"
SINCE = "@1764547200"
"""RFC 9745 §2.1: the moment since which they are deprecated, 1 December 2025."""


async def mark(request: Request) -> None:
    """What is asked for goes by an old name: the answer says so, whatever it is and whoever makes it."""
    request.state.deprecated = True


class OldNames:
    """Puts the header on every answer to a request that was marked."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def with_header(message: Message) -> None:
            if message["type"] == "http.response.start" and scope.get("state", {}).get("deprecated"):
                MutableHeaders(scope=message)[HEADER] = SINCE
            await send(message)

        await self.app(scope, receive, with_header)


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
