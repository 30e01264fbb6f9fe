"""Trunklines of real processes that are there to be killed and frozen: `serve` whole, or each role alone; and a client of them.

Every process here is one that the test started; it is ended by its own id.
"""

from __future__ import annotations

import asyncio
import os
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, TypeVar

import httpx
from bus_server import NatsServer
from death_phone import Phone, phone

from trunkline.bus import messages
from trunkline.bus.nats import NatsBus
from trunkline.calls.events import Event
from trunkline.calls.journal import events_of
from trunkline.cli.assistants import echo

T = TypeVar("T")
KEY = "tl_live_" + "a-key-for-those-who-die-0123456789"
TRUNKLINE = Path(sys.executable).with_name("trunkline")
READY_S = 30
WORDS = [f"word{number}" for number in range(1, 81)]
"""Words that are not alike, 0.4 s each in the modem's voice, without a pause."""
SANDBOX = {**echo(""), "silence_timeout_seconds": 120}

Json = dict[str, Any]


def sentence(count: int) -> str:
    return " ".join(WORDS[:count])


def until(true: Callable[[], T], seconds: float, what: str = "it") -> T:
    """The first result that is true."""
    deadline = time.monotonic() + seconds
    while not (result := true()):
        assert time.monotonic() < deadline, f"{what} did not come true in {seconds} s"
        time.sleep(0.02)
    return result


class Client:
    """The API over HTTP. A process that is being killed breaks connections: then `TransportError` is the caller's to expect."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._http = httpx.Client(base_url=f"{url}/api/v1", headers={"Authorization": f"Bearer {KEY}"}, timeout=40)

    def close(self) -> None:
        self._http.close()

    def place(self, destination: str, key: str | None = None, **more: Any) -> httpx.Response:
        body = {"destination": destination, "assistant": SANDBOX, **more}
        return self._http.post("/calls", json=body, headers=_key(key))

    def placed(self, destination: str, **more: Any) -> str:
        """A call, however often a full worker has to be asked again."""

        def take() -> str:
            answer = self.place(destination, **more)
            assert answer.is_success or answer.status_code == 503, answer.text
            return str(answer.json()["call_id"]) if answer.is_success else ""

        return until(take, 15, "a place")

    def control(self, call_id: str, body: Json, wait: str = "accepted", key: str | None = None) -> httpx.Response:
        return self._http.post(f"/calls/{call_id}/control", json=body, params={"wait": wait}, headers=_key(key))

    def say(self, call_id: str, words: str, wait: str = "accepted", key: str | None = None, **more: Any) -> Json:
        answer = self.control(call_id, {"type": "say", "content": words, **more}, wait, key)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def get(self, path: str) -> Json:
        answer = self._http.get(path)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def call(self, call_id: str) -> Json:
        return self.get(f"/calls/{call_id}")

    def events(self, call_id: str, *kinds: str) -> list[Json]:
        page = self.get(f"/calls/{call_id}/events?limit=1000")
        assert page["events"][-1]["sequence"] == page["last_sequence"] if page["events"] else True
        return [event for event in page["events"] if not kinds or event["kind"] in kinds]

    def command(self, call_id: str, command_id: str) -> Json:
        return dict(self.get(f"/calls/{call_id}/commands/{command_id}")["command"])

    def until_status(self, call_id: str, status: str, seconds: float = 10) -> None:
        until(lambda: self.call(call_id)["status"] == status, seconds, f"{call_id} {status}")

    def until_heard(self, call_id: str, utterance: str, seconds: float = 10) -> None:
        """Until some of its words are in the journal as heard."""
        until(lambda: any(_some(event, utterance) for event in self.events(call_id)), seconds, "words")

    def ready(self, workers: int = 1) -> bool:
        try:
            answer = httpx.get(f"{self.url}/ready", timeout=5)
        except httpx.TransportError:
            return False
        return answer.status_code == 200 and answer.json()["checks"]["workers"]["count"] >= workers


def _some(event: Json, utterance: str) -> bool:
    return event["kind"] == "speech.heard" and event["data"]["utterance"] == utterance and event["data"]["heard_text"]


def _key(key: str | None) -> dict[str, str]:
    return {"Idempotency-Key": key} if key is not None else {}


class Processes:
    """Those started, by name."""

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        self.folder = folder
        self.data = folder / "data"
        plain = {name: value for name, value in os.environ.items() if not name.startswith("TRUNKLINE_")}
        self._environment = plain | {"TRUNKLINE_BOOTSTRAP_KEY": KEY, "TRUNKLINE_ALLOW_SIP": "true", **environment}
        self._running: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, name: str, *command: str | Path, **environment: str) -> subprocess.Popen[bytes]:
        with (self.folder / f"{name}.log").open("ab") as log:
            process = subprocess.Popen(command, stdout=log, stderr=log, env=self._environment | environment)
        self._running[name] = process
        return process

    def log(self, name: str) -> str:
        return (self.folder / f"{name}.log").read_text()

    def pid(self, name: str) -> int:
        return self._running[name].pid

    def signal(self, name: str, number: signal.Signals) -> float:
        """Returns when."""
        self._running[name].send_signal(number)
        return time.monotonic()

    def kill(self, name: str) -> float:
        process = self._running.pop(name)
        process.send_signal(signal.SIGCONT)
        process.kill()
        at = time.monotonic()
        process.wait()
        return at

    def died(self, name: str) -> int:
        """Waits for it. Returns its exit code."""
        return self._running.pop(name).wait(60)

    def close(self) -> None:
        for name in tuple(self._running):
            self.kill(name)

    # ---- what is on disk ---------------------------------------------------------------

    def rows(self, query: str, *values: str) -> list[tuple[Any, ...]]:
        """From the database file, past any process."""
        with closing(sqlite3.connect(f"file:{self.data / 'trunkline.db'}?mode=ro", uri=True, timeout=5)) as database:
            return database.execute(query, values).fetchall()

    def recording(self, call_id: str) -> bytes:
        """The WAV file, also one whose writer is gone."""
        (path,) = (self.data / "recordings").glob(f"{call_id}.wav*")
        return path.read_bytes()


class Nats(NatsServer):
    def kill_frozen(self) -> None:
        """It does not move again: what was sent to it meanwhile goes with it."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()
        self._process = None


