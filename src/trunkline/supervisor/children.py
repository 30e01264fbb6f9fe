"""Processes of one machine, tied to this one's life: however it dies, none of them nor anything they started goes on.

Each child is killed by the kernel when this process dies, and leads a process group of its own. What a child has started
is in that group: it is killed when the child is gone, or by the guard (`guard.py`) when this process is.
"""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial

from trunkline.supervisor.guard import Guard
from trunkline.supervisor.plan import Child, Role

PR_SET_PDEATHSIG = 1
"""prctl(2): the signal that a process gets when its parent dies."""
NOT_FOUND = 127
"""Exit code of a command that cannot be run, as a shell has it."""
LAST_WAIT_S = 2.0

_libc = ctypes.CDLL(None)


@dataclass(frozen=True, slots=True)
class Spec:
    """How to run a child."""

    name: str
    role: Role
    command: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)
    """Beside what this process has."""
    niceness: int = 0

    @property
    def child(self) -> Child:
        return Child(self.name, self.role)


class Children:
    """Those alive, by name."""

    def __init__(self, guard: Guard) -> None:
        self._guard = guard
        self._alive: dict[str, subprocess.Popen[bytes]] = {}
        self._stillborn: list[str] = []

    def start(self, spec: Spec, environment: Mapping[str, str]) -> int | None:
        """The process id; None if the command cannot be run, which counts as a death."""
        try:
            process = subprocess.Popen(
                spec.command,
                stdin=subprocess.DEVNULL,
                env={**os.environ, **spec.environment, **environment},
                start_new_session=True,
                preexec_fn=partial(_tie, os.getpid(), spec.niceness),  # noqa: PLW1509  (this process has no threads)
            )
        except OSError:
            self._stillborn.append(spec.name)
            return None
        self._guard.watch(process.pid)
        self._alive[spec.name] = process
        return process.pid

    def dead(self) -> Iterator[tuple[str, int]]:
        """Name and exit code of those that have died since the last time."""
        while self._stillborn:
            yield self._stillborn.pop(), NOT_FOUND
        for name, process in list(self._alive.items()):
            if os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None:
                continue
            _kill_group(process.pid)  # before the pid is given back: until then the group's number is nobody else's
            self._guard.forget(process.pid)
            del self._alive[name]
            yield name, process.wait()

    def terminate(self, name: str) -> None:
        if (process := self._alive.get(name)) is not None:
            process.terminate()

    def kill(self, name: str) -> None:
        if (process := self._alive.get(name)) is not None:
            _kill_group(process.pid)

    def kill_all(self) -> None:
        for process in self._alive.values():
            _kill_group(process.pid)
        for process in self._alive.values():
            with suppress(subprocess.TimeoutExpired):
                process.wait(LAST_WAIT_S)
        self._alive.clear()


def _tie(parent: int, niceness: int) -> None:
    """Runs in the child before its command."""
    if sys.platform == "linux":
        _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(NOT_FOUND)  # the parent died before it could be asked to take this child along
    if niceness:
        os.nice(niceness)


def _kill_group(leader: int) -> None:
    with suppress(ProcessLookupError):
        os.killpg(leader, signal.SIGKILL)
