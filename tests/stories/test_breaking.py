"""What breaks inside a call ends that call at most, and none of the others that its worker holds."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path
from typing import Any

import pytest
from call_plays import say
from call_stories import Story

from trunkline import clock
from trunkline.assistants import resolving
from trunkline.bus import messages
from trunkline.calls.endings import EndReason
from trunkline.calls.inputs import HangUp
from trunkline.calls.leg import Tell
from trunkline.calls.plan import Plan
from trunkline.calls.worker import Socketed, Worker
from trunkline.cli.assistants import echo
from trunkline.config import Settings
from trunkline.telephony.sandbox.people import Silent
from trunkline.testing import virtual
from trunkline.testing.bus import MemoryBus
from trunkline.wiring.worker import Plant

ECHO_LINE = "+15005550001"


class Breaking:
    """A leg of which nothing comes any more but an error."""

    def __init__(self, leg: Any, frames: int) -> None:
        self._leg, self._left = leg, frames

    def __getattr__(self, name: str) -> Any:
        return getattr(self._leg, name)

    def receive(self) -> bytes:
        self._left -= 1
        if self._left < 0:
            raise ValueError("a bug in the audio path")
        frame: bytes = self._leg.receive()
        return frame


def test_an_error_in_the_audio_path_of_one_call_leaves_the_others_their_clock(tmp_path: Path) -> None:
    async def main() -> tuple[list[str], list[str]]:
        bus, stop, plant = MemoryBus(), asyncio.Event(), Plant(Settings(data_dir=tmp_path))

        def build(plan: Plan, tell: Tell) -> Socketed:
            parts = plant.plug(plan, tell)
            leg: Any = Breaking(parts.leg, 100) if plan.call_id == "broken" else parts.leg
            return Socketed(parts.call, leg, parts.talk)

        async with asyncio.TaskGroup() as group:
            group.create_task(Worker(Settings(data_dir=tmp_path), bus, "w1", build).work(stop))
            await asyncio.sleep(0.1)
            for name in ("broken", "sound"):
                assistant = resolving.transient(echo("Hello there, this is a greeting.")).config
                plan = Plan(
                    name, "org_1", ECHO_LINE, "+15005550000", assistant, not_after_ms=clock.wall_ms() + 1_000_000
                )
                await bus.request(messages.PLACE, messages.pack({"plan": plan.to_json()}), 5)
            await asyncio.sleep(20)
            stop.set()
        await plant.close()
        return [await kinds(bus, name) for name in ("broken", "sound")]

    async def kinds(bus: MemoryBus, call_id: str) -> list[str]:
        entries = await bus.read(messages.journal("org_1", call_id))
        return [event["kind"] for entry in entries for event in messages.unpack(entry.payload)["events"]]

    broken, sound = virtual.run(main())
    assert "answered" in broken
    assert broken[-1] != "ended"  # the monitor sees to that
    assert "caller.said" in sound
    assert sound[-1] == "ended"


@pytest.mark.parametrize("broken", ["no folder", "full disk"])
def test_a_recording_that_cannot_be_written_does_not_end_the_call(broken: str) -> None:
    settings = Settings(data_dir=Path(tempfile.mkdtemp()))
    if broken == "no folder":
        settings.recordings.write_text("a file where the folder should be")
    else:
        settings.recordings.mkdir()
        (settings.recordings / "call_1.wav.part").symlink_to("/dev/full")

    async def script(call: Any) -> None:
        await call.answered()
        await call.after(5_000)
        await call.ask(say())
        await call.outcome("c1")
        call.tell(HangUp(EndReason.END_CALL_COMMAND))

    story = Story(Silent, settings=settings).play(script)
    assert story.heard == ["Hello there."]
    assert story.of("recording") == []
    assert story.ending == ("ended", "end_call_command")
