"""Voice activity: does the line carry speech now? Two gates behind one interface, both clocked by the frames they are given.

The energy gate compares each frame's level with the noise it has learnt and takes any sound for speech, modem tones too;
the webrtc gate also asks whether it sounds like a voice. What a start or a stop means for the turn is decided elsewhere.
"""

from __future__ import annotations

from typing import Literal, Protocol

import webrtcvad

from trunkline.audio.g711 import level_db, ulaw_to_linear

FRAME_MS = 20
Edge = Literal["started", "stopped"]

START_FRAMES = 2
"""Loud frames in a row that make an onset: one click of up to 20 ms is none."""

QUIETEST_DB = -48.0
"""Nothing below this level is speech, however quiet the line."""
FLOOR_DB = -62.0
OVER_FLOOR_DB = 12.0
KEPT_DB = 4.0
"""Once somebody speaks, so much less is enough to go on speaking: the end of a word is quieter than its beginning."""
FALL = 0.3
RISE_DB = 0.15
RISE_SPEAKING_DB = 0.02
"""The floor follows a quieter line at once and a louder one slowly: 7 dB a second, 1 dB a second while somebody speaks."""


class Gate(Protocol):
    """Tells when speech starts and stops."""

    @property
    def speaking(self) -> bool: ...

    def feed(self, frame: bytes) -> Edge | None:
        """20 ms of the line, µ-law."""
        ...

    def raise_threshold(self, db: float) -> None:
        """Demand this much more level than usual until told otherwise; 0 is the usual."""
        ...


class Edges:
    """Loud and quiet frames to starts and stops, with a hangover."""

    def __init__(self, hangover_ms: int) -> None:
        self.speaking = False
        self._hangover = max(1, hangover_ms // FRAME_MS)
        self._run = 0

    def feed(self, loud: bool) -> Edge | None:
        if loud == self.speaking:
            self._run = 0
            return None
        self._run += 1
        if self._run < (self._hangover if self.speaking else START_FRAMES):
            return None
        self.speaking, self._run = loud, 0
        return "started" if loud else "stopped"


class EnergyGate:
    """Speech is what is clearly louder than the line's own noise."""

    def __init__(self, hangover_ms: int = 160) -> None:
        self._edges = Edges(hangover_ms)
        self._floor = FLOOR_DB
        self._raised = 0.0

    @property
    def speaking(self) -> bool:
        return self._edges.speaking

    def feed(self, frame: bytes) -> Edge | None:
        level = level_db(frame)
        threshold = max(QUIETEST_DB, self._floor + OVER_FLOOR_DB) + self._raised
        if self._edges.speaking:
            threshold -= KEPT_DB
        self._learn(level)
        return self._edges.feed(level > threshold)

    def raise_threshold(self, db: float) -> None:
        self._raised = db

    def _learn(self, level: float) -> None:
        if level < self._floor:
            self._floor += (max(level, FLOOR_DB) - self._floor) * FALL
        else:
            self._floor += RISE_SPEAKING_DB if self._edges.speaking else RISE_DB


class WebrtcGate:
    """Speech is what the WebRTC detector takes for a voice and is loud enough. It does not hear the modem reliably."""

    def __init__(self, hangover_ms: int = 200, aggressiveness: int = 3) -> None:
        self._edges = Edges(hangover_ms)
        self._detector = webrtcvad.Vad(aggressiveness)
        self._raised = 0.0

    @property
    def speaking(self) -> bool:
        return self._edges.speaking

    def feed(self, frame: bytes) -> Edge | None:
        return self._edges.feed(level_db(frame) > QUIETEST_DB + self._raised and self._voiced(frame))

    def raise_threshold(self, db: float) -> None:
        self._raised = db

    def _voiced(self, frame: bytes) -> bool:
        return bool(self._detector.is_speech(ulaw_to_linear(frame), 8_000))
