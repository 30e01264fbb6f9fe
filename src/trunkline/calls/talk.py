"""The second socket of a call: a `Talk`, whatever listens and speaks for the assistant.

`conversation/cascade.py` implements it (speech-to-text, model, text-to-speech); a speech-to-speech model is another
implementation. A talk tells facts through the `tell` it was made with and takes orders as plain method calls.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from trunkline.calls.leg import Fact


@dataclass(frozen=True, slots=True)
class Heard:
    """What the person really heard of one utterance."""

    text: str = ""
    ms: int = 0
    unheard: str = ""
    text_basis: Literal["alignment", "proportional"] = "alignment"
    margin_ms: int = 0
    """How far `text` may be off, in milliseconds of speech: 0 with alignment."""


@dataclass(frozen=True, slots=True)
class Floor(Fact):
    """Who has the floor changed. `caller` is true from the onset of speech until the caller's turn is over."""

    assistant: bool
    thinking: bool
    caller: bool


@dataclass(frozen=True, slots=True)
class Began(Fact):
    """The first frame of an utterance left for the wire."""

    utterance: str
    source: str
    """`greeting`, `reply`, `apology`, `prompt`, or the verb of the command that asked for it."""


@dataclass(frozen=True, slots=True)
class Measured(Fact):
    """The voice has finished: the utterance is `ms` long."""

    utterance: str
    ms: int


@dataclass(frozen=True, slots=True)
class Progressed(Fact):
    """More of an utterance has been heard. Told at most every 200 ms."""

    utterance: str
    heard: Heard


@dataclass(frozen=True, slots=True)
class Ended(Fact):
    """An utterance is over, told once what of it was heard is known."""

    utterance: str
    source: str
    heard: Heard
    cut_by: Literal["", "caller", "command", "failure", "end"] = ""
    """What cut it: the caller, one of our commands, a vendor's failure, or the end of the line. Empty: nothing did."""


@dataclass(frozen=True, slots=True)
class Known(Fact):
    """Injected context is in the model's memory. `turn` is the number of the turn that will first include it."""

    command: str
    turn: int


@dataclass(frozen=True, slots=True)
class CallerSaid(Fact):
    """One turn of the caller, as given to the model."""

    text: str
    turn: int


@dataclass(frozen=True, slots=True)
class ToolCalled(Fact):
    """The model called one of the call's own tools (`end_call`, `transfer_call`)."""

    id: str
    name: str
    arguments: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class PhraseSaid(Fact):
    """An utterance that contained one of the `end_call_phrases` was heard to its end."""

    phrase: str


@dataclass(frozen=True, slots=True)
class VendorFailed(Fact):
    """A vendor failed. `fatal`: the conversation cannot go on (an apology has been spoken where that was possible)."""

    block: Literal["stt", "llm", "tts"]
    provider: str
    error: str
    fatal: bool


@dataclass(frozen=True, slots=True)
class Words:
    """Exact words to speak."""

    utterance: str
    """The id that `Began`, `Measured`, `Progressed` and `Ended` will carry: the command's id."""
    source: str
    text: str
    interruptible: bool = True


class Talk(Protocol):
    """Listens and speaks for the assistant from the answer on. `hear` and `utter` are called once per 20 ms tick."""

    async def prepare(self) -> None:
        """Connect to the vendors and synthesize the greeting while the far end rings. Errors come as `VendorFailed`."""
        ...

    async def converse(self) -> None:
        """Greet, listen and answer until cancelled. Told `Floor`, `CallerSaid`, ... on the way."""
        ...

    def hear(self, frame: bytes) -> None:
        """20 ms of the caller, µ-law."""
        ...

    def utter(self) -> bytes | None:
        """The next 20 ms to play to the caller, µ-law, or None for silence. One call is one frame sent on the leg."""
        ...

    def say(self, words: Words) -> None:
        """Speak these words now; whatever else of ours is audible or being thought of is cut first."""
        ...

    def answer(self, utterance: str, content: str | None, interruptible: bool) -> None:
        """Add `content` to the context (None: nothing) and let the model answer now, as `utterance`.

        If the model is already being asked, that one request is restarted with the new context: one answer, never two.
        """
        ...

    def know(self, command: str, content: str) -> None:
        """Add `content` to the model's context silently; told `Known`."""
        ...

    def tell_model(self, content: str, speak: bool) -> None:
        """Add a system message of the call's own (a failed transfer, say) and, if `speak`, let the model answer."""
        ...

    def hush(self) -> None:
        """Stop the voice and the model; told `Ended` with `cut_by="command"` for what was audible or prepared."""
        ...

    def settle(self) -> None:
        """The line is gone: tell `Ended` with `cut_by="end"` at once for whatever had begun, with what was heard by now."""
        ...

    def mute(self, target: Literal["caller", "assistant"], muted: bool) -> None:
        """`caller`: the assistant no longer hears. `assistant`: it no longer speaks; what was audible is cut."""
        ...

    def hold(self, held: bool) -> None:
        """While held nothing is heard, asked or spoken; what was audible is cut and not resumed."""
        ...

    def state(self) -> Mapping[str, Any]:
        """For GET /calls/{id}/state: `{speaking, thinking, turn, utterance, interruptible}`."""
        ...

    def digits(self, digits: str) -> None:
        """Keypad digits from the caller: they reach the model as input."""
        ...
