"""Our own voice coming back: is what the line carries now an echo of what we sent within the last half second?

The last frames from the line are laid along everything sent lately (normalised cross-correlation): an echo fits at one
delay almost perfectly, however faint; another voice fits nowhere. Nothing is subtracted and nobody is silenced here.
"""

from __future__ import annotations

from collections import deque

import numpy as np

from trunkline.audio.g711 import Samples, ulaw_to_samples

FRAME = 160
SILENCE = b"\xff" * FRAME
WINDOW_FRAMES = 12
"""How much of the line is compared: 240 ms, long enough that two people saying the same vowel still differ."""
DELAY_FRAMES = 26
"""The longest delay of an echo, 500 ms, and one frame for the order in which a tick plays and hears."""
FFT_SIZE = 6_144
"""At least the samples of window and delay together, and a product of small primes."""

FIT = 0.9
"""An echo through µ-law fits above 0.99; somebody else's modem, or an equally loud voice on top of ours, below 0.89."""
FIT_OF_ONE_FRAME = 0.97
"""A short piece fits something by chance more easily: the demand falls from here to `FIT` over the window."""
FAINT = 1e-7
"""Mean square below which there is nothing to compare (-70 dB)."""


class EchoGuard:
    """Give it every frame that was sent, silence too, and frames from the line while it matters whose they are.

    Frames given with `heard` or `is_echo` in tick after tick are one window; a tick without one begins a new window.
    """

    def __init__(self) -> None:
        remembered = WINDOW_FRAMES + DELAY_FRAMES
        self._sent = deque([SILENCE] * remembered, maxlen=remembered)
        self._line: deque[bytes] = deque(maxlen=WINDOW_FRAMES)
        self._played = 0
        self._heard_at = 0
        self._delay: int | None = None

    def played(self, frame: bytes) -> None:
        """20 ms that were sent to the line, once a tick: this is also the guard's clock."""
        self._sent.append(frame)
        self._played += 1

    def heard(self, frame: bytes) -> None:
        """20 ms from the line of which nobody asks yet: they make the next answer surer."""
        if self._played - self._heard_at > 1:
            self._line.clear()
        self._line.append(frame)
        self._heard_at = self._played

    def is_echo(self, frame: bytes) -> bool:
        """Is this next frame from the line our own voice? Cheap while an echo stays, two transforms when it is none."""
        self.heard(frame)
        line = ulaw_to_samples(b"".join(self._line))
        sent = ulaw_to_samples(b"".join(list(self._sent)[-len(self._line) - DELAY_FRAMES :]))
        if _faint(line) or _faint(sent):
            return False
        short = (WINDOW_FRAMES - len(self._line)) / (WINDOW_FRAMES - 1)
        demand = FIT + (FIT_OF_ONE_FRAME - FIT) * short
        if self._delay is not None and _fit(line, sent, self._delay) >= demand:
            return True
        delay, fit = _best_fit(line, sent)
        self._delay = delay if fit >= demand else None
        return fit >= demand


def _faint(samples: Samples) -> bool:
    return float(np.dot(samples, samples)) < FAINT * len(samples)


def _fit(line: Samples, sent: Samples, delay: int) -> float:
    """The correlation coefficient of `line` with what was sent `delay` samples before it: 1 is the same shape."""
    end = len(sent) - delay
    if end < len(line):
        return 0.0
    source = sent[end - len(line) : end]
    power = float(np.dot(source, source))
    return abs(float(np.dot(line, source))) / float(np.sqrt(np.dot(line, line) * max(power, FAINT * len(line))))


def _best_fit(line: Samples, sent: Samples) -> tuple[int, float]:
    """The delay at which `line` fits best, and how well."""
    spectrum = np.fft.rfft(sent, FFT_SIZE) * np.conj(np.fft.rfft(line, FFT_SIZE))
    places = len(sent) - len(line) + 1
    products = np.abs(np.fft.irfft(spectrum, FFT_SIZE)[:places])
    powers = np.concatenate(([0.0], np.cumsum(np.square(sent, dtype=np.float64))))
    stretches = powers[len(line) :] - powers[:places]
    fits = products / np.sqrt(float(np.dot(line, line)) * np.maximum(stretches, FAINT * len(line)))
    best = int(fits.argmax())
    return places - 1 - best, float(fits[best])
