"""Our own voice coming back: is what the line carries now an echo of what we sent within the last half second?

The last frames from the line are laid along everything sent lately (normalised cross-correlation): an echo fits at one
delay almost perfectly, however faint; another voice fits nowhere. Nothing is subtracted and nobody is silenced here.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from trunkline.audio.g711 import Samples, ulaw_to_samples

FRAME = 160
WINDOW_FRAMES = 12
"""How much of the line is compared: 240 ms, long enough that two people saying the same vowel still differ."""
DELAY_FRAMES = 26
"""The longest delay of an echo, 500 ms, and one frame for the order in which a tick plays and hears."""
SENT_FRAMES = WINDOW_FRAMES + DELAY_FRAMES
FFT_SIZE = 8_192

FIT = 0.82
"""An echo with its quantisation fits above 0.95, an equally loud voice on top of one at most 0.75."""
FIT_OF_ONE_FRAME = 0.95
"""A single frame fits something by chance more easily: the demand falls from here to `FIT` over the window."""
FAINT = 1e-7
"""Mean square below which there is nothing to compare (-70 dB)."""


class EchoGuard:
    """Give it every frame that was sent, silence too, and frames from the line while it matters whose they are."""

    def __init__(self) -> None:
        self._sent = np.zeros(SENT_FRAMES * FRAME, dtype=np.float32)
        self._line = np.zeros(WINDOW_FRAMES * FRAME, dtype=np.float32)
        self._held = 0
        self._played = 0
        self._heard_at = -1

    def played(self, frame: bytes) -> None:
        """20 ms that were sent to the line, once a tick: this is also the guard's clock."""
        _shift_in(self._sent, frame)
        self._played += 1

    def heard(self, frame: bytes) -> None:
        """20 ms from the line of which nobody asks yet: they make the next answer surer."""
        if self._played - self._heard_at > 1:
            self._held = 0
        _shift_in(self._line, frame)
        self._held = min(self._held + 1, WINDOW_FRAMES)
        self._heard_at = self._played

    def is_echo(self, frame: bytes) -> bool:
        """Is this next frame from the line our own voice? Costs two small transforms, unless we sent nothing lately."""
        self.heard(frame)
        line = self._line[-self._held * FRAME :]
        if _faint(line) or _faint(self._sent):
            return False
        demand = FIT + (FIT_OF_ONE_FRAME - FIT) * (WINDOW_FRAMES - self._held) / (WINDOW_FRAMES - 1)
        return _best_fit(line, self._sent) >= demand


def _shift_in(history: Samples, frame: bytes) -> None:
    history[:-FRAME] = history[FRAME:]
    history[-FRAME:] = ulaw_to_samples(frame)


def _faint(samples: Samples) -> bool:
    return float(np.dot(samples, samples)) < FAINT * len(samples)


def _best_fit(line: Samples, sent: Samples) -> float:
    """The largest correlation coefficient of `line` with any stretch of `sent` of its length: 1 is the same shape."""
    spectrum = np.fft.rfft(sent, FFT_SIZE) * np.conj(np.fft.rfft(line, FFT_SIZE))
    places = len(sent) - len(line) + 1
    products: NDArray[np.float64] = np.abs(np.fft.irfft(spectrum, FFT_SIZE)[:places])
    powers = np.concatenate(([0.0], np.cumsum(np.square(sent, dtype=np.float64))))
    stretches = powers[len(line) :] - powers[:places]
    own = float(np.dot(line, line))
    fits: NDArray[np.float64] = products / np.sqrt(own * np.maximum(stretches, FAINT * len(line)))
    return float(fits.max())
