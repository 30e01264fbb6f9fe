"""What one event of a journal changes in the rows made from it, and what a journal says was said. Pure.

`recorder.py` applies the changes; it is the only one that does.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import datetime, timedelta
from typing import Any

from trunkline.calls.events import Event
from trunkline.calls.verbs import Status

FINAL_STATUSES = frozenset({"ended", "transferred", "failed", "rejected", "ended-with-error"})
LIVE_STATUSES = ("dialing", "ringing", "in-progress")

PROGRESS = "speech.heard"
TOLD = ("caller.said", "speech.started", "speech.ended", "sandbox.heard", "sandbox.said")
"""Kinds of events that `transcript` and `sandbox` read, besides the `PROGRESS` of words that are not over."""


@dataclass(frozen=True, slots=True)
class CallFacts:
    """As much of a call's row as the next event needs."""

    status: str
    created_at: datetime
    claimed_at: datetime | None = None
    answered_at: datetime | None = None
    transfer: Mapping[str, Any] = field(default_factory=dict)

    def moment(self, at_ms: int) -> datetime:
        """A moment on the call's own clock. A call that nobody claimed counts from when it was accepted."""
        return (self.claimed_at or self.created_at) + timedelta(milliseconds=at_ms)


@dataclass(frozen=True, slots=True)
class CommandChange:
    id: str
    status: str
    receipt: Mapping[str, Any]
    """Laid over what the receipt holds already."""


@dataclass(frozen=True, slots=True)
class Changes:
    call: Mapping[str, Any] = field(default_factory=dict)
    """Columns of the call's row."""
    command: CommandChange | None = None


def project(facts: CallFacts, event: Event) -> Changes:
    match event.kind:
        case "command.accepted":
            receipt = {"status": Status.ACCEPTED, "accepted_at": event.at_ms}
            return Changes(command=CommandChange(event.data["command"]["id"], Status.ACCEPTED, receipt))
        case "command.started":
            receipt = {"status": Status.STARTED, "started_at": event.at_ms}
            return Changes(command=CommandChange(event.data["id"], Status.STARTED, receipt))
        case "command.finished":
            return Changes(command=CommandChange(event.data["id"], event.data["status"], event.data))
        case _:
            return Changes(call=_of_call(facts, event))


def advance(facts: CallFacts, changes: Changes) -> CallFacts:
    """The facts as the next event finds them."""
    known = {name: changes.call[name] for name in _FACTS if name in changes.call}
    return replace(facts, **known)


def _of_call(facts: CallFacts, event: Event) -> dict[str, Any]:
    data = event.data
    match event.kind:
        case "claimed":
            return {
                "worker": data["worker"],
                "epoch": data["epoch"],
                "claimed_at": datetime.fromisoformat(data["at"]),
            }
        case "ringing" if facts.status == "dialing":
            return {"status": "ringing"}
        case "answered":
            return {"status": "in-progress", "answered_at": facts.moment(event.at_ms)}
        case "transfer.started" | "transfer.ringing" | "transfer.done" | "transfer.failed":
            state = event.kind.removeprefix("transfer.")
            earlier = {} if state == "started" else facts.transfer
            return {"transfer": {**earlier, **data, "state": state}}
        case "recording":
            return {"recording": data["path"]}
        case "ended":
            return _ended(facts, event)
        case _:
            return {}


def _ended(facts: CallFacts, event: Event) -> dict[str, Any]:
    answered_ms = event.data.get("answered_ms")
    return {
        "status": event.data["status"],
        "end_reason": event.data["end_reason"],
        "error": event.data.get("error"),
        "answered_at": facts.answered_at if answered_ms is None else facts.moment(answered_ms),
        "ended_at": facts.moment(event.at_ms),
        "duration_seconds": event.data["duration_ms"] / 1_000,
    }


_FACTS = frozenset(f.name for f in fields(CallFacts))


# ---- what was said -------------------------------------------------------------------------


def transcript(events: Sequence[Event]) -> list[dict[str, str]]:
    """Turns in the order in which they began: the caller's as the model got them, the assistant's as they were heard.

    An utterance that is not over yet stands with the words heard so far.
    """
    turns: list[dict[str, str]] = []
    spoken: dict[str, dict[str, str]] = {}
    for event in events:
        match event.kind:
            case "caller.said":
                turns.append({"role": "user", "content": event.data["text"]})
            case "speech.started" | "speech.heard" | "speech.ended":
                utterance = event.data["utterance"]
                if utterance not in spoken:
                    spoken[utterance] = {"role": "assistant", "content": ""}
                    turns.append(spoken[utterance])
                spoken[utterance]["content"] = event.data.get("heard_text") or spoken[utterance]["content"]
    return [turn for turn in turns if turn["content"]]


def sandbox(events: Iterable[Event]) -> dict[str, list[dict[str, Any]]]:
    """What a sandbox far end heard and said, by its own account."""
    told: dict[str, list[dict[str, Any]]] = {"heard": [], "said": []}
    for event in events:
        if event.kind in ("sandbox.heard", "sandbox.said"):
            told[event.kind.removeprefix("sandbox.")].append(dict(event.data))
    return told
