"""Journals over a real nats-server that is killed, frozen and started again, and processes that race for a call."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from bus_server import NatsServer
from calls_rows import ORG, add_call, call, database, owned, running, until

from trunkline.bus import messages
from trunkline.bus.nats import NatsBus
from trunkline.calls import store
from trunkline.calls.events import Event
from trunkline.calls.journal import Journal, append_for_owner, events_of
from trunkline.calls.recorder import record
from trunkline.storage.engine import Database

CALLS = 20
RACED = 40

RACER = f"""
import asyncio, structlog, sys
from trunkline.bus.nats import NatsBus
from trunkline.bus.port import Moved
from trunkline.calls.journal import Journal

structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))

async def race(url, worker):
    bus = await NatsBus.connect(url)
    start = asyncio.Event()
    async def go(_):
        start.set()
    await bus.subscribe("race", go)
    print("ready", flush=True)
    await start.wait()
    for n in range({RACED}):
        try:
            await Journal(bus, "org_1", f"call_{{n}}", worker).claim({{"worker": worker, "at": "2026-01-01T00:00:00Z"}})
            print(n, flush=True)
        except Moved:
            pass
    await bus.close()

asyncio.run(race(*sys.argv[1:]))
"""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[NatsServer]:
    with NatsServer(tmp_path / "nats") as server:
        yield server


async def journal_of(bus: NatsBus, call_id: str) -> list[Event]:
    return [event for entry in await bus.read(messages.journal(ORG, call_id)) for event in events_of(entry)]


async def talk(journal: Journal, stop: asyncio.Event) -> int:
    """Write as a call does, until told to stop. Returns how many events it wrote."""
    count = 0
    while not stop.is_set():
        journal.write("floor", {"n": count}, count * 20)
        count += 1
        await asyncio.sleep(0.02)
    journal.write("ended", {"status": "ended", "end_reason": "user_hangup", "duration_ms": 0}, count * 20)
    await journal.close()
    return count + 1


async def recorded(made: Database, call_id: str, sequence: int) -> None:
    async def reached() -> bool:
        return (await call(made, call_id)).last_sequence == sequence

    await until(reached, 20)


def test_nothing_is_lost_or_doubled_when_nats_is_killed_in_the_middle(server: NatsServer, tmp_path: Path) -> None:
    async def story() -> None:
        bus, jobs = await NatsBus.connect(server.url), await NatsBus.connect(server.url)
        stop = asyncio.Event()
        names = [f"call_{n}" for n in range(CALLS)]
        async with database(tmp_path) as made, running(record(jobs, made)), AsyncExitStack() as stack:
            for name in names:
                await add_call(made, name)
            journals = [await stack.enter_async_context(owned(bus, name)) for name in names]
            async with asyncio.TaskGroup() as group:
                talks = [group.create_task(talk(journal, stop)) for journal in journals]
                for away_s in (0.0, 2.0):
                    await asyncio.sleep(1)
                    server.kill()
                    await asyncio.sleep(away_s)
                    server.start()
                await asyncio.sleep(1.5)
                stop.set()
            for name, wrote in zip(names, talks, strict=True):
                events = await journal_of(bus, name)
                assert [event.sequence for event in events] == list(range(1, wrote.result() + 2))
                assert [event.data["n"] for event in events[1:-1]] == list(range(wrote.result() - 1))
                await recorded(made, name, wrote.result() + 1)
                async with made.reading() as session:
                    assert await store.events_after(session, name, 0, 10_000) == events
                assert (await call(made, name)).status == "ended"
            assert not any(journal.fenced for journal in journals)
        await bus.close()
        await jobs.close()

    asyncio.run(story())


def test_a_frozen_server_is_away_and_comes_back(server: NatsServer) -> None:
    async def story() -> None:
        bus = await NatsBus.connect(server.url)
        async with owned(bus, "call_1") as journal:
            server.freeze()
            journal.write("floor", {}, 10)
            assert not await journal.flush(1.5)
            assert await journal.check() is None
            server.thaw()
            assert await journal.flush(8)
            assert await journal.check() is True
        assert [event.sequence for event in await journal_of(bus, "call_1")] == [1, 2]
        await bus.close()

    asyncio.run(story())


def test_whoever_is_fenced_while_nats_was_killed_writes_nothing_more(server: NatsServer) -> None:
    async def story() -> None:
        bus, other = await NatsBus.connect(server.url), await NatsBus.connect(server.url)
        async with owned(bus, "call_1") as journal:
            (entry,) = await other.read(messages.journal(ORG, "call_1"))
            ended = Event(2, 5, "ended", {"status": "ended-with-error", "end_reason": "worker_lost", "duration_ms": 0})
            await append_for_owner(other, entry.log, [ended], entry.position, "monitor")
            server.kill()
            journal.write("floor", {}, 10)
            server.start()
            await journal.close()
            assert journal.fenced
        assert [event.kind for event in await journal_of(other, "call_1")] == ["claimed", "ended"]
        await bus.close()
        await other.close()

    asyncio.run(story())


def test_of_two_processes_that_race_for_a_call_one_wins(server: NatsServer) -> None:
    racers = [
        subprocess.Popen([sys.executable, "-c", RACER, server.url, worker], stdout=subprocess.PIPE, text=True)
        for worker in ("w1", "w2")
    ]
    try:
        for racer in racers:
            assert racer.stdout is not None
            assert racer.stdout.readline() == "ready\n"

        async def start() -> dict[int, str]:
            bus = await NatsBus.connect(server.url)
            await bus.publish("race", b"")
            for racer in racers:
                await asyncio.to_thread(racer.wait, 20)
            owners = {n: (await journal_of(bus, f"call_{n}"))[0].data["worker"] for n in range(RACED)}
            await bus.close()
            return owners

        owners = asyncio.run(start())
        won = [[int(line) for line in racer.stdout or []] for racer in racers]
    finally:
        for racer in racers:
            racer.kill()
            racer.communicate()
    assert Counter(won[0] + won[1]) == Counter(range(RACED))
    assert [n for n, worker in owners.items() if worker == "w1"] == won[0]
