"""Where the caller's speech starts and stops, as edges: the gate, less our own voice coming back."""

from __future__ import annotations

from typing import Literal, Protocol

from trunkline.calls.leg import FRAME_MS, SILENCE

ECHO_FRAMES = 500 // FRAME_MS
"""How long after our last sound its echo may still come."""
SPEAKING_DB = 6.0
"""So much louder than usual a sound must be while we speak."""

Edge = Literal["started", "stopped"]


class Gate(Protocol):
    """Voice activity (`audio/vad.py`)."""

    @property
    def speaking(self) -> bool: ...

    def feed(self, frame: bytes) -> Edge | None: ...

    def raise_threshold(self, db: float) -> None: ...


class Guard(Protocol):
    """Knows our own voice (`audio/echo.py`)."""

    def played(self, frame: bytes) -> None: ...

    def is_echo(self, frame: bytes) -> bool: ...


class Ears:
    def __init__(self, gate: Gate, guard: Guard) -> None:
        self._gate, self._guard = gate, guard
        self._told = False
        self._since_sound = ECHO_FRAMES

    def played(self, frame: bytes | None) -> None:
        """What was sent to the line; None is silence."""
        silent_before = self._since_sound
        self._since_sound = min(self._since_sound + 1, ECHO_FRAMES) if frame is None else 0
        if (silent_before == 0) != (self._since_sound == 0):
            self._gate.raise_threshold(SPEAKING_DB if self._since_sound == 0 else 0.0)
        self._guard.played(SILENCE if frame is None else frame)

    def hear(self, frame: bytes) -> tuple[Edge | None, bytes]:
        """The edge in this frame, if any, and the frame as the transcriber should get it: silence for our own echo."""
        edge = self._gate.feed(frame)
        if self._told:
            self._told = edge != "stopped"
            return ("stopped" if edge == "stopped" else None), frame
        if not self._gate.speaking:
            return None, frame
        if self._since_sound < ECHO_FRAMES and self._guard.is_echo(frame):
            return None, SILENCE
        self._told = True
        return "started", frame
