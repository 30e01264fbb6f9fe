"""A call's recording, streamed to disk: 16-bit 8 kHz WAV, left = line in, right = line out, one clock.

The file has a `.part` name until it is closed, so that a finished name is always a whole file. Where it cannot be written (a
full disk) the call goes on without: what there is keeps its `.part` name.
"""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

import structlog

from trunkline.audio.wav import interleave, stereo_header

BYTES_PER_SECOND = 8_000 * 2 * 2
BUFFER = 64 * 1024


log = structlog.get_logger(__name__)


class Recording:
    def __init__(self, folder: Path, name: str) -> None:
        self.path = folder / f"{name}.wav"
        self._part = folder / f"{name}.wav.part"
        self._file: BinaryIO | None = None
        self._size = 0

    def open(self) -> None:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._file = self._part.open("wb", buffering=BUFFER)
            self._file.write(stereo_header(0))
        except OSError as error:
            self._give_up(error)

    def write(self, line_in: bytes, line_out: bytes) -> None:
        """One 20 ms frame of each side, µ-law."""
        if self._file is None:
            return
        audio = interleave(line_in, line_out)
        self._size += len(audio)
        try:
            self._file.write(audio)
        except OSError as error:
            self._give_up(error)

    def close(self) -> float | None:
        """Finish the file. Returns its length in seconds, None if there is no whole file."""
        if self._file is None:
            return None
        try:
            self._file.seek(0)
            self._file.write(stereo_header(self._size))
            self._file.close()
            self._part.rename(self.path)
        except OSError as error:
            self._give_up(error)
            return None
        self._file = None
        return self._size / BYTES_PER_SECOND

    def _give_up(self, error: OSError) -> None:
        log.error("recording.failed", path=str(self._part), error=str(error))
        file, self._file = self._file, None
        if file is not None:
            with suppress(OSError):
                file.close()
