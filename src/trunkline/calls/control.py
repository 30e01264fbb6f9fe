"""Steering a live call: a command is checked, committed, handed to the call's owner, and its outcome waited for.

The owner is the only one who decides what becomes of a command, and removes duplicates by its id; so whatever is uncertain here
(no answer, a repeat, a crash in between) is settled by sending the same command again or by reading the call's journal.
Once a command is committed the client gets its id, whatever happens to the bus.
"""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

import structlog
from sqlalchemy.exc import IntegrityError

from trunkline import clock, ids
from trunkline.bus import messages
from trunkline.bus.port import Bus, BusAway, BusError, NoResponder
from trunkline.calls import reading, store
from trunkline.calls.projection import FINAL_STATUSES
from trunkline.calls.rendering import answer_json
from trunkline.calls.schemas import ControlBody, EndBody, TransferBody, command_of, control_body
from trunkline.calls.store import KnownCall
from trunkline.calls.tables import CommandRow
from trunkline.calls.verbs import FINAL, Command, Status, Verb
from trunkline.calls.waiting import Watch, further, watching
from trunkline.config import Settings
from trunkline.errors import BadRequest, NotFound, NotInProgress, TooManyCommands, Unavailable
from trunkline.policy import dialing
from trunkline.storage.engine import AWAY, Database
from trunkline.web import idempotency
from trunkline.web.idempotency import Turns, Use

log = structlog.get_logger(__name__)

Wait = Literal["accepted", "started", "finished"]

MAX_QUEUED = 50
"""Commands that wait on one call. What does not wait, and the end of the call, are always let in."""
SEND_S = 2.0

REACHED: dict[Wait, frozenset[Status]] = {
    "accepted": frozenset(Status),
    "started": frozenset(Status) - {Status.ACCEPTED},
    "finished": FINAL,
}
"""With what status each wait is over."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One control request, as it came."""

    org_id: str
    key_id: str
    call_id: str
    raw: dict[str, Any]
    use: Use | None
    wait: Wait = "accepted"


