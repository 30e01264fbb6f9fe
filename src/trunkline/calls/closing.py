"""The last lines of a journal whose writer cannot write them: a lost worker's, and a call's that no worker ever took. Pure.

`monitor.py` and `sweeper.py` append them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from trunkline.calls.endings import ENDINGS, EndReason
from trunkline.calls.events import Event
from trunkline.calls.verbs import Receipt, Status, Verb

PROGRESS_MS = 250
"""How much more may have been heard than the last `speech.heard` says."""


def closing_events(events: Sequence[Event], now_ms: int) -> list[Event]:
    """What is missing at the end of a lost worker's journal; nothing if it has ended.

    `now_ms` is on the call's own clock. Words count as heard as far as the journal says; more may have been heard, and
    nobody will ever know.
    """
    if not events or any(event.kind == "ended" for event in events):
        return []
    last = events[-1]
    at_ms = max(now_ms, last.at_ms)
    lines = [*_open_utterances(events), *_open_commands(events, at_ms), _ended(events, at_ms)]
    return [Event(last.sequence + n, at_ms, kind, data) for n, (kind, data) in enumerate(lines, 1)]


def unclaimed_events(age_ms: int, error: str = "no worker took the call in time") -> list[Event]:
    """The whole journal of a call that no worker has taken."""
    ending = ENDINGS[EndReason.NO_CAPACITY]
    data = {
        "status": ending.status,
        "end_reason": EndReason.NO_CAPACITY,
        "error": error,
        "answered_ms": None,
        "duration_ms": 0,
        "release_confirmed": True,
        "whose": ending.whose,
    }
    return [Event(1, age_ms, "ended", data)]


Line = tuple[str, Mapping[str, Any]]


@dataclass(slots=True)
class _Open:
    """A command that has no outcome yet."""

    command: Mapping[str, Any]
    accepted_at: int
    started_at: int | None = None
    first_audio_at: int | None = None
    heard: dict[str, Any] = field(default_factory=dict)


def _open_utterances(events: Sequence[Event]) -> Iterator[Line]:
    """Each utterance that began and did not end, as ended with what was heard of it."""
    speaking: dict[str, dict[str, Any]] = {}
    for event in events:
        utterance = event.data.get("utterance", "")
        match event.kind:
            case "speech.started":
                speaking[utterance] = {**event.data, "heard_text": "", "heard_ms": 0}
            case "speech.heard" if utterance in speaking:
                speaking[utterance].update(event.data)
            case "speech.ended":
                speaking.pop(utterance, None)
    for data in speaking.values():
        rest = {"unheard_text": "", "text_basis": "proportional", "margin_ms": PROGRESS_MS, "cut_by": "end"}
        yield "speech.ended", {**data, **rest}


def _open_commands(events: Sequence[Event], at_ms: int) -> Iterator[Line]:
    unfinished: dict[str, _Open] = {}
    for event in events:
        match event.kind:
            case "command.accepted":
                unfinished[event.data["command"]["id"]] = _Open(event.data["command"], event.at_ms)
            case "command.finished":
                unfinished.pop(event.data["id"], None)
            case _:
                _follow(unfinished, event)
    for command in unfinished.values():
        yield "command.finished", _receipt(command, at_ms).to_json()


def _follow(unfinished: Mapping[str, _Open], event: Event) -> None:
    name = event.data.get("id") if event.kind == "command.started" else event.data.get("utterance")
    # a command's second attempt at its words is the utterance `id:again`
    command = unfinished.get(str(name).partition(":")[0])
    if command is None:
        return
    match event.kind:
        case "command.started":
            command.started_at = event.at_ms
        case "speech.started" if command.first_audio_at is None:
            command.first_audio_at = event.at_ms
        case "speech.heard" | "speech.ended":
            command.heard = dict(event.data)


def _receipt(command: _Open, at_ms: int) -> Receipt:
    text, heard = command.command["text"], command.heard.get("heard_text", "")
    spoken = command.started_at is not None and bool(text)
    unheard = text[len(heard) :].strip() if spoken and text.startswith(heard) else None
    return Receipt(
        id=command.command["id"],
        verb=Verb(command.command["verb"]),
        status=Status.FAILED,
        reason=EndReason.WORKER_LOST,
        accepted_at=command.accepted_at,
        started_at=command.started_at,
        first_audio_at=command.first_audio_at,
        finished_at=at_ms,
        heard_text=heard if command.first_audio_at is not None else None,
        heard_ms=command.heard.get("heard_ms", 0) if command.first_audio_at is not None else None,
        unheard_text=command.heard.get("unheard_text", unheard),
        text_basis=command.heard.get("text_basis"),
        margin_ms=command.heard.get("margin_ms", PROGRESS_MS if command.heard else None),
    )


def _ended(events: Sequence[Event], at_ms: int) -> Line:
    answered_ms = next((event.at_ms for event in events if event.kind == "answered"), None)
    ending = ENDINGS[EndReason.WORKER_LOST]
    return "ended", {
        "status": ending.status,
        "end_reason": EndReason.WORKER_LOST,
        "error": "the worker that held the call was lost",
        "answered_ms": answered_ms,
        "duration_ms": 0 if answered_ms is None else at_ms - answered_ms,
        "release_confirmed": False,
        "whose": ending.whose,
    }
