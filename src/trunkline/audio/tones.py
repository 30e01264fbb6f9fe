"""Tones of the telephone: keypad digits, made and detected, the beep of an answering machine, ring-back.

Owns their frequencies and cadences (ITU-T Q.23, ETSI TS 101 041-2 ring tone). Keypad digits on the wire are usually RFC 4733
events, not tones; those are telephony's.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from trunkline.audio.g711 import Samples, samples_to_ulaw, ulaw_to_samples

RATE = 8_000
FRAME = 160
FRAME_MS = 20
LOW_HZ = (697, 770, 852, 941)
HIGH_HZ = (1_209, 1_336, 1_477, 1_633)
KEYPAD = ("123A", "456B", "789C", "*0#D")
LEVEL = 0.2
SILENCE = b"\xff" * FRAME


def tone(frequencies: tuple[int, ...], ms: int, level: float = LEVEL) -> bytes:
    """So many milliseconds of sines that sound together, `level` each, as µ-law."""
    times = np.arange(ms * RATE // 1_000) / RATE
    mixed = sum((np.sin(2 * np.pi * hz * times) for hz in frequencies), np.zeros(len(times)))
    return samples_to_ulaw((level * mixed).astype(np.float32))


def beep(ms: int = 400) -> bytes:
    """What an answering machine says when it is ready."""
    return tone((1_000,), ms)


def ring_back() -> bytes:
    """One period of the European ring-back tone: 1 s of 425 Hz, 4 s of silence."""
    return tone((425,), 1_000) + SILENCE * 200


def dtmf(digits: str, ms: int = 100, pause_ms: int = 100) -> bytes:
    """Keypad digits as tones, each followed by a pause; a comma is a pause of 500 ms."""
    return b"".join(
        SILENCE * (500 // FRAME_MS) if digit == "," else tone(_pair(digit), ms) + b"\xff" * (pause_ms * RATE // 1_000)
        for digit in digits
    )


def _pair(digit: str) -> tuple[int, int]:
    row = next((row for row, keys in enumerate(KEYPAD) if digit in keys), None)
    if row is None or len(digit) != 1:
        raise ValueError(f"not a key: {digit!r}")
    return LOW_HZ[row], HIGH_HZ[KEYPAD[row].index(digit)]


class DtmfDetector:
    """Hears keypad digits in frames of 20 ms: one digit when two frames in a row agree (ITU-T Q.24: 40 ms are a digit)."""

    def __init__(self) -> None:
        self._candidate = ""
        self._pressed = ""

    def feed(self, frame: bytes) -> str:
        """The digit that has just been recognised, or nothing."""
        digit = _digit(ulaw_to_samples(frame))
        new = digit if digit == self._candidate and digit != self._pressed else ""
        if digit == self._candidate:
            self._pressed = digit
        self._candidate = digit
        return new


def _digit(samples: Samples) -> str:
    """The key whose two tones carry almost all of the frame's energy and are about equally strong, or nothing."""
    energy = float(np.dot(samples, samples))
    if energy < QUIET * len(samples):
        return ""
    sums: NDArray[np.float32] = np.matmul(samples, _PROBES)
    powers = np.square(sums[:8]) + np.square(sums[8:])
    low, high = int(powers[:4].argmax()), int(powers[4:].argmax())
    strengths = float(powers[low]), float(powers[4 + high])
    if sum(strengths) * 2 / len(samples) < PURE * energy or max(strengths) > TWIST * min(strengths):
        return ""
    return KEYPAD[low][high]


QUIET = 1e-5
PURE = 0.75
TWIST = 10.0
_PHASES = 2 * np.pi * np.arange(FRAME)[:, None] * np.array(LOW_HZ + HIGH_HZ) / RATE
_PROBES: NDArray[np.float32] = np.concatenate((np.cos(_PHASES), np.sin(_PHASES)), axis=1).astype(np.float32)
