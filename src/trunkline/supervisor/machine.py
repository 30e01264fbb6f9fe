"""`trunkline serve` on this machine: its folder, its ports, which processes there are, and how each is run."""

from __future__ import annotations

import asyncio
import fcntl
import os
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from trunkline.bus.port import Bus
from trunkline.config import Settings
from trunkline.supervisor import nats_server
from trunkline.supervisor.children import Children, Spec
from trunkline.supervisor.guard import Guard
from trunkline.supervisor.nats_server import NatsServer
from trunkline.supervisor.plan import Role
from trunkline.supervisor.serve import Around, Supervisor, answers_ready

API_NICENESS = 5
"""Audio goes first: whoever waits for an HTTP answer does not hear a few milliseconds."""

ANY_ADDRESS = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}
"""Where to reach what listens on every address."""


class CannotStart(Exception):
    """The machine, not the program, must be changed first. The message is for the operator."""


@dataclass(frozen=True, slots=True)
class Programs:
    """Command lines of the two roles that are ours."""

    api: tuple[str, ...]
    worker: tuple[str, ...]


def serve(settings: Settings, programs: Programs, say: Callable[[str], None]) -> int:
    """Until told to stop. Returns the exit code; raises CannotStart."""
    guard = Guard()
    try:
        with _only_one(settings.data_dir):
            port = _port(settings.host, settings.port)
            nats = _nats(settings)
            bus_url = nats.url if nats else settings.nats_url
            specs = _specs(settings, programs, port, nats)
            around = Around(
                is_ready=partial(answers_ready, ANY_ADDRESS.get(settings.host, settings.host), port),
                on_ready=partial(say, f"Trunkline listens on {_url(settings.host, port)}"),
                bus=partial(_bus, bus_url, settings.nats_replicas),
            )
            return asyncio.run(_run(specs, Children(guard), around, settings.drain_seconds))
    finally:
        guard.close()


async def _run(specs: list[Spec], children: Children, around: Around, drain_s: float) -> int:
    return await Supervisor(specs, children, around, drain_s).run()


def _specs(settings: Settings, programs: Programs, port: int, nats: NatsServer | None) -> list[Spec]:
    environment = {
        "TRUNKLINE_HOST": settings.host,
        "TRUNKLINE_PORT": str(port),
        "TRUNKLINE_DATA_DIR": str(settings.data_dir.resolve()),
        "TRUNKLINE_DRAIN_SECONDS": str(settings.drain_seconds),
        "TRUNKLINE_NATS_URL": nats.url if nats else settings.nats_url,
    }
    api = Spec("api", Role.API, programs.api, environment, API_NICENESS)
    names = [f"worker-{n}" for n in range(1, _workers(settings.workers) + 1)]
    workers = [Spec(name, Role.WORKER, programs.worker, environment) for name in names]
    return [*([_nats_spec(nats)] if nats else []), api, *workers]


def _nats_spec(nats: NatsServer) -> Spec:
    program = nats_server.program()
    if program is None:
        raise CannotStart(
            "nats-server is neither beside this Python nor on the PATH; set TRUNKLINE_NATS_URL to use yours"
        )
    return Spec("nats", Role.NATS, (program, "-c", str(nats.write_config())))


def _nats(settings: Settings) -> NatsServer | None:
    return None if settings.nats_url else NatsServer.new(settings.data_dir / "nats", _port("127.0.0.1", 0))


@asynccontextmanager
async def _bus(url: str, replicas: int) -> AsyncIterator[Bus]:
    from trunkline.bus.nats import NatsBus  # noqa: PLC0415  (costs as much to load as all of this; not before it is needed)

    bus = await NatsBus.connect(url, replicas=replicas)
    try:
        yield bus
    finally:
        await bus.close()


def _workers(wanted: int) -> int:
    return wanted or max(1, len(os.sched_getaffinity(0)) - 1)


@contextmanager
def _only_one(folder: Path) -> Iterator[None]:
    """Two supervisors on one folder would start two nats-servers on one journal."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = (folder / "serve.lock").open("a")
    except OSError as error:
        raise CannotStart(f"the data folder {folder} cannot be used: {error.strerror}") from error
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise CannotStart(f"another `trunkline serve` is running on {folder}") from error
        yield


def _port(host: str, wanted: int) -> int:
    """The port wanted, or a free one for 0; tried now, because later only a child would know what is wrong."""
    try:
        family, _, _, _, address = socket.getaddrinfo(
            host or None, wanted, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        with socket.socket(family, socket.SOCK_STREAM) as trial:
            trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            trial.bind(address)
            return int(trial.getsockname()[1])
    except OSError as error:
        raise CannotStart(f"cannot listen on {host}:{wanted}: {error.strerror}") from error


def _url(host: str, port: int) -> str:
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
