"""Finds what `trunkline doctor` judges of the bus: does NATS answer, is it new enough, does it keep journals, who works.

Where no NATS of one's own is named, it is the one that `trunkline serve` runs, whose configuration is in the data folder.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit

import nats.errors
from nats.aio.client import Client
from nats.aio.msg import Msg

from trunkline import clock
from trunkline.bus import messages
from trunkline.bus.nats_reading import STREAM
from trunkline.cli.checks import BusFacts, WorkerFacts
from trunkline.config import Settings
from trunkline.supervisor import nats_server

PATIENCE_S = 2.0
CONNECT_S = 1
ROLL_CALL_S = 0.7
"""How long workers are given to answer the roll call: they beat at once."""

TROUBLE = (nats.errors.Error, OSError, ValueError)

_LISTEN = re.compile(r"^listen: (\".*\")$", re.MULTILINE)
_PASSWORD = re.compile(r"password: (\"(?:[^\"\\]|\\.)*\")")


@dataclass(slots=True)
class Found:
    bus: BusFacts
    workers: list[WorkerFacts] = field(default_factory=list)
    apart_s: dict[str, float] = field(default_factory=dict)
    """How far its clock is ahead of ours, where it may be on another machine."""


async def bus(loaded: Settings) -> Found:
    own = not loaded.nats_url
    url = loaded.nats_url or _of_serve(loaded.data_dir / "nats" / "nats.conf")
    program = nats_server.program() is not None
    expected = own and _is_locked(loaded.data_dir / "serve.lock")
    if url is None:
        return Found(BusFacts("the data folder", own=True, expected=expected, program=program))
    facts = BusFacts(_shown(url), own=own, expected=expected, program=program)
    client, noted = Client(), list[Exception]()
    try:
        async with asyncio.timeout(PATIENCE_S):
            await _connect(client, url, noted)
        async with asyncio.timeout(PATIENCE_S):
            return await _asked(client, replace(facts, running=True))
    except TROUBLE as error:
        return Found(replace(facts, problem=_told(noted[-1] if noted else error)))
    finally:
        await _close(client)


async def _connect(client: Client, url: str, noted: list[Exception]) -> None:
    """Raises one of TROUBLE. What is behind it is `noted`."""

    async def note(error: Exception) -> None:
        noted.append(error)

    await client.connect(
        [part.strip() for part in url.split(",")],
        allow_reconnect=False,
        max_reconnect_attempts=1,
        reconnect_time_wait=0,
        connect_timeout=CONNECT_S,
        error_cb=note,
    )


async def _asked(client: Client, facts: BusFacts) -> Found:
    version = client.connected_server_version
    facts = replace(facts, version=(version.major, version.minor, version.patch))
    began = clock.wall()
    try:
        answer = json.loads((await client.request(f"$JS.API.STREAM.INFO.{STREAM}", timeout=1)).data)
    except nats.errors.NoRespondersError:
        return Found(facts, await _roll_call(client))
    facts = replace(facts, jetstream=True, stream="error" not in answer)
    apart = {}
    if "ts" in answer and not facts.own:
        ours = began + (clock.wall() - began) / 2
        apart["NATS"] = (datetime.fromisoformat(answer["ts"]) - ours).total_seconds()
    return Found(facts, await _roll_call(client), apart)


async def _roll_call(client: Client) -> list[WorkerFacts]:
    heard: dict[str, WorkerFacts] = {}

    async def beat(message: Msg) -> None:
        said = messages.unpack(message.data)
        heard[said["worker"]] = WorkerFacts(
            said["worker"], len(said.get("calls", ())), float(said.get("late_ms", 0)), bool(said.get("draining"))
        )

    await client.subscribe(messages.BEAT, cb=beat)
    await client.publish(messages.ROLL, messages.pack({}))
    await client.flush(1)
    await asyncio.sleep(ROLL_CALL_S)
    return [heard[name] for name in sorted(heard)]


def _of_serve(config: Path) -> str | None:
    """The URL that `nats_server.config` has written down, if `serve` has ever run on this folder."""
    try:
        text = config.read_text()
    except OSError:
        return None
    listen, password = _LISTEN.search(text), _PASSWORD.search(text)
    if listen is None or password is None:
        return None
    return f"nats://{nats_server.USER}:{json.loads(password[1])}@{json.loads(listen[1])}"


def _is_locked(path: Path) -> bool:
    """Does `serve` run on this folder? Looked up, not tried: a lock taken for a moment could stop one that begins."""
    try:
        inode, locks = path.stat().st_ino, Path("/proc/locks").read_text()
    except OSError:
        return False
    return any(
        fields[1] == "FLOCK" and fields[5].endswith(f":{inode}") for fields in map(str.split, locks.splitlines())
    )


def _shown(urls: str) -> str:
    parts: Sequence[str] = [
        urlsplit(part.strip()).netloc.rpartition("@")[2] or part.strip() for part in urls.split(",")
    ]
    return ", ".join(parts)


async def _close(client: Client) -> None:
    try:
        async with asyncio.timeout(PATIENCE_S):
            await client.close()
    except TROUBLE:
        return


def _told(error: Exception) -> str:
    return "no answer" if isinstance(error, TimeoutError) or not str(error) else str(error)
