"""The bus in one process, for stories: the same promises as `bus/nats.py`, in virtual time, without a network.

An `Exchange` is what NATS would be; any number of `MemoryBus`es share one. Each can be cut off (`away`), and told to lose
the answer to its next append (`lose_next_answer`), which is how a retry of something already stored comes about.
"""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import AsyncGenerator, AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import structlog

from trunkline.bus.port import BusAway, Delivery, Entry, Handler, Moved, NoReply, NoResponder, Subscription

ACK_WAIT_S = 5.0
APPEND_TIMEOUT_S = 5.0

log_ = structlog.get_logger(__name__)


@dataclass(eq=False, slots=True)
class Ear:
    bus: MemoryBus
    subject: str
    handler: Handler
    queue: str

    async def stop(self) -> None:
        self.bus.exchange.ears.remove(self)


@dataclass(slots=True)
class Reader:
    """A durable reader: how far it is, and what it has in hand."""

    next: int = 0
    in_hand: dict[int, float] = field(default_factory=dict)
    """By position: when it is delivered again."""
    due: list[tuple[float, int]] = field(default_factory=list)


@dataclass(slots=True)
class Exchange:
    entries: list[Entry] = field(default_factory=list)
    ids: dict[str, int] = field(default_factory=dict)
    ears: list[Ear] = field(default_factory=list)
    readers: dict[str, Reader] = field(default_factory=dict)
    turns: int = 0
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    def last_of(self, log: str) -> int:
        return next((entry.position for entry in reversed(self.entries) if entry.log == log), 0)

    def append(self, log: str, payload: bytes, expected: int, entry_id: str) -> int:
        if entry_id in self.ids:
            return self.ids[entry_id]
        if (last := self.last_of(log)) != expected:
            raise Moved(f"{log} is at {last}, not at {expected}")
        position = len(self.entries) + 1
        self.entries.append(Entry(log, position, payload))
        self.ids[entry_id] = position
        self.announce()
        return position

    def announce(self) -> None:
        self.changed.set()
        self.changed = asyncio.Event()

    def listening(self, subject: str) -> list[Ear]:
        """Everybody, and of each queue group one in turn."""
        self.turns += 1
        heard = [ear for ear in self.ears if ear.subject == subject and ear.bus.connected]
        groups = {ear.queue: [other for other in heard if other.queue == ear.queue] for ear in heard if ear.queue}
        return [ear for ear in heard if not ear.queue] + [group[self.turns % len(group)] for group in groups.values()]


