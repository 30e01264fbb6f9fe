"""What is known of a command only grows."""

from __future__ import annotations

import asyncio

from trunkline.bus import messages
from trunkline.calls.events import Event
from trunkline.calls.verbs import FINAL
from trunkline.calls.waiting import Watch, further


def told(*events: Event) -> bytes:
    return messages.pack({"events": [event.to_json() for event in events]})


STARTED = Event(2, 40, "command.started", {"id": "c", "verb": "say"})
FINISHED = Event(3, 90, "command.finished", {"id": "c", "status": "heard", "heard_text": "x"})
OTHERS = Event(4, 95, "command.finished", {"id": "d", "status": "failed"})


def test_a_command_never_goes_back() -> None:
    accepted = {"status": "accepted", "accepted_at": 1}
    assert further(accepted, {"status": "started", "started_at": 2})["accepted_at"] == 1
    assert further({"status": "heard"}, accepted) == {"status": "heard"}
    assert further({"status": "heard"}, {"status": "failed"})["status"] == "heard"
    assert further(accepted, None) == accepted


def test_the_latest_is_the_furthest_of_what_was_told() -> None:
    watch = Watch()
    asyncio.run(watch.told(told(STARTED, OTHERS)))
    assert watch.latest("c", {"status": "accepted"})["status"] == "started"
    asyncio.run(watch.told(told(FINISHED)))
    assert watch.latest("c", {"status": "accepted"})["heard_text"] == "x"
    assert not watch.call_ended


def test_waiting_ends_with_the_outcome_or_with_the_call() -> None:
    async def story() -> None:
        watch = Watch()

        async def nothing() -> None:
            return None

        async with asyncio.TaskGroup() as group:
            waiting = group.create_task(watch.until("c", {"status": "accepted"}, FINAL, nothing))
            await watch.told(told(STARTED, OTHERS))
            await asyncio.wait([waiting], timeout=0.02)
            assert not waiting.done()
            await watch.told(told(FINISHED))
            assert (await waiting)["status"] == "heard"
            await watch.told(told(Event(5, 99, "ended", {})))
            assert (await watch.until("x", {"status": "accepted"}, FINAL, nothing))["status"] == "accepted"

    asyncio.run(story())


def test_what_is_told_while_the_row_is_read_is_not_overlooked() -> None:
    async def story() -> None:
        watch = Watch()

        async def told_meanwhile() -> None:
            if not watch.events:
                await watch.told(told(FINISHED))

        async with asyncio.timeout(0.5):
            assert (await watch.until("c", {"status": "accepted"}, FINAL, told_meanwhile))["status"] == "heard"

    asyncio.run(story())


def test_the_row_is_not_asked_for_an_outcome_that_was_told() -> None:
    async def story() -> None:
        watch = Watch()
        await watch.told(told(FINISHED))

        async def unasked() -> None:
            raise AssertionError

        assert (await watch.until("c", {"status": "accepted"}, FINAL, unasked))["status"] == "heard"

    asyncio.run(story())
