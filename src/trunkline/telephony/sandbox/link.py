"""One direction of a sandbox line: a queue of frames with a small buffer against jitter on the reading side. Pure.

Whoever reads waits until a few frames are there, so that two clocks that do not tick together tear no hole into a word.
What waits longer than that (after a stall) is read at the normal rate, and made up for in pauses: one frame of pure
silence a tick is swallowed.
"""

from __future__ import annotations

from collections import deque

from trunkline.calls.leg import SILENCE

SETTLE = 2
"""After it ran dry, it is read again once more frames than this wait, or after this many ticks."""


class Link:
    def __init__(self) -> None:
        self.taken = 0
        """Frames that came out at the other end, swallowed ones included."""
        self._frames: deque[bytes] = deque()
        self._settling = SETTLE
        self._to_garble = 0

    def __len__(self) -> int:
        return len(self._frames)

    def put(self, frame: bytes) -> None:
        self._frames.append(frame)

    def take(self) -> bytes | None:
        """The next frame; None while there is none, or not yet enough."""
        if not self._frames:
            self._settling = SETTLE
            return None
        if self._settling and len(self._frames) <= SETTLE:
            self._settling -= 1
            return None
        self._settling = 0
        self._swallow()
        self.taken += 1
        frame = self._frames.popleft()
        if not self._to_garble:
            return frame
        self._to_garble -= 1
        return garbled(frame)

    def corrupt(self, frames: int) -> None:
        """Garble so many of the next frames that come out."""
        self._to_garble += frames

    def clear(self) -> int:
        """Take back what has not come out. Returns how many frames never will."""
        count = len(self._frames)
        self._frames.clear()
        return count

    def _swallow(self) -> None:
        if len(self._frames) > SETTLE + 1 and self._frames[0] == SILENCE:
            self._frames.popleft()
            self.taken += 1


def garbled(frame: bytes) -> bytes:
    """As loud as it was, and nothing to be understood: every second sample's sign is flipped, low tones become high."""
    return bytes(byte ^ 0x80 if at % 2 else byte for at, byte in enumerate(frame))
