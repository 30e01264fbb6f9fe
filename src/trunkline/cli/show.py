"""Events and receipts as lines of text, for people: what `watch`, `show` and `demo` print. Pure; it adds no colour.

A line is a moment in seconds on the call's clock, a kind, and what the kind has to say. A kind without a sentence of its
own here shows its data as it is, so nothing is ever hidden.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

Data = Mapping[str, Any]

KIND_WIDTH = 17
QUIET = frozenset({"speech.heard", "model.asked", "media.statistics"})
"""Kinds that `show` and `demo` leave out unless asked for everything."""


def event_line(event: Data) -> str:
    kind, data = str(event["kind"]), event.get("data") or {}
    say = SENTENCES.get(kind, _plainly)
    return f"{event['at_ms'] / 1000:8.3f}  {kind:<{KIND_WIDTH}} {say(data)}".rstrip()


def timeline(events: Iterable[Data], everything: bool = False) -> list[str]:
    return [event_line(event) for event in events if everything or event["kind"] not in QUIET]


def transcript(events: Iterable[Data]) -> list[str]:
    """Who said what, as heard: the assistant's words are those that were played, not those that were written."""
    lines = []
    for event in events:
        data = event["data"]
        match event["kind"]:
            case "caller.said":
                lines.append(f"caller     {data['text']}")
            case "speech.ended" if data.get("heard_text") or data.get("unheard_text"):
                lines.append(f"assistant  {_heard(data)}")
    return lines


def commands(events: Iterable[Data]) -> list[str]:
    """One line for each command that has come to its outcome."""
    return [receipt_line(event["data"]) for event in events if event["kind"] == "command.finished"]


def receipt_line(receipt: Data) -> str:
    """A receipt in one line: its outcome, when each step was, and how sure what was heard is."""
    return outcome(receipt) + _small_print(receipt)


def outcome(receipt: Data) -> str:
    """Verb, status, why, what was heard, and what was done."""
    parts = [f"{receipt.get('verb', 'command')}: {receipt['status']}"]
    if receipt.get("reason"):
        parts.append(f"({receipt['reason']})")
    if _speech(receipt):
        parts.append(_heard(receipt))
    if answer := receipt.get("answer"):
        parts.append(f"answer {answer.get('status')}: {_heard(answer)}")
    if action := receipt.get("action"):
        parts.append(f"then {action.get('type')}: {action.get('status')}")
    if receipt.get("turn") is not None:
        parts.append(f"known from turn {receipt['turn']}")
    if receipt.get("talked_over"):
        parts.append("talked over the caller")
    return " ".join(parts)


def answer_line(answer: Data, verb: str) -> str:
    """What the API answers to a command: its receipt, as far as the command has come."""
    return f"{receipt_line({**answer, 'verb': verb})}  {answer.get('command_id')}"


def _speech(receipt: Data) -> bool:
    return bool(receipt.get("heard_text") or receipt.get("unheard_text"))


def _heard(data: Data) -> str:
    words = f"“{data.get('heard_text') or ''}”"
    return words + (f" unheard: “{data['unheard_text']}”" if data.get("unheard_text") else "")


def _small_print(receipt: Data) -> str:
    moments = [
        f"{name.removesuffix('_at').replace('_', ' ')} {_moment(receipt[name])}"
        for name in ("accepted_at", "started_at", "first_audio_at", "finished_at")
        if receipt.get(name) is not None
    ]
    if _speech(receipt) and receipt.get("basis"):
        moments.append(f"basis {receipt['basis']}, {receipt.get('text_basis')} ±{receipt.get('margin_ms') or 0} ms")
    return f"  [{'; '.join(moments)}]" if moments else ""


def _moment(at: int | str) -> str:
    """The journal gives milliseconds on the call's clock, the API a date; of a date the time of day is enough."""
    if isinstance(at, int):
        return f"{at / 1000:.3f}"
    return re.sub(r"^\d{4}-\d\d-\d\dT|Z$", "", at)


def problem_lines(body: Data, status: int) -> list[str]:
    """An error of the API: its phrase, its message where that says more, and its details."""
    phrase = str(body.get("error") or f"HTTP {status}")
    message = str(body.get("message") or "")
    head = phrase if not message or message == phrase else f"{phrase}: {message}"
    return [head, *(f"  {detail}" for detail in body.get("details") or [])]


def _plainly(data: Data) -> str:
    return " ".join(f"{key}={value}" for key, value in data.items() if value not in (None, "", [], {}))


def _claimed(data: Data) -> str:
    return f"by {data.get('worker')}: {data.get('caller_id')} calls {data.get('destination')}"


def _accepted(data: Data) -> str:
    command = data.get("command") or {}
    asked = [str(command.get("verb"))]
    asked += [f"“{command['text']}”"] if command.get("text") else []
    asked += [f"{command[key]}" for key in ("destination", "digits", "target") if command.get(key)]
    asked += [word for key, word in (("trigger", "and answer"), ("end_after", "then end")) if command.get(key)]
    asked += [f"interrupt {command['interrupt']}"] if command.get("interrupt") not in (None, "queue") else []
    return " ".join(asked)


def _floor(data: Data) -> str:
    speaking = [who for who in ("assistant", "caller") if data.get(who)]
    return (
        " and ".join(speaking)
        + (" speaking" if speaking else "nobody speaks")
        + (", thinking" if data.get("thinking") else "")
    )


def _ended(data: Data) -> str:
    parts = [f"{data.get('status')}: {data.get('end_reason')}", f"after {(data.get('duration_ms') or 0) / 1000:.1f} s"]
    if data.get("error"):
        parts.append(str(data["error"]))
    if data.get("release_confirmed") is False:
        parts.append("release not confirmed")
    return ", ".join(parts)


def _text(data: Data) -> str:
    return f"“{data.get('text')}”" if data.get("text") is not None else "(no words)"


SENTENCES: dict[str, Callable[[Data], str]] = {
    "claimed": _claimed,
    "command.accepted": _accepted,
    "command.started": lambda data: str(data.get("verb")),
    "command.finished": outcome,
    "speech.started": lambda data: str(data.get("source")),
    "speech.heard": _heard,
    "speech.ended": lambda data: (
        f"{data.get('source')} {_heard(data)}" + (f" cut by the {data['cut_by']}" if data.get("cut_by") else "")
    ),
    "floor": _floor,
    "caller.said": _text,
    "backchannel": _text,
    "sandbox.heard": _text,
    "sandbox.said": _text,
    "ended": _ended,
}


def call_lines(call: Data) -> list[str]:
    """The head of `show`: what the call is and how it stands."""
    head = f"{call.get('id')}  {call.get('assistant_phone') or '?'} → {call.get('caller_phone') or '?'}"
    state = str(call.get("status"))
    if call.get("end_reason"):
        state += f" ({call['end_reason']})"
    if call.get("duration_seconds") is not None:
        state += f", {call['duration_seconds']} s"
    return [head, state, *([f"error: {call['error']}"] if call.get("error") else [])]


def show(call: Data, events: Sequence[Data], everything: bool = False) -> list[str]:
    sections = (
        ("", call_lines(call)),
        ("Timeline", timeline(events, everything)),
        ("Transcript, as heard", transcript(events)),
        ("Commands", commands(events)),
    )
    lines: list[str] = []
    for title, body in sections:
        if body:
            lines += ["", title] if title else []
            lines += body
    return lines
