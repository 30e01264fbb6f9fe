"""A whole API in one process for tests: a database file, the bus in memory, and a worker that does as it is told."""

from __future__ import annotations

import asyncio
import functools
import io
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import databases
import described
import httpx
from sqlalchemy import select

from trunkline import clock, logs
from trunkline.api.server import build
from trunkline.bus import messages
from trunkline.bus.port import Moved
from trunkline.calls.events import Event
from trunkline.calls.projection import CallFacts, project
from trunkline.calls.tables import CallRow, CommandRow, EventRow
from trunkline.calls.verbs import Command, Receipt, Status
from trunkline.config import Settings
from trunkline.organizations.store import create_key, create_organization
from trunkline.storage.engine import Database
from trunkline.testing.bus import Exchange, MemoryBus

SANDBOX = {
    "stt_config": {"provider": "sandbox", "model": "modem", "language": "en"},
    "llm_config": {"provider": "sandbox", "model": "echo"},
    "tts_config": {"provider": "sandbox", "voice_id": "modem"},
}
ECHO = "+15005550001"
PLACE = {"destination": ECHO, "assistant": SANDBOX}


@dataclass(slots=True)
class Life:
    """One call as the scripted worker holds it."""

    plan: dict[str, Any]
    position: int = 0
    sequence: int = 0
    commands: dict[str, Receipt] = field(default_factory=dict)


@dataclass(slots=True)
class ScriptedWorker:
    """Claims calls and answers for them. `obey` decides what becomes of a command."""

    bus: MemoryBus
    database: Database
    free: bool = True
    silent: bool = False
    deaf: bool = False
    """Does not answer to commands."""
    outcome: Status | None = Status.HEARD
    """What commands come to at once; None leaves them accepted."""
    asked: list[dict[str, Any]] = field(default_factory=list)
    commanded: list[dict[str, Any]] = field(default_factory=list)
    lives: dict[str, Life] = field(default_factory=dict)
    subscriptions: dict[str, Any] = field(default_factory=dict)
    projecting: bool = True
    """Makes rows of what it writes; off where a recorder does."""
    _writing: asyncio.Lock = field(default_factory=asyncio.Lock)
    _changed: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def has_been_commanded(self, times: int) -> None:
        async with self._changed:
            await self._changed.wait_for(lambda: len(self.commanded) >= times)

    async def start(self) -> None:
        self.subscriptions["place"] = await self.bus.subscribe(messages.PLACE, self._place, messages.PLACE_QUEUE)

    async def beat(self) -> None:
        await self.bus.publish(messages.BEAT, messages.pack({"worker": "w1", "calls": []}))
        await asyncio.sleep(0.01)

    async def _place(self, payload: bytes) -> bytes | None:
        plan = messages.unpack(payload)["plan"]
        self.asked.append(plan)
        if self.silent:
            return None
        if not self.free:
            return messages.pack({"taken": False, "why": "busy"})
        try:
            await self.claim(plan)
        except Moved:
            return messages.pack({"taken": False, "why": "claimed"})
        return messages.pack({"taken": True, "worker": "w1", "epoch": 7})

    async def claim(self, plan: dict[str, Any]) -> None:
        life = Life(plan)
        data = {"worker": "w1", "epoch": 7, "at": clock.iso(clock.wall())}
        life.position = await self.bus.append(
            messages.journal(plan["org_id"], plan["call_id"]),
            messages.pack({"first": 1, "events": [Event(1, 0, "claimed", data).to_json()]}),
            0,
            f"{plan['call_id']}:claim:{len(self.asked)}",
        )
        life.sequence = 1
        self.lives[plan["call_id"]] = life
        if self.projecting:
            await self._project(life, Event(1, 0, "claimed", data))

        async def owned(payload: bytes) -> bytes | None:
            return await self._owned(plan["call_id"], payload)

        self.subscriptions[plan["call_id"]] = await self.bus.subscribe(messages.owner(plan["call_id"]), owned)

    async def write(self, call_id: str, kind: str, **data: Any) -> None:
        async with self._writing:  # the journal has one writer, whoever tells this worker to write
            await self._write(call_id, kind, data)

    async def _write(self, call_id: str, kind: str, data: dict[str, Any]) -> None:
        life = self.lives[call_id]
        life.sequence += 1
        event = Event(life.sequence, life.sequence * 10, kind, data)
        payload = messages.pack({"first": event.sequence, "events": [event.to_json()]})
        log = messages.journal(life.plan["org_id"], call_id)
        life.position = await self.bus.append(log, payload, life.position, f"{call_id}:{event.sequence}")
        if self.projecting:
            await self._project(life, event)
        await self.bus.publish(messages.told(call_id), messages.pack({"events": [event.to_json()]}))

    async def ring(self, call_id: str) -> None:
        await self.write(call_id, "ringing", code=180)

    async def answer(self, call_id: str) -> None:
        await self.write(call_id, "answered")

    async def end(self, call_id: str, status: str = "ended", reason: str = "user_hangup") -> None:
        await self.write(
            call_id, "ended", status=status, end_reason=reason, error=None, answered_ms=20, duration_ms=1500
        )
        await self.leave(call_id)

    async def leave(self, call_id: str) -> None:
        """Stop owning the call, as a process that dies does."""
        await self.subscriptions.pop(call_id).stop()

    async def _owned(self, call_id: str, payload: bytes) -> bytes | None:
        message = messages.unpack(payload)
        if message["ask"] == "state":
            return messages.pack({"state": {"state": "talking", "queue": []}})
        self.commanded.append(message)
        if self.deaf:
            return None
        command = Command.from_json(message["command"])
        life = self.lives[call_id]
        if command.id not in life.commands:
            await self._obey(call_id, life, command)
        async with self._changed:
            self._changed.notify_all()
        return messages.pack({"receipt": life.commands[command.id].to_json()})

    async def _obey(self, call_id: str, life: Life, command: Command) -> None:
        life.commands[command.id] = Receipt(command.id, command.verb, Status.ACCEPTED, accepted_at=5)
        await self.write(call_id, "command.accepted", command=command.to_json(), not_after_ms=0)
        if self.outcome is not None:
            await self.finish(call_id, command.id, self.outcome)

    async def begin(self, call_id: str, command_id: str) -> None:
        life = self.lives[call_id]
        life.commands[command_id] = replace(life.commands[command_id], status=Status.STARTED, started_at=6)
        await self.write(call_id, "command.started", id=command_id, verb="say")

    async def finish(self, call_id: str, command_id: str, status: Status, reason: str | None = None) -> None:
        life = self.lives[call_id]
        receipt = replace(life.commands[command_id], status=status, reason=reason, finished_at=1234, heard_text="Hi.")
        life.commands[command_id] = receipt
        await self.write(call_id, "command.finished", **receipt.to_json())

    async def _project(self, life: Life, event: Event) -> None:
        async with self.database.writing() as session:
            row = await session.get(CallRow, life.plan["call_id"])
            if row is None:
                return
            facts = CallFacts(row.status, row.created_at, row.claimed_at, row.answered_at, row.transfer)
            changes = project(facts, event)
            for name, value in changes.call.items():
                setattr(row, name, value)
            row.last_sequence = event.sequence
            session.add(
                EventRow(call_id=row.id, sequence=event.sequence, at_ms=event.at_ms, kind=event.kind, data=event.data)
            )
            if changes.command is not None:
                command = await session.get(CommandRow, changes.command.id)
                if command is not None:
                    command.status = changes.command.status
                    command.receipt = {**command.receipt, **changes.command.receipt}


