"""What the routes of calls answer, for the document."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import ConfigDict, Field
from pydantic.config import JsonDict

from trunkline.web.answers import Answer, Pagination

CallStatus = Literal[
    "dialing", "ringing", "in-progress", "ended", "transferred", "failed", "rejected", "ended-with-error"
]
CommandStatus = Literal["accepted", "started", "heard", "interrupted", "done", "refused", "expired", "failed"]
CommandType = Literal[
    "say", "inject-context", "end-call", "transfer", "send-dtmf", "mute", "unmute", "hold", "resume", "cancel"
]

_ID = "call_5f0c2d9e8b1a4c7f93e6d04b72a1c855"
_COMMAND_ID = "cmd_91b7e4c05d3f4f2a8a6c1e90b3d7f264"
_PAGE: JsonDict = {"total": 1, "limit": 100, "offset": 0}
_CALL: JsonDict = {
    "id": _ID,
    "status": "ended",
    "direction": "outbound",
    "end_reason": "user_hangup",
    "error": None,
    "caller_phone": "+15005550001",
    "assistant_phone": "+15005550000",
    "destination": "+15005550001",
    "phone_number": "+15005550000",
    "number_id": None,
    "assistant_id": "7c9e6679-7425-40de-944b-e07fc1f90ae7",
    "agent_id": "7c9e6679-7425-40de-944b-e07fc1f90ae7",
    "agent_name": "Front desk",
    "business_name": "Brightsmile",
    "started_at": "2026-01-12T09:30:01.200Z",
    "ended_at": "2026-01-12T09:31:14.800Z",
    "duration_seconds": 74,
    "messages": [
        {"role": "assistant", "content": "Brightsmile, good morning."},
        {"role": "user", "content": "Can I come on Tuesday?"},
    ],
    "summary": None,
    "analysis_result": None,
    "room_name": None,
    "recording_url": f"http://127.0.0.1:8080/api/v1/calls/{_ID}/recording",
    "transfer": None,
    "metadata": {"ticket": 7},
    "warnings": [],
    "last_sequence": 42,
    "created_at": "2026-01-12T09:30:00.000Z",
    "updated_at": "2026-01-12T09:31:14.900Z",
    "sandbox": {
        "heard": [{"text": "Brightsmile, good morning.", "at_ms": 40, "end_ms": 1820, "ok": True}],
        "said": [{"text": "Can I come on Tuesday?", "at_ms": 2100, "end_ms": 3600}],
    },
}
_DIALING: JsonDict = {
    **_CALL,
    "status": "dialing",
    "end_reason": None,
    "started_at": None,
    "ended_at": None,
    "duration_seconds": None,
    "messages": [],
    "recording_url": None,
    "last_sequence": 0,
    "updated_at": "2026-01-12T09:30:00.000Z",
    "sandbox": {"heard": [], "said": []},
}
_RECEIPT: JsonDict = {
    "status": "heard",
    "reason": None,
    "accepted_at": "2026-01-12T09:30:10.000Z",
    "started_at": "2026-01-12T09:30:10.020Z",
    "first_audio_at": "2026-01-12T09:30:10.100Z",
    "finished_at": "2026-01-12T09:30:12.500Z",
    "heard_text": "Your taxi is here.",
    "heard_ms": 2400,
    "unheard_text": "",
    "talked_over": False,
    "basis": "frames",
    "text_basis": "alignment",
    "margin_ms": 0,
    "turn": None,
    "answer": None,
    "action": None,
}
_COMMAND: JsonDict = {
    **_RECEIPT,
    "id": _COMMAND_ID,
    "call_id": _ID,
    "type": "say",
    "sequence": 1,
    "command": {"verb": "say", "text": "Your taxi is here.", "ttl_ms": 30_000},
    "created_at": "2026-01-12T09:30:10.000Z",
}


def _like(*examples: JsonDict) -> ConfigDict:
    return ConfigDict(json_schema_extra={"examples": [*examples]})


class Message(Answer):
    role: Literal["user", "assistant"]
    content: str


class Heard(Answer):
    """One stretch of speech as the far end decoded it."""

    text: str | None = Field(description="null: it was speech, and no modem's")
    at_ms: int = Field(description="since the answer")
    end_ms: int
    ok: bool


class Said(Answer):
    text: str | None
    at_ms: int
    end_ms: int


class SandboxShown(Answer):
    """What a sandbox line heard and said, by its own account."""

    heard: list[Heard]
    said: list[Said]


class TransferShown(Answer):
    state: Literal["started", "ringing", "done", "failed"]
    destination: str | None = None
    mode: str | None = None
    code: int | None = Field(None, description="the SIP status of the target's last answer")
    confirmed: bool | None = Field(None, description="was it said that the target has the caller, or is it inferred")
    reason: str | None = None


class CallShown(Answer):
    id: str
    status: CallStatus
    direction: Literal["inbound", "outbound"]
    end_reason: str | None = Field(description="null until it is over")
    error: str | None
    caller_phone: str = Field(description="the person's number")
    assistant_phone: str
    destination: str
    phone_number: str
    number_id: str | None
    assistant_id: str | None = Field(description="null where the assistant was for this call only")
    agent_id: str | None = Field(description="the old name of `assistant_id`")
    agent_name: str | None = Field(description="the assistant's name")
    business_name: str | None
    started_at: str | None = Field(description="when it was answered")
    ended_at: str | None
    duration_seconds: int | None = Field(description="from the answer to the end")
    messages: list[Message] = Field(description="the assistant's as they were heard")
    summary: str | None
    analysis_result: dict[str, Any] | None
    room_name: str | None
    recording_url: str | None = Field(description="needs the key too")
    transfer: TransferShown | None = Field(description="the last one")
    metadata: dict[str, Any]
    warnings: list[str]
    last_sequence: int = Field(description="of its events")
    created_at: str
    updated_at: str
    sandbox: SandboxShown | None = Field(None, description="of calls to sandbox lines only")


class Receipt(Answer):
    """All that is known of a command. A field that is not there is not known (yet)."""

    status: CommandStatus
    reason: str | None = None
    accepted_at: str | None
    started_at: str | None
    first_audio_at: str | None
    finished_at: str | None
    heard_text: str | None = Field(None, description="which of its words were heard")
    heard_ms: int | None = None
    unheard_text: str | None = None
    talked_over: bool = Field(False, description="it was spoken while the caller spoke")
    basis: str | None = Field(None, description="how it is known what was heard: `frames` or `rtp_estimate`")
    text_basis: str | None = Field(None, description="`alignment` or `proportional`")
    margin_ms: int | None = None
    turn: int | None = Field(None, description="inject-context: the turn that first includes it")
    answer: dict[str, Any] | None = Field(None, description="of a trigger: `{status, heard_text}`")
    action: dict[str, Any] | None = Field(None, description="of `end_after` and of transfers: `{type, status, …}`")


class CommandShown(Receipt):
    id: str
    call_id: str
    type: CommandType
    sequence: int = Field(description="its place among the commands of the call")
    command: dict[str, Any] = Field(description="what was asked, with its defaults")
    created_at: str


class CallAnswer(CallShown):
    model_config = _like(_CALL, {**_CALL, "commands": [_COMMAND]})

    commands: list[CommandShown] | None = Field(None, description="with `include=commands`")
    assistant: dict[str, Any] | None = Field(None, description="with `include=assistant`: what the call uses, whole")


class NumberUsed(Answer):
    id: str | None
    phone_number: str
    chosen_by: Literal["request", "local_presence", "least_recently_used", "sandbox", "setting"]


class PlacedAnswer(Answer):
    """The call is being dialed."""

    model_config = _like(
        {
            "success": True,
            "call_id": _ID,
            "status": "dialing",
            "call": _DIALING,
            "number": {"id": None, "phone_number": "+15005550000", "chosen_by": "sandbox"},
            "warnings": [],
        }
    )

    success: bool
    call_id: str
    status: CallStatus = Field(description="`dialing`; for a repeat with the same Idempotency-Key what it is now")
    call: CallShown
    number: NumberUsed
    warnings: list[str] = Field(description="what was accepted and has no effect")


class CallsAnswer(Answer):
    model_config = _like({"calls": [_CALL], "pagination": _PAGE})

    calls: list[CallShown]
    pagination: Pagination


class EventShown(Answer):
    sequence: int
    at_ms: int = Field(description="on the call's own clock")
    kind: str
    data: dict[str, Any]


class EventsAnswer(Answer):
    model_config = _like(
        {
            "events": [
                {"sequence": 3, "at_ms": 480, "kind": "answered", "data": {}},
                {"sequence": 4, "at_ms": 3600, "kind": "caller.said", "data": {"text": "Hello?", "turn": 1}},
            ],
            "last_sequence": 4,
            "complete": False,
        }
    )

    events: list[EventShown]
    last_sequence: int
    complete: bool = Field(description="nothing will ever follow `last_sequence`")


class Standing(Answer):
    command_id: str
    type: CommandType


class TransferStanding(Answer):
    state: Literal["none", "ringing"]


class StateAnswer(Answer):
    """What only the call's owner knows is there only while `live`."""

    model_config = _like(
        {
            "call_id": _ID,
            "status": "in-progress",
            "last_sequence": 12,
            "live": True,
            "state": "talking",
            "at_ms": 12_040,
            "speaking": "assistant",
            "thinking": False,
            "turn": 2,
            "utterance": "u3",
            "interruptible": True,
            "current": {"command_id": _COMMAND_ID, "type": "say"},
            "queue": [],
            "muted": False,
            "held": False,
            "on_hold": False,
            "ending": False,
            "transfer": {"state": "none"},
        },
        {"call_id": _ID, "status": "ended", "last_sequence": 42, "live": False},
    )

    call_id: str
    status: CallStatus
    last_sequence: int
    live: bool = Field(description="was the call's owner there to ask")
    state: Literal["queued", "dialing", "ringing", "talking", "transferring", "hanging_up", "ended"] | None = None
    at_ms: int | None = Field(None, description="now, on the call's own clock")
    speaking: Literal["assistant", "caller", "both"] | None = None
    thinking: bool | None = None
    turn: int | None = None
    utterance: str | None = Field(None, description="what the assistant is saying")
    interruptible: bool | None = None
    current: Standing | None = Field(None, description="the command that has the floor")
    queue: list[Standing] | None = Field(None, description="commands that wait")
    muted: bool | None = Field(None, description="the assistant does not speak")
    held: bool | None = None
    on_hold: bool | None = None
    ending: bool | None = None
    transfer: TransferStanding | None = None