class MemoryBus:
    """Implements `port.Bus`."""

    def __init__(self, exchange: Exchange | None = None) -> None:
        self.exchange = exchange if exchange is not None else Exchange()
        self._connected = True
        self._since = 0.0
        self._waiting: set[asyncio.Future[bytes]] = set()
        self._running: set[asyncio.Task[None]] = set()
        self.lose_next_answer = False

    # ---- the connection ------------------------------------------------------------------

    @property
    def connected(self) -> bool:
        return self._connected

    def connected_for(self) -> float:
        return _now() - self._since if self._connected else 0.0

    def away(self, away: bool) -> None:
        """Cut this bus off from the exchange, or bring it back."""
        self._connected, self._since = not away, _now()
        if away:
            for reply in self._waiting:
                if not reply.done():
                    reply.set_exception(NoReply("the connection was lost before the reply"))
        self.exchange.announce()

    async def close(self) -> None:
        for task in self._running:
            task.cancel()

    async def _reach(self) -> Exchange:
        await asyncio.sleep(0)
        if not self._connected:
            raise BusAway("switched away")
        return self.exchange

    # ---- requests and messages ---------------------------------------------------------------

    async def request(self, subject: str, payload: bytes, timeout_s: float) -> bytes:
        ears = (await self._reach()).listening(subject)
        if not ears:
            raise NoResponder(subject)
        reply: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        self._waiting.add(reply)
        for ear in ears:
            self._start(_answer(ear, payload, reply), subject)
        try:
            async with asyncio.timeout(timeout_s):
                return await reply
        except TimeoutError:
            raise NoReply(subject) from None
        finally:
            self._waiting.discard(reply)

    async def publish(self, subject: str, payload: bytes) -> None:
        for ear in (await self._reach()).listening(subject):
            self._start(_answer(ear, payload, None), subject)

    async def subscribe(
        self, subject: str, handler: Handler, queue: str = "", *, in_effect: bool = True
    ) -> Subscription:
        ear = Ear(self, subject, handler, queue)
        self.exchange.ears.append(ear)
        return ear

    def _start(self, work: Coroutine[Any, Any, None], subject: str) -> None:
        task = asyncio.get_running_loop().create_task(work, name=subject)
        self._running.add(task)
        task.add_done_callback(self._served)

    def _served(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log_.error("bus.handler_failed", subject=task.get_name(), exc_info=error)

    # ---- logs ----------------------------------------------------------------------------------

    async def append(self, log: str, payload: bytes, expected: int, entry_id: str) -> int:
        position = (await self._reach()).append(log, payload, expected, entry_id)
        if self.lose_next_answer:
            self.lose_next_answer = False
            await asyncio.sleep(APPEND_TIMEOUT_S)
            raise NoReply("the answer was lost")
        return position

    async def read(self, log: str, after: int = 0) -> list[Entry]:
        return [entry for entry in (await self._reach()).entries if entry.log == log and entry.position > after]

    @asynccontextmanager
    async def follow(self, log: str, after: int = 0) -> AsyncIterator[AsyncIterator[Entry]]:
        entries = self._follow(log, after)
        try:
            yield entries
        finally:
            await entries.aclose()

    async def _follow(self, log: str, after: int) -> AsyncGenerator[Entry, None]:
        seen = after
        while True:
            changed = self.exchange.changed
            while self._connected and seen < len(self.exchange.entries):
                entry = self.exchange.entries[seen]
                seen += 1
                if entry.log == log:
                    yield entry
            await changed.wait()

    @asynccontextmanager
    async def consume(self, reader: str) -> AsyncIterator[AsyncIterator[Delivery]]:
        deliveries = self._consume(self.exchange.readers.setdefault(reader, Reader()))
        try:
            yield deliveries
        finally:
            await deliveries.aclose()

    async def _consume(self, reader: Reader) -> AsyncGenerator[Delivery, None]:
        while True:
            changed = self.exchange.changed
            while self._connected and (position := self._next_for(reader)) is not None:
                when = _now() + ACK_WAIT_S
                reader.in_hand[position] = when
                heapq.heappush(reader.due, (when, position))
                yield MemoryDelivery(self.exchange.entries[position - 1], self, reader)
            try:
                async with asyncio.timeout_at(reader.due[0][0] if reader.due and self._connected else None):
                    await changed.wait()
            except TimeoutError:
                pass

    def _next_for(self, reader: Reader) -> int | None:
        while reader.due and reader.due[0][0] <= _now():
            when, position = heapq.heappop(reader.due)
            if reader.in_hand.get(position) == when:
                return position
        if reader.next < len(self.exchange.entries):
            reader.next += 1
            return reader.next
        return None


@dataclass(slots=True)
class MemoryDelivery:
    entry: Entry
    bus: MemoryBus
    reader: Reader

    async def done(self) -> None:
        if self.bus.connected:
            self.reader.in_hand.pop(self.entry.position, None)

    async def again(self, delay_s: float) -> None:
        if self.bus.connected:
            when = _now() + delay_s
            self.reader.in_hand[self.entry.position] = when
            heapq.heappush(self.reader.due, (when, self.entry.position))
            self.bus.exchange.announce()


async def _answer(ear: Ear, payload: bytes, reply: asyncio.Future[bytes] | None) -> None:
    answer = await ear.handler(payload)
    if answer is not None and reply is not None and not reply.done() and ear.bus.connected:
        reply.set_result(answer)


def _now() -> float:
    return asyncio.get_running_loop().time()