@dataclass(slots=True)
class Steering:
    settings: Settings
    database: Database
    bus: Bus
    send_s: float = SEND_S
    turns: Turns = field(default_factory=Turns)

    async def call(self, org_id: str, call_id: str) -> KnownCall:
        """Raises NotFound."""
        async with self.database.reading() as session:
            call = await store.known_call(session, org_id, call_id)
        if call is None:
            raise NotFound("No call with this id")
        return call

    async def command(self, asked: Asked, call: KnownCall) -> dict[str, Any]:
        """The answer to a control request for a call just read. Raises a Problem if nothing was committed."""
        async with watching(self.bus, asked.call_id) if asked.wait != "accepted" else nullcontext(Watch()) as watch:
            async with self.turns.of(asked.use):
                row = await self._earlier(asked.use)
                repeated = row is not None
                if row is None:
                    row = await self._commit(asked, call)
                sent = await self._send(call, row)
                if sent is None and not repeated:
                    await self._withdraw_if_over(call, row, asked.use)
            return await self._answer(call, row, sent, watch, asked.wait)

    async def _earlier(self, use: Use | None) -> CommandRow | None:
        if use is None:
            return None
        async with self.database.reading() as session:
            command_id = await idempotency.earlier(session, use)
            return await store.get_command(session, use.org_id, command_id) if command_id is not None else None

    # ---- a new command -------------------------------------------------------------------

    async def _commit(self, asked: Asked, call: KnownCall) -> CommandRow:
        body = control_body(asked.raw)
        if isinstance(body, TransferBody):
            dialing.check(body.destination, dialing.Rules.of(self.settings))
        if not self.bus.connected:
            raise Unavailable("The bus is not available", retry_after=2)
        require_progress(await self._status(call), body)
        command = command_of(body, ids.new("cmd"))
        try:
            return await self._insert(asked, command)
        except IntegrityError:
            earlier = await self._earlier(asked.use)  # another process was faster with the same key
            if earlier is None:
                raise
            return earlier

    async def _status(self, call: KnownCall) -> str:
        """The call's status: from its row if that settles it, else from the journal, which is a moment ahead."""
        if call.status == "in-progress" or call.status in FINAL_STATUSES:
            return call.status
        try:
            return (await reading.now(self.bus, call)).status
        except BusAway as error:
            raise Unavailable("The bus is not available", retry_after=2) from error

    async def _insert(self, asked: Asked, command: Command) -> CommandRow:
        now = clock.wall()
        async with self.database.writing() as session:
            for field_name, other in _others(command):
                known = await store.get_command(session, asked.org_id, other)
                if known is None or known.call_id != asked.call_id:
                    detail = f"{field_name}: no command with this id on this call"
                    raise BadRequest("The request body is invalid", details=[detail])
            await store.take_turn(session, asked.call_id)
            queued, place = await store.queue_of(session, asked.call_id, clock.wall_ms())
            if queued >= MAX_QUEUED and command.speaks and command.verb is not Verb.END:
                raise TooManyCommands(f"{MAX_QUEUED} commands are queued on this call", retry_after=1)
            row = CommandRow(
                id=command.id,
                org_id=asked.org_id,
                call_id=asked.call_id,
                key_id=asked.key_id,
                sequence=place,
                command=command.to_json(),
                not_after_ms=clock.wall_ms() + command.ttl_ms,
                status=Status.ACCEPTED,
                receipt={},
                created_at=now,
                updated_at=now,
            )
            await store.insert_command(session, row)
            if asked.use is not None:
                await idempotency.remember(session, asked.use, row.id)
        return row

    # ---- to its owner --------------------------------------------------------------------

    async def _send(self, call: KnownCall, row: CommandRow) -> dict[str, Any] | None:
        """What the owner, or else the journal, says of the command now; None if neither knows of it."""
        if Status(row.status) in FINAL:
            return {**row.receipt, "status": row.status}
        if clock.wall_ms() >= row.not_after_ms:
            return await self._from_journal(call, row)
        message = {
            "ask": "command",
            "epoch": call.epoch or await self._epoch(call),
            "not_after_ms": row.not_after_ms,
            "command": row.command,
        }
        try:
            reply = messages.unpack(
                await self.bus.request(messages.owner(call.id), messages.pack(message), self.send_s)
            )
        except NoResponder:
            return await self._from_journal(call, row)
        except BusError as error:
            log.warning("command sent, no reply", call_id=call.id, command_id=row.id, error=repr(error))
            return None
        receipt: dict[str, Any] | None = reply.get("receipt")
        return receipt

    async def _epoch(self, call: KnownCall) -> int:
        """The call was claimed so lately that its row does not say by whom."""
        try:
            return (await reading.now(self.bus, call)).epoch
        except BusAway:
            return 0

    async def _from_journal(self, call: KnownCall, row: CommandRow) -> dict[str, Any] | None:
        try:
            return (await reading.now(self.bus, call)).receipt(row.id)
        except BusAway:
            return None

    async def _withdraw_if_over(self, call: KnownCall, row: CommandRow, use: Use | None) -> None:
        """A call that was over before the command could reach it: nothing is left behind. Raises NotInProgress."""
        try:
            now = await reading.now(self.bus, call)
        except BusAway:
            return
        if now.ended is None or now.receipt(row.id) is not None:
            return
        async with self.database.writing() as session:
            await store.delete_command(session, row.id)
            if use is not None:
                await idempotency.forget(session, use, row.id)
        raise not_in_progress(now.status)

    # ---- what became of it ---------------------------------------------------------------

    async def _answer(
        self, call: KnownCall, row: CommandRow, sent: dict[str, Any] | None, watch: Watch, wait: Wait
    ) -> dict[str, Any]:
        receipt = watch.latest(row.id, sent or {"status": Status.ACCEPTED})
        if Status(receipt["status"]) not in REACHED[wait]:
            receipt = await watch.until(row.id, receipt, REACHED[wait], lambda: self._stored(row))
        if watch.call_ended and Status(receipt["status"]) not in FINAL:
            receipt = further(receipt, await self._from_journal(call, row))
        zero = call.claimed_at or await self._zero(call)
        delivered = sent is not None or receipt["status"] != Status.ACCEPTED
        return answer_json(row.id, row.sequence, receipt, zero, delivered)

    async def _stored(self, row: CommandRow) -> dict[str, Any] | None:
        """What the command's row says: it also has the outcomes that nobody told."""
        try:
            async with self.database.reading() as session:
                now = await store.get_command(session, row.org_id, row.id)
        except AWAY:
            return None
        return None if now is None else {**now.receipt, "status": now.status}

    async def _zero(self, call: KnownCall) -> datetime | None:
        """The call was claimed so lately that its row does not say when."""
        try:
            return (await reading.now(self.bus, call)).zero
        except BusAway:
            return None


def require_progress(status: str, body: ControlBody) -> None:
    """Raises NotInProgress. A call that is not answered yet can only be cancelled, without a word."""
    cancels = isinstance(body, EndBody) and not body.message and status in ("dialing", "ringing")
    if status != "in-progress" and not cancels:
        raise not_in_progress(status)


def not_in_progress(status: str) -> NotInProgress:
    return NotInProgress(f"The call is not in progress: its status is {status}", details=[f"status: {status}"])


def _others(command: Command) -> list[tuple[str, str]]:
    """The commands that this one names, by field."""
    named = [("after", command.after)] if command.after is not None else []
    if command.verb == "cancel":
        named.append(("command_id", command.target))
    return [(name, id) for name, id in named if id is not None]