class CommandsAnswer(Answer):
    model_config = _like({"commands": [_COMMAND], "pagination": _PAGE})

    commands: list[CommandShown]
    pagination: Pagination


class CommandAnswer(Answer):
    model_config = _like({"command": _COMMAND})

    command: CommandShown


class ControlAnswer(Receipt):
    """`success` is false exactly when the status is `refused`, `expired` or `failed`."""

    model_config = _like(
        {
            "success": True,
            "message": "Command sent successfully",
            "command_id": _COMMAND_ID,
            "sequence": 1,
            "status": "accepted",
            "accepted_at": "2026-01-12T09:30:10.000Z",
            "started_at": None,
            "first_audio_at": None,
            "finished_at": None,
        },
        {"success": True, "message": "Command sent successfully", "command_id": _COMMAND_ID, "sequence": 1, **_RECEIPT},
    )

    success: bool
    message: str
    command_id: str
    sequence: int = Field(description="its place among the commands of the call")
    delivery: Literal["unknown"] | None = Field(
        None, description="it is stored and will reach the call if it can; whether it has is not known"
    )


class TicketAnswer(Answer):
    """Shown where a key goes, in the header or as the subprotocol `bearer.<ticket>`, it opens the call's live socket."""

    model_config = _like(
        {
            "ticket": "tkt_2rXh6mQ0yCkT9fJwq4bE1sVdP8uLzN5oGaYiK7eRtM3",
            "scopes": ["read"],
            "expires_at": "2026-01-12T09:31:00.000Z",
        }
    )

    ticket: str
    scopes: list[Literal["read", "control"]]
    expires_at: str = Field(description="a socket that is open by then stays open")
