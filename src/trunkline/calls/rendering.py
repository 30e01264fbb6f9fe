"""Calls, events and receipts as clients see them: rows and journals in, the wire's JSON out. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from trunkline.calls import projection
from trunkline.calls.events import Event
from trunkline.calls.tables import CallRow, CommandRow
from trunkline.calls.verbs import Status
from trunkline.clock import iso
from trunkline.policy.dialing import is_sandbox

_MOMENTS = ("accepted_at", "started_at", "first_audio_at", "finished_at")
FAILED = {
    Status.REFUSED: "The command was refused",
    Status.EXPIRED: "The command expired",
    Status.FAILED: "The command failed",
}
"""How the answer to a command begins that was no success."""

_SECRETS = ("webhook_secret",)


def call_json(row: CallRow, spoken: Sequence[Event] = (), base_url: str = "") -> dict[str, Any]:
    """The call object. `spoken` are those of its events that `projection.transcript` and `sandbox` read, unless it is over."""
    rendered: dict[str, Any] = {
        "id": row.id,
        "status": row.status,
        "direction": row.direction,
        "end_reason": row.end_reason,
        "error": row.error,
        "caller_phone": row.destination,
        "assistant_phone": row.caller_id,
        "destination": row.destination,
        "phone_number": row.caller_id,
        "number_id": row.number_id,
        "assistant_id": row.assistant_id,
        "agent_id": row.assistant_id,
        "agent_name": row.assistant_name,
        "business_name": row.business_name,
        "started_at": moment(row.answered_at),
        "ended_at": moment(row.ended_at),
        "duration_seconds": None if row.duration_seconds is None else round(row.duration_seconds),
        "messages": projection.transcript(spoken) if row.messages is None else row.messages,
        "summary": None,
        "analysis_result": None,
        "room_name": None,
        "recording_url": f"{base_url}/calls/{row.id}/recording" if row.recording else None,
        "transfer": row.transfer or None,
        "metadata": row.meta,
        "warnings": row.warnings,
        "last_sequence": row.last_sequence,
        "created_at": moment(row.created_at),
        "updated_at": moment(row.updated_at),
    }
    if is_sandbox(row.destination):
        rendered["sandbox"] = projection.sandbox(spoken) if row.sandbox is None else row.sandbox
    return rendered


def assistant_json(config: Mapping[str, Any]) -> dict[str, Any]:
    """The resolved configuration of a call, without what only its owner may know."""
    shown = {name: value for name, value in config.items() if name not in _SECRETS}
    model = shown.get("llm_config")
    if isinstance(model, dict) and model.get("tools"):
        shown["llm_config"] = {**model, "tools": [_without_secret(tool) for tool in model["tools"]]}
    return shown


def receipt_json(receipt: Mapping[str, Any], zero: datetime | None) -> dict[str, Any]:
    """A receipt's fields with moments on the call's clock (ms since `zero`) as dates."""
    shown = {name: value for name, value in receipt.items() if name not in ("id", "verb")}
    for name in _MOMENTS:
        at_ms = shown.get(name)
        shown[name] = iso(zero + timedelta(milliseconds=at_ms)) if zero is not None and at_ms is not None else None
    return shown


def command_json(row: CommandRow, receipt: Mapping[str, Any], zero: datetime | None) -> dict[str, Any]:
    """A command as listed: what was asked, and all that is known of it."""
    return {
        **receipt_json({"status": row.status, **receipt}, zero),
        "id": row.id,
        "call_id": row.call_id,
        "type": row.command["verb"],
        "sequence": row.sequence,
        "command": {name: value for name, value in row.command.items() if name != "id"},
        "created_at": moment(row.created_at),
    }


def answer_json(
    command_id: str, sequence: int, receipt: Mapping[str, Any], zero: datetime | None, delivered: bool = True
) -> dict[str, Any]:
    """The answer to a control request: the reference's two fields, and beside them what we know."""
    status = Status(receipt["status"])
    failed = FAILED.get(status)
    why = f": {receipt['reason']}" if receipt.get("reason") else ""
    answer: dict[str, Any] = {
        "success": failed is None,
        "message": f"{failed}{why}" if failed else "Command sent successfully",
        "command_id": command_id,
        "sequence": sequence,
        **receipt_json(receipt, zero),
    }
    if not delivered:
        answer["delivery"] = "unknown"
    return answer


def moment(at: datetime | None) -> str | None:
    return None if at is None else iso(at)


def _without_secret(tool: Mapping[str, Any]) -> dict[str, Any]:
    server = tool.get("server")
    if not isinstance(server, dict):
        return dict(tool)
    return {**tool, "server": {name: value for name, value in server.items() if name != "secret"}}
