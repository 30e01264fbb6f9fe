"""G.711: µ-law and A-law to and from linear samples (ITU-T G.711; payload types 0 and 8 of RFC 3551 §4.5.14).

Owns the companding and nothing of framing. Inside Trunkline audio is µ-law at 8 kHz; A-law exists at the borders only.
"""

from __future__ import annotations

import audioop

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.float32]


def ulaw_to_linear(ulaw: bytes) -> bytes:
    """µ-law to signed 16-bit little-endian samples."""
    return audioop.ulaw2lin(ulaw, 2)


def linear_to_ulaw(linear: bytes) -> bytes:
    """Signed 16-bit little-endian samples to µ-law."""
    return audioop.lin2ulaw(linear, 2)


def alaw_to_ulaw(alaw: bytes) -> bytes:
    return alaw.translate(_ALAW_TO_ULAW)


def ulaw_to_alaw(ulaw: bytes) -> bytes:
    return ulaw.translate(_ULAW_TO_ALAW)


def ulaw_to_samples(ulaw: bytes) -> Samples:
    """µ-law to samples between -1 and 1."""
    return _ULAW_TO_SAMPLE[np.frombuffer(ulaw, dtype=np.uint8)]


def samples_to_ulaw(samples: Samples) -> bytes:
    """Samples between -1 and 1 to µ-law; louder ones are clipped."""
    linear = np.clip(samples * np.float32(32_768), -32_768, 32_767).astype("<i2")
    return audioop.lin2ulaw(linear.tobytes(), 2)


def level_db(ulaw: bytes) -> float:
    """The root-mean-square level in decibels relative to full scale, not below -90."""
    rms: int = audioop.rms(audioop.ulaw2lin(ulaw, 2), 2)
    return _DECIBELS[rms]


_EVERY_BYTE = bytes(range(256))
_ALAW_TO_ULAW = audioop.lin2ulaw(audioop.alaw2lin(_EVERY_BYTE, 2), 2)
_ULAW_TO_ALAW = audioop.lin2alaw(audioop.ulaw2lin(_EVERY_BYTE, 2), 2)
_ULAW_TO_SAMPLE = (np.frombuffer(audioop.ulaw2lin(_EVERY_BYTE, 2), dtype="<i2") / 32_768).astype(np.float32)
_DECIBELS: list[float] = (20 * np.log10(np.maximum(np.arange(32_769), 1.04) / 32_768)).tolist()
