"""A whole worker in virtual time: which calls it takes."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from trunkline import clock
from trunkline.assistants import resolving
from trunkline.bus import messages
from trunkline.calls.plan import Plan
from trunkline.calls.verbs import Command, Verb
from trunkline.calls.worker import Worker
from trunkline.cli.assistants import echo
from trunkline.config import Settings
from trunkline.testing import virtual
from trunkline.testing.bus import MemoryBus
from trunkline.wiring.worker import Plant

HANGS_UP = "+15005550006"


Place = Callable[[str], Awaitable[dict[str, Any]]]


async def working(settings: Settings, story: Callable[[Place], Awaitable[None]], bus: MemoryBus | None = None) -> None:
    bus = bus or MemoryBus()
    stop, plant = asyncio.Event(), Plant(settings)

    async def place(call_id: str) -> dict[str, Any]:
        plan = Plan(
            call_id=call_id,
            org_id="org_1",
            destination=HANGS_UP,
            caller_id="+15005550000",
            assistant=resolving.transient(echo("Hello.")).config,
            not_after_ms=clock.wall_ms() + 1_000_000,
        )
        return messages.unpack(await bus.request(messages.PLACE, messages.pack({"plan": plan.to_json()}), 5))

    async with asyncio.TaskGroup() as group:
        group.create_task(Worker(settings, bus, "w1", plant.plug).work(stop))
        await asyncio.sleep(0.1)
        await story(place)
        stop.set()
    await plant.close()


def test_a_worker_whose_ticks_come_late_takes_no_calls_until_it_is_idle(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path, max_late_ms=-1)  # however punctual it is, that is later than allowed

    async def story(place: Place) -> None:
        assert (await place("call_1"))["taken"]
        await asyncio.sleep(1)
        assert (await place("call_2"))["why"] == "busy"
        await asyncio.sleep(10)
        assert (await place("call_3"))["taken"]
        await asyncio.sleep(10)

    virtual.run(working(settings, story))


def test_a_command_that_meets_a_call_winding_up_is_told_at_once_that_it_is_late(tmp_path: Path) -> None:
    bus = MemoryBus()

    async def story(place: Place) -> None:
        await place("call_1")
        await asyncio.sleep(3)
        bus.lose_next_answer = True  # so that the journal's last line takes seconds, and the call is over meanwhile
        async with bus.follow(messages.journal("org_1", "call_1")) as entries:
            await anext(entry async for entry in entries if b'"ended"' in entry.payload)
        command = Command(id="c1", verb=Verb.SAY, text="Too late.", ttl_ms=30_000)
        asked = {
            "ask": "command",
            "epoch": 0,
            "not_after_ms": clock.wall_ms() + 1_000_000,
            "command": command.to_json(),
        }
        reply = await bus.request(messages.owner("call_1"), messages.pack(asked), 8)
        assert messages.unpack(reply)["late"]

    virtual.run(working(Settings(data_dir=tmp_path), story, bus))


def test_a_worker_beats_with_its_calls_and_how_late_their_ticks_are(tmp_path: Path) -> None:
    bus, beats = MemoryBus(), []

    async def heard(payload: bytes) -> None:
        beats.append(messages.unpack(payload))

    async def story(place: Place) -> None:
        await bus.subscribe(messages.BEAT, heard)
        await place("call_1")
        await asyncio.sleep(2)
        asyncio.get_running_loop().now += 0.15  # type: ignore[attr-defined]
        await asyncio.sleep(0.6)

    virtual.run(working(Settings(data_dir=tmp_path, beat_seconds=0.5), story, bus))
    assert beats[-1]["calls"] == [{"org_id": "org_1", "call_id": "call_1"}]
    assert 0 <= beats[-1]["late_p50_ms"] < 10 < beats[-1]["late_ms"]


def test_a_worker_that_is_stopped_while_the_bus_is_away_does_not_wait_for_it_for_ever(tmp_path: Path) -> None:
    bus = MemoryBus()

    async def story(place: Place) -> None:
        await place("call_1")
        await asyncio.sleep(2)
        bus.away(True)

    async def main() -> None:
        async with asyncio.timeout(60):
            await working(Settings(data_dir=tmp_path, drain_seconds=5), story, bus)

    virtual.run(main())
