"""One suite over both buses: the one in memory, in virtual time, and NATS, over a real server on loopback."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from typing import Any

import pytest
from bus_server import NatsServer

from trunkline.bus.nats import NatsBus
from trunkline.bus.port import Bus, BusAway, Delivery, Entry, Moved, NoReply, NoResponder
from trunkline.testing import virtual
from trunkline.testing.bus import Exchange, MemoryBus


class Memory:
    def __init__(self) -> None:
        self.exchange = Exchange()
        self.buses: list[MemoryBus] = []

    async def bus(self) -> MemoryBus:
        self.buses.append(MemoryBus(self.exchange))
        return self.buses[-1]

    async def cut(self) -> None:
        for bus in self.buses:
            bus.away(True)

    async def mend(self) -> None:
        for bus in self.buses:
            bus.away(False)


class Nats:
    def __init__(self, server: NatsServer) -> None:
        self.server = server
        self.buses: list[NatsBus] = []

    async def bus(self) -> NatsBus:
        self.buses.append(await NatsBus.connect(self.server.url))
        return self.buses[-1]

    async def cut(self) -> None:
        self.server.kill()
        await until(lambda: not any(bus.connected for bus in self.buses))

    async def mend(self) -> None:
        self.server.start()
        await until(lambda: all(bus.connected for bus in self.buses))


World = Memory | Nats
Story = Callable[[World], Coroutine[Any, Any, None]]
Run = Callable[[Story], None]


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not holds():  # noqa: ASYNC110
            await asyncio.sleep(0.01)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NatsServer]:
    with NatsServer(tmp_path_factory.mktemp("nats") / "store") as server:
        yield server


@pytest.fixture(params=["memory", "nats"])
def run(request: pytest.FixtureRequest) -> Run:
    async def told(story: Story, world: World) -> None:
        async with asyncio.timeout(30):
            await story(world)
        for bus in world.buses:
            await bus.close()

    def on_memory(story: Story) -> None:
        virtual.run(told(story, Memory()))

    def on_nats(story: Story) -> None:
        asyncio.run(told(story, Nats(request.getfixturevalue("server"))))

    return on_memory if request.param == "memory" else on_nats


def new_log() -> str:
    return f"calls.org.call_{secrets.token_hex(6)}"


async def take(entries: AsyncIterator[Entry], count: int) -> list[Entry]:
    async with asyncio.timeout(20):
        return [await anext(entries) for _ in range(count)]


async def take_of(log: str, deliveries: AsyncIterator[Delivery], count: int) -> list[Delivery]:
    """The next `count` deliveries of one log; others (of other tests) are done with."""
    taken: list[Delivery] = []
    async with asyncio.timeout(20):
        while len(taken) < count:
            delivery = await anext(deliveries)
            if delivery.entry.log == log:
                taken.append(delivery)
            else:
                await delivery.done()
    return taken


# ---- requests and messages --------------------------------------------------------------------------


def test_a_request_is_answered_by_whoever_listens(run: Run) -> None:
    async def story(world: World) -> None:
        asker, answerer = await world.bus(), await world.bus()

        async def double(payload: bytes) -> bytes:
            return payload * 2

        await answerer.subscribe("ask.double", double)
        assert await asker.request("ask.double", b"ab", 2) == b"abab"

    run(story)


def test_a_request_that_nobody_listens_to_says_so_at_once(run: Run) -> None:
    async def story(world: World) -> None:
        bus = await world.bus()
        with pytest.raises(NoResponder):
            await bus.request("ask.nobody", b"", 10)

    run(story)


def test_a_handler_that_does_not_answer_is_no_reply(run: Run) -> None:
    async def story(world: World) -> None:
        bus = await world.bus()

        async def silent(_: bytes) -> None:
            return None

        await bus.subscribe("ask.silent", silent)
        with pytest.raises(NoReply):
            await bus.request("ask.silent", b"", 0.2)

    run(story)


def test_handlers_of_one_subscription_run_at_the_same_time(run: Run) -> None:
    async def story(world: World) -> None:
        bus = await world.bus()
        together = asyncio.Barrier(3)

        async def meet(payload: bytes) -> bytes:
            await together.wait()
            return payload

        await bus.subscribe("ask.meet", meet)
        answers = await asyncio.gather(*(bus.request("ask.meet", b"%d" % n, 5) for n in range(3)))
        assert answers == [b"0", b"1", b"2"]

    run(story)


def test_a_handler_that_fails_does_not_end_its_subscription(run: Run) -> None:
    async def story(world: World) -> None:
        bus = await world.bus()

        async def brittle(payload: bytes) -> bytes:
            if payload == b"break":
                raise ValueError("broken")
            return b"whole"

        await bus.subscribe("ask.brittle", brittle)
        with pytest.raises(NoReply):
            await bus.request("ask.brittle", b"break", 0.2)
        assert await bus.request("ask.brittle", b"", 2) == b"whole"

    run(story)


def test_one_member_of_a_queue_group_gets_each_message_and_all_others_get_all(run: Run) -> None:
    async def story(world: World) -> None:
        bus = await world.bus()
        heard: list[str] = []

        def listener(name: str) -> Callable[[bytes], Coroutine[Any, Any, None]]:
            async def listen(_: bytes) -> None:
                heard.append(name)

            return listen

        await bus.subscribe("news", listener("worker"), "workers")
        await bus.subscribe("news", listener("worker"), "workers")
        await bus.subscribe("news", listener("monitor"))
        for _ in range(10):
            await bus.publish("news", b"")
        await until(lambda: len(heard) >= 20)
        await asyncio.sleep(0.05)
        assert (heard.count("worker"), heard.count("monitor")) == (10, 10)

    run(story)


def test_what_is_sent_behind_a_subscription_finds_it_even_if_nobody_waited_for_it(run: Run) -> None:
    async def story(world: World) -> None:
        bus, other = await world.bus(), await world.bus()

        async def tell(payload: bytes) -> bytes:
            await other.publish("told.behind", payload)
            return b""

        await other.subscribe("ask.behind", tell)
        for _ in range(30):
            heard = asyncio.Event()

            async def told(_: bytes, heard: asyncio.Event = heard) -> None:
                heard.set()

            subscription = await bus.subscribe("told.behind", told, in_effect=False)
            await bus.request("ask.behind", b"", 5)
            async with asyncio.timeout(2):
                await heard.wait()
            await subscription.stop()

    run(story)


def test_a_stopped_subscription_hears_nothing_more(run: Run) -> None:
    async def story(world: World) -> None:
        bus = await world.bus()

        async def echo(payload: bytes) -> bytes:
            return payload

        subscription = await bus.subscribe("ask.stopped", echo)
        await subscription.stop()
        with pytest.raises((NoResponder, NoReply)):
            await bus.request("ask.stopped", b"", 0.5)

    run(story)


# ---- logs -------------------------------------------------------------------------------------------


def test_appends_to_a_log_are_read_in_order_behind_a_position(run: Run) -> None:
    async def story(world: World) -> None:
        bus, log, other = await world.bus(), new_log(), new_log()
        first = await bus.append(log, b"one", 0, f"{log}.1")
        await bus.append(other, b"elsewhere", 0, f"{other}.1")
        second = await bus.append(log, b"two", first, f"{log}.2")
        assert second > first
        assert await bus.read(log) == [Entry(log, first, b"one"), Entry(log, second, b"two")]
        assert await bus.read(log, first) == [Entry(log, second, b"two")]
        assert await bus.read(log, second) == []
        assert await bus.read(new_log()) == []

    run(story)


def test_a_long_log_is_read_whole(run: Run) -> None:
    async def story(world: World) -> None:
        bus, log, position = await world.bus(), new_log(), 0
        for n in range(1_203):
            position = await bus.append(log, b"%d" % n, position, f"{log}.{n}")
        assert [int(entry.payload) for entry in await bus.read(log)] == list(range(1_203))

    run(story)


def test_an_append_behind_anything_but_the_last_entry_is_refused(run: Run) -> None:
    async def story(world: World) -> None:
        bus, log = await world.bus(), new_log()
        first = await bus.append(log, b"one", 0, f"{log}.1")
        for expected in (0, first - 1 if first > 1 else 7, first + 1):
            with pytest.raises(Moved):
                await bus.append(log, b"two", expected, f"{log}.two.{expected}")
        assert [entry.payload for entry in await bus.read(log)] == [b"one"]

    run(story)


def test_of_many_who_claim_a_log_exactly_one_wins(run: Run) -> None:
    async def story(world: World) -> None:
        buses, log = [await world.bus() for _ in range(4)], new_log()
        claims = [bus.append(log, b"%d" % n, 0, f"{log}.{n}") for n, bus in enumerate(buses * 3)]
        outcomes = await asyncio.gather(*claims, return_exceptions=True)
        winners = [n for n, outcome in enumerate(outcomes) if isinstance(outcome, int)]
        assert len(winners) == 1
        assert all(isinstance(outcome, Moved) for n, outcome in enumerate(outcomes) if n not in winners)
        assert [int(entry.payload) for entry in await buses[0].read(log)] == winners

    run(story)


def test_the_same_append_twice_answers_the_same_and_is_stored_once(run: Run) -> None:
    async def story(world: World) -> None:
        bus, log = await world.bus(), new_log()
        first = await bus.append(log, b"one", 0, f"{log}.1")
        assert await bus.append(log, b"one", 0, f"{log}.1") == first
        await bus.append(log, b"two", first, f"{log}.2")
        assert await bus.append(log, b"one", 0, f"{log}.1") == first
        assert len(await bus.read(log)) == 2

    run(story)


def test_who_follows_a_log_gets_what_was_there_and_then_what_comes(run: Run) -> None:
    async def story(world: World) -> None:
        bus, log = await world.bus(), new_log()
        first = await bus.append(log, b"one", 0, f"{log}.1")
        second = await bus.append(log, b"two", first, f"{log}.2")
        async with bus.follow(log) as all_of_it, bus.follow(log, first) as rest:
            assert [entry.payload for entry in await take(all_of_it, 2)] == [b"one", b"two"]
            assert [entry.position for entry in await take(rest, 1)] == [second]
            third = await bus.append(log, b"three", second, f"{log}.3")
            assert await take(all_of_it, 1) == await take(rest, 1) == [Entry(log, third, b"three")]

    run(story)


def test_who_follows_is_not_behind_after_a_long_log(run: Run) -> None:
    async def story(world: World) -> None:
        bus, log, position = await world.bus(), new_log(), 0
        for n in range(450):
            position = await bus.append(log, b"%d" % n, position, f"{log}.{n}")
        async with bus.follow(log) as entries:
            assert [int(entry.payload) for entry in await take(entries, 450)] == list(range(450))

    run(story)


def test_a_durable_reader_goes_on_where_it_was(run: Run) -> None:
    async def story(world: World) -> None:
        bus, log = await world.bus(), new_log()
        reader = f"reader-{secrets.token_hex(4)}"
        first = await bus.append(log, b"one", 0, f"{log}.1")
        async with bus.consume(reader) as deliveries:
            (delivery,) = await take_of(log, deliveries, 1)
            assert delivery.entry == Entry(log, first, b"one")
            await delivery.done()
            await asyncio.sleep(0.05)
        second = await bus.append(log, b"two", first, f"{log}.2")
        async with bus.consume(reader) as deliveries:
            (delivery,) = await take_of(log, deliveries, 1)
            assert delivery.entry == Entry(log, second, b"two")

    run(story)


def test_what_a_reader_wants_again_comes_again_and_later(run: Run) -> None:
    async def story(world: World) -> None:
        bus, log = await world.bus(), new_log()
        first = await bus.append(log, b"one", 0, f"{log}.1")
        await bus.append(log, b"two", first, f"{log}.2")
        async with bus.consume(f"reader-{secrets.token_hex(4)}") as deliveries:
            one, two = await take_of(log, deliveries, 2)
            now = asyncio.get_running_loop().time
            asked = now()
            await one.again(0.3)
            await two.done()
            (again,) = await take_of(log, deliveries, 1)
            assert again.entry == one.entry
            assert now() - asked >= 0.29

    run(story)


# ---- away -------------------------------------------------------------------------------------------


def test_while_the_bus_is_away_everything_says_so(run: Run) -> None:
    async def story(world: World) -> None:
        bus, log = await world.bus(), new_log()
        await asyncio.sleep(0.05)
        assert bus.connected
        assert bus.connected_for() >= 0.04
        await world.cut()
        assert not bus.connected
        assert bus.connected_for() == 0
        asks: list[Coroutine[Any, Any, Any]] = [
            bus.publish("news", b""),
            bus.request("ask", b"", 1),
            bus.append(log, b"one", 0, f"{log}.1"),
            bus.read(log),
        ]
        for ask in asks:
            with pytest.raises(BusAway):
                await ask
        await world.mend()
        assert bus.connected_for() < 2
        await asyncio.sleep(0.3)
        assert await bus.read(log) == []  # nothing was kept and sent behind our back

    run(story)


def test_subscriptions_followers_and_readers_survive_an_absence(run: Run) -> None:
    async def story(world: World) -> None:
        bus, log = await world.bus(), new_log()

        async def echo(payload: bytes) -> bytes:
            return payload

        await bus.subscribe("ask.echo", echo)
        first = await bus.append(log, b"one", 0, f"{log}.1")
        async with bus.follow(log) as entries, bus.consume(f"reader-{secrets.token_hex(4)}") as deliveries:
            await take(entries, 1)
            (delivery,) = await take_of(log, deliveries, 1)
            await delivery.done()
            await asyncio.sleep(0.05)
            await world.cut()
            await world.mend()
            assert await bus.request("ask.echo", b"still", 5) == b"still"
            second = await bus.append(log, b"two", first, f"{log}.2")
            assert await take(entries, 1) == [Entry(log, second, b"two")]
            (delivery,) = await take_of(log, deliveries, 1)
            if delivery.entry.position == first:  # at least once: its acknowledgement died with the server
                (delivery,) = await take_of(log, deliveries, 1)
            assert delivery.entry.position == second

    run(story)


def test_what_is_subscribed_while_away_is_heard_afterwards(run: Run) -> None:
    async def story(world: World) -> None:
        bus: Bus = await world.bus()
        await world.cut()

        async def echo(payload: bytes) -> bytes:
            return payload

        await bus.subscribe("ask.late", echo)
        await world.mend()
        assert await bus.request("ask.late", b"here", 5) == b"here"

    run(story)


def test_a_retry_after_a_lost_answer_is_harmless(run: Run) -> None:
    async def story(world: World) -> None:
        bus, log = await world.bus(), new_log()
        if isinstance(bus, MemoryBus):
            bus.lose_next_answer = True
            with pytest.raises(NoReply):
                await bus.append(log, b"one", 0, f"{log}.1")
        else:
            await bus.append(log, b"one", 0, f"{log}.1")
        await world.cut()
        await world.mend()
        first = await bus.append(log, b"one", 0, f"{log}.1")
        assert await bus.read(log) == [Entry(log, first, b"one")]

    run(story)
