"""Waiting for what becomes of a command: the call's owner tells, and where nobody tells any more, the row knows."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from trunkline.bus import messages
from trunkline.bus.port import Bus, BusAway
from trunkline.calls import reading
from trunkline.calls.events import Event
from trunkline.calls.schemas import MAX_WAIT_S
from trunkline.calls.verbs import Status

LOOK_S = 1.0
"""How often a waiting request looks for what it may not have been told."""

Receipt = dict[str, Any]

_PROGRESS = {Status.ACCEPTED: 0, Status.STARTED: 1}


@dataclass(slots=True)
class Watch:
    """What one call told since the watch began."""

    events: list[Event] = field(default_factory=list)
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    async def told(self, payload: bytes) -> None:
        self.events += [event for event in reading.events_in(payload) if event.kind.startswith(("command.", "ended"))]
        self._news.set()

    @property
    def call_ended(self) -> bool:
        return any(event.kind == "ended" for event in self.events)

    def latest(self, command_id: str, receipt: Receipt) -> Receipt:
        """The further of what is known and what was told."""
        for event in self.events:
            receipt = further(receipt, reading.folded(None, event, command_id))
        return receipt

    async def until(
        self,
        command_id: str,
        receipt: Receipt,
        reached: frozenset[Status],
        stored: Callable[[], Awaitable[Receipt | None]],
    ) -> Receipt:
        """The command's receipt once its status is one of `reached`, or what it is when the longest wait is over."""
        try:
            async with asyncio.timeout(MAX_WAIT_S):
                while True:
                    self._news.clear()
                    over = self.call_ended
                    receipt = self.latest(command_id, receipt)
                    if Status(receipt["status"]) not in reached and not over:
                        receipt = further(receipt, await stored())
                    if Status(receipt["status"]) in reached or over:
                        return receipt
                    await self._look_again()
        except TimeoutError:
            return receipt

    async def _look_again(self) -> None:
        try:
            async with asyncio.timeout(LOOK_S):
                await self._news.wait()
        except TimeoutError:
            return


def further(one: Receipt, other: Mapping[str, Any] | None) -> Receipt:
    """A command only moves forward: accepted, started, its one outcome."""
    if other is None:
        return one
    rank, other_rank = (_PROGRESS.get(Status(receipt["status"]), 2) for receipt in (one, other))
    if other_rank > rank:
        return {**one, **other}
    return {**other, **one} if other_rank == rank else one


@asynccontextmanager
async def watching(bus: Bus, call_id: str) -> AsyncIterator[Watch]:
    """Subscribed before anything is sent, so that nothing told in between is missed."""
    watch = Watch()

    async def told(payload: bytes) -> None:
        await watch.told(payload)

    try:
        subscription = await bus.subscribe(messages.told(call_id), told, in_effect=False)
    except BusAway:
        yield watch
        return
    try:
        yield watch
    finally:
        await subscription.stop()
