"""Runs the plan: starts and signals processes, hears of their deaths, says when the API is ready, reports lost workers.

Every decision is `plan.py`'s. What is here must not wait: a death, a signal and the clock are each dealt with at once.
"""

from __future__ import annotations

import asyncio
import os
import signal
import socket
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass

import structlog

from trunkline import clock
from trunkline.bus import messages
from trunkline.bus.port import Bus, BusError
from trunkline.supervisor.children import Children, Spec
from trunkline.supervisor.plan import (
    Begin,
    Died,
    Effect,
    Exit,
    Input,
    Kill,
    Plan,
    Ready,
    ReportLost,
    Role,
    Start,
    StopAsked,
    Terminate,
    Wake,
)

LOOK_S = 0.02
"""How often the API is asked whether it is ready, until it is."""
ANSWER_S = 1.0
TELL_AGAIN_S = 0.2

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Around:
    """What the supervisor needs of the world beside its children."""

    is_ready: Callable[[], Awaitable[bool]]
    on_ready: Callable[[], None]
    bus: Callable[[], AbstractAsyncContextManager[Bus]]
    """Opened once the API is ready, or a worker is lost: loading it must not slow down a start."""


class Supervisor:
    def __init__(self, specs: Sequence[Spec], children: Children, around: Around, drain_s: float) -> None:
        self._specs = {spec.name: spec for spec in specs}
        self._children = children
        self._around = around
        self._plan = Plan([spec.child for spec in specs], drain_s)
        self._timer: asyncio.TimerHandle | None = None
        self._lost: asyncio.Queue[str] = asyncio.Queue()
        self._bus_needed = asyncio.Event()

    async def run(self) -> int:
        """Until all have stopped. Returns the exit code."""
        loop = asyncio.get_running_loop()
        self._code: asyncio.Future[int] = loop.create_future()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._feed, StopAsked())
        loop.add_signal_handler(signal.SIGCHLD, self._bury)
        try:
            async with asyncio.TaskGroup() as group:
                self._feed(Begin())
                background = [group.create_task(self._wait_ready()), group.create_task(self._report())]
                code = await self._code
                for task in background:
                    task.cancel()
                return code
        finally:
            self._children.kill_all()
            if self._timer is not None:
                self._timer.cancel()

    def _feed(self, input: Input) -> None:
        if isinstance(input, StopAsked):
            log.info("stopping at once" if self._plan.stopping else "stopping")
        for effect in self._plan.handle(clock.monotonic(), input):
            self._carry_out(effect)
        if self._timer is not None:
            self._timer.cancel()
        deadline = self._plan.deadline
        loop = asyncio.get_running_loop()
        wait = max(0.0, deadline - clock.monotonic()) if deadline is not None else None
        self._timer = loop.call_later(wait, self._feed, Wake()) if wait is not None else None

    def _carry_out(self, effect: Effect) -> None:
        match effect:
            case Start(name, generation):
                self._start(self._specs[name], generation)
            case Terminate(name):
                self._children.terminate(name)
            case Kill(name):
                log.warning("child does not stop and is killed", child=name)
                self._children.kill(name)
            case ReportLost(name, generation):
                self._lost.put_nowait(worker_id(name, generation))
                self._bus_needed.set()
            case Exit(code) if not self._code.done():
                self._code.set_result(code)

    def _start(self, spec: Spec, generation: int) -> None:
        own = {"TRUNKLINE_WORKER_ID": worker_id(spec.name, generation)} if spec.role is Role.WORKER else {}
        pid = self._children.start(spec, own)
        if pid is None:
            log.error("child cannot be started", child=spec.name, command=spec.command[0])
            asyncio.get_running_loop().call_soon(self._bury)
        elif generation > 1:
            log.info("child started again", child=spec.name, pid=pid, generation=generation)

    def _bury(self) -> None:
        for name, code in self._children.dead():
            if not self._plan.stopping:
                log.warning("child died", child=name, code=code)
            self._feed(Died(name, code))

    async def _wait_ready(self) -> None:
        while not await self._around.is_ready():  # noqa: ASYNC110  (another process's readiness sets no event here)
            await asyncio.sleep(LOOK_S)
        self._feed(Ready())
        self._bus_needed.set()
        self._around.on_ready()

    async def _report(self) -> None:
        """Tells at once of lost workers; while the bus is away, as soon as it is back."""
        await self._bus_needed.wait()
        async with self._around.bus() as bus:
            while True:
                worker = await self._lost.get()
                while not await _told(bus, worker):  # noqa: ASYNC110  (nor does another process's return)
                    await asyncio.sleep(TELL_AGAIN_S)
                log.info("worker reported lost", worker=worker)


async def _told(bus: Bus, worker: str) -> bool:
    try:
        await bus.publish(messages.LOST, messages.pack({"worker": worker}))
    except BusError:
        return False
    return True


def worker_id(name: str, generation: int) -> str:
    """Never used twice: the host, this process, the worker's place and how often that place has been filled."""
    host = "".join(c if c.isalnum() else "-" for c in socket.gethostname())[:24]
    return f"{host}-{os.getpid()}-{name.removeprefix('worker-')}-{generation}"


async def answers_ready(host: str, port: int) -> bool:
    """Does `GET /ready` there answer 200?"""
    try:
        async with asyncio.timeout(ANSWER_S):
            reader, writer = await asyncio.open_connection(host, port)
            try:
                writer.write(b"GET /ready HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
                return b" 200 " in await reader.readline()
            finally:
                writer.close()
    except (OSError, TimeoutError):
        return False
