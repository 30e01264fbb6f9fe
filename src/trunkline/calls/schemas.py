"""What clients send about calls, as the wire has it: placing one, and the bodies of every control verb.

Durations and ranges are checked here and nowhere else. Each verb has only the options that mean something for it; any
other field is an error, so that nobody believes in an option that does nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

import orjson
from pydantic import AfterValidator, ConfigDict, Field, StringConstraints, model_validator
from pydantic.config import JsonDict

from trunkline.calls.verbs import Command, Interrupt, OnInterrupt, OverCaller, Verb
from trunkline.errors import BadRequest
from trunkline.web.body import DESTINATION, Body, shown_as, validated

MAX_VARIABLES = 100
MAX_METADATA_BYTES = 16 * 1024
MAX_WAIT_S = 25

RENAMED = {"agent_id": "assistant_id", "agent": "assistant", "agent_config": "assistant_override"}
"""Deprecated names of fields, and what they are called now."""


def _small(metadata: dict[str, Any]) -> dict[str, Any]:
    if len(orjson.dumps(metadata)) > MAX_METADATA_BYTES:
        raise ValueError(f"must not be larger than {MAX_METADATA_BYTES} bytes")
    return metadata


Metadata = Annotated[dict[str, Any], AfterValidator(_small)]
VariableName = Annotated[str, StringConstraints(min_length=1, max_length=64)]
Destination = Annotated[str, StringConstraints(min_length=1, max_length=255), shown_as(pattern=DESTINATION)]
Variable = Annotated[str, StringConstraints(max_length=1000)]


def _like(*examples: JsonDict) -> ConfigDict:
    return ConfigDict(json_schema_extra={"examples": [*examples]})


_SANDBOX: JsonDict = {
    "stt_config": {"provider": "sandbox", "model": "modem", "language": "en"},
    "llm_config": {"provider": "sandbox", "model": "echo"},
    "tts_config": {"provider": "sandbox", "voice_id": "modem"},
}
_SAVED = "7c9e6679-7425-40de-944b-e07fc1f90ae7"


class PlaceBody(Body):
    """Whom to call, and with which assistant: a saved one, one for this call only, or a saved one with parts replaced."""

    model_config = _like(
        {"destination": "+31612345678", "number_id": "3b0d9f52-1f4c-4d0e-8f0a-6f5d2a7c9e11", "assistant_id": _SAVED},
        {"destination": "+15005550001", "assistant": {**_SANDBOX, "first_message": "Good morning."}},
        {
            "destination": "+31612345678",
            "assistant_id": _SAVED,
            "assistant_override": {
                "first_message": "Hello {{name}}, your appointment is on {{day}}.",
                "llm_config": {"messages": [{"role": "system", "content": "You remind {{name}} of an appointment."}]},
            },
            "variables": {"name": "Ann", "day": "Tuesday"},
            "metadata": {"ticket": 7},
            "ring_timeout_seconds": 30,
        },
    )

    destination: Destination = Field(description="E.164 with a leading +, or a sip: URI where those are allowed")
    number_id: str | None = Field(None, max_length=64, description="the number to call from")
    assistant_id: str | None = Field(None, max_length=64, description="a saved assistant")
    assistant: dict[str, Any] | None = Field(None, description="an assistant for this call only")
    assistant_override: dict[str, Any] | None = Field(None, description="replaces parts of the saved assistant")
    first_message: str | None = Field(
        None, max_length=5000, description="the greeting of this call, before any other; empty: the assistant waits"
    )
    variables: dict[VariableName, Variable] = Field(
        default_factory=dict, max_length=MAX_VARIABLES, description="fill {{name}} in the greeting and the messages"
    )
    metadata: Metadata = Field(
        default_factory=dict, description=f"free object of at most {MAX_METADATA_BYTES} bytes, echoed in webhooks"
    )
    ring_timeout_seconds: int = Field(45, ge=5, le=180, description="how long it may ring unanswered")

    @model_validator(mode="after")
    def _one_mode(self) -> Self:
        others = [name for name in ("assistant_id", "assistant_override") if getattr(self, name) is not None]
        if self.assistant is not None and others:
            raise ValueError(f"assistant: cannot be combined with {' and '.join(others)}")
        if self.assistant is None and self.assistant_id is None:
            missing = (
                "assistant_override: needs assistant_id" if others else "assistant: this or assistant_id is required"
            )
            raise ValueError(missing)
        return self


# ---- tickets ----------------------------------------------------------------------------------


class TicketBody(Body):
    """What the ticket is good for, and how long it opens the live socket."""

    model_config = _like({}, {"scopes": ["control"], "ttl_seconds": 300})

    scopes: list[Literal["read", "control"]] = Field(
        ["read"],
        min_length=1,
        max_length=2,
        description="`read`: to watch; `control`: to send commands too",
    )
    ttl_seconds: int = Field(60, ge=10, le=3600, description="a socket that is open by then stays open")


# ---- control ----------------------------------------------------------------------------------


def _trimmed(longest: int, shortest: int = 1) -> Any:
    return StringConstraints(strip_whitespace=True, min_length=shortest, max_length=longest)


Content = Annotated[str, _trimmed(5000), shown_as(pattern=r"\S")]
LongContent = Annotated[str, _trimmed(20_000), shown_as(pattern=r"\S")]
Message = Annotated[str, _trimmed(1000, shortest=0)]
CommandId = Annotated[str, StringConstraints(min_length=1, max_length=64)]


class _Timed(Body):
    ttl_ms: int = Field(30_000, ge=100, le=600_000, description="expires if not started by then, from acceptance")
    after: CommandId | None = Field(None, description="the command that must end well first")


class _Spoken(_Timed):
    interrupt: Literal["queue", "now", "refuse"] = Field("queue", description="toward the assistant's speech")
    over_caller: Literal["wait", "talk", "refuse"] = Field("wait", description="toward the caller's speech")
    interruptible: bool | None = Field(None, description="may the caller barge in on these words")


class _Final(_Spoken):
    on_interrupt: Literal["proceed", "abort", "repeat"] = Field(
        "proceed", description="what a barge-in does to the action"
    )
    message: Message | None = Field(None, description="said first")


class SayBody(_Spoken):
    """Speak exactly these words."""

    model_config = _like(
        {"type": "say", "content": "Your taxi is here."},
        {"type": "say", "content": "Goodbye.", "interrupt": "now", "end_after": True},
    )

    type: Literal["say"]
    content: Content
    end_after: bool = Field(False, description="hang up after the last word")
    on_interrupt: Literal["proceed", "abort", "repeat"] | None = Field(None, description="only with end_after")

    @model_validator(mode="after")
    def _on_interrupt_needs_an_action(self) -> Self:
        if self.on_interrupt is not None and not self.end_after:
            raise ValueError("on_interrupt: only with end_after: true")
        return self


class InjectBody(_Spoken):
    """Add to what the assistant knows."""

    model_config = _like(
        {
            "type": "inject-context",
            "content": "The customer has been verified as John Smith, account #12345",
            "trigger_response": True,
        }
    )

    type: Literal["inject-context"]
    content: LongContent
    trigger_response: bool = Field(False, description="let the assistant answer at once")

    @model_validator(mode="after")
    def _speech_needs_a_trigger(self) -> Self:
        silent = {"interrupt", "over_caller", "interruptible"} & self.model_fields_set
        if silent and not self.trigger_response:
            raise ValueError(f"{', '.join(sorted(silent))}: only with trigger_response: true")
        return self


class EndBody(_Final):
    """End the call, after a last message if there is one."""

    model_config = _like({"type": "end-call", "message": "Thank you for calling. Goodbye."}, {"type": "end-call"})

    type: Literal["end-call"]


class TransferBody(_Final):
    """Hand the caller to another destination, announced by a message if there is one."""

    model_config = _like({"type": "transfer", "destination": "+31201234567", "message": "One moment, I connect you."})

    type: Literal["transfer"]
    destination: Destination
    timeout_seconds: int = Field(30, ge=5, le=120, description="how long the target may ring")
    mode: Literal["auto", "blind", "bridge", "attended"] = "auto"


class DigitsBody(_Timed):
    """Send keypad digits to the far end."""

    model_config = _like({"type": "send-dtmf", "digits": "12,3#"})

    type: Literal["send-dtmf"]
    digits: Annotated[str, StringConstraints(pattern=r"^[0-9A-D*#,]{1,64}$")]


class MuteBody(_Timed):
    """`caller`: the assistant no longer hears the caller. `assistant`: it no longer speaks."""

    model_config = _like({"type": "mute", "target": "assistant"}, {"type": "unmute", "target": "assistant"})

    type: Literal["mute", "unmute"]
    target: Literal["caller", "assistant"] = "caller"


class HoldBody(_Timed):
    """Put the caller on hold, or take it back."""

    model_config = _like({"type": "hold"}, {"type": "resume"})

    type: Literal["hold", "resume"]


class CancelBody(_Timed):
    """Take back a command that has not started."""

    model_config = _like({"type": "cancel", "command_id": "cmd_91b7e4c05d3f4f2a8a6c1e90b3d7f264"})

    type: Literal["cancel"]
    command_id: CommandId


ControlBody = SayBody | InjectBody | EndBody | TransferBody | DigitsBody | MuteBody | HoldBody | CancelBody

BODIES: dict[Verb, type[ControlBody]] = {
    Verb.SAY: SayBody,
    Verb.INJECT: InjectBody,
    Verb.END: EndBody,
    Verb.TRANSFER: TransferBody,
    Verb.SEND_DTMF: DigitsBody,
    Verb.MUTE: MuteBody,
    Verb.UNMUTE: MuteBody,
    Verb.HOLD: HoldBody,
    Verb.RESUME: HoldBody,
    Verb.CANCEL: CancelBody,
}


def control_body(raw: Mapping[str, Any]) -> ControlBody:
    """The body of one verb, told apart by `type`. Raises BadRequest."""
    kind = raw.get("type")
    if not isinstance(kind, str) or kind not in BODIES:
        raise BadRequest("The request body is invalid", details=[f"type: must be one of {', '.join(sorted(BODIES))}"])
    return validated(BODIES[Verb(kind)], raw)


def command_of(body: ControlBody, command_id: str) -> Command:
    """The command that a body asks for, with the defaults that depend on its verb."""
    common: dict[str, Any] = {"id": command_id, "verb": Verb(body.type), "ttl_ms": body.ttl_ms, "after": body.after}
    if isinstance(body, _Spoken):
        common |= {"interrupt": Interrupt(body.interrupt), "over_caller": OverCaller(body.over_caller)}
        common["interruptible"] = _may_barge_in(body)
    match body:
        case SayBody():
            on_interrupt = OnInterrupt(body.on_interrupt or "proceed")
            return Command(**common, text=body.content, end_after=body.end_after, on_interrupt=on_interrupt)
        case InjectBody():
            return Command(**common, text=body.content, trigger=body.trigger_response)
        case TransferBody():
            return Command(
                **common,
                text=body.message or "",
                destination=body.destination,
                on_interrupt=OnInterrupt(body.on_interrupt),
                timeout_seconds=body.timeout_seconds,
                mode=body.mode,
            )
        case EndBody():
            return Command(**common, text=body.message or "", on_interrupt=OnInterrupt(body.on_interrupt))
        case DigitsBody():
            return Command(**common, digits=body.digits)
        case MuteBody():
            return Command(**common, target=body.target)
        case CancelBody():
            return Command(**common, target=body.command_id)
        case HoldBody():
            return Command(**common)


def _may_barge_in(body: _Spoken) -> bool:
    """Words that an action hangs on are spoken to their end unless the client says otherwise."""
    if body.interruptible is not None:
        return body.interruptible
    return not (isinstance(body, EndBody | TransferBody) or (isinstance(body, SayBody) and body.end_after))
