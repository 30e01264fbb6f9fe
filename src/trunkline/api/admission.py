"""Who may open a call's live socket: the holder of a key or of the call's ticket, in a header or among the subprotocols.

Browsers cannot set headers on a socket; a subprotocol is the only thing they can say besides the URL, and URLs are logged.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from fastapi import WebSocket

from trunkline import clock
from trunkline.calls import tickets
from trunkline.errors import NotFound, Unauthorized
from trunkline.organizations.keys import Caller
from trunkline.web.caller import Callers, Door, authenticate, bearer

_PROTOCOL = "bearer."


@dataclass(frozen=True, slots=True)
class Admitted:
    """Whoever was let in. `again` asks whether they still would be: it raises Unauthorized if not."""

    caller: Caller
    again: Callable[[], Awaitable[Caller]]


async def admit(websocket: WebSocket, call_id: str) -> Admitted:
    """Raises Unauthorized or TooMany; NotFound for the ticket of another call."""
    shown = bearer(websocket) or _in_protocols(websocket)
    door: Door = websocket.app.state.door
    callers = door.callers
    if not tickets.is_ticket(shown):
        return Admitted(await authenticate(websocket, callers.of(shown)), lambda: callers.of(shown))
    caller = await authenticate(websocket, _holder(callers, call_id, shown))
    return Admitted(caller, lambda: callers.still(caller))


def chosen_protocol(websocket: WebSocket) -> str | None:
    """Browsers insist that one of what they offered is chosen: rather one that is no key."""
    offered: list[str] = websocket.scope.get("subprotocols") or []
    return next((name for name in offered if not name.startswith(_PROTOCOL)), offered[0] if offered else None)


def _in_protocols(websocket: WebSocket) -> str:
    offered = [name for name in websocket.scope.get("subprotocols", ()) if name.startswith(_PROTOCOL)]
    return offered[0].removeprefix(_PROTOCOL) if offered else ""


async def _holder(callers: Callers, call_id: str, text: str) -> Caller:
    """As whom a ticket lets in."""
    async with callers.database.reading() as session:
        row = await tickets.good(session, tickets.hash_of(text), clock.wall())
    if row is None:
        raise Unauthorized("The ticket is not known or has expired")
    caller = await callers.still(Caller(row.org_id, row.key_id, frozenset(row.scopes)))
    if row.call_id != call_id:
        raise NotFound("The ticket is for another call")
    return caller
