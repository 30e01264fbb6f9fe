"""WAV files: the two-channel form of a recording, piece by piece, and reading any plain WAV as 8 kHz µ-law.

Owns the bytes of the format (RIFF, PCM). Who writes them to disk, and when, is the recording's business.
"""

from __future__ import annotations

import audioop
import io
import struct
import wave

import numpy as np
import soxr

from trunkline.audio.g711 import Samples, samples_to_ulaw, ulaw_to_linear

RATE = 8_000
HEADER_BYTES = 44
UNKNOWN_LENGTH = 0xFFFFFFFF - HEADER_BYTES
"""What a header says while the file is still growing: readers then take all there is."""


def stereo_header(data_bytes: int = UNKNOWN_LENGTH) -> bytes:
    """The 44 bytes before 16-bit 8 kHz stereo samples; written again in place once `data_bytes` is known."""
    return _header(data_bytes, 2)


def _header(data_bytes: int, channels: int) -> bytes:
    block = 2 * channels
    return struct.pack(
        "<4sI4s4sIHHIIHH4sI",
        *(b"RIFF", 36 + data_bytes, b"WAVE"),
        *(b"fmt ", 16, 1, channels, RATE, RATE * block, block, 16),
        *(b"data", data_bytes),
    )


def interleave(left: bytes, right: bytes) -> bytes:
    """Two µ-law channels of one length as 16-bit stereo: left is the line in, right the line out."""
    if len(left) != len(right):
        raise ValueError(f"channels differ: {len(left)} and {len(right)} samples")
    stereo = audioop.tostereo(ulaw_to_linear(left), 2, 1, 0)
    return audioop.add(stereo, audioop.tostereo(ulaw_to_linear(right), 2, 0, 1), 2)


def write_mono(ulaw: bytes) -> bytes:
    """A whole WAV file, mono, 16 bits, 8 kHz."""
    return _header(2 * len(ulaw), 1) + ulaw_to_linear(ulaw)


def read(file: bytes) -> bytes:
    """A WAV file of 8 to 32-bit PCM, any rate, its channels mixed, as 8 kHz µ-law. Raises ValueError if it is none."""
    try:
        with wave.open(io.BytesIO(file)) as opened:
            width, channels, rate = opened.getsampwidth(), opened.getnchannels(), opened.getframerate()
            frames = opened.readframes(opened.getnframes())
    except (wave.Error, EOFError) as error:
        raise ValueError(f"not a PCM WAV file: {error}") from error
    if width == 1:
        frames = audioop.bias(frames, 1, 128)
    linear = np.frombuffer(audioop.lin2lin(frames, width, 2), dtype="<i2").astype(np.float32) / 32_768
    whole = linear[: len(linear) // channels * channels].reshape(-1, channels).mean(axis=1, dtype=np.float32)
    return samples_to_ulaw(resample(whole, rate))


def resample(samples: Samples, rate: int) -> Samples:
    """Mono samples at `rate` as the same sound at 8 kHz."""
    if rate == RATE:
        return samples
    converted: Samples = soxr.resample(samples, rate, RATE)
    return converted
