"""The supervisor over real processes and a real nats-server, with stand-ins for the api and the workers."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from trunkline.bus import messages
from trunkline.bus.nats import NatsBus

STAND_INS = Path(__file__).parents[1] / "supervisor_stand_ins.py"


class Served:
    """One supervisor with its stand-ins, in a folder."""

    def __init__(self, folder: Path, **environment: str) -> None:
        self.folder = folder
        self.log = folder / "log"
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, STAND_INS, "serve", folder / "data"],
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                env={**os.environ, **environment},
            )

    def ready(self) -> str:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line.startswith("Trunkline listens on http://127.0.0.1:"), self.log.read_text()
        eventually(lambda: len(self.said("starts")) >= 3)
        return line.split()[-1]

    def said(self, what: str = "") -> list[dict[str, Any]]:
        path = self.folder / "data" / "said"
        lines = path.read_text().splitlines() if path.exists() else []
        return [line for line in map(json.loads, lines) if what in ("", line["what"])]

    def workers(self) -> list[dict[str, Any]]:
        return [line for line in self.said("starts") if line["who"] != "api"]

    def descendants(self) -> set[int]:
        """Every process that there is because of this one."""
        found, todo = set[int](), [self.process.pid]
        while todo:
            pid = todo.pop()
            found.add(pid)
            with suppress(FileNotFoundError):
                children = Path(f"/proc/{pid}/task/{pid}/children").read_text()
                todo += map(int, children.split())
        return found

    def wait(self, timeout: float = 15) -> int:
        return self.process.wait(timeout)


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Callable[..., Served]]:
    started: list[Served] = []

    def serve(**environment: str) -> Served:
        started.append(Served(tmp_path, **environment))
        return started[-1]

    yield serve
    for one in started:
        with suppress(ProcessLookupError):
            one.process.kill()
        one.process.wait()
        assert one.process.stdout is not None
        one.process.stdout.close()


def eventually(true: Callable[[], object], seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "it did not come true in time"
        time.sleep(0.02)


def alive(pid: int) -> bool:
    """A zombie is not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def test_killing_the_parent_leaves_no_process(served: Callable[..., Served]):
    one = served()
    one.ready()
    family = one.descendants()
    assert len(family) == 8, "supervisor, guard, nats, api, two workers and what each of them started"
    one.process.kill()
    one.wait()
    eventually(lambda: not any(map(alive, family)), 2)


def test_what_a_worker_started_dies_with_it_and_another_takes_its_place(served: Callable[..., Served]):
    one = served()
    one.ready()
    first = one.workers()[0]
    assert first["pgid"] == first["pid"]
    os.kill(first["pid"], signal.SIGKILL)
    eventually(lambda: len(one.workers()) == 3, 3)
    assert not alive(first["nested"])
    place, generation = first["who"].rsplit("-", 1)
    assert (generation, one.workers()[-1]["who"]) == ("1", f"{place}-2")


def test_every_child_is_started_again(served: Callable[..., Served]):
    one = served()
    url = one.ready()
    (nats,) = [pid for pid in one.descendants() if b"nats-server" in Path(f"/proc/{pid}/cmdline").read_bytes()]
    os.kill(nats, signal.SIGKILL)
    (api,) = [line for line in one.said("starts") if line["who"] == "api"]
    os.kill(api["pid"], signal.SIGKILL)
    eventually(lambda: len([line for line in one.said("starts") if line["who"] == "api"]) == 2, 3)
    assert one.said("starts")[-1]["nats"] == api["nats"]
    assert url.split(":")[-1].isdigit()
    asyncio.run(_connects(api["nats"]))


async def _connects(url: str) -> None:
    bus = await NatsBus.connect(url)
    try:
        async with asyncio.timeout(5):
            while not bus.connected:  # noqa: ASYNC110  (a bus can be asked only)
                await asyncio.sleep(0.02)
    finally:
        await bus.close()


