"""A call's journal in virtual time, over the bus in memory."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from trunkline.bus import messages
from trunkline.bus.port import BusAway, Moved
from trunkline.calls.backlog import Backlog, Line
from trunkline.calls.closing import closing_events
from trunkline.calls.events import Event
from trunkline.calls.journal import GROUP_S, Journal, append_for_owner, events_of
from trunkline.testing.bus import Exchange, MemoryBus
from trunkline.testing.virtual import run

LOG = "calls.org.call_1"
CLAIM = {"worker": "w1", "at": "2026-01-01T12:00:00Z"}


def now() -> float:
    return asyncio.get_running_loop().time()


@asynccontextmanager
async def owned(bus: MemoryBus, **options: Any) -> AsyncIterator[Journal]:
    """A claimed journal with its task running."""
    journal = Journal(bus, "org", "call_1", "w1", **options)
    await journal.claim(CLAIM)
    async with asyncio.TaskGroup() as group:
        task = group.create_task(journal.run())
        yield journal
        task.cancel()


async def groups(bus: MemoryBus) -> list[list[Event]]:
    return [events_of(entry) for entry in await bus.read(LOG)]


async def kinds(bus: MemoryBus) -> list[list[str]]:
    return [[event.kind for event in group] for group in await groups(bus)]


async def listen(bus: MemoryBus) -> list[list[str]]:
    """What is told about the call: kinds by message, filled in as they come."""
    told: list[list[str]] = []

    async def hear(payload: bytes) -> None:
        told.append([event["kind"] for event in messages.unpack(payload)["events"]])

    await bus.subscribe(messages.told("call_1"), hear)
    return told


async def somebody_else_ends_it(bus: MemoryBus) -> None:
    entries = await bus.read(LOG)
    events = [event for entry in entries for event in events_of(entry)]
    await append_for_owner(bus, LOG, closing_events(events, 60_000), entries[-1].position, "monitor")


def test_the_claim_is_the_first_entry_and_its_position_is_the_epoch() -> None:
    async def story() -> None:
        bus = MemoryBus()
        await bus.append("calls.org.other", b"", 0, "x")
        journal = Journal(bus, "org", "call_1", "w1")
        epoch = await journal.claim(CLAIM)
        ((claimed,),) = await groups(bus)
        assert epoch == 2
        assert claimed == Event(1, 0, "claimed", {**CLAIM, "epoch": 2})

    run(story())


def test_of_two_claims_one_wins() -> None:
    async def story() -> None:
        exchange = Exchange()
        first = Journal(MemoryBus(exchange), "org", "call_1", "w1")
        second = Journal(MemoryBus(exchange), "org", "call_1", "w2")
        outcomes = await asyncio.gather(first.claim(CLAIM), second.claim(CLAIM), return_exceptions=True)
        assert sorted(type(outcome) for outcome in outcomes if not isinstance(outcome, int)) == [Moved]
        assert len(exchange.entries) == 1

    run(story())


def test_a_claim_whose_answer_was_lost_is_still_ours() -> None:
    async def story() -> None:
        bus = MemoryBus()
        bus.lose_next_answer = True
        assert await Journal(bus, "org", "call_1", "w1").claim(CLAIM) == 1

    run(story())


def test_a_claim_without_a_bus_is_no_claim() -> None:
    async def story() -> None:
        bus = MemoryBus()
        bus.away(True)
        with pytest.raises(BusAway):
            await Journal(bus, "org", "call_1", "w1").claim(CLAIM)

    run(story())


def test_what_is_written_within_a_quarter_second_is_one_group() -> None:
    async def story() -> None:
        bus = MemoryBus()
        async with owned(bus) as journal:
            began = now()
            journal.write("ringing", {"code": 180}, 10)
            await asyncio.sleep(GROUP_S - 0.01)
            journal.write("floor", {}, 20)
            assert len(await kinds(bus)) == 1
            await asyncio.sleep(0.02)
            assert (await kinds(bus))[1:] == [["ringing", "floor"]]
            assert now() - began < GROUP_S + 0.02
            journal.write("floor", {}, 400)
            await journal.close()
        assert [[event.sequence for event in group] for group in await groups(bus)] == [[1], [2, 3], [4]]

    run(story())


def test_a_flush_does_not_wait_for_the_group() -> None:
    async def story() -> None:
        bus = MemoryBus()
        async with owned(bus) as journal:
            began = now()
            journal.write("answered", {}, 10)
            assert await journal.flush()
            assert now() - began < 0.01
            assert await journal.flush()  # nothing to do
            assert await kinds(bus) == [["claimed"], ["answered"]]

    run(story())


def test_what_comes_after_a_flush_waits_for_its_group_again() -> None:
    async def story() -> None:
        bus = MemoryBus()
        async with owned(bus) as journal:
            journal.write("answered", {}, 10)
            await journal.flush()
            journal.write("floor", {}, 20)
            await asyncio.sleep(0.1)
            journal.write("floor", {}, 120)
            await asyncio.sleep(1)
            assert await kinds(bus) == [["claimed"], ["answered"], ["floor", "floor"]]

    run(story())


def test_groups_with_something_to_tell_are_told_once_they_are_durable() -> None:
    async def story() -> None:
        bus = MemoryBus()
        told = await listen(bus)
        async with owned(bus) as journal:
            journal.write("floor", {}, 10)
            await journal.flush()
            journal.write("speech.heard", {"utterance": "u"}, 20)
            journal.write("command.started", {"id": "c", "verb": "say"}, 20)
            await journal.flush()
            for kind in ("answered", "transfer.ringing", "ended"):
                journal.write(kind, {}, 30)
                await journal.flush()
            await asyncio.sleep(0.1)
        assert told == [["speech.heard", "command.started"], ["answered"], ["transfer.ringing"], ["ended"]]

    run(story())


def test_while_the_bus_is_away_everything_is_kept_and_appended_in_order_on_return() -> None:
    async def story() -> None:
        bus = MemoryBus()
        async with owned(bus) as journal:
            bus.away(True)
            for n in range(1_000):
                journal.write("floor", {"n": n}, n)
                await asyncio.sleep(0.02)
            began = now()
            assert not await journal.flush()
            assert now() - began == pytest.approx(5, abs=0.01)
            bus.away(False)
            assert await journal.flush()
        written = [event for group in await groups(bus) for event in group]
        assert [event.sequence for event in written] == list(range(1, 1_002))
        assert [event.data["n"] for event in written[1:]] == list(range(1_000))

    run(story())


def test_what_does_not_fit_in_memory_waits_in_a_file(tmp_path: Path) -> None:
    async def story() -> None:
        bus, spool = MemoryBus(), tmp_path / "spool" / "call_1"
        async with owned(bus, spool=spool) as journal:
            bus.away(True)
            for n in range(3_000):
                journal.write("caller.said", {"n": n, "text": "x" * 1_000}, n)
            await asyncio.sleep(1)
            assert spool.exists()
            bus.away(False)
            for n in range(3_000, 3_100):
                journal.write("floor", {"n": n}, n)
                await asyncio.sleep(0.01)
            await journal.close()
        assert not spool.exists()
        written = [event for group in await groups(bus) for event in group]
        assert [event.data["n"] for event in written[1:]] == list(range(3_100))
        assert [event.sequence for event in written] == list(range(1, 3_102))
        assert max(len(entry.payload) for entry in await bus.read(LOG)) < 300_000

    run(story())


def test_an_append_whose_answer_was_lost_is_repeated_and_stands_once() -> None:
    async def story() -> None:
        bus = MemoryBus()
        async with owned(bus) as journal:
            bus.lose_next_answer = True
            journal.write("answered", {}, 10)
            await asyncio.sleep(1)
            journal.write("floor", {}, 20)
            await asyncio.sleep(10)
            assert await journal.flush()
        assert await kinds(bus) == [["claimed"], ["answered"], ["floor"]]

    run(story())


def test_who_is_fenced_is_told_and_writes_nothing_more() -> None:
    async def story() -> None:
        exchange = Exchange()
        bus, other, fenced = MemoryBus(exchange), MemoryBus(exchange), asyncio.Event()
        async with owned(bus, on_fenced=fenced.set) as journal:
            await somebody_else_ends_it(other)
            journal.write("command.finished", {"id": "c"}, 10)
            assert not await journal.flush()
            assert fenced.is_set()
            assert journal.fenced
            journal.write("floor", {}, 20)
            assert not await journal.flush()
            await journal.close()
            await asyncio.sleep(1)
        assert await kinds(other) == [["claimed"], ["ended"]]

    run(story())


def test_a_worker_cut_off_while_its_call_is_ended_elsewhere_finds_itself_fenced_on_return() -> None:
    async def story() -> None:
        exchange = Exchange()
        bus, other = MemoryBus(exchange), MemoryBus(exchange)
        async with owned(bus) as journal:
            journal.write("answered", {}, 10)
            await journal.flush()
            bus.away(True)
            journal.write("floor", {}, 20)
            await asyncio.sleep(20)
            assert not journal.fenced
            await somebody_else_ends_it(other)
            bus.away(False)
            await journal.close()
            assert journal.fenced
        assert await kinds(other) == [["claimed"], ["answered"], ["ended"]]

    run(story())


def test_close_waits_for_the_bus() -> None:
    async def story() -> None:
        bus = MemoryBus()
        async with owned(bus) as journal:
            bus.away(True)
            journal.write("ended", {}, 10)
            asyncio.get_running_loop().call_later(60, bus.away, False)
            await journal.close()
            assert now() >= 60
        assert await kinds(bus) == [["claimed"], ["ended"]]

    run(story())


# ---- doubt ------------------------------------------------------------------------------------------


def doubted(prepare: Callable[[MemoryBus, MemoryBus, Journal], Awaitable[None]]) -> bool | None:
    """What `check` says after `prepare`, and that it says so soon."""

    async def story() -> bool | None:
        exchange = Exchange()
        bus, other = MemoryBus(exchange), MemoryBus(exchange)
        async with owned(bus) as journal:
            await prepare(bus, other, journal)
            began = now()
            ours = await journal.check()
            assert now() - began <= 2.01
        return ours

    return run(story())


def test_a_call_that_is_still_ours_is_proved_by_writing() -> None:
    async def nothing(bus: MemoryBus, other: MemoryBus, journal: Journal) -> None: ...

    async def something(bus: MemoryBus, other: MemoryBus, journal: Journal) -> None:
        journal.write("floor", {}, 10)

    assert doubted(nothing) is True
    assert doubted(something) is True


def test_a_call_that_somebody_has_ended_is_not_ours() -> None:
    async def ended(bus: MemoryBus, other: MemoryBus, journal: Journal) -> None:
        await somebody_else_ends_it(other)

    assert doubted(ended) is False


def test_without_a_bus_nobody_can_tell() -> None:
    async def away(bus: MemoryBus, other: MemoryBus, journal: Journal) -> None:
        bus.away(True)

    assert doubted(away) is None


def test_a_repeated_append_proves_nothing() -> None:
    """It was stored before the freeze, its answer was lost, and the call was ended by somebody else meanwhile."""

    async def frozen_in_the_middle(bus: MemoryBus, other: MemoryBus, journal: Journal) -> None:
        bus.lose_next_answer = True
        journal.write("floor", {}, 10)
        await asyncio.sleep(4.9)
        await somebody_else_ends_it(other)
        await asyncio.sleep(0.3)  # the lost answer has timed out, the repeat is due

    assert doubted(frozen_in_the_middle) is False


def test_an_empty_proof_is_no_event() -> None:
    async def story() -> None:
        bus = MemoryBus()
        async with owned(bus) as journal:
            assert await journal.check()
            journal.write("floor", {}, 10)
            await journal.flush()
        assert await kinds(bus) == [["claimed"], [], ["floor"]]
        assert [event.sequence for group in await groups(bus) for event in group] == [1, 2]

    run(story())


# ---- the backlog itself -------------------------------------------------------------------------------


def test_a_backlog_keeps_order_and_what_must_be_told_through_its_file(tmp_path: Path) -> None:
    backlog = Backlog(tmp_path / "spool", memory_bytes=100)
    lines = [Line(b'{"n":%d}' % n, n % 3 == 0) for n in range(500)]
    taken: list[Line] = []
    for n, line in enumerate(lines):
        backlog.put(line)
        if n % 7 == 6:
            taken += backlog.take(3, 1_000)
    assert len(backlog) == 500 - len(taken)
    while backlog:
        taken += backlog.take(50, 200)
    assert taken == lines
    assert not (tmp_path / "spool").exists()


def test_a_line_larger_than_a_group_goes_alone() -> None:
    backlog = Backlog()
    large = Line(b"x" * 1_000, False)
    for line in (large, large, Line(b"y", False)):
        backlog.put(line)
    assert [len(backlog.take(10, 500)) for _ in range(3)] == [1, 1, 1]
    assert backlog.take(10, 500) == []