class Alone(Processes):
    """Roles of one's own: a nats-server, an api, and workers as they are started; no supervisor."""

    def __init__(self, folder: Path, **settings: str) -> None:
        self.nats = Nats(folder / "js")
        self.port = free_port()
        own = {"NATS_URL": self.nats.url, "DATA_DIR": str(folder / "data"), "PORT": str(self.port), **settings}
        super().__init__(folder, {f"TRUNKLINE_{name}": value for name, value in own.items()})
        self.client = Client(f"http://127.0.0.1:{self.port}")

    def start_api(self, dies_at: str = "") -> None:
        if dies_at:
            self.start("api", sys.executable, Path(__file__).with_name("death_api.py"), dies_at)
        else:
            self.start("api", TRUNKLINE, "api")

    def start_worker(self, name: str) -> None:
        self.start(name, TRUNKLINE, "worker", TRUNKLINE_WORKER_ID=name)

    def until_ready(self, workers: int = 1) -> None:
        until(lambda: self.client.ready(workers), READY_S, f"{self.folder}: readiness")

    def journal(self, call_id: str) -> list[Event]:
        ((org_id,),) = self.rows("select org_id from calls where id = ?", call_id)
        return journal(self.nats.url, org_id, call_id)

    def close(self) -> None:
        self.client.close()
        super().close()
        self.nats.kill()


class Serving(Processes):
    """`trunkline serve` whole."""

    def __init__(self, folder: Path, *options: str, **settings: str) -> None:
        super().__init__(folder, {f"TRUNKLINE_{name}": value for name, value in settings.items()})
        self.options = options
        self.start_serve()

    def start_serve(self) -> None:
        self.port = free_port()
        where = ("--port", str(self.port), "--data-dir", self.data)
        self.process = self.start("serve", TRUNKLINE, "serve", *where, *self.options)
        self.client = Client(f"http://127.0.0.1:{self.port}")
        until(self.client.ready, READY_S, f"{self.folder}: readiness")

    def child(self, role: str) -> int:
        """The process id of the api, the worker or the nats-server."""
        mark = {"api": "roles api ", "worker": "roles worker ", "nats": "nats-server "}[role]
        (found,) = [pid for pid in descendants(self.pid("serve")) if mark in command_line(pid)]
        return found

    def nats_url(self) -> str:
        config = (self.data / "nats" / "nats.conf").read_text()
        port, password = re.search(r'listen: ".*:(\d+)"', config), re.search(r'password: "(\w+)"', config)
        assert port is not None and password is not None
        return f"nats://trunkline:{password[1]}@127.0.0.1:{port[1]}"

    def close(self) -> None:
        self.client.close()
        super().close()


@contextmanager
def alone(folder: Path, **settings: str) -> Iterator[tuple[Alone, Phone]]:
    folder.mkdir(parents=True, exist_ok=True)
    cluster = Alone(folder, **settings)
    try:
        cluster.nats.start()
        with phone() as far:
            yield cluster, far
    finally:
        cluster.close()


@contextmanager
def serving(folder: Path, *options: str, **settings: str) -> Iterator[tuple[Serving, Phone]]:
    folder.mkdir(parents=True, exist_ok=True)
    with phone() as far:
        cluster = Serving(folder, *options, **settings)
        try:
            yield cluster, far
        finally:
            cluster.close()


def journal(nats_url: str, org_id: str, call_id: str) -> list[Event]:
    """Every event in the journal, past the database."""

    async def read() -> list[Event]:
        bus = await NatsBus.connect(nats_url)
        try:
            return [event for entry in await bus.read(messages.journal(org_id, call_id)) for event in events_of(entry)]
        finally:
            await bus.close()

    return asyncio.run(read())


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


def descendants(pid: int) -> list[int]:
    children = [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    return children + [below for child in children for below in descendants(child)]


def command_line(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    except FileNotFoundError:
        return ""