def test_a_lost_worker_is_reported_at_once(served: Callable[..., Served]):
    one = served()
    one.ready()
    victim = one.workers()[1]

    async def hear() -> tuple[str, float]:
        bus = await NatsBus.connect(_nats_url(one))
        heard: asyncio.Queue[str] = asyncio.Queue()

        async def lost(payload: bytes) -> None:
            heard.put_nowait(messages.unpack(payload)["worker"])

        try:
            await bus.subscribe(messages.LOST, lost)
            await asyncio.sleep(0.3)
            killed = time.monotonic()
            os.kill(victim["pid"], signal.SIGKILL)
            async with asyncio.timeout(5):
                return await heard.get(), time.monotonic() - killed
        finally:
            await bus.close()

    eventually(lambda: "bus.connected" in one.log.read_text())
    worker, after = asyncio.run(hear())
    print(f"a lost worker was reported after {after * 1000:.0f} ms")
    assert worker == victim["who"]
    assert after < 1


def _nats_url(one: Served) -> str:
    return next(line["nats"] for line in one.said("starts") if line["who"] == "api")


def test_sigterm_stops_workers_then_the_api_and_exits_with_0(served: Callable[..., Served]):
    one = served(STAND_IN_CALL_S="0.5")
    one.ready()
    family = one.descendants()
    one.process.terminate()
    assert one.wait() == 0
    ending = [line for line in one.said() if line["what"] != "starts"]
    assert [line["what"] for line in ending] == ["drains", "drains", "stops", "stops", "stops"]
    assert ending[-1]["who"] == "api"
    assert not any(map(alive, family))


def test_the_api_and_nats_live_while_calls_finish(served: Callable[..., Served]):
    one = served(STAND_IN_CALL_S="2")
    one.ready()
    one.process.terminate()
    eventually(lambda: len(one.said("drains")) == 2)
    asyncio.run(_connects(_nats_url(one)))
    assert not [line for line in one.said("stops") if line["who"] == "api"]
    assert one.wait() == 0


def test_a_second_signal_ends_it_now(served: Callable[..., Served]):
    one = served(STAND_IN_CALL_S="60")
    one.ready()
    family = one.descendants()
    one.process.send_signal(signal.SIGINT)
    eventually(lambda: len(one.said("drains")) == 2)
    asked = time.monotonic()
    one.process.send_signal(signal.SIGINT)
    assert one.wait() == 1
    assert time.monotonic() - asked < 2
    assert not any(map(alive, family))


def test_calls_that_do_not_end_are_cut_when_their_time_is_over(served: Callable[..., Served]):
    one = served(STAND_IN_CALL_S="60", TRUNKLINE_DRAIN_SECONDS="0")
    one.ready()
    one.process.terminate()
    assert one.wait() == 0
    assert [line["who"] for line in one.said("stops")] == ["api"]


def test_an_api_with_bad_settings_stops_everything(served: Callable[..., Served]):
    one = served(STAND_IN_BAD_SETTINGS="1")
    assert one.wait() == 2


def test_a_folder_has_one_supervisor(served: Callable[..., Served]):
    served().ready()
    second = served()
    assert second.wait() == 2
    assert "another `trunkline serve`" in second.log.read_text()


def test_the_password_of_nats_is_for_its_owner_only(served: Callable[..., Served]):
    one = served()
    one.ready()
    config = one.folder / "data" / "nats" / "nats.conf"
    assert stat.S_IMODE(config.stat().st_mode) == 0o600
    password = _nats_url(one).split(":")[2].split("@")[0]
    assert password in config.read_text()
    refused = _nats_url(one).replace(password, "guess")
    with pytest.raises(TimeoutError):
        asyncio.run(_connects(refused))


def test_the_api_gives_way_to_audio(served: Callable[..., Served]):
    one = served()
    one.ready()
    assert next(line["nice"] for line in one.said("starts") if line["who"] == "api") == os.nice(0) + 5
