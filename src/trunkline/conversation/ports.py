"""What a conversation needs of vendors. One file per vendor in `providers/` implements these; errors are typed here.

Audio is 8 kHz µ-law, mono, everywhere: adaptors convert. Positions in audio are samples (1 sample = 125 µs).
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

SAMPLES_PER_MS = 8


class VendorError(Exception):
    """A vendor could not do its part. `retryable`: the same request may work if it is made again."""

    retryable = False


class VendorRefused(VendorError):
    """The vendor refused the request: wrong key, unknown model, bad input. Our fault or the configuration's."""


class VendorBusy(VendorError):
    """The vendor is rate-limiting or overloaded."""

    retryable = True


class VendorTimeout(VendorError):
    """The vendor did not answer within the deadline."""

    retryable = True


class VendorBroke(VendorError):
    """The connection broke or the vendor answered nonsense."""

    retryable = True


@dataclass(frozen=True, slots=True)
class Transcript:
    """What speech-to-text makes of the caller so far."""

    text: str
    """The words since the last final transcript (interim texts replace each other; a final one stands)."""
    final: bool
    end_of_turn: bool = False
    """The vendor's own endpointing says that the caller has finished."""


class SpeechToText(Protocol):
    async def listen(self, tell: Callable[[Transcript], None]) -> None:
        """Connect and transcribe what `hear` is given until cancelled. Raises VendorError when it cannot go on."""
        ...

    def hear(self, frame: bytes) -> None:
        """20 ms of the caller. Never blocks; kept (bounded) until the connection is up."""
        ...


@dataclass(frozen=True, slots=True)
class Word:
    """A word of synthesized speech: `text` with the whitespace around it removed, samples from the stream's start.

    `end` is where a listener has got the whole word.
    """

    text: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Speech:
    """A piece of synthesized speech. `words` are those whose alignment became known with this piece (may be empty)."""

    audio: bytes
    words: tuple[Word, ...] = ()


class TextToSpeech(Protocol):
    @property
    def aligned(self) -> bool:
        """Does it tell where its words are? If not, what was heard is in proportion to the samples played."""
        ...

    @property
    def identity(self) -> str:
        """Vendor, voice and settings as one string: the cache key of fixed sentences."""
        ...

    def speak(self, text: str) -> AsyncIterator[Speech]:
        """Synthesize one clause or sentence, streaming. Raises VendorError."""
        ...


@dataclass(frozen=True, slots=True)
class Message:
    role: Literal["system", "user", "assistant", "tool"]
    content: str
    tool_calls: tuple[ToolCall, ...] = ()
    tool_call_id: str = ""


@dataclass(frozen=True, slots=True)
class ToolCall:
    id: str
    name: str
    arguments: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Tool:
    name: str
    description: str
    parameters: Mapping[str, Any]


class LanguageModel(Protocol):
    def reply(self, messages: Sequence[Message], tools: Sequence[Tool]) -> AsyncIterator[str | ToolCall]:
        """Stream one reply: pieces of text as they come, and tool calls, whole. Raises VendorError."""
        ...
