"""From pieces of text to the audio of an utterance: synthesis with one retry, a piece ahead of what is played, and a cache."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator
from typing import TypeVar

from trunkline.conversation.playout import Utterance
from trunkline.conversation.ports import Speech, TextToSpeech, VendorError, VendorTimeout
from trunkline.conversation.pronunciation import spell
from trunkline.conversation.spoken import Spoken

T = TypeVar("T")

CACHE_BYTES = 32_000_000
"""Over an hour of audio: greetings and apologies of every assistant of a worker."""


async def timely(stream: AsyncIterator[T], seconds: float) -> AsyncIterator[T]:
    """The same stream, failed when nothing has come of it for so long, and closed when nobody reads on."""
    try:
        while True:
            try:
                async with asyncio.timeout(seconds):
                    item = await anext(stream)
            except StopAsyncIteration:
                return
            except TimeoutError:
                raise VendorTimeout(f"nothing came for {seconds:g} s") from None
            yield item
    finally:
        if (close := getattr(stream, "aclose", None)) is not None:
            await close()


class Greetings:
    """Fixed sentences, synthesized once per voice; one for all calls of a worker. The least lately used make room."""

    def __init__(self, limit: int = CACHE_BYTES) -> None:
        self._limit, self._bytes = limit, 0
        self._kept: OrderedDict[tuple[str, str], tuple[Speech, ...]] = OrderedDict()

    def get(self, text: str, identity: str) -> tuple[Speech, ...] | None:
        key = (text, identity)
        if key in self._kept:
            self._kept.move_to_end(key)
        return self._kept.get(key)

    def put(self, text: str, identity: str, speech: tuple[Speech, ...]) -> None:
        for piece in self._kept.pop((text, identity), ()):
            self._bytes -= len(piece.audio)
        self._kept[text, identity] = speech
        self._bytes += sum(len(piece.audio) for piece in speech)
        while self._bytes > self._limit:
            _, oldest = self._kept.popitem(last=False)
            self._bytes -= sum(len(piece.audio) for piece in oldest)


class Voice:
    def __init__(
        self, tts: TextToSpeech, greetings: Greetings, replacements: tuple[tuple[str, str], ...], deadline_s: float
    ) -> None:
        self._tts, self._greetings, self._replacements = tts, greetings, replacements
        self._deadline_s = deadline_s
        self._awaited: tuple[Utterance, int] | None = None
        self._reached = asyncio.Event()

    def ledger(self) -> Spoken:
        return Spoken(self._tts.aligned, self._replacements)

    # ---- fixed sentences --------------------------------------------------------------------

    async def keep(self, text: str) -> None:
        """Have it ready. Raises VendorError."""
        spoken = spell(text, self._replacements).spoken
        if self._greetings.get(spoken, self._tts.identity) is None:
            pieces = [piece async for piece in timely(self._tts.speak(spoken), self._deadline_s)]
            self._greetings.put(spoken, self._tts.identity, tuple(pieces))

    def kept(self, text: str) -> tuple[Speech, ...] | None:
        return self._greetings.get(spell(text, self._replacements).spoken, self._tts.identity)

    def recall(self, utterance: Utterance, text: str) -> bool:
        """Fill the utterance from memory, if the text is there."""
        kept = self.kept(text)
        if kept is None:
            return False
        utterance.spoken.write(text)
        for piece in kept:
            _add(utterance, piece)
        utterance.spoken.piece_done()
        utterance.complete = True
        return True

    # ---- synthesis ------------------------------------------------------------------------------

    async def speak(self, utterance: Utterance) -> None:
        """Voice the next written piece of the utterance, when the one before the last has been played. VendorError."""
        await self._room(utterance)
        spoken = utterance.spoken
        text = spoken.pieces[spoken.voicing].spelling.spoken
        try:
            await self._synthesize(utterance, text)
        except VendorError as error:
            if not error.retryable or spoken.pieces[spoken.voicing].samples:
                raise
            await self._synthesize(utterance, text)
        spoken.piece_done()

    async def _synthesize(self, utterance: Utterance, text: str) -> None:
        async for piece in timely(self._tts.speak(text), self._deadline_s):
            _add(utterance, piece)

    async def _room(self, utterance: Utterance) -> None:
        ahead = utterance.spoken.voicing - 2
        if ahead >= 0 and utterance.at < utterance.spoken.pieces[ahead].end:
            self._reached.clear()
            self._awaited = utterance, utterance.spoken.pieces[ahead].end
            await self._reached.wait()

    def played(self) -> None:
        """A frame has left: is there room for another piece?"""
        if self._awaited is not None and self._awaited[0].at >= self._awaited[1]:
            self._awaited = None
            self._reached.set()


def _add(utterance: Utterance, piece: Speech) -> None:
    utterance.add(piece.audio)
    utterance.spoken.voiced(len(piece.audio), piece.words)
