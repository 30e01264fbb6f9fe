"""A call's journal as it stands on the bus: fresher than its rows, which the recorder makes from it a moment later."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from trunkline.bus import messages
from trunkline.bus.port import Bus
from trunkline.calls.events import Event
from trunkline.calls.journal import events_of
from trunkline.calls.store import KnownCall


def events_in(payload: bytes) -> list[Event]:
    """The events of one `told` message."""
    return [Event.from_json(event) for event in messages.unpack(payload)["events"]]


@dataclass(frozen=True, slots=True)
class Now:
    """What the journal says about a call at this moment."""

    events: Sequence[Event]

    @property
    def claimed(self) -> bool:
        return any(event.kind == "claimed" for event in self.events)

    @property
    def ended(self) -> Event | None:
        return next((event for event in reversed(self.events) if event.kind == "ended"), None)

    @property
    def epoch(self) -> int:
        return next((int(event.data["epoch"]) for event in self.events if event.kind == "claimed"), 0)

    @property
    def zero(self) -> datetime | None:
        """The moment of `at_ms` 0."""
        text = next((event.data["at"] for event in self.events if event.kind == "claimed"), None)
        return None if text is None else datetime.fromisoformat(text)

    @property
    def status(self) -> str:
        if self.ended is not None:
            return str(self.ended.data["status"])
        kinds = {event.kind for event in self.events}
        return "in-progress" if "answered" in kinds else "ringing" if "ringing" in kinds else "dialing"

    def receipt(self, command_id: str) -> dict[str, Any] | None:
        """What the journal knows of a command: None if it never got there."""
        found: dict[str, Any] | None = None
        for event in self.events:
            found = folded(found, event, command_id)
        return found


async def now(bus: Bus, call: KnownCall) -> Now:
    """Raises BusAway."""
    entries = await bus.read(messages.journal(call.org_id, call.id))
    return Now([event for entry in entries for event in events_of(entry)])


def folded(receipt: dict[str, Any] | None, event: Event, command_id: str) -> dict[str, Any] | None:
    """What is known of a command after one more event."""
    match event.kind:
        case "command.accepted" if event.data["command"]["id"] == command_id:
            return {"status": "accepted", "accepted_at": event.at_ms, **(receipt or {})}
        case "command.started" if event.data["id"] == command_id:
            return {**(receipt or {}), "status": "started", "started_at": event.at_ms}
        case "command.finished" if event.data["id"] == command_id:
            return dict(event.data)
        case _:
            return receipt
