"""The jobs of the api process on a real database, over the bus in memory: recorder, monitor, sweeper."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from calls_rows import ORG, add_call, add_command, call, claim, command, database, owned, running, until
from databases import on_postgres
from sqlalchemy import select
from sqlalchemy.event import listen, remove
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import AsyncSession

from trunkline.bus import messages
from trunkline.calls import monitor as monitoring
from trunkline.calls import store
from trunkline.calls.closing import closing_events
from trunkline.calls.events import Event
from trunkline.calls.journal import Journal, append_for_owner, events_of
from trunkline.calls.monitor import Monitor
from trunkline.calls.recorder import record
from trunkline.calls.sweeper import Sweeper
from trunkline.calls.tables import EventRow
from trunkline.calls.verbs import Receipt, Status, Verb
from trunkline.storage.engine import Database
from trunkline.testing.bus import MemoryBus
from trunkline.web.tables import IdempotencyRow

Story = Callable[[MemoryBus, Database], Coroutine[Any, Any, None]]


@pytest.fixture
def run(tmp_path: Path) -> Callable[[Story], None]:
    async def told(story: Story) -> None:
        async with asyncio.timeout(20), database(tmp_path) as made:
            await story(MemoryBus(), made)

    return lambda story: asyncio.run(told(story))


async def recorded(made: Database, call_id: str, sequence: int) -> None:
    async def reached() -> bool:
        return (await call(made, call_id)).last_sequence >= sequence

    await until(reached)


def group(first: int, *kinds: str) -> bytes:
    events = [Event(first + n, 10 * (first + n), kind, {}).to_json() for n, kind in enumerate(kinds)]
    return messages.pack({"first": first, "events": events})


def accepted(command_id: str) -> dict[str, Any]:
    return {"command": {"id": command_id, "verb": "say", "text": "One two three."}, "not_after_ms": 30_000}


async def fill(journal: Journal) -> None:
    """A call with one command under way: 1 claimed, 2 answered, 3 accepted, 4 started, 5 speech, 6 heard."""
    journal.write("answered", {}, 1_000)
    journal.write("command.accepted", accepted("cmd_1"), 1_100)
    journal.write("command.started", {"id": "cmd_1", "verb": "say"}, 1_110)
    journal.write("speech.started", {"utterance": "cmd_1", "source": "say"}, 1_120)
    journal.write("speech.heard", {"utterance": "cmd_1", "heard_text": "One two", "heard_ms": 400}, 1_600)
    await journal.flush()


# ---- the recorder ---------------------------------------------------------------------------------


def test_a_journal_becomes_rows(run: Callable[[Story], None]) -> None:
    async def story(bus: MemoryBus, made: Database) -> None:
        await add_call(made, "call_1")
        await add_command(made, "call_1", "cmd_1")
        async with running(record(bus, made)), owned(bus, "call_1") as journal:
            await fill(journal)
            await recorded(made, "call_1", 6)
            row = await call(made, "call_1")
            assert (row.status, row.worker, row.epoch) == ("in-progress", "w1", 1)
            assert (row.messages, row.sandbox) == (None, None)
            assert row.claimed_at is not None
            assert row.answered_at == row.claimed_at + timedelta(seconds=1)
            assert (await command(made, "cmd_1")).status == "started"
            receipt = Receipt("cmd_1", Verb.SAY, Status.HEARD, accepted_at=1_100, heard_text="One two three.")
            said = {"utterance": "cmd_1", "heard_text": "One two three."}
            journal.write("speech.ended", said, 1_990)
            heard = {"text": "One two", "at_ms": 1_200, "end_ms": 1_600, "ok": True}
            journal.write("sandbox.heard", heard, 1_995)
            journal.write("command.finished", receipt.to_json(), 2_000)
            ended = {"status": "ended", "end_reason": "user_hangup", "error": None, "answered_ms": 1_000}
            journal.write("ended", {**ended, "duration_ms": 4_000, "whose": "caller"}, 5_000)
            await journal.close()
            await recorded(made, "call_1", 10)
        row, done = await call(made, "call_1"), await command(made, "cmd_1")
        assert (row.status, row.end_reason, row.duration_seconds) == ("ended", "user_hangup", 4.0)
        assert row.messages == [{"role": "assistant", "content": "One two three."}]
        assert row.sandbox == {"heard": [{"text": "One two", "at_ms": 1_200, "end_ms": 1_600, "ok": True}], "said": []}
        assert (done.status, done.receipt) == ("heard", receipt.to_json())
        async with made.reading() as session:
            events = await store.events_after(session, "call_1")
            assert [event.sequence for event in events] == list(range(1, 11))
            assert events[0].data["epoch"] == 1
            assert [event.kind for event in await store.events_after(session, "call_1", 8, 1)] == ["command.finished"]

    run(story)


def test_what_is_delivered_twice_or_in_disorder_is_applied_once_and_in_order(run: Callable[[Story], None]) -> None:
    async def story(bus: MemoryBus, made: Database) -> None:
        await add_call(made, "call_1")
        seen: list[int] = []

        async def on_events(_: AsyncSession, told: Mapping[str, Sequence[Event]]) -> None:
            seen.extend(event.sequence for events in told.values() for event in events)

        log, position = messages.journal(ORG, "call_1"), 0
        for n in (0, 3, 6):
            position = await bus.append(log, group(n + 1, "floor", "floor", "floor"), position, f"x{n}")
        # a reader that has taken the first entry and died with it in hand: the rest comes first
        async with bus.consume("recorder") as deliveries:
            await anext(deliveries)
        async with running(record(bus, made, on_events)):
            await asyncio.sleep(0.5)
            assert seen == []
            await recorded(made, "call_1", 9)  # the gap is filled from the journal, long before the entry comes again
        bus.exchange.readers.clear()
        async with running(record(bus, made, on_events)):
            await asyncio.sleep(0.3)
        assert seen == list(range(1, 10))

    run(story)


def test_foreign_entries_and_unknown_calls_hold_up_nobody(run: Callable[[Story], None]) -> None:
    async def story(bus: MemoryBus, made: Database) -> None:
        await add_call(made, "call_1")
        await bus.append(messages.journal(ORG, "call_0"), b"not ours", 0, "a")
        await bus.append(messages.journal(ORG, "call_9"), group(1, "floor"), 0, "b")
        await bus.append(messages.journal("org_2", "call_1"), group(1, "floor"), 0, "c")
        await bus.append(messages.journal(ORG, "call_1"), group(1, "claimed", "floor"), 0, "d")  # no worker in it
        async with running(record(bus, made)):
            await recorded(made, "call_1", 2)
        assert (await call(made, "call_1")).worker is None

    run(story)


def test_one_calls_trouble_does_not_hold_up_another(run: Callable[[Story], None]) -> None:
    async def story(bus: MemoryBus, made: Database) -> None:
        trouble = True

        async def on_events(session: AsyncSession, told: Mapping[str, Sequence[Event]]) -> None:
            if "call_1" in told and trouble:
                session.add(EventRow(call_id="call_1", sequence=1, at_ms=0, kind="floor", data={}))
                await session.flush()  # refused by the database: it is there already

        for call_id in ("call_1", "call_2"):
            await add_call(made, call_id)
            await bus.append(messages.journal(ORG, call_id), group(1, "floor"), 0, call_id)
        async with running(record(bus, made, on_events)):
            await recorded(made, "call_2", 1)
            assert (await call(made, "call_1")).last_sequence == 0
            trouble = False
            await recorded(made, "call_1", 1)

    run(story)


def test_a_database_that_is_away_is_waited_for(run: Callable[[Story], None]) -> None:
    async def story(bus: MemoryBus, made: Database) -> None:
        away = True

        async def on_events(*_: object) -> None:
            if away:
                raise OperationalError("", {}, Exception("gone"))

        await add_call(made, "call_1")
        await bus.append(messages.journal(ORG, "call_1"), group(1, "floor"), 0, "a")
        async with running(record(bus, made, on_events)):
            await asyncio.sleep(0.2)
            assert (await call(made, "call_1")).last_sequence == 0
            away = False
            await recorded(made, "call_1", 1)

    run(story)


# ---- the monitor ------------------------------------------------------------------------------------


async def kinds(bus: MemoryBus, call_id: str) -> list[str]:
    entries = await bus.read(messages.journal(ORG, call_id))
    return [event.kind for entry in entries for event in events_of(entry)]


async def beat(bus: MemoryBus, worker: str, *calls: str) -> None:
    listed = [{"org_id": ORG, "call_id": call_id} for call_id in calls]
    await bus.publish(messages.BEAT, messages.pack({"worker": worker, "calls": listed}))


class Watching:
    """A monitor of its own patience, listening."""

    def __init__(self, bus: MemoryBus, made: Database, patience_s: float, trust_s: float = 0.0) -> None:
        self.monitor = Monitor(bus, made, patience_s, trust_s)
        self.bus = bus

    async def run(self) -> None:
        await self.bus.subscribe(messages.BEAT, self.monitor.heard_beat)
        await self.bus.subscribe(messages.LOST, self.monitor.heard_report)
        await self.monitor.run()


def test_a_worker_reported_gone_has_its_calls_ended_at_once(run: Callable[[Story], None]) -> None:
    async def story(bus: MemoryBus, made: Database) -> None:
        told: list[str] = []

        async def hear(payload: bytes) -> None:
            told.extend(event["kind"] for event in messages.unpack(payload)["events"])

        await add_call(made, "call_1")
        await add_command(made, "call_1", "cmd_1")
        async with running(record(bus, made), Watching(bus, made, 15).run()), owned(bus, "call_1") as journal:
            await fill(journal)
            await recorded(made, "call_1", 6)
            await bus.subscribe(messages.told("call_1"), hear)
            began = asyncio.get_running_loop().time()
            await bus.publish(messages.LOST, messages.pack({"worker": "w1"}))
            await recorded(made, "call_1", 9)
            assert asyncio.get_running_loop().time() - began < 0.5
            assert not await journal.flush(0) or not await journal.check()  # fenced at its next append
        row, failed = await call(made, "call_1"), await command(made, "cmd_1")
        assert (row.status, row.end_reason) == ("ended-with-error", "worker_lost")
        assert (failed.status, failed.receipt["reason"]) == ("failed", "worker_lost")
        assert (failed.receipt["heard_text"], failed.receipt["heard_ms"]) == ("One two", 400)
        assert told == ["speech.ended", "command.finished", "ended"]

    run(story)


def test_a_call_known_only_from_the_last_beat_is_ended_too(run: Callable[[Story], None]) -> None:
    async def story(bus: MemoryBus, made: Database) -> None:
        await add_call(made, "call_1")  # no recorder: the row does not know its worker
        async with running(Watching(bus, made, 15).run()), owned(bus, "call_1"):
            await asyncio.sleep(0.05)
            await beat(bus, "w1", "call_1")
            await asyncio.sleep(0.05)
            await bus.publish(messages.LOST, messages.pack({"worker": "w1"}))

            async def ended() -> bool:
                return await kinds(bus, "call_1") == ["claimed", "ended"]

            await until(ended)

    run(story)


def test_a_silent_worker_is_lost_and_one_that_beats_is_not(
    run: Callable[[Story], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(monitoring, "LOOK_S", 0.05)

    async def story(bus: MemoryBus, made: Database) -> None:
        for call_id, worker in (("call_1", "w1"), ("call_2", "w2")):
            await add_call(made, call_id, worker=worker)
            await Journal(bus, ORG, call_id, worker).claim(claim(worker))
        async with running(Watching(bus, made, 0.6).run()):
            await asyncio.sleep(0.05)
            for _ in range(12):
                await beat(bus, "w2", "call_2")
                await asyncio.sleep(0.1)
        assert await kinds(bus, "call_1") == ["claimed", "ended"]
        assert await kinds(bus, "call_2") == ["claimed"]

    run(story)


def test_silence_means_nothing_right_after_the_bus_came_back(
    run: Callable[[Story], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(monitoring, "LOOK_S", 0.05)

    async def story(bus: MemoryBus, made: Database) -> None:
        await add_call(made, "call_1", worker="w1")
        await Journal(bus, ORG, "call_1", "w1").claim(claim())
        async with running(Watching(bus, made, 0.3, trust_s=0.5).run()):
            await beat(bus, "w1", "call_1")
            bus.away(True)
            await asyncio.sleep(0.8)
            bus.away(False)
            await asyncio.sleep(0.4)
            assert await kinds(bus, "call_1") == ["claimed"]
            await asyncio.sleep(0.5)
            assert await kinds(bus, "call_1") == ["claimed", "ended"]

    run(story)


def test_a_call_that_its_worker_does_not_hold_is_ended(
    run: Callable[[Story], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(monitoring, "LOOK_S", 0.05)

    async def story(bus: MemoryBus, made: Database) -> None:
        for call_id in ("call_1", "call_2"):
            await add_call(made, call_id, worker="w1")
            await Journal(bus, ORG, call_id, "w1").claim(claim())
        async with running(Watching(bus, made, 0.4).run()):
            for _ in range(12):
                await beat(bus, "w1", "call_2")
                await asyncio.sleep(0.1)
        assert await kinds(bus, "call_1") == ["claimed", "ended"]
        assert await kinds(bus, "call_2") == ["claimed"]

    run(story)


def test_two_monitors_end_a_call_once(run: Callable[[Story], None]) -> None:
    async def story(bus: MemoryBus, made: Database) -> None:
        await add_call(made, "call_1", worker="w1")
        await Journal(bus, ORG, "call_1", "w1").claim(claim())
        async with running(*(Watching(bus, made, 15).run() for _ in range(3))):
            await asyncio.sleep(0.05)
            await bus.publish(messages.LOST, messages.pack({"worker": "w1"}))
            await asyncio.sleep(0.3)
        assert await kinds(bus, "call_1") == ["claimed", "ended"]

    run(story)


async def asked_in_a_look(made: Database, monitor: Monitor) -> list[tuple[str, Any]]:
    """The statements that one look of the monitor sends to the database."""
    asked: list[tuple[str, Any]] = []

    def note(*event: Any) -> None:
        asked.append((event[2], event[3]))

    listen(made.engine.sync_engine, "before_cursor_execute", note)
    await monitor._look()
    remove(made.engine.sync_engine, "before_cursor_execute", note)
    return [(statement, parameters) for statement, parameters in asked if statement.startswith("SELECT")]


@pytest.mark.skipif(on_postgres(), reason="it reads SQLite's plans")
def test_a_look_reads_live_calls_and_no_history(run: Callable[[Story], None]) -> None:
    async def story(bus: MemoryBus, made: Database) -> None:
        await add_call(made, "call_1", status="in-progress", worker="w1")
        for statement, parameters in await asked_in_a_look(made, Monitor(bus, made, 15)):
            async with made.reading() as session:
                connection = await session.connection()
                plan = (await connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)).fetchall()
            assert all("status=?" in step[3] for step in plan if "calls" in step[3]), plan

    run(story)


def test_workers_that_are_long_gone_cost_no_look_anything(run: Callable[[Story], None]) -> None:
    async def story(bus: MemoryBus, made: Database) -> None:
        monitor = Monitor(bus, made, 15)
        for n in range(20):
            await monitor.heard_report(messages.pack({"worker": f"w{n}"}))
        assert len(await asked_in_a_look(made, monitor)) == 1

    run(story)


# ---- the sweeper ------------------------------------------------------------------------------------


def test_a_call_that_nobody_takes_in_time_ends_without_capacity(run: Callable[[Story], None]) -> None:
    async def story(bus: MemoryBus, made: Database) -> None:
        now = datetime.now(UTC)
        for call_id, age_s in (("call_old", 31), ("call_new", 29), ("call_claimed", 31)):
            await add_call(made, call_id, created_at=now - timedelta(seconds=age_s))
        await Journal(bus, ORG, "call_claimed", "w1").claim(claim())
        await Sweeper(bus, made, 30).sweep(now)
        async with running(record(bus, made)):
            await recorded(made, "call_old", 1)
            await recorded(made, "call_claimed", 1)
        old = await call(made, "call_old")
        assert (old.status, old.end_reason) == ("failed", "no_capacity")
        assert old.ended_at is not None
        assert abs(old.ended_at - now) < timedelta(milliseconds=2)
        assert (await call(made, "call_new")).status == "dialing"
        assert (await call(made, "call_claimed")).worker == "w1"

    run(story)


def test_a_command_that_never_reached_its_journal_expires(run: Callable[[Story], None]) -> None:
    async def story(bus: MemoryBus, made: Database) -> None:
        now = datetime.now(UTC)
        past = round(now.timestamp() * 1_000) - 15_001
        await add_call(made, "call_1")
        await add_command(made, "call_1", "cmd_gone", not_after_ms=past, sequence=1)
        await add_command(made, "call_1", "cmd_written", not_after_ms=past, sequence=2)
        await add_command(made, "call_1", "cmd_soon", not_after_ms=past + 1_000, sequence=3)
        async with owned(bus, "call_1") as journal:
            journal.write("command.accepted", accepted("cmd_written"), 10)
            await journal.flush()
            sweeper = Sweeper(bus, made, 30)
            bus.away(True)
            bus.away(False)
            await sweeper.sweep(now)
            assert (await command(made, "cmd_gone")).status == "accepted"  # the bus has only just come back
            bus._since -= 11
            await sweeper.sweep(now)
        gone = await command(made, "cmd_gone")
        assert (gone.status, gone.receipt["status"], gone.receipt["reason"]) == ("expired", "expired", "delivery")
        assert (await command(made, "cmd_written")).status == "accepted"
        assert (await command(made, "cmd_soon")).status == "accepted"

    run(story)


def test_a_command_that_was_on_its_way_to_a_call_that_ended_has_failed_with_it(
    run: Callable[[Story], None],
) -> None:
    async def story(bus: MemoryBus, made: Database) -> None:
        now = datetime.now(UTC)
        later = round(now.timestamp() * 1_000) + 30_000
        await add_call(made, "call_1", status="ended", claimed_at=now - timedelta(seconds=5), ended_at=now)
        await add_call(made, "call_2")
        await add_command(made, "call_1", "cmd_lost", not_after_ms=later)
        await add_command(made, "call_2", "cmd_alive", not_after_ms=later)
        await Sweeper(bus, made, 30).sweep(now)
        lost = await command(made, "cmd_lost")
        assert (lost.status, lost.receipt["reason"], lost.receipt["finished_at"]) == ("failed", "call_ended", 5_000)
        assert (await command(made, "cmd_alive")).status == "accepted"

    run(story)


async def add_keys(made: Database, count: int, created_at: datetime) -> None:
    its = {"org_id": ORG, "route": "POST /calls", "body_hash": "h", "resource_id": "c", "created_at": created_at}
    async with made.writing() as session:
        session.add_all(IdempotencyRow(**its, key=f"{created_at:%H} {n}") for n in range(count))


async def keys(made: Database) -> set[datetime]:
    async with made.reading() as session:
        return {row.created_at for row in await session.scalars(select(IdempotencyRow))}


def test_keys_are_forgotten_after_a_day(run: Callable[[Story], None]) -> None:
    async def story(bus: MemoryBus, made: Database) -> None:
        now = datetime.now(UTC)
        young = now - timedelta(hours=23)
        await add_keys(made, 430, now - timedelta(hours=25))
        await add_keys(made, 20, young)
        await Sweeper(bus, made, 30).sweep(now)
        assert await keys(made) == {young}

    run(story)


def test_sweepers_of_several_processes_are_not_in_each_others_way(run: Callable[[Story], None]) -> None:
    async def story(bus: MemoryBus, made: Database) -> None:
        now = datetime.now(UTC)
        await add_keys(made, 1_000, now - timedelta(hours=25))
        await asyncio.gather(*(Sweeper(bus, made, 30).sweep(now) for _ in range(3)))
        assert await keys(made) == set()

    run(story)


def test_an_ended_journal_stays_as_it_is(run: Callable[[Story], None]) -> None:
    async def story(bus: MemoryBus, made: Database) -> None:
        await add_call(made, "call_1", worker="w1")
        await Journal(bus, ORG, "call_1", "w1").claim(claim())
        (entry,) = await bus.read(messages.journal(ORG, "call_1"))
        await append_for_owner(bus, entry.log, closing_events(events_of(entry), 5), entry.position, "x")
        async with running(Watching(bus, made, 15).run()):
            await asyncio.sleep(0.05)
            await bus.publish(messages.LOST, messages.pack({"worker": "w1"}))
            await asyncio.sleep(0.2)
        assert await kinds(bus, "call_1") == ["claimed", "ended"]

    run(story)
