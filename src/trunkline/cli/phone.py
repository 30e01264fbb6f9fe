"""What a telephone of the demo plays, and what it heard, read from its own recording. Pure.

The recording is the telephone's: it holds what arrived there by RTP. It is decoded like a sandbox far end decodes frames.
"""

from __future__ import annotations

from typing import Any

from trunkline.audio import modem, wav

RATE = 8_000
FRAME = 160
SILENCE = b"\xff"
BEFORE_S, AFTER_S = 2, 60


def voice(text: str) -> bytes:
    """A WAV file: a moment of silence, `text` in the modem's voice, and silence for the rest of a call."""
    return wav.write_mono(SILENCE * BEFORE_S * RATE + modem.modulate(text).audio + SILENCE * AFTER_S * RATE)


def heard(recording: bytes) -> list[dict[str, Any]]:
    """The words of a recording in the form of `sandbox.heard`, as one stretch. Raises ValueError if it is no WAV file."""
    audio = wav.read(recording)
    receiver = modem.Demodulator()
    frames = (audio[at : at + FRAME].ljust(FRAME, SILENCE) for at in range(0, len(audio), FRAME))
    words = [word.text for frame in frames for word in receiver.feed(frame)]
    return [{"text": " ".join(words)}]