@dataclass(slots=True)
class World:
    settings: Settings
    database: Database
    bus: MemoryBus
    worker: ScriptedWorker
    app: Any
    client: httpx.AsyncClient
    org_id: str
    key: str

    async def place(self, body: dict[str, Any] | None = None, **headers: str | bytes) -> httpx.Response:
        return await self.client.post("/calls", json=body or PLACE, headers=headers)

    async def live_call(self) -> str:
        """A call that has been answered."""
        call_id: str = (await self.place()).json()["call_id"]
        await self.worker.answer(call_id)
        return call_id

    async def control(self, call_id: str, body: Any, wait: str = "accepted", **headers: str | bytes) -> httpx.Response:
        url = f"/calls/{call_id}/control?wait={wait}"
        return await self.client.post(url, json=body, headers=headers)

    async def key_with(self, *scopes: str) -> dict[str, str]:
        """The headers of a new key of this organization."""
        async with self.database.writing() as session:
            key = await create_key(session, self.org_id, "test", scopes)
        return {"Authorization": f"Bearer {key.text}"}

    async def stranger(self) -> dict[str, str]:
        """The headers of a key of another organization."""
        async with self.database.writing() as session:
            other = await create_organization(session, "Other")
            key = await create_key(session, other.id, "test", ["full"])
        return {"Authorization": f"Bearer {key.text}"}

    async def lose_database(self) -> None:
        await self.database.close()
        await databases.lose(self.database.engine.url.render_as_string(hide_password=False))

    async def rows(self, table: Any) -> list[Any]:
        async with self.database.reading() as session:
            return list(await session.scalars(select(table)))


@asynccontextmanager
async def world(tmp_path: Path, **changes: Any) -> AsyncIterator[World]:
    logs.set_up("error", io.StringIO())
    settings = Settings(data_dir=tmp_path, **changes)
    url = await databases.fresh(tmp_path)
    database = Database(url)
    async with database.writing() as session:
        org = await create_organization(session, "Test")
        key = await create_key(session, org.id, "test", ["full"])
    exchange = Exchange()
    bus, worker = MemoryBus(exchange), ScriptedWorker(MemoryBus(exchange), database)
    await worker.start()
    app = build(settings, database, bus)
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    headers = {"Authorization": f"Bearer {key.text}"}
    try:
        async with (
            app.router.lifespan_context(app),
            httpx.AsyncClient(
                transport=transport,
                base_url="http://test/api/v1",
                headers=headers,
                event_hooks={"response": [described.hold]},
            ) as client,
        ):
            yield World(settings, database, bus, worker, app, client, org.id, key.text)
    finally:
        await bus.close()
        await worker.bus.close()
        await database.close()
        await databases.give_back(url)


Story = Callable[[World], Awaitable[None]]


def in_world(**changes: Any) -> Callable[[Story], Callable[[Path], None]]:
    """Runs a test in a world of its own."""

    def decorate(story: Story) -> Callable[[Path], None]:
        @functools.wraps(story)
        def test(tmp_path: Path) -> None:
            async def told() -> None:
                async with world(tmp_path, **changes) as made:
                    async with asyncio.timeout(60):
                        await story(made)

            asyncio.run(told())

        del test.__wrapped__  # type: ignore[attr-defined]  # or pytest takes the story's parameter for a fixture
        return test

    return decorate
