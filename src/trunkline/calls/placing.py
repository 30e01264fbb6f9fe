"""Placing a call: everything is validated and committed before anybody's telephone can ring, then a worker is asked.

The row and its idempotency key are one transaction. Whoever appends first to the call's journal decides what became of it:
a worker that claims it, or this module saying that nobody had room. So a call is never both dialed and reported as failed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum, auto
from typing import Any, Protocol

import orjson
import structlog
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from trunkline import clock, ids
from trunkline.bus import messages
from trunkline.bus.port import Bus, BusAway, BusError, Moved, NoReply, NoResponder
from trunkline.calls import placeholders, store
from trunkline.calls.closing import unclaimed_events
from trunkline.calls.journal import append_for_owner, events_of
from trunkline.calls.plan import Plan
from trunkline.calls.schemas import MAX_METADATA_BYTES, PlaceBody
from trunkline.calls.tables import CallRow
from trunkline.config import Settings
from trunkline.errors import BadRequest, NoCapacity, TooLarge, Unavailable
from trunkline.policy import dialing
from trunkline.storage.engine import Database
from trunkline.web import idempotency
from trunkline.web.body import MAX_DETAILS, validated
from trunkline.web.idempotency import Turns, Use, use_of

log = structlog.get_logger(__name__)

ROUTE = "POST /calls"
"""Both URLs are one operation, and a key means the same on either."""

ASKS = 3
ASK_S = 2.0
PAUSE_S = 0.1
RETRY_AFTER_S = 5


class Resolved(Protocol):
    """An assistant as this call will use it."""

    @property
    def config(self) -> Mapping[str, Any]: ...
    @property
    def warnings(self) -> list[str]: ...


class Resolve(Protocol):
    """Finds, merges and checks the assistant of a call. Raises BadRequest, NotFound, ProviderUnavailable."""

    def __call__(
        self,
        session: AsyncSession,
        org_id: str,
        *,
        assistant_id: str | None,
        assistant: dict[str, Any] | None,
        override: dict[str, Any] | None,
    ) -> Awaitable[Resolved]: ...


class Chosen(Protocol):
    """The number to call from."""

    @property
    def number_id(self) -> str | None: ...
    @property
    def phone_number(self) -> str: ...
    @property
    def chosen_by(self) -> str:
        """`request`, `local_presence`, `least_recently_used`, `sandbox` or `setting`."""


class Pool(Protocol):
    """The organization's numbers."""

    async def choose(self, session: AsyncSession, org_id: str, destination: str, number_id: str | None) -> Chosen:
        """Raises NotFound, Conflict, NoAvailableNumber."""

    async def used(self, session: AsyncSession, number_id: str, at: datetime) -> None:
        """It is called from, in this transaction."""


Credit = Callable[[AsyncSession, str], Awaitable[None]]
"""(session, org_id): may it place a call? Raises PaymentRequired."""


class Outcome(Enum):
    TAKEN = auto()
    NOBODY = auto()
    UNKNOWN = auto()
    """Somebody may have it: the bus went away in the middle."""


