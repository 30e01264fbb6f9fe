"""The routes of calls: each says who may, reads what was sent, lets a verb module do it, and renders.

Which URL leads where is in `api/routes.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Literal

from fastapi import Query, Request
from fastapi.responses import FileResponse
from sqlalchemy.ext.asyncio import AsyncSession

from trunkline import clock
from trunkline.bus import messages
from trunkline.bus.port import BusError
from trunkline.calls import rendering, schemas, store, tickets
from trunkline.calls.control import Asked, Steering, Wait
from trunkline.calls.events import Event
from trunkline.calls.placing import Placing
from trunkline.calls.projection import FINAL_STATUSES
from trunkline.calls.tables import CallRow, TicketRow
from trunkline.errors import BadRequest, Conflict, NotFound, RecordingNotReady
from trunkline.web import deprecation
from trunkline.web.answers import JsonAnswer, file_answer
from trunkline.web.body import read, validated
from trunkline.web.caller import Controller, Placer, Reader, bearer, database_of
from trunkline.web.idempotency import Key, use_of
from trunkline.web.limits import Window, enforce
from trunkline.web.moments import Moment
from trunkline.web.paging import Paged

STATE_S = 2.0
MOST_INCLUDED = 1_000
"""Commands that are shown within their call; the rest is in pages of their own."""

StatusFilter = Literal[
    "connecting",
    "dialing",
    "ringing",
    "in-progress",
    "ended",
    "ended-with-error",
    "transferred",
    "failed",
    "rejected",
    "insufficient-credits",
]
SPELLED = {"connecting": ["dialing", "ringing"]}
"""Statuses that the reference API has one word for and we have two."""

INCLUDABLE = ("assistant", "commands")
"""What a call is shown with if asked for."""


async def place_call(request: Request, caller: Placer, key: Key = None) -> dict[str, Any]:
    """Place an outbound call. A repeat with the same `Idempotency-Key` is answered with the call as it is by then."""
    raw = await read(request)
    body, deprecated = deprecation.renamed(raw, schemas.RENAMED)
    if deprecated:
        await deprecation.mark(request)
    placing: Placing = request.app.state.placing
    row = await placing.place(caller.org_id, body, key)
    spoken: Sequence[Event] = ()
    if row.last_sequence:  # it was placed before, and has gone on since
        async with database_of(request).reading() as session:
            spoken = (await store.spoken_in(session, [row])).get(row.id, ())
    return {
        "success": True,
        "call_id": row.id,
        "status": row.status,
        "call": rendering.call_json(row, spoken, _base_url(request)),
        "number": {"id": row.number_id, "phone_number": row.caller_id, "chosen_by": row.chosen_by},
        "warnings": row.warnings,
    }


async def list_calls(
    request: Request,
    caller: Reader,
    page: Paged,
    status: Annotated[StatusFilter | None, Query(description="`connecting`: those that are dialing or ringing")] = None,
    start_date: Moment | None = None,
    end_date: Moment | None = None,
) -> JsonAnswer:
    """The organization's calls, newest first."""
    async with database_of(request).reading() as session:
        rows, total = await store.list_calls(
            session,
            caller.org_id,
            statuses=SPELLED.get(status, [status]) if status is not None else [],
            start=start_date,
            end=end_date,
            limit=page.limit,
            offset=page.offset,
        )
        spoken = await store.spoken_in(session, rows)
    calls = [rendering.call_json(row, spoken.get(row.id, ()), _base_url(request)) for row in rows]
    return JsonAnswer({"calls": calls, "pagination": page.pagination(total)})


async def get_call(
    request: Request,
    caller: Reader,
    call_id: str,
    include: Annotated[
        str, Query(max_length=100, description="`commands`, `assistant`, or both with a comma between")
    ] = "",
) -> dict[str, Any]:
    """One call, with its transcript as heard. Its `assistant` is the configuration that was resolved when it was placed."""
    wanted = _included(include)
    async with database_of(request).reading() as session:
        row = _found(await store.get_call(session, caller.org_id, call_id))
        spoken = await store.spoken_in(session, [row])
        commands = (await store.list_commands(session, row.id, MOST_INCLUDED))[0] if "commands" in wanted else []
    call = rendering.call_json(row, spoken.get(row.id, ()), _base_url(request))
    if "commands" in wanted:
        call["commands"] = [rendering.command_json(c, c.receipt, row.claimed_at) for c in commands]
    if "assistant" in wanted:
        call["assistant"] = rendering.assistant_json(row.plan["assistant"])
    return call


