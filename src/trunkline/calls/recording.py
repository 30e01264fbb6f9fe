"""A call's recording, streamed to disk: 16-bit 8 kHz WAV, left = line in, right = line out, one clock.

The file has a `.part` name until it is closed, so that a finished name is always a whole file.
"""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO

from trunkline.audio.wav import interleave, stereo_header

BYTES_PER_SECOND = 8_000 * 2 * 2
BUFFER = 64 * 1024


class Recording:
    def __init__(self, folder: Path, name: str) -> None:
        self.path = folder / f"{name}.wav"
        self._part = folder / f"{name}.wav.part"
        self._file: BinaryIO | None = None
        self._size = 0

    def open(self) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._file = self._part.open("wb", buffering=BUFFER)
        self._file.write(stereo_header(0))

    def write(self, line_in: bytes, line_out: bytes) -> None:
        """One 20 ms frame of each side, µ-law."""
        if self._file is not None:
            audio = interleave(line_in, line_out)
            self._size += len(audio)
            self._file.write(audio)

    def close(self) -> float | None:
        """Finish the file. Returns its length in seconds, None if nothing was ever opened."""
        if self._file is None:
            return None
        self._file.seek(0)
        self._file.write(stereo_header(self._size))
        self._file.close()
        self._file = None
        self._part.rename(self.path)
        return self._size / BYTES_PER_SECOND
