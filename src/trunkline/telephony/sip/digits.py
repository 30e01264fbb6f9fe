"""Keypad digits over RTP (RFC 4733): events out, one packet per tick, and events in. Pure.

Where the far end did not agree to events, the same digits go out as the two tones that telephones always used (ITU-T Q.23).
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterator
from typing import NamedTuple

from trunkline.audio.g711 import linear_to_ulaw

KEYS = "0123456789*#ABCD"
TONE_TICKS = 5
"""100 ms of each digit."""
GAP_TICKS = 4
"""80 ms between digits."""
PAUSE_TICKS = 25
"""500 ms for each `,`."""
PAYLOAD = 101
"""The payload type that our offer gives to events."""
END_PACKETS = 3
"""The last packet of an event is sent three times (RFC 4733 §2.5.1.4)."""
VOLUME = 10
MAX_QUEUED = 128

_FRAME = 160
_ROWS, _COLUMNS = (697, 770, 852, 941), (1209, 1336, 1477, 1633)
_PAD = "123A456B789C*0#D"


class Step(NamedTuple):
    """What one tick sends instead of speech."""

    key: str
    """Empty for a pause."""
    duration: int
    """Samples since the digit began, this tick included."""
    first: bool
    last: bool


class Dialler:
    """Digits waiting to be sent. `next` is asked once per tick and answers None when speech may pass."""

    __slots__ = ("_digits", "_steps")

    def __init__(self) -> None:
        self._digits: deque[str] = deque()
        self._steps: Iterator[Step] = iter(())

    def press(self, digits: str) -> None:
        """Queue digits. What is neither a key nor `,` is left out; beyond 128 waiting ones the rest is, too."""
        for digit in digits.upper():
            if (digit in KEYS or digit == ",") and len(self._digits) < MAX_QUEUED:
                self._digits.append(digit)

    def next(self) -> Step | None:
        step = next(self._steps, None)
        while step is None and self._digits:
            self._steps = _steps(self._digits.popleft())
            step = next(self._steps, None)
        return step


class Listener:
    """Digits of the far end: each event is told once, at its first packet, however many are lost or repeated."""

    __slots__ = ("_recent",)

    def __init__(self) -> None:
        self._recent: deque[tuple[int, int]] = deque(maxlen=8)

    def hear(self, ssrc: int, timestamp: int, payload: bytes) -> str:
        """The digit that this event packet begins, or nothing."""
        if len(payload) < 4 or payload[0] >= len(KEYS) or (ssrc, timestamp) in self._recent:
            return ""
        self._recent.append((ssrc, timestamp))
        return KEYS[payload[0]]


def event(step: Step) -> bytes:
    """The payload of an event packet (RFC 4733 §2.3)."""
    return bytes((KEYS.index(step.key), (0x80 if step.last else 0) | VOLUME)) + step.duration.to_bytes(2, "big")


def tone(step: Step) -> bytes:
    """The same tick as 20 ms of µ-law."""
    at = _PAD.index(step.key)
    low, high = (2 * math.pi * hertz / 8_000 for hertz in (_ROWS[at // 4], _COLUMNS[at % 4]))
    start = step.duration - _FRAME
    samples = (int(7_000 * (math.sin(low * n) + math.sin(high * n))) for n in range(start, start + _FRAME))
    return linear_to_ulaw(b"".join(sample.to_bytes(2, "little", signed=True) for sample in samples))


def _steps(digit: str) -> Iterator[Step]:
    if digit == ",":
        for _ in range(PAUSE_TICKS):
            yield Step("", 0, False, False)
        return
    for tick in range(1, TONE_TICKS + 1):
        yield Step(digit, tick * _FRAME, tick == 1, tick == TONE_TICKS)
    for _ in range(END_PACKETS - 1):
        yield Step(digit, TONE_TICKS * _FRAME, False, True)
    for _ in range(GAP_TICKS):
        yield Step("", 0, False, False)
