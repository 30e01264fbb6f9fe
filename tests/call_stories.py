"""Whole calls in virtual time on the shipped code: scripted persons at the far end, sandbox vendors, a journal in memory.

story = Story(who=lambda: ScriptedPerson(At(1_000, "Hello?")))
async with story.call() as call:
    await call.answered()
    await call.ask(say("c1", "Hi."))
    await call.outcome("c1")
story.heard    # what the far end decoded from the frames it was given
"""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from trunkline.calls.events import KINDS
from trunkline.calls.plan import Plan
from trunkline.calls.recording import Recording
from trunkline.calls.run import Asked, Inbox, Item, Parts, Run
from trunkline.calls.ticker import Ticker
from trunkline.calls.verbs import Command, Receipt
from trunkline.config import Settings
from trunkline.providers.build import build_llm
from trunkline.telephony.sandbox.lines import Lines
from trunkline.testing import virtual
from trunkline.wiring.worker import Plant, Vendors

PERSON = "+15005550099"
MODEM = {"provider": "sandbox", "model": "modem", "language": "en"}
VOICE = {"provider": "sandbox", "voice_id": "modem"}
ECHO = {"provider": "sandbox", "model": "echo"}


def rules(*rules: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    return {"provider": "sandbox", "model": "rules", "rules": list(rules), **more}


class Pages:
    """A journal in memory; durable at once, unless told otherwise."""

    def __init__(self) -> None:
        self.durable = True
        self.events: list[dict[str, Any]] = []
        self._news = asyncio.Event()

    def write(self, kind: str, data: Mapping[str, Any], at_ms: int) -> None:
        assert kind in KINDS, kind
        self.events.append({"kind": kind, "at_ms": at_ms, **data})
        self._news.set()

    async def flush(self) -> bool:
        return self.durable

    async def check(self) -> bool | None:
        return True

    async def run(self) -> None:
        await asyncio.Event().wait()

    async def close(self) -> None: ...

    async def until(self, found: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """The first event, past or to come, that is so."""
        while True:
            for event in self.events:
                if found(event):
                    return event
            self._news.clear()
            await self._news.wait()


class Spy:
    """A language model that remembers what it was given."""

    def __init__(self, model: Any) -> None:
        self._model = model
        self.requests: list[list[tuple[str, str]]] = []

    def reply(self, messages: Any, tools: Any) -> Any:
        self.requests.append([(m.role, m.content) for m in messages])
        return self._model.reply(messages, tools)


class Live:
    """A running call, as a story steers it."""

    def __init__(self, run: Run, pages: Pages, inbox: Inbox) -> None:
        self.run, self.pages, self.inbox = run, pages, inbox

    async def answered(self) -> None:
        await self.kind("answered")

    async def kind(self, kind: str, **data: Any) -> dict[str, Any]:
        """Wait for an event of this kind with these data."""
        return await self.pages.until(lambda e: e["kind"] == kind and data.items() <= e.items())

    async def ask(self, command: Command) -> Receipt:
        """Ask, and get the receipt as it stands at once."""
        receipt: asyncio.Future[Receipt] = asyncio.get_running_loop().create_future()
        self.inbox.put_nowait(Asked(command, receipt))
        return await receipt

    async def outcome(self, id: str) -> Receipt:
        await self.kind("command.finished", id=id)
        receipt = self.run.call.lanes.status_of(id)
        assert receipt is not None
        return receipt

    async def begun(self, utterance: str) -> dict[str, Any]:
        return await self.kind("speech.started", utterance=utterance)

    def tell(self, item: Item) -> None:
        self.inbox.put_nowait(item)

    async def after(self, ms: int) -> None:
        await asyncio.sleep(ms / 1_000)

    async def ended(self) -> dict[str, Any]:
        return await self.kind("ended")


class Story:
    """One call. Whoever is at the far end is `who`; everything else has a default."""

    def __init__(self, who: Callable[[], Any] | None = None, to: str = PERSON, **assistant: Any) -> None:
        self._settings = assistant.pop("settings", None) or Settings(data_dir=Path(tempfile.mkdtemp()))
        self._limits = {k: assistant.pop(k) for k in ("ring_timeout_ms", "max_duration_ms") if k in assistant}
        self._doubt_s = assistant.pop("doubt_s", 7.5)
        self._lines = assistant.pop("lines", {})
        self._at = {to: who, **self._lines} if who is not None else self._lines
        self.pages = Pages()
        self.to = to
        self.assistant = {"stt_config": MODEM, "llm_config": ECHO, "tts_config": VOICE, **assistant}

    @asynccontextmanager
    async def call(self) -> AsyncIterator[Live]:
        """The call from its first effect to its end; what the story does inside runs beside it."""
        plan = Plan("call_1", "org_1", self.to, "+15005550000", self.assistant)
        plan = replace(plan, **self._limits)
        plant = Plant(self._settings, Lines(self._at), Vendors(llm=self._build_model))
        inbox: Inbox = asyncio.Queue()
        self.parts = plant.plug(plan, inbox.put_nowait)
        recording = Recording(self._settings.recordings, plan.call_id)
        parts = Parts(self.parts.leg, self.parts.talk, self.pages, recording, Ticker(), self._doubt_s)
        run = Run(self.parts.call, parts, inbox, asyncio.get_running_loop().time())
        live = Live(run, self.pages, inbox)
        async with asyncio.timeout(3_600), asyncio.TaskGroup() as group:
            group.create_task(run.live())
            yield live
        await plant.close()

    def _build_model(self, config: Mapping[str, Any]) -> Spy:
        self.model = Spy(build_llm(config))
        return self.model

    def play(self, script: Callable[[Live], Coroutine[Any, Any, None]]) -> Story:
        """Run the whole story in virtual time."""

        async def main() -> None:
            async with self.call() as live:
                await script(live)

        virtual.run(main())
        return self

    # ---- afterwards --------------------------------------------------------------------

    @property
    def heard(self) -> list[str | None]:
        """What the far end decoded, one text per stretch of speech."""
        return [e["text"] for e in self.pages.events if e["kind"] == "sandbox.heard"]

    @property
    def ending(self) -> tuple[str, str]:
        ended = self.of("ended")[0]
        return ended["status"], ended["end_reason"]

    def of(self, kind: str) -> list[dict[str, Any]]:
        return [e for e in self.pages.events if e["kind"] == kind]

    def receipt(self, id: str) -> dict[str, Any]:
        (receipt,) = [e for e in self.of("command.finished") if e["id"] == id]
        return receipt


async def nothing(live: Live) -> None:
    """A story that only watches."""