@dataclass(slots=True)
class Placing:
    settings: Settings
    database: Database
    bus: Bus
    resolve: Resolve
    pool: Pool
    credit: Credit
    ask_s: float = ASK_S
    turns: Turns = field(default_factory=Turns)

    async def place(self, org_id: str, raw: dict[str, Any], key: str | None) -> CallRow:
        """Raises a Problem. When it returns, a worker has the call (or may have it, and will say so in its journal)."""
        body = validated(PlaceBody, raw)
        use = use_of(org_id, ROUTE, key, raw)
        async with self.turns.of(use):
            row = await self._earlier(use)
            if row is None:
                row = await self._commit(org_id, body, use)
            outcome = Outcome.TAKEN if row.worker else await self._dispatch(Plan.from_json(row.plan))
            await self._settle(outcome, row, use)
        return row

    async def _earlier(self, use: Use | None) -> CallRow | None:
        """The call that this request has placed before. One that never got a worker is no call: it is placed anew."""
        if use is None:
            return None
        async with self.database.reading() as session:
            call_id = await idempotency.earlier(session, use)
            row = await store.get_call(session, use.org_id, call_id) if call_id is not None else None
        if row is None or row.end_reason != "no_capacity":
            return row
        async with self.database.writing() as session:
            await idempotency.forget(session, use, row.id)
        return None

    async def _commit(self, org_id: str, body: PlaceBody, use: Use | None) -> CallRow:
        if not self.bus.connected:
            raise Unavailable("The bus is not available", retry_after=RETRY_AFTER_S)
        dialing.check(body.destination, dialing.Rules.of(self.settings))
        async with self.database.reading() as session:
            await self.credit(session, org_id)
            number = await self._number(session, org_id, body)
            resolved = await self.resolve(
                session,
                org_id,
                assistant_id=body.assistant_id,
                assistant=body.assistant,
                override=body.assistant_override,
            )
        plan = self._plan(org_id, body, number.phone_number, resolved.config)
        if len(_asking(plan)) > messages.LARGEST:
            raise TooLarge(f"the call with its assistant, filled in, must not be larger than {messages.LARGEST} bytes")
        row = _row(plan, number, body.assistant_id, resolved.warnings)
        try:
            async with self.database.writing() as session:
                await store.insert_call(session, row)
                if number.number_id is not None:
                    await self.pool.used(session, number.number_id, row.created_at)
                if use is not None:
                    await idempotency.remember(session, use, row.id)
        except IntegrityError:
            earlier = await self._earlier(use)  # another process was faster with the same key
            if earlier is None:
                raise
            return earlier
        return row

    async def _number(self, session: AsyncSession, org_id: str, body: PlaceBody) -> Chosen:
        """Sandbox lines and `sip:` targets need no number of the organization's."""
        if body.number_id is None and dialing.is_sandbox(body.destination):
            return _Given(dialing.SANDBOX_CALLER, "sandbox")
        if body.number_id is None and dialing.is_sip(body.destination):
            return _Given(self.settings.sip_from, "setting")
        return await self.pool.choose(session, org_id, body.destination, body.number_id)

    def _plan(self, org_id: str, body: PlaceBody, caller_id: str, assistant: Mapping[str, Any]) -> Plan:
        """Raises BadRequest for what only shows once the assistant is known."""
        config = _filled(assistant, body)
        metadata = {**config.pop("metadata", {}), **body.metadata}
        if len(orjson.dumps(metadata)) > MAX_METADATA_BYTES:
            detail = f"metadata: must not be larger than {MAX_METADATA_BYTES} bytes together with the assistant's own"
            raise BadRequest("The request body is invalid", details=[detail])
        return Plan(
            call_id=ids.new("call"),
            org_id=org_id,
            destination=body.destination,
            caller_id=caller_id,
            assistant=config,
            ring_timeout_ms=body.ring_timeout_seconds * 1000,
            max_duration_ms=config["max_duration_seconds"] * 1000,
            first_message=placeholders.greeting(config),
            not_after_ms=clock.wall_ms() + round(self.settings.claim_seconds * 1000),
            metadata=metadata,
        )

    async def _dispatch(self, plan: Plan) -> Outcome:
        """Ask workers until one takes it. Asking twice is harmless: the first claim in the journal wins."""
        request = _asking(plan)
        for attempt in range(ASKS):
            try:
                reply = messages.unpack(await self.bus.request(messages.PLACE, request, self.ask_s))
            except BusAway:
                return Outcome.UNKNOWN
            except (NoResponder, NoReply):
                reply = {"taken": False, "why": "silent"}
            if reply["taken"]:
                return Outcome.TAKEN
            if reply["why"] in ("claimed", "late"):
                break
            if attempt + 1 < ASKS:
                await asyncio.sleep(PAUSE_S)
        return await self._give_up(plan)

    async def _give_up(self, plan: Plan) -> Outcome:
        """Close the call's journal before anybody opens it. If it is open already, somebody has the call."""
        try:
            return Outcome.NOBODY if await self._close(plan) else Outcome.TAKEN
        except BusError:
            return Outcome.UNKNOWN

    async def _close(self, plan: Plan) -> bool:
        """Is the journal closed by us, now or by an earlier attempt? Raises BusError where that is not known."""
        log_name = messages.journal(plan.org_id, plan.call_id)
        ended = unclaimed_events(0, "no worker had a free slot")
        try:
            await append_for_owner(self.bus, log_name, ended, 0, f"{plan.call_id}:no_capacity")
        except Moved:
            entries = await self.bus.read(log_name)
            return bool(entries) and events_of(entries[0])[0].kind == "ended"
        return True

    async def _settle(self, outcome: Outcome, row: CallRow, use: Use | None) -> None:
        match outcome:
            case Outcome.TAKEN:
                return
            case Outcome.NOBODY:
                if use is not None:
                    async with self.database.writing() as session:
                        await idempotency.forget(session, use, row.id)
                raise NoCapacity("No worker has a free slot now", retry_after=RETRY_AFTER_S)
            case Outcome.UNKNOWN:
                log.warning("placing is uncertain", call_id=row.id)
                raise Unavailable(
                    f"It is not known whether a worker has call {row.id}; a repeat with the same Idempotency-Key is safe",
                    retry_after=RETRY_AFTER_S,
                )


def _asking(plan: Plan) -> bytes:
    """What workers are asked with."""
    return messages.pack({"plan": plan.to_json()})


@dataclass(frozen=True, slots=True)
class _Given:
    """A number that is nobody's."""

    phone_number: str
    chosen_by: str
    number_id: None = None


def _filled(assistant: Mapping[str, Any], body: PlaceBody) -> dict[str, Any]:
    """The assistant's configuration with the call's own greeting, and its variables filled in. Raises BadRequest."""
    filling = placeholders.Filling(body.variables)
    if body.first_message is not None:
        assistant = placeholders.with_greeting(assistant, body.first_message)
    config = filling.config(assistant)
    if unknown := sorted(filling.unknown):
        details = [f"variables: no value for {{{{{name}}}}}" for name in unknown[:MAX_DETAILS]]
        raise BadRequest("The assistant's text has placeholders without a value", details=details)
    if filling.is_too_long:
        detail = f"variables: fill in more than {placeholders.LONGEST} characters"
        raise BadRequest("The request body is invalid", details=[detail])
    return config


def _row(plan: Plan, number: Chosen, assistant_id: str | None, warnings: list[str]) -> CallRow:
    now = clock.wall()
    return CallRow(
        id=plan.call_id,
        org_id=plan.org_id,
        direction="outbound",
        destination=plan.destination,
        caller_id=plan.caller_id,
        number_id=number.number_id,
        chosen_by=number.chosen_by,
        assistant_id=assistant_id,
        plan=plan.to_json(),
        assistant_name=plan.assistant.get("name"),
        business_name=plan.assistant.get("business_name"),
        meta=dict(plan.metadata),
        warnings=warnings,
        status="dialing",
        epoch=0,
        last_sequence=0,
        transfer={},
        created_at=now,
        updated_at=now,
    )
