"""Helpers of the audio and provider tests: frames of a piece of audio, what a receiver makes of it, levels and delays."""

from __future__ import annotations

import numpy as np

from trunkline.audio.g711 import samples_to_ulaw, ulaw_to_samples
from trunkline.audio.modem import Decoded, Demodulator

SILENCE = b"\xff" * 160

CORPUS = (
    "Hello there, this is the assistant.",
    "You said: what are your opening hours?",
    'One moment! I am looking; it takes a second: done… "Really?" (Yes.) Good.',
    "a I é ß 你好 👋 naïve Straße 12:30 €4,50 x-y_z don't — no no no no",
    "Donaudampfschifffahrtsgesellschaft " + "k" * 22 + " " + "l" * 23 + " " + "m" * 57 + " " + "n" * 58 + " end.",
    "p" * 59 + " " + "ö" * 40 + " " + "q" * 200 + " after",
)


def frames(audio: bytes) -> list[bytes]:
    assert len(audio) % 160 == 0
    return [audio[at : at + 160] for at in range(0, len(audio), 160)]


def padded(audio: bytes) -> list[bytes]:
    return frames(audio + b"\xff" * (-len(audio) % 160))


def receive(audio: list[bytes], receiver: Demodulator | None = None) -> list[Decoded]:
    receiver = receiver or Demodulator()
    return [decoded for frame in audio for decoded in receiver.feed(frame)]


def texts(decoded: list[Decoded]) -> list[str]:
    return [word.text for word in decoded]


def louder(audio: bytes, db: float) -> bytes:
    return samples_to_ulaw(ulaw_to_samples(audio) * np.float32(10 ** (db / 20)))


def mixed(one: bytes, other: bytes) -> bytes:
    length = min(len(one), len(other))
    return samples_to_ulaw(ulaw_to_samples(one[:length]) + ulaw_to_samples(other[:length]))


def noise(samples: int, db: float, seed: int = 1) -> bytes:
    level = np.float32(10 ** (db / 20))
    return samples_to_ulaw(np.random.default_rng(seed).standard_normal(samples).astype(np.float32) * level)


def voiced(ms: int, db: float = -20.0) -> bytes:
    """Something that sounds like a sung vowel: a 120 Hz buzz through two formants, with the shiver of a voice."""
    times = np.arange(ms * 8) / 8_000
    pitch = 2 * np.pi * np.cumsum(120 + 6 * np.sin(2 * np.pi * 5 * times)) / 8_000
    strengths = [
        1 / (1 + ((120 * k - 600) / 250) ** 2) + 0.6 / (1 + ((120 * k - 1_200) / 300) ** 2) for k in range(1, 25)
    ]
    sound = sum((s * np.sin(k * pitch) for k, s in enumerate(strengths, 1)), np.zeros(len(times)))
    sound *= 10 ** (db / 20) / np.sqrt(np.mean(sound**2))
    return samples_to_ulaw(sound.astype(np.float32))
