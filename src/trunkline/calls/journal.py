"""The worker's side of a call's journal: claim it, write to it, know when what was written is durable, notice being fenced.

Every append names the position it expects; one append is in flight per call, and a retry is the same append again. The rows
made from the journal are `recorder.py`'s. Nothing here decides anything about the call.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import orjson
import structlog

from trunkline.bus import messages
from trunkline.bus.port import Bus, BusError, Entry, Moved, NoReply
from trunkline.calls.backlog import Backlog, Line
from trunkline.calls.events import Event

GROUP_S = 0.25
"""How long the first event of a group waits for others."""
GROUP_EVENTS, GROUP_BYTES = 200, 250_000
RETRY_S = 0.25
FLUSH_S = 5.0
CHECK_S = 2.0
CLAIM_ATTEMPTS = 3

TOLD = ("command.", "transfer.", "answered", "ended")
"""Kinds (or how they begin) whose group is told on the bus as soon as it is durable."""

log_ = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Group:
    """Events that are appended together, exactly as they are retried."""

    entry_id: str
    payload: bytes
    last: int
    """Sequence of its last event."""
    told: bytes | None
    doubts: Sequence[asyncio.Future[bool]]
    """Who waits for this very append to prove that the journal is ours."""


class Journal:
    """Implements `run.Record`. `claim` it first, then let `run` run for as long as the call lives."""

    def __init__(
        self,
        bus: Bus,
        org_id: str,
        call_id: str,
        writer_id: str,
        *,
        on_fenced: Callable[[], None] = lambda: None,
        spool: Path | None = None,
    ) -> None:
        """`writer_id` is unique to this process's life. `on_fenced` is called once, when somebody else has written here.

        `spool` is the file that takes what no longer fits in memory while the bus is away.
        """
        self._bus, self._call_id, self._writer = bus, call_id, writer_id
        self._log = messages.journal(org_id, call_id)
        self._on_fenced = on_fenced
        self._backlog = Backlog(spool)
        self._in_flight: Group | None = None
        self._doubts: list[asyncio.Future[bool]] = []
        self._flushing: list[tuple[int, asyncio.Future[bool]]] = []
        self._sequence = self._durable = self._position = self._groups = 0
        self._news, self._hurry = asyncio.Event(), asyncio.Event()
        self.fenced = False

    @property
    def durable(self) -> int:
        """Sequence of the last event that survives everything."""
        return self._durable

    async def claim(self, data: Mapping[str, Any]) -> int:
        """Become the owner by being the first to write. Returns the epoch, which is the position of that first entry.

        Raises Moved if somebody was first; BusAway or NoReply if it is not known: then the call must not be dialed.
        """
        event = Event(1, 0, "claimed", data)
        payload = _payload(1, [_line(event).json])
        for attempt in range(CLAIM_ATTEMPTS):
            try:
                self._position = await self._bus.append(self._log, payload, 0, f"{self._writer}:{self._call_id}:claim")
                break
            except NoReply:
                if attempt + 1 == CLAIM_ATTEMPTS:
                    raise
        self._sequence = self._durable = 1
        return self._position

    def write(self, kind: str, data: Mapping[str, Any], at_ms: int) -> None:
        """Written with the next group, at the latest after GROUP_S; nothing at all once fenced."""
        if self.fenced:
            return
        self._sequence += 1
        self._backlog.put(_line(Event(self._sequence, at_ms, kind, data)))
        self._news.set()

    async def flush(self, timeout_s: float = FLUSH_S) -> bool:
        """True when all that was written until now is durable; False if it is not after `timeout_s` (the bus is away; it
        is still kept and will be appended), or never will be (fenced)."""
        return await self._written(self._sequence, timeout_s)

    async def check(self) -> bool | None:
        """Is the call still ours? Asked after this process may have stood still. None: the bus cannot tell now.

        The proof is an append that began after the question, of an empty group if there is nothing to write. A retry of an
        earlier append proves nothing: it is answered as the first attempt was.
        """
        if self.fenced:
            return False
        if not self._bus.connected:
            return None
        doubt: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._doubts.append(doubt)
        self._news.set()
        self._hurry.set()
        try:
            async with asyncio.timeout(CHECK_S):
                return await doubt
        except TimeoutError:
            return None

    async def run(self) -> None:
        """Appends groups until cancelled, or fenced."""
        try:
            while not self.fenced:
                await self._news.wait()
                await self._gather()
                await self._append()
        finally:
            if self.fenced:
                self._backlog.close()

    async def close(self) -> None:
        """Returns when everything is durable, however long the bus is away, or when fenced. `run` must be running."""
        await self._written(self._sequence, None)
        self._backlog.close()

    # ---- appending ---------------------------------------------------------------------------

    async def _gather(self) -> None:
        if self._in_flight is None:
            try:
                async with asyncio.timeout(GROUP_S):
                    await self._hurry.wait()
            except TimeoutError:
                pass
        self._hurry.clear()

    async def _append(self) -> None:
        group = self._in_flight = self._in_flight or self._next_group()
        try:
            position = await self._bus.append(self._log, group.payload, self._position, group.entry_id)
        except Moved:
            self._fence(group)
        except BusError as error:
            log_.debug("journal.waits", call_id=self._call_id, error=repr(error))
            await asyncio.sleep(RETRY_S)
        else:
            self._position, self._in_flight = position, None
            self._settle(group)
            await self._tell(group)

    def _next_group(self) -> Group:
        lines = self._backlog.take(GROUP_EVENTS, GROUP_BYTES)
        doubts, self._doubts = self._doubts, []
        self._groups += 1
        json = [line.json for line in lines]
        told = messages.pack({"events": [orjson.Fragment(j) for j in json]}) if any(x.told for x in lines) else None
        first = self._sequence - len(self._backlog) - len(lines) + 1
        return Group(
            entry_id=f"{self._writer}:{self._call_id}:{self._groups}",
            payload=_payload(first, json),
            last=first + len(lines) - 1,
            told=told,
            doubts=doubts,
        )

    def _settle(self, group: Group) -> None:
        self._durable = group.last
        for doubt in group.doubts:
            _set(doubt, True)
        waiting, self._flushing = self._flushing, []
        for target, done in waiting:
            if target <= self._durable:
                _set(done, True)
            else:
                self._flushing.append((target, done))
        if self._flushing or self._doubts:
            self._hurry.set()
        else:
            self._hurry.clear()
        if not self._backlog and not self._doubts:
            self._news.clear()

    async def _tell(self, group: Group) -> None:
        if group.told is not None:
            try:
                await self._bus.publish(messages.told(self._call_id), group.told)
            except BusError as error:
                log_.debug("journal.not_told", call_id=self._call_id, error=repr(error))

    def _fence(self, group: Group) -> None:
        self.fenced = True
        log_.warning("journal.fenced", call_id=self._call_id, position=self._position)
        for doubt in (*group.doubts, *self._doubts):
            _set(doubt, False)
        for _, done in self._flushing:
            _set(done, False)
        self._flushing, self._doubts = [], []
        self._on_fenced()

    async def _written(self, target: int, timeout_s: float | None) -> bool:
        if self.fenced or target <= self._durable:
            return not self.fenced
        done: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._flushing.append((target, done))
        self._hurry.set()
        try:
            async with asyncio.timeout(timeout_s):
                return await done
        except TimeoutError:
            return False


def events_of(entry: Entry) -> list[Event]:
    """The events of one entry of a journal. `claimed` carries the epoch, which is the position of its own entry.

    Raises ValueError where the entry is not one of ours.
    """
    events = [Event.from_json(event) for event in messages.unpack(entry.payload)["events"]]
    return [
        replace(event, data={**event.data, "epoch": entry.position}) if event.kind == "claimed" else event
        for event in events
    ]


def _line(event: Event) -> Line:
    return Line(orjson.dumps(event.to_json()), event.kind.startswith(TOLD))


def _payload(first: int, events: Sequence[bytes]) -> bytes:
    return messages.pack({"first": first, "events": [orjson.Fragment(event) for event in events]})


def _set(future: asyncio.Future[bool], value: bool) -> None:
    if not future.done():
        future.set_result(value)


async def append_for_owner(bus: Bus, log: str, events: Sequence[Event], expected: int, writer_id: str) -> int:
    """Lines that the owner cannot write, by somebody else, told as the owner would. From then on the owner is fenced.

    Raises Moved if the log is not at `expected` any more, BusAway, NoReply.
    """
    lines = [_line(event) for event in events]
    payload = _payload(events[0].sequence, [line.json for line in lines])
    position = await bus.append(log, payload, expected, f"{writer_id}:{log}:{expected}")
    _, call_id = messages.call_of(log)
    await bus.publish(messages.told(call_id), messages.pack({"events": [orjson.Fragment(line.json) for line in lines]}))
    return position
