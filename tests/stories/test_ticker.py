"""The worker's 20 ms clock, in virtual time."""

import asyncio

from trunkline.calls.ticker import Ticker
from trunkline.testing import virtual


def test_everybody_is_ticked_fifty_times_a_second_whatever_their_number():
    async def story():
        ticker, counts = Ticker(), [0] * 7
        stops = [ticker.add(lambda late, n=n: counts.__setitem__(n, counts[n] + 1)) for n in range(7)]
        await asyncio.sleep(2)
        for stop in stops:
            stop()
        return counts

    assert all(99 <= count <= 101 for count in virtual.run(story()))


def test_who_has_stopped_is_not_ticked_any_more():
    async def story():
        ticker, ticks = Ticker(), []
        stop = ticker.add(ticks.append)
        await asyncio.sleep(0.1)
        stop()
        before = len(ticks)
        await asyncio.sleep(1)
        return before, len(ticks)

    before, after = virtual.run(story())
    assert before == after > 0


def test_a_loop_that_was_held_makes_up_for_a_little_and_lets_go_of_much():
    async def story(held_s):
        ticker, ticks = Ticker(), []
        ticker.add(ticks.append)
        await asyncio.sleep(1)
        asyncio.get_running_loop().now += held_s
        before = len(ticks)
        await asyncio.sleep(0.001)
        return len(ticks) - before

    assert virtual.run(story(0.1)) in (5, 6)
    assert virtual.run(story(5.0)) in (0, 1)


def test_lateness_is_forgotten_once_nobody_is_ticked():
    async def story():
        ticker = Ticker()
        stop = ticker.add(lambda late: None)
        await asyncio.sleep(0.1)
        asyncio.get_running_loop().now += 0.15
        await asyncio.sleep(0.1)
        late = ticker.late_ms()
        stop()
        await asyncio.sleep(0.1)
        return late, ticker.late_ms()

    late, forgotten = virtual.run(story())
    assert late >= 140
    assert forgotten == 0


def test_a_loop_that_is_busy_all_the_time_ticks_late_and_loses_nothing():
    """Each turn of the loop takes longer than the clock's own step, as with many calls on a machine that has other work too."""

    async def story():
        loop, ticker, ticks = asyncio.get_running_loop(), Ticker(), []
        ticker.add(ticks.append)
        ends = loop.time() + 2
        while loop.time() < ends:
            loop.now += 0.012
            await asyncio.sleep(0)
        return ticks

    ticks = virtual.run(story())
    assert 98 <= len(ticks) <= 101
    assert max(ticks) <= 0.025
