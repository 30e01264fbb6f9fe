"""The audio path of one call: every 20 ms, one frame each way between the leg and the talk, and both into the recording.

Frames never pass through queues or state machines. A process that was frozen may have been given up for lost: until
its ownership is proved again, nothing it still has to say may be heard.
"""

from __future__ import annotations

from collections.abc import Callable

from trunkline.calls.leg import SILENCE, Leg
from trunkline.calls.recording import Recording
from trunkline.calls.talk import Talk


class Media:
    def __init__(self, leg: Leg, talk: Talk, recording: Recording, doubt_s: float, doubted: Callable[[], None]) -> None:
        """`doubted` is called when a tick comes more than `doubt_s` late; then nothing is said until `trust`."""
        self._leg, self._talk, self._recording = leg, talk, recording
        self._doubt_s, self._doubted = doubt_s, doubted
        self._trusted = True

    def tick(self, late_s: float) -> None:
        if late_s > self._doubt_s and self._trusted:
            self._trusted = False
            self._doubted()
        heard = self._leg.receive()
        if not self._trusted:
            return
        self._talk.hear(heard)
        said = self._talk.utter() or SILENCE
        self._leg.send(said)
        self._recording.write(heard, said)

    def trust(self) -> None:
        self._trusted = True
