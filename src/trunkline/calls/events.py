"""The journal's vocabulary: every kind of event, what its data holds, and how it is written. Generated into the docs.

An event is `{sequence, at_ms, kind, data}`: `sequence` counts from 1 without gaps within a call, `at_ms` is
milliseconds since the call was claimed. Kinds are only ever added; `VERSION` grows when a kind's data changes shape.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

VERSION = 1


@dataclass(frozen=True, slots=True)
class Event:
    sequence: int
    at_ms: int
    kind: str
    data: Mapping[str, Any]

    def to_json(self) -> dict[str, Any]:
        return {"sequence": self.sequence, "at_ms": self.at_ms, "kind": self.kind, "data": dict(self.data)}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Event:
        return cls(data["sequence"], data["at_ms"], data["kind"], data["data"])


KINDS: dict[str, str] = {
    "claimed": "a worker owns the call: {worker, epoch, at: ISO time of at_ms 0, destination, caller_id}",
    "ringing": "{code}: the SIP status that said so",
    "answered": "{}",
    "command.accepted": "{command: the command as received, not_after_ms}",
    "command.started": "{id, verb}",
    "command.finished": "the whole receipt (`verbs.Receipt`)",
    "speech.started": "an utterance's first frame left: {utterance, source}",
    "speech.heard": "more of it was heard: {utterance, heard_text, heard_ms}",
    "speech.ended": "{utterance, source, heard_text, heard_ms, unheard_text, text_basis, margin_ms, cut_by}",
    "floor": "who has the floor changed: {assistant, thinking, caller}",
    "caller.said": "one turn of the caller: {text, turn}",
    "digits": "{digits, direction: in | out}",
    "context.added": "{command, turn}: injected context is in the model's memory",
    "model.asked": "{turn, messages}: how many messages were sent",
    "tool.called": "{id, name, arguments}",
    "tool.refused": "{id, name, reason}",
    "barge_in": "the caller interrupted: {utterance}",
    "barge_in.resumed": "it was noise; the rest is spoken: {utterance}",
    "backchannel": "the caller said something while listening: {text}",
    "transfer.started": "{destination, mode}",
    "transfer.ringing": "{code}",
    "transfer.done": "{confirmed}: whether it was said, or is inferred from the far end's leaving",
    "transfer.failed": "{reason, code}",
    "vendor.failed": "{block, provider, error, fatal}",
    "muted": "{target, muted}",
    "held": "{held}",
    "media.statistics": "{received, lost, late, jitter_ms, …} of the leg's media",
    "sandbox.heard": "one stretch of speech as a sandbox far end decoded it: {text, at_ms, end_ms, ok}, ms since answer",
    "sandbox.said": "one stretch of speech of a sandbox far end: {text, at_ms, end_ms}, ms since answer",
    "recording": "{path, seconds}: relative to the recordings folder",
    "ended": "{status, end_reason, error, answered_ms, duration_ms, release_confirmed, whose}",
}

FLUSHED = frozenset({"claimed", "answered", "command.finished", "transfer.done", "transfer.failed", "ended"})
"""Kinds that are durable before anybody is told of them."""

HURRIED = FLUSHED | {"sandbox.heard", "sandbox.said"}
"""Kinds that do not wait for others to be written with them: what a sandbox far end heard is to be seen within 500 ms."""
