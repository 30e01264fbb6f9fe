"""A worker: holds live calls. Takes them from the queue group, claims their journals, and answers for them on the bus.

A shell. What a call does is `call.py`'s; what it is plugged into is built by `wiring`.
"""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import structlog

from trunkline import clock
from trunkline.bus import messages
from trunkline.bus.port import Bus, BusError, Moved, Subscription
from trunkline.calls.call import Call
from trunkline.calls.endings import EndReason
from trunkline.calls.inputs import HangUp
from trunkline.calls.journal import Journal
from trunkline.calls.leg import Leg, Tell
from trunkline.calls.lifecycle import State
from trunkline.calls.plan import Plan
from trunkline.calls.recording import Recording
from trunkline.calls.run import Asked, Fenced, Inbox, Parts, Run
from trunkline.calls.talk import Talk
from trunkline.calls.ticker import Ticker
from trunkline.calls.verbs import Command, Receipt
from trunkline.config import Settings

log = structlog.get_logger(__name__)

REPLY_S = 10.0
STOPPED = "the platform was stopped"
GOODBYE_S = 10.0
"""How long hung-up calls may take to be released and written down when the worker stops."""


@dataclass(frozen=True, slots=True)
class Socketed:
    """A call and its two sockets, as `wiring` plugs them together."""

    call: Call
    leg: Leg
    talk: Talk


Build = Callable[[Plan, Tell], Socketed]


class Worker:
    def __init__(self, settings: Settings, bus: Bus, name: str, build: Build) -> None:
        """`name` is unique to this process's life; it is what `workers.lost` will name."""
        self.ticker = Ticker()
        self._settings, self._bus, self._name, self._build = settings, bus, name, build
        self._calls: dict[str, _Live] = {}
        self._draining = False
        self._empty = asyncio.Event()
        self._empty.set()

    async def work(self, stop: asyncio.Event) -> None:
        """Take calls until `stop` is set; then drain: unanswered calls are cancelled, live ones may finish."""
        async with asyncio.TaskGroup() as group:
            self._group = group
            placing = await self._bus.subscribe(messages.PLACE, self._placed, queue=messages.PLACE_QUEUE)
            rolls = await self._bus.subscribe(messages.ROLL, self._called)
            beating = group.create_task(self._beat_regularly())
            log.info("worker.ready", worker=self._name)
            await stop.wait()
            await placing.stop()
            await self._drain()
            await rolls.stop()
            beating.cancel()

    # ---- taking a call ------------------------------------------------------------------------

    async def _placed(self, payload: bytes) -> bytes | None:
        plan = Plan.from_json(messages.unpack(payload)["plan"])
        if self._draining or len(self._calls) >= self._settings.max_calls or self._late():
            return messages.pack({"taken": False, "why": "busy"})
        if clock.wall_ms() > plan.not_after_ms:
            return messages.pack({"taken": False, "why": "late"})
        if plan.call_id in self._calls:
            return messages.pack({"taken": False, "why": "claimed"})
        live = _Live(plan, asyncio.Queue())
        self._calls[plan.call_id] = live
        self._empty.clear()
        try:
            await self._claim(live)
        except Moved:
            self._forget(live)
            return messages.pack({"taken": False, "why": "claimed"})
        except BusError:
            # Written or not, it must not be dialed. If it was, the monitor ends a call that we claimed and do not hold.
            self._forget(live)
            raise
        live.task = self._group.create_task(self._hold(live))
        return messages.pack({"taken": True, "worker": self._name, "epoch": live.epoch})

    def _late(self) -> bool:
        """Nothing ticks in an idle worker: how late it was with its last call says nothing about the next one."""
        return bool(self._calls) and self.ticker.late_ms() > self._settings.max_late_ms

    async def _claim(self, live: _Live) -> None:
        plan, inbox = live.plan, live.inbox
        live.journal = Journal(
            self._bus,
            plan.org_id,
            plan.call_id,
            self._name,
            on_fenced=lambda: inbox.put_nowait(Fenced()),
            spool=self._settings.data_dir / "spool" / f"{plan.call_id}.jsonl",
        )
        live.zero = asyncio.get_running_loop().time()
        live.epoch = await live.journal.claim(
            {
                "worker": self._name,
                "at": clock.iso(clock.wall()),
                "destination": plan.destination,
                "caller_id": plan.caller_id,
            }
        )
        live.subscription = await self._bus.subscribe(messages.owner(plan.call_id), live.asked)

    async def _hold(self, live: _Live) -> None:
        """The outermost shell of a call: whatever goes wrong inside ends this call and no other."""
        plan = live.plan
        structlog.contextvars.bind_contextvars(call_id=plan.call_id)
        log.info("call.taken", destination=plan.destination)
        try:
            live.run = self._plug(live)
            await live.run.live()
            log.info("call.ended", reason=live.run.call.life.reason)
        except Exception:
            log.exception("call.crashed")
            await live.save()
        finally:
            live.over.set_result(None)
            if live.subscription is not None:
                await live.subscription.stop()
            self._forget(live)

    def _plug(self, live: _Live) -> Run:
        assert live.journal is not None
        socketed = self._build(live.plan, live.inbox.put_nowait)
        recording = Recording(self._settings.recordings, live.plan.call_id)
        parts = Parts(
            leg=socketed.leg,
            talk=socketed.talk,
            record=live.journal,
            recording=recording,
            ticker=self.ticker,
            doubt_s=self._settings.worker_lost_seconds / 2,
        )
        return Run(socketed.call, parts, live.inbox, live.zero)

    def _forget(self, live: _Live) -> None:
        self._calls.pop(live.plan.call_id, None)
        if not self._calls:
            self._empty.set()

    # ---- living, and stopping -------------------------------------------------------------------

    async def _beat_regularly(self) -> None:
        while True:
            await self._beat()
            await asyncio.sleep(self._settings.beat_seconds)

    async def _called(self, _: bytes) -> None:
        await self._beat()

    async def _beat(self) -> None:
        beat = {
            "worker": self._name,
            "pid": os.getpid(),
            "host": socket.gethostname(),
            "calls": [{"org_id": c.plan.org_id, "call_id": c.plan.call_id} for c in self._calls.values()],
            "late_ms": round(self.ticker.late_ms(), 1),
            "late_p50_ms": round(self.ticker.late_ms(0.5), 1),
            "draining": self._draining,
        }
        try:
            await self._bus.publish(messages.BEAT, messages.pack(beat))
        except BusError:
            log.debug("worker.beat_lost")

    async def _drain(self) -> None:
        self._draining = True
        await self._beat()
        log.info("worker.draining", calls=len(self._calls))
        for live in tuple(self._calls.values()):
            if live.run is None or live.run.call.life.state in (State.QUEUED, State.DIALING, State.RINGING):
                live.inbox.put_nowait(HangUp(EndReason.CANCELLED, STOPPED))
        if not await self._emptied(self._settings.drain_seconds):
            for live in tuple(self._calls.values()):
                live.inbox.put_nowait(HangUp(EndReason.WORKER_LOST, STOPPED))
            if not await self._emptied(GOODBYE_S):
                self._abandon()

    def _abandon(self) -> None:
        """Their last lines cannot be written: the bus is away. The monitor ends in its journal what this worker holds."""
        log.warning("worker.abandons", calls=list(self._calls))
        for live in self._calls.values():
            if live.task is not None:
                live.task.cancel()

    async def _emptied(self, within_s: float) -> bool:
        try:
            async with asyncio.timeout(within_s):
                await self._empty.wait()
        except TimeoutError:
            return False
        return True