async def get_events(
    request: Request,
    caller: Reader,
    call_id: str,
    after: Annotated[int, Query(ge=0, lt=2**31)] = 0,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> dict[str, Any]:
    """The call's journal behind `after`. `complete`: nothing will ever follow `last_sequence`."""
    async with database_of(request).reading() as session:
        row = _found(await store.get_call(session, caller.org_id, call_id))
        events = await store.events_after(session, row.id, after, limit)
    return {
        "events": [event.to_json() for event in events],
        "last_sequence": max(row.last_sequence, events[-1].sequence if events else 0),  # read a moment after the row
        "complete": row.status in FINAL_STATUSES,
    }


async def get_state(request: Request, caller: Reader, call_id: str) -> dict[str, Any]:
    """Who speaks, the turn, the queue, the transfer, as the call's owner has it now. `live`: was the owner there?"""
    async with database_of(request).reading() as session:
        row = _found(await store.get_call(session, caller.org_id, call_id))
    return await state_of(request.app.state.steering, row)


async def state_of(steering: Steering, row: CallRow) -> dict[str, Any]:
    known = {"call_id": row.id, "status": row.status, "last_sequence": row.last_sequence}
    if row.status in FINAL_STATUSES:
        return {**known, "live": False}
    try:
        reply = await steering.bus.request(messages.owner(row.id), messages.pack({"ask": "state"}), STATE_S)
    except BusError:
        return {**known, "live": False}
    return {**known, "live": True, **(messages.unpack(reply).get("state") or {})}


async def get_commands(request: Request, caller: Reader, page: Paged, call_id: str) -> dict[str, Any]:
    """The call's commands with their receipts, in the order they were accepted."""
    async with database_of(request).reading() as session:
        row = _found(await store.get_call(session, caller.org_id, call_id))
        commands, total = await store.list_commands(session, row.id, page.limit, page.offset)
    listed = [rendering.command_json(c, c.receipt, row.claimed_at) for c in commands]
    return {"commands": listed, "pagination": page.pagination(total)}


async def get_command(request: Request, caller: Reader, call_id: str, command_id: str) -> dict[str, Any]:
    """One command with its receipt."""
    async with database_of(request).reading() as session:
        row = _found(await store.get_call(session, caller.org_id, call_id))
        command = await store.get_command(session, caller.org_id, command_id)
    if command is None or command.call_id != row.id:
        raise NotFound("No command with this id on this call")
    return {"command": rendering.command_json(command, command.receipt, row.claimed_at)}


async def get_recording(request: Request, caller: Reader, call_id: str) -> FileResponse:
    """The recording: 16-bit 8 kHz WAV, left the line in, right the line out."""
    async with database_of(request).reading() as session:
        row = _found(await store.get_call(session, caller.org_id, call_id))
    if row.status not in FINAL_STATUSES:
        raise RecordingNotReady(f"The call is not over: its status is {row.status}")
    path = _inside(request.app.state.placing.settings.recordings, row.recording)
    if path is None:
        raise NotFound("This call has no recording")
    return file_answer(request, path, "audio/wav", f"{row.id}.wav")


async def control_call(
    request: Request, caller: Controller, call_id: str, wait: Wait = "accepted", key: Key = None
) -> dict[str, Any]:
    """Steer a call: make the assistant speak, know, hand over or say goodbye, and learn what was really heard."""
    steering: Steering = request.app.state.steering
    call = await steering.call(caller.org_id, call_id)
    _count_command(request, call_id)
    raw = await read(request)
    wanted = asked(caller.org_id, caller.key_id, call_id, raw, key, wait)
    return await steering.command(wanted, call)


def asked(
    org_id: str, key_id: str, call_id: str, raw: dict[str, Any], key: str | None, wait: Wait = "accepted"
) -> Asked:
    return Asked(org_id, key_id, call_id, raw, use_of(org_id, f"POST /calls/{call_id}/control", key, raw), wait)


def _count_command(request: Request, call_id: str) -> None:
    """Against the call's own limit, whose figures the answer's headers show."""
    per_call: Window = request.app.state.per_call
    now = clock.wall_ms() / 1000
    request.state.taken = per_call.take(call_id, now)
    enforce(request.state.taken, now, "commands for this call")


async def create_ticket(request: Request, caller: Controller, call_id: str, key: Key = None) -> dict[str, Any]:
    """Make a ticket for the call's live socket, for a browser that must not hold a key. Its text is not stored."""
    raw = await read(request)
    body = validated(schemas.TicketBody, raw)
    use = use_of(caller.org_id, f"POST /calls/{call_id}/tickets", key, raw)
    text = tickets.new(bearer(request), call_id, key)

    async def make(session: AsyncSession) -> str:
        call = await store.known_call(session, caller.org_id, call_id)
        if call is None:
            raise NotFound("No call with this id")
        row = TicketRow(
            hash=tickets.hash_of(text),
            org_id=caller.org_id,
            call_id=call.id,
            key_id=caller.key_id,
            scopes=sorted(set(body.scopes)),
            expires_at=clock.wall() + timedelta(seconds=body.ttl_seconds),
        )
        session.add(row)
        return row.hash

    made: str = await request.app.state.once.make(use, make)
    async with database_of(request).reading() as session:
        row = await tickets.good(session, made, clock.wall())
    if row is None or row.hash != tickets.hash_of(text):
        raise Conflict(
            "The ticket of this Idempotency-Key has expired, or was made with another API key: use a new one"
        )
    return {"ticket": text, "scopes": row.scopes, "expires_at": clock.iso(row.expires_at)}


def _included(names: str) -> frozenset[str]:
    """Raises BadRequest for a name that there is not."""
    wanted = frozenset(name.strip() for name in names.split(",")) - {""}
    if unknown := sorted(wanted - set(INCLUDABLE)):
        details = [f"include: unknown {name}; known: {', '.join(INCLUDABLE)}" for name in unknown]
        raise BadRequest("A parameter is invalid", details=details)
    return wanted


def _base_url(request: Request) -> str:
    return f"{str(request.base_url).rstrip('/')}/api/v1"


def _found(row: CallRow | None) -> CallRow:
    if row is None:
        raise NotFound("No call with this id")
    return row


def _inside(folder: Path, name: str | None) -> Path | None:
    """The file `name` in `folder`, if it is there and nowhere else."""
    if not name:
        return None
    path = (folder / name).resolve()
    return path if path.is_relative_to(folder.resolve()) and path.is_file() else None
