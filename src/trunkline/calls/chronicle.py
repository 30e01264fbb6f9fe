"""Which of a call's inputs and effects are worth a line in its journal, and what the line says. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from trunkline.calls.effects import (
    AbandonTransfer,
    Accepted,
    Effect,
    Finish,
    Finished,
    HoldLine,
    Mute,
    Press,
    Refer,
    Started,
)
from trunkline.calls.endings import ENDINGS, status_of
from trunkline.calls.inputs import NO_ANSWER
from trunkline.calls.leg import (
    Answered,
    DigitsPressed,
    Fact,
    Noted,
    Rang,
    TransferAnswered,
    TransferFailed,
    TransferRang,
)
from trunkline.calls.talk import Began, CallerSaid, Ended, Floor, Heard, Known, Progressed, ToolCalled, VendorFailed

Line = tuple[str, Mapping[str, Any]]


def of_fact(fact: Fact) -> Line | None:
    """The line for something that happened, or None where it is not worth one."""
    match fact:
        case Noted(kind, data):
            return kind, data
        case Rang(code):
            return "ringing", {"code": code}
        case Answered():
            return "answered", {}
        case Floor(assistant, thinking, caller):
            return "floor", {"assistant": assistant, "thinking": thinking, "caller": caller}
        case Began(utterance, source):
            return "speech.started", {"utterance": utterance, "source": source}
        case Progressed(utterance, heard):
            return "speech.heard", {"utterance": utterance, "heard_text": heard.text, "heard_ms": heard.ms}
        case Ended():
            return "speech.ended", _ended(fact, fact.heard)
        case Known(command, turn):
            return "context.added", {"command": command, "turn": turn}
        case CallerSaid(text, turn):
            return "caller.said", {"text": text, "turn": turn}
        case DigitsPressed(digits):
            return "digits", {"digits": digits, "direction": "in"}
        case ToolCalled(id, name, arguments):
            return "tool.called", {"id": id, "name": name, "arguments": dict(arguments)}
        case VendorFailed(block, provider, error, fatal):
            return "vendor.failed", {"block": block, "provider": provider, "error": error, "fatal": fatal}
        case TransferRang(code):
            return "transfer.ringing", {"code": code}
        case TransferAnswered(confirmed):
            return "transfer.done", {"confirmed": confirmed}
        case TransferFailed(code, reason):
            return "transfer.failed", {"code": code, "reason": reason}
        case _:
            return None


def of_effect(effect: Effect) -> Line | None:
    """The line for something that was decided, or None. The ending is not here: it is written last, by `ending`."""
    match effect:
        case Accepted(command, not_after_ms):
            return "command.accepted", {"command": command.to_json(), "not_after_ms": not_after_ms}
        case Started(command):
            return "command.started", {"id": command.id, "verb": command.verb}
        case Finished(receipt):
            return "command.finished", receipt.to_json()
        case Refer(target, _, mode):
            return "transfer.started", {"destination": target, "mode": mode}
        case AbandonTransfer():
            return "transfer.failed", {"code": NO_ANSWER.code, "reason": NO_ANSWER.reason}
        case HoldLine(held):
            return "held", {"held": held}
        case Mute(target, muted):
            return "muted", {"target": target, "muted": muted}
        case Press(digits):
            return "digits", {"digits": digits, "direction": "out"}
        case _:
            return None


def ending(finish: Finish, now: int) -> Line:
    """The last line of every journal."""
    return "ended", {
        "status": status_of(finish.reason, finish.answered_ms is not None),
        "end_reason": finish.reason,
        "error": finish.detail or None,
        "answered_ms": finish.answered_ms,
        "duration_ms": now - finish.answered_ms if finish.answered_ms is not None else 0,
        "release_confirmed": finish.confirmed,
        "whose": ENDINGS[finish.reason].whose,
    }


def _ended(fact: Ended, heard: Heard) -> Mapping[str, Any]:
    return {
        "utterance": fact.utterance,
        "source": fact.source,
        "heard_text": heard.text,
        "heard_ms": heard.ms,
        "unheard_text": heard.unheard,
        "text_basis": heard.text_basis,
        "margin_ms": heard.margin_ms,
        "cut_by": fact.cut_by,
    }