class _Live:
    """One call as the worker holds it, and its voice on the bus."""

    def __init__(self, plan: Plan, inbox: Inbox) -> None:
        self.plan, self.inbox = plan, inbox
        self.journal: Journal | None = None
        self.subscription: Subscription | None = None
        self.run: Run | None = None
        self.task: asyncio.Task[None] | None = None
        self.zero = 0.0
        self.epoch = 0
        self.over: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        """Done when nobody reads the inbox any more: what is asked then is too late, and is told so at once."""

    async def asked(self, payload: bytes) -> bytes | None:
        """`owners.<call_id>`: a command for this call, or a question about its state."""
        message = messages.unpack(payload)
        if message["ask"] == "state":
            return messages.pack({"state": self.run.state() if self.run is not None else {}})
        if message["epoch"] not in (0, self.epoch) or clock.wall_ms() > message["not_after_ms"]:
            return messages.pack({"late": True})
        receipt: asyncio.Future[Receipt] = asyncio.get_running_loop().create_future()
        self.inbox.put_nowait(Asked(Command.from_json(message["command"]), receipt))
        either: tuple[asyncio.Future[Any], ...] = (receipt, self.over)
        await asyncio.wait(either, timeout=REPLY_S, return_when=asyncio.FIRST_COMPLETED)
        return messages.pack({"receipt": receipt.result().to_json()} if receipt.done() else {"late": True})

    async def save(self) -> None:
        """The call's own code has failed. Keep what it wrote; the monitor ends a call that we claimed and do not hold."""
        if self.journal is not None:
            async with asyncio.TaskGroup() as group:
                writing = group.create_task(self.journal.run())
                await self.journal.flush()
                writing.cancel()
