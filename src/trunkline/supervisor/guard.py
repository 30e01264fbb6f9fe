"""A process that does nothing but outlive its parent by a moment, to kill the process groups the parent leaves behind.

It is a fork of the parent that reads a pipe: group numbers while the parent lives, the end of the pipe when it is gone,
even by SIGKILL.
"""

from __future__ import annotations

import os
import signal
from contextlib import suppress


class Guard:
    """Must be made before the process has threads, an event loop or locks of its own."""

    def __init__(self) -> None:
        reading, self._writing = os.pipe()
        self._pid = os.fork()
        if self._pid == 0:
            os.close(self._writing)
            _outlive(reading)
        os.close(reading)

    def watch(self, group: int) -> None:
        self._tell(group)

    def forget(self, group: int) -> None:
        self._tell(-group)

    def close(self) -> None:
        """The guard kills what it still watches, and is gone."""
        os.close(self._writing)
        with suppress(ChildProcessError):
            os.waitpid(self._pid, 0)

    def _tell(self, number: int) -> None:
        with suppress(BrokenPipeError):  # somebody killed the guard; the kernel still takes the children along
            os.write(self._writing, f"{number}\n".encode())


def _outlive(reading: int) -> None:
    """Never returns: the code above this fork is not this process's to run."""
    try:
        os.setsid()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        nothing = os.open(os.devnull, os.O_RDWR)
        for stream in range(3):
            os.dup2(nothing, stream)
        with open(reading) as lines:
            for group in groups([int(line) for line in lines]):
                with suppress(ProcessLookupError, PermissionError):
                    os.killpg(group, signal.SIGKILL)
    finally:
        os._exit(0)


def groups(told: list[int]) -> list[int]:
    """Those watched and not forgotten since."""
    watched: dict[int, None] = {}
    for number in told:
        if number > 0:
            watched[number] = None
        else:
            watched.pop(-number, None)
    return list(watched)
