"""`trunkline serve` and its parts as an operator meets them: real processes, real NATS, a real database."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import pytest

TRUNKLINE = Path(sys.executable).with_name("trunkline")
CHOSEN = "tl_live_" + "chosen-by-the-operator-0123456789"
ASSISTANT = {
    "name": "Stand-in",
    "stt_config": {"provider": "sandbox"},
    "llm_config": {"provider": "sandbox", "model": "echo"},
    "tts_config": {"provider": "sandbox"},
}
RINGS_FOR_EVER, STAYS_SILENT = "+15005550003", "+15005550008"


def environment(**more: str) -> dict[str, str]:
    plain = {name: value for name, value in os.environ.items() if not name.startswith("TRUNKLINE_")}
    return plain | {f"TRUNKLINE_{name}": value for name, value in more.items()}


class Serving:
    """One `trunkline serve` on a free port."""

    def __init__(self, folder: Path, **settings: str) -> None:
        self.folder, self.log = folder, folder / "log"
        self.began = time.monotonic()
        self.process = subprocess.Popen(
            [TRUNKLINE, "serve", "--port", "0", "--data-dir", folder / "data", "--drain-seconds", "1"],
            stdout=subprocess.PIPE,
            stderr=self.log.open("ab"),
            text=True,
            env=environment(**settings),
        )
        self.said: list[str] = []
        self.url = self._url()
        self.after_s = time.monotonic() - self.began

    def _url(self) -> str:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.said.append(line.rstrip())
            if found := re.fullmatch(r"Trunkline listens on (http://127\.0\.0\.1:\d+)", line.rstrip()):
                return found[1]
        raise AssertionError(self.log.read_text())

    @property
    def keys(self) -> list[str]:
        return re.findall(r"tl_live_\S+", "\n".join(self.said))

    def get(self, path: str, key: str = "") -> int:
        return httpx.get(
            self.url + path, headers={"Authorization": f"Bearer {key}"} if key else {}, timeout=10
        ).status_code

    def place(self, destination: str, key: str) -> httpx.Response:
        body = {"destination": destination, "assistant": ASSISTANT}
        return httpx.post(f"{self.url}/api/v1/calls", json=body, headers={"Authorization": f"Bearer {key}"}, timeout=10)

    def call(self, call_id: str, key: str) -> dict[str, Any]:
        answer = httpx.get(f"{self.url}/api/v1/calls/{call_id}", headers={"Authorization": f"Bearer {key}"}, timeout=10)
        return dict(answer.json())

    def stop(self) -> int:
        self.process.terminate()
        code = self.process.wait(20)
        assert self.process.stdout is not None
        self.said += self.process.stdout.read().splitlines()
        self.process.stdout.close()
        return code


@pytest.fixture
def serving(tmp_path: Path) -> Iterator[Callable[..., Serving]]:
    started: list[Serving] = []

    def serve(**settings: str) -> Serving:
        started.append(Serving(tmp_path, **settings))
        return started[-1]

    yield serve
    for one in started:
        with suppress(ProcessLookupError):
            one.process.kill()
        one.process.wait()
        if one.process.stdout is not None:
            one.process.stdout.close()


def trunkline(*arguments: str | Path, **settings: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [TRUNKLINE, *arguments], capture_output=True, text=True, timeout=30, env=environment(**settings), check=False
    )


def eventually(true: Callable[[], object], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "it did not come true in time"
        time.sleep(0.05)


def children(pid: int) -> list[int]:
    found = [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    return found + [below for child in found for below in children(child)]


def command(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    except FileNotFoundError:
        return ""


def test_it_serves_says_where_and_shows_its_key_once(serving: Callable[..., Serving]):
    first = serving()
    print(f"serve was ready {first.after_s:.2f} s after exec, schema made; load {os.getloadavg()[0]:.1f}")
    (key,) = first.keys
    assert first.get("/ready") == 200
    assert first.get("/api/v1/calls", key) == 200
    assert first.get("/api/v1/calls", CHOSEN) == 401
    assert first.stop() == 0
    assert first.keys == [key]

    second = serving()
    print(f"serve was ready {second.after_s:.2f} s after exec; load {os.getloadavg()[0]:.1f}")
    assert second.get("/api/v1/calls", key) == 200
    assert second.stop() == 0
    assert second.keys == []
    assert key not in second.log.read_text()


def test_an_operators_own_key_is_added_to_a_database_in_use(serving: Callable[..., Serving]):
    first = serving()
    (key,) = first.keys
    assert first.stop() == 0
    second = serving(BOOTSTRAP_KEY=CHOSEN)
    assert second.get("/api/v1/calls", CHOSEN) == 200
    assert second.get("/api/v1/calls", key) == 200
    assert second.stop() == 0
    assert second.keys == []


def test_keys_are_made_listed_and_revoked_while_it_serves(serving: Callable[..., Serving]):
    one = serving(BOOTSTRAP_KEY=CHOSEN)
    where = ("--data-dir", one.folder / "data")
    made = trunkline("keys", "create", "dashboard", "--scope", "read", *where)
    assert (made.returncode, made.stderr.count("read")) == (0, 1), made.stderr
    key = made.stdout.strip()
    assert one.get("/api/v1/calls", key) == 200
    placing = one.place(STAYS_SILENT, key)
    assert (placing.status_code, placing.json()["code"]) == (403, "scope_missing")

    listed = trunkline("keys", "list", *where).stdout.splitlines()
    assert len(listed) == 2
    (line,) = [line for line in listed if "dashboard" in line]
    assert key[:16] in line
    assert key not in line

    key_id = line.split()[0]
    revoked = trunkline("keys", "revoke", key_id, *where)
    assert (revoked.returncode, revoked.stdout) == (0, f"{key_id} is revoked\n")
    eventually(lambda: one.get("/api/v1/calls", key) == 401, 2)
    assert trunkline("keys", "revoke", key_id, *where).returncode == 1
    assert "revoked" in trunkline("keys", "list", *where).stdout


def test_a_key_needs_a_scope_and_an_organization_that_exist(tmp_path: Path):
    wrong_scope = trunkline("keys", "create", "x", "--scope", "admin", "--data-dir", tmp_path)
    assert (wrong_scope.returncode, "unknown scope: admin" in wrong_scope.stderr) == (2, True)
    wrong_org = trunkline("keys", "create", "x", "--org", "org_1", "--data-dir", tmp_path)
    assert (wrong_org.returncode, "org_1" in wrong_org.stderr) == (2, True)
    assert trunkline("keys", "list", "--data-dir", tmp_path).stdout == ""


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"BOOTSTRAP_KEY": "hunter2"}, "TRUNKLINE_BOOTSTRAP_KEY: not a key"),
        ({"PORT": "many"}, "TRUNKLINE_PORT: "),
        ({"PORT": "65536"}, "TRUNKLINE_PORT: "),
        ({"CONFIG": "/nowhere/trunkline.toml"}, "/nowhere/trunkline.toml"),
        ({"ALLOWED_PREFIXES": "+49,+31"}, "TRUNKLINE_ALLOWED_PREFIXES: must be a list in JSON"),
        ({"DATA_DIR": "/proc/nowhere"}, "/proc/nowhere"),
    ],
)
def test_settings_that_cannot_be_right_stop_the_start(settings: dict[str, str], said: str, tmp_path: Path):
    done = trunkline("serve", **{"DATA_DIR": str(tmp_path), "PORT": "0"} | settings)
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert "hunter2" not in done.stderr


@pytest.mark.parametrize("role", ["api", "worker"])
def test_a_role_alone_refuses_the_same_settings(role: str, tmp_path: Path):
    done = trunkline(role, BOOTSTRAP_KEY="hunter2", DATA_DIR=str(tmp_path))
    assert (done.returncode, "TRUNKLINE_BOOTSTRAP_KEY" in done.stderr) == (2, True)


@pytest.mark.parametrize("role", ["api", "worker"])
def test_a_role_alone_says_that_it_needs_a_nats(role: str, tmp_path: Path):
    done = trunkline(role, DATA_DIR=str(tmp_path))
    assert (done.returncode, "TRUNKLINE_NATS_URL is not set" in done.stderr) == (2, True)


def test_a_port_that_is_taken_stops_the_start(tmp_path: Path):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        done = trunkline("serve", PORT=str(port), DATA_DIR=str(tmp_path))
    assert (done.returncode, f"127.0.0.1:{port}" in done.stderr) == (2, True)


def test_killing_it_leaves_nothing_and_a_dead_child_is_replaced(serving: Callable[..., Serving]):
    one = serving(BOOTSTRAP_KEY=CHOSEN)
    for role in ("worker", "api"):
        (victim,) = [pid for pid in children(one.process.pid) if command(pid).endswith(f"roles {role} ")]
        os.kill(victim, signal.SIGKILL)
        eventually(lambda role=role: f'"child":"{role}' in one.log.read_text(), 2)
    eventually(lambda: _answers(one) == 200, 15)
    family = children(one.process.pid)
    assert len(family) == 2 + max(1, len(os.sched_getaffinity(0)) - 1) + 1
    one.process.kill()
    one.process.wait()
    eventually(lambda: not any(map(command, family)), 2)


def _answers(one: Serving) -> int:
    try:
        return one.get("/ready")
    except httpx.TransportError:
        return 0


def test_stopping_cancels_what_rings_and_gives_live_calls_their_time(serving: Callable[..., Serving]):
    one = serving(BOOTSTRAP_KEY=CHOSEN)
    ringing, live = [one.place(number, CHOSEN).json()["call_id"] for number in (RINGS_FOR_EVER, STAYS_SILENT)]
    eventually(lambda: one.call(live, CHOSEN)["status"] == "in-progress", 10)
    eventually(lambda: one.call(ringing, CHOSEN)["status"] == "ringing", 10)
    asked = time.monotonic()
    assert one.stop() == 0
    assert 1 < time.monotonic() - asked < 8

    after = serving(BOOTSTRAP_KEY=CHOSEN)
    eventually(lambda: after.call(live, CHOSEN)["status"] == "ended-with-error", 10)
    cancelled = after.call(ringing, CHOSEN)
    assert (cancelled["status"], cancelled["end_reason"]) == ("failed", "cancelled")


def test_roles_alone_on_a_nats_of_ones_own(tmp_path: Path):
    with socket.create_server(("127.0.0.1", 0)) as free:
        nats_port = free.getsockname()[1]
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    alone = environment(
        NATS_URL=f"nats://127.0.0.1:{nats_port}",
        DATABASE_URL=f"sqlite+aiosqlite:///{tmp_path / 'own.db'}",
        DATA_DIR=str(tmp_path / "data"),
        BOOTSTRAP_KEY=CHOSEN,
        PORT=str(port),
    )
    nats = [TRUNKLINE.with_name("nats-server"), "-a", "127.0.0.1", "-p", str(nats_port), "-js", "-sd", tmp_path / "js"]
    processes = [
        subprocess.Popen(line, env=alone, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for line in (nats, [TRUNKLINE, "worker"], [TRUNKLINE, "api"])
    ]
    try:
        eventually(lambda: _status(f"http://127.0.0.1:{port}/ready") == 200, 20)
        for process in reversed(processes):
            process.terminate()
        assert [process.wait(15) for process in processes[1:]] == [0, 0]
    finally:
        for process in processes:
            process.kill()
            process.wait()


def _status(url: str) -> int:
    try:
        return httpx.get(url, timeout=5).status_code
    except httpx.TransportError:
        return 0


def test_the_command_loads_only_what_it_needs():
    code = "import sys, trunkline.cli.main; print(*{'fastapi', 'sqlalchemy', 'httpx', 'pydantic', 'numpy'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=30, check=False)
    assert (done.returncode, done.stdout) == (0, "\n"), done.stderr


def test_every_command_is_listed():
    listed = trunkline("--help").stdout
    for name in ("serve", "api", "worker", "keys", "demo", "call", "say", "inject", "end", "transfer", "watch", "show"):
        assert re.search(rf"\b{name}\b", listed), name
