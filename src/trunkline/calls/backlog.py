"""What a journal has not been able to append yet: in memory up to a bound, then in a spool file, in order.

The file only exists while the bus is away for long; it belongs to this process and goes with the call. `journal.py` is the
one that uses it.
"""

from __future__ import annotations

from collections import deque
from pathlib import Path
from typing import BinaryIO, NamedTuple

MEMORY_BYTES = 1_000_000
CHUNK_BYTES = 250_000
"""How much is read back from the file at once."""


class Line(NamedTuple):
    """One event, written out."""

    json: bytes
    told: bool
    """Is it one of those that are told as soon as they are durable?"""


class Backlog:
    def __init__(self, spool: Path | None = None, memory_bytes: int = MEMORY_BYTES) -> None:
        """Without a `spool` everything stays in memory."""
        self._spool, self._bound = spool, memory_bytes
        self._lines: deque[Line] = deque()
        self._bytes = 0
        self._file: BinaryIO | None = None
        self._read_to = 0
        self._spooled = 0
        """Lines in the file that have not been read back."""

    def __len__(self) -> int:
        return len(self._lines) + self._spooled

    def put(self, line: Line) -> None:
        if self._spool is not None and (self._spooled or self._bytes >= self._bound):
            self._write(line)
        else:
            self._keep(line)

    def take(self, count: int, max_bytes: int) -> list[Line]:
        """The oldest lines, at most `count`, and at most `max_bytes` unless one line alone is larger."""
        taken: list[Line] = []
        size = 0
        while len(taken) < count and (self._lines or self._read_back()):
            if taken and size + len(self._lines[0].json) > max_bytes:
                break
            line = self._lines.popleft()
            self._bytes -= len(line.json)
            size += len(line.json)
            taken.append(line)
        return taken

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None
            assert self._spool is not None
            self._spool.unlink(missing_ok=True)

    def _keep(self, line: Line) -> None:
        self._lines.append(line)
        self._bytes += len(line.json)

    def _write(self, line: Line) -> None:
        if self._file is None:
            assert self._spool is not None
            self._spool.parent.mkdir(parents=True, exist_ok=True)
            self._file = self._spool.open("w+b")
        self._file.seek(0, 2)
        self._file.write((b"+" if line.told else b"-") + line.json + b"\n")
        self._spooled += 1

    def _read_back(self) -> bool:
        """Some of the file into memory; False when there is nothing in it."""
        if self._file is None or not self._spooled:
            return False
        self._file.seek(self._read_to)
        lines = self._file.readlines(CHUNK_BYTES)
        self._read_to = self._file.tell()
        self._spooled -= len(lines)
        for line in lines:
            self._keep(Line(line[1:-1], line[:1] == b"+"))
        if not self._spooled:
            self.close()
            self._read_to = 0
        return True
