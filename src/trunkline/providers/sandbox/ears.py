"""Speech-to-text of the sandbox: words are demodulated from the line's own samples. It hears the modem voice only.

An interim transcript is told with each word and a final one after a pause; whose turn it is then is not decided here.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable

from trunkline.audio.modem import Demodulator
from trunkline.conversation.ports import Transcript

FRAME_MS = 20
FORGOTTEN_AFTER_MS = 2_000
"""Words are final this long after the last of them even if the line never falls silent; no slot of a word is longer."""
KEPT = 100
"""Transcripts kept for a listener that has not come yet."""


class ModemEars:
    """`final_after_ms`: how much silence behind words makes them final."""

    def __init__(self, final_after_ms: int = 200) -> None:
        self._final_after = max(1, final_after_ms // FRAME_MS)
        self._demodulator = Demodulator()
        self._words: list[str] = []
        self._since_word = 0
        self._kept: deque[Transcript] = deque(maxlen=KEPT)
        self._tell: Callable[[Transcript], None] = self._kept.append

    async def listen(self, tell: Callable[[Transcript], None]) -> None:
        while self._kept:
            tell(self._kept.popleft())
        self._tell = tell
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            self._tell = self._kept.append

    def hear(self, frame: bytes) -> None:
        self._since_word += 1
        for decoded in self._demodulator.feed(frame):
            self._words.append(decoded.text)
            self._since_word = 0
            self._tell(Transcript(" ".join(self._words), final=False))
        if self._words and self._is_over():
            text = " ".join(self._words)
            self._words.clear()
            self._tell(Transcript(text, final=True))

    def _is_over(self) -> bool:
        return self._demodulator.quiet_frames >= self._final_after or self._since_word * FRAME_MS >= FORGOTTEN_AFTER_MS
