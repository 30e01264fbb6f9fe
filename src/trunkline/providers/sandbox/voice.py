"""Text-to-speech of the sandbox: the modem voice, which a program hears exactly, and a human one made by espeak-ng.

Both stream and both know where their words are; a third hides it, for what has to work without alignment.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence

import numpy as np
import soxr

from trunkline.audio.g711 import linear_to_ulaw
from trunkline.audio.modem import modulate_words
from trunkline.conversation.ports import Speech, Word
from trunkline.providers.sandbox.alignment import Alignment, WordAt
from trunkline.providers.sandbox.espeak import RATE, EspeakProcess

OUR_RATE = 8_000
PIECE = 1_600
"""Bytes of the largest piece of modem speech: 200 ms."""
AUDIBLE = 330
"""Samples of the human voice above this (-40 dB) are sound, those below a pause."""


class ModemVoice:
    aligned = True
    identity = "sandbox/modem"

    async def speak(self, text: str) -> AsyncIterator[Speech]:
        for spoken in modulate_words(text):
            words = tuple(Word(word.text, word.start, word.end) for word in spoken.words)
            for at in range(0, len(spoken.audio), PIECE):
                yield Speech(spoken.audio[at : at + PIECE], words if at == 0 else ())
                await asyncio.sleep(0)


class UnalignedModemVoice:
    """The same sound from a voice that does not tell where its words are."""

    aligned = False
    identity = "sandbox/modem-unaligned"

    async def speak(self, text: str) -> AsyncIterator[Speech]:
        async for speech in ModemVoice().speak(text):
            yield Speech(speech.audio)


class EspeakVoice:
    """`language` is a name of espeak-ng's own: `en-us`, `nl`, `de`."""

    aligned = True

    def __init__(self, espeak: EspeakProcess, language: str = "en-us") -> None:
        self._espeak = espeak
        self._language = language
        self.identity = f"sandbox/espeak/{language}"

    async def speak(self, text: str) -> AsyncIterator[Speech]:
        alignment = Alignment(text)
        resampler = soxr.ResampleStream(RATE, OUR_RATE, 1, dtype="int16", quality="MQ")
        samples, loud_until, said = 0, 0, 0
        async for sound in self._espeak.synthesize(text, self._language):
            words = alignment.feed(sound.events, loud_until)
            linear = np.frombuffer(sound.samples, dtype="<i2")
            loud = np.flatnonzero(np.abs(linear.astype(np.int32)) > AUDIBLE)
            loud_until = samples + int(loud[-1]) + 1 if len(loud) else loud_until
            samples += len(linear)
            audio = linear_to_ulaw(resampler.resample_chunk(linear).tobytes())
            said += len(audio)
            if audio or words:
                yield Speech(audio, _at_our_rate(words))
        rest = linear_to_ulaw(resampler.resample_chunk(np.zeros(0, dtype=np.int16), last=True).tobytes())
        words = alignment.finish(loud_until)
        if rest or words:
            yield Speech(rest, _at_our_rate(words, said + len(rest)))


def _at_our_rate(words: Sequence[WordAt], at_most: int | None = None) -> tuple[Word, ...]:
    scaled = ((word.text, word.start * OUR_RATE // RATE, word.end * OUR_RATE // RATE) for word in words)
    if at_most is None:
        return tuple(Word(text, start, end) for text, start, end in scaled)
    return tuple(Word(text, min(start, at_most), min(end, at_most)) for text, start, end in scaled)
