"""Vendors that do as a test tells them, and a line that shows what was really heard, word by word, from the samples alone."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field

from trunkline.calls.leg import FRAME, SILENCE
from trunkline.conversation.ears import Edge
from trunkline.conversation.ports import (
    SAMPLES_PER_MS,
    Message,
    Speech,
    Tool,
    ToolCall,
    Transcript,
    VendorError,
    Word,
)

Item = str | ToolCall | float | VendorError
"""What a scripted reply is made of: text, tool calls, seconds to wait, an error to raise."""
Script = Sequence[Item] | Callable[[Sequence[Message]], Sequence[Item]]


@dataclass(slots=True)
class ScriptedStt:
    """Transcribes nothing by itself: a test says what it makes of the audio."""

    frames: list[bytes] = field(default_factory=list)
    connections: int = 0
    _tell: Callable[[Transcript], None] | None = None
    _broken: asyncio.Queue[VendorError] = field(default_factory=asyncio.Queue)

    async def listen(self, tell: Callable[[Transcript], None]) -> None:
        self.connections += 1
        self._tell = tell
        raise await self._broken.get()

    def hear(self, frame: bytes) -> None:
        self.frames.append(frame)

    def transcribe(self, text: str, final: bool = True, end_of_turn: bool = False) -> None:
        assert self._tell is not None, "nobody listens"
        self._tell(Transcript(text, final, end_of_turn))

    def breaks(self, error: VendorError) -> None:
        self._broken.put_nowait(error)


@dataclass(slots=True)
class ScriptedLlm:
    """Answers from a list of scripts, one per request; the last one again and again. `first_s` before the first item."""

    scripts: list[Script]
    first_s: float = 0.3
    asked: list[list[Message]] = field(default_factory=list)
    tools: list[Tool] = field(default_factory=list)
    finished: int = 0

    async def reply(self, messages: Sequence[Message], tools: Sequence[Tool]) -> AsyncIterator[str | ToolCall]:
        script = self.scripts[min(len(self.asked), len(self.scripts) - 1)]
        self.asked.append(list(messages))
        self.tools = list(tools)
        await asyncio.sleep(self.first_s)
        for item in script(messages) if callable(script) else script:
            match item:
                case float():
                    await asyncio.sleep(item)
                case VendorError():
                    raise item
                case _:
                    yield item
        self.finished += 1


@dataclass(slots=True)
class Codes:
    """Which byte value stands for which word: the whole language of the scripted voice and the line that hears it."""

    words: list[str] = field(default_factory=list)

    def of(self, word: str) -> int:
        if word not in self.words:
            self.words.append(word)
        return self.words.index(word) + 1

    def word(self, code: int) -> str | None:
        return self.words[code - 1] if 0 < code <= len(self.words) else None


@dataclass(slots=True)
class ScriptedTts:
    """Every word is `word_ms` of its own byte value. `fails` are raised by the next requests, None lets one pass."""

    codes: Codes
    aligned: bool = True
    word_ms: int = 200
    first_s: float = 0.1
    identity: str = "scripted"
    fails: list[VendorError | None] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    async def speak(self, text: str) -> AsyncIterator[Speech]:
        self.requests.append(text)
        await asyncio.sleep(self.first_s)
        if self.fails and (error := self.fails.pop(0)) is not None:
            raise error
        at, samples = 0, self.word_ms * SAMPLES_PER_MS
        for word in text.split():
            words = (Word(word, at, at + samples),) if self.aligned else ()
            yield Speech(bytes([self.codes.of(word)]) * samples, words)
            at += samples


@dataclass(slots=True)
class ScriptedLine:
    """Plays what is sent after `delay` frames; what has not been played can be taken back, if `clears`."""

    codes: Codes
    delay: int = 0
    clears: bool = True
    stalled: bool = False
    basis: str = "frames"
    played: list[bytes] = field(default_factory=list)
    waiting: list[bytes] = field(default_factory=list)

    def passed(self) -> int:
        return len(self.played)

    def clear(self) -> int:
        dropped = len(self.waiting) if self.clears else 0
        self.waiting = self.waiting[: len(self.waiting) - dropped]
        return dropped

    def send(self, frame: bytes) -> None:
        self.waiting.append(frame)
        while not self.stalled and len(self.waiting) > self.delay:
            self.played.append(self.waiting.pop(0))

    def heard(self, word_ms: int = 200) -> list[str]:
        """The words that were played to their last sample, decoded from the samples."""
        heard: list[str] = []
        run, last = 0, 0
        for code in b"".join(self.played):
            run = run + 1 if code == last else 1
            last = code
            word = self.codes.word(code)
            if word is not None and run % (word_ms * SAMPLES_PER_MS) == 0:
                heard.append(word)
        return heard

    def gaps(self) -> list[int]:
        """How many frames of silence there were between sounds, each time."""
        gaps, run, sounded = [], 0, False
        for frame in self.played:
            if frame == SILENCE:
                run += 1
            else:
                if sounded and run:
                    gaps.append(run)
                run, sounded = 0, True
        return gaps


class ScriptedGate:
    """A frame is speech if it is not silence; edges come at once."""

    def __init__(self) -> None:
        self.speaking = False
        self.raised: list[float] = []

    def feed(self, frame: bytes) -> Edge | None:
        was, self.speaking = self.speaking, frame != SILENCE
        if was == self.speaking:
            return None
        return "started" if self.speaking else "stopped"

    def raise_threshold(self, db: float) -> None:
        self.raised.append(db)


class ScriptedGuard:
    """A frame is an echo if it is the echo sound."""

    ECHO = b"\x55" * FRAME

    def played(self, frame: bytes) -> None: ...

    def is_echo(self, frame: bytes) -> bool:
        return frame == self.ECHO
