"""What Trunkline needs of a message bus: requests to whoever is free, messages by name, and append-only logs.

`nats.py` is the implementation for NATS with JetStream, `testing/bus.py` the one in memory; `tests/contracts` runs one
suite over both.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Protocol


class BusError(Exception):
    """The bus could not do it."""


class BusAway(BusError):
    """There is no connection to the bus now."""


class NoResponder(BusError):
    """Nobody listens to that subject. For a call's subject this means: ask its journal; never that it is dead."""


class NoReply(BusError):
    """Nobody replied in time. It may or may not have been received."""


class Moved(BusError):
    """The log's last entry is not the expected one: somebody else has written. For an owner: you have been fenced."""


Handler = Callable[[bytes], Awaitable[bytes | None]]
"""Takes a message's payload; what it returns (not None) is the reply."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a log. `position` is what the next append to the same log must name as `expected`."""

    log: str
    position: int
    payload: bytes


class Subscription(Protocol):
    async def stop(self) -> None: ...


class Delivery(Protocol):
    """One entry handed to a reader that must say when it is done with it."""

    entry: Entry

    async def done(self) -> None: ...

    async def again(self, delay_s: float) -> None:
        """Not now: deliver it once more later."""
        ...


class Bus(Protocol):
    @property
    def connected(self) -> bool: ...

    def connected_for(self) -> float:
        """Seconds since the connection last came up; 0 while it is down."""
        ...

    async def request(self, subject: str, payload: bytes, timeout_s: float) -> bytes:
        """Raises BusAway, NoResponder or NoReply."""
        ...

    async def publish(self, subject: str, payload: bytes) -> None:
        """Raises BusAway."""
        ...

    async def subscribe(
        self, subject: str, handler: Handler, queue: str = "", *, in_effect: bool = True
    ) -> Subscription:
        """Handlers of one subscription run concurrently. With `queue`, one member of the group gets each message.

        Returns when it is in effect; without `in_effect` sooner: what is sent here afterwards still comes behind it.
        """
        ...

    async def append(self, log: str, payload: bytes, expected: int, entry_id: str) -> int:
        """Append to a log if its last position is `expected` (0: empty). Returns the new position.

        `entry_id` makes a retry of the same append harmless: a repeat within two minutes, or one that finds its own
        entry at the end, answers as the first did. Raises Moved, BusAway or NoReply (then: retry the same).
        """
        ...

    async def read(self, log: str, after: int = 0) -> list[Entry]:
        """All entries of one log behind position `after`. Raises BusAway."""
        ...

    def follow(self, log: str, after: int = 0) -> AbstractAsyncContextManager[AsyncIterator[Entry]]:
        """Entries of one log behind `after`, then new ones as they come, in order, until the context is left."""
        ...

    def consume(self, reader: str) -> AbstractAsyncContextManager[AsyncIterator[Delivery]]:
        """Entries of all logs for a durable reader of that name, at least once, across its own restarts."""
        ...
