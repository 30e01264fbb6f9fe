"""What the model remembers of this call: what it was told, what the caller said, and of our own words exactly those heard."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from trunkline.conversation.playout import Utterance
from trunkline.conversation.ports import Message, ToolCall


@dataclass(slots=True)
class Entry:
    message: Message
    turn: int | None = None
    """Of the caller's words: which turn they are."""
    utterance: Utterance | None = None
    """Of our words while they are still being heard."""


class Memory:
    def __init__(self, messages: Iterable[Message]) -> None:
        self._entries = [Entry(message) for message in messages]

    def told(self, content: str) -> None:
        self._entries.append(Entry(Message("system", content)))

    def caller_said(self, text: str, turn: int) -> None:
        """A turn that is asked again, longer or after other words of ours, stands where it was asked last."""
        self._entries = [entry for entry in self._entries if entry.turn != turn]
        self._entries.append(Entry(Message("user", text), turn=turn))

    def called(self, call: ToolCall, result: str) -> None:
        self._entries.append(Entry(Message("assistant", "", tool_calls=(call,))))
        self._entries.append(Entry(Message("tool", result, tool_call_id=call.id)))

    def began(self, utterance: Utterance) -> None:
        self._entries.append(Entry(Message("assistant", ""), utterance=utterance))

    def over(self, utterance: Utterance, heard: str) -> None:
        for entry in self._entries:
            if entry.utterance is utterance:
                entry.message, entry.utterance = replace(entry.message, content=heard), None
        self._entries = [
            entry for entry in self._entries if entry.utterance or entry.message != Message("assistant", "")
        ]

    def messages(self, sent: int) -> list[Message]:
        """Everything, for a request. Of words still on their way, what the `sent` frames of the line bring."""
        said = (
            entry.message if entry.utterance is None else Message("assistant", entry.utterance.heard(sent).text)
            for entry in self._entries
        )
        return [message for message in said if message != Message("assistant", "")]
