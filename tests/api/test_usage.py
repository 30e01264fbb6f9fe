"""Usage: from the ending of a call to its line, its minutes taken from a balance, and what a used-up balance refuses."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest
from api_world import ECHO, PLACE, SANDBOX, World, in_world
from calls_rows import running, until
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from trunkline import clock
from trunkline.calls.events import Event
from trunkline.calls.recorder import record
from trunkline.calls.tables import CallRow
from trunkline.organizations.tables import Organization
from trunkline.usage.store import charge, minutes_since
from trunkline.usage.tables import UsageRow

Headers = dict[str, str]


def ending(seconds: float = 63.0, **data: Any) -> list[Event]:
    whole = {
        "status": "ended", "end_reason": "user_hangup", "error": None, "answered_ms": 20, "whose": "caller",
        "duration_ms": round(seconds * 1000), **data,
    }  # fmt: skip
    return [Event(3, 20 + round(seconds * 1000), "ended", whole)]


async def a_child(world: World, name: str = "Child") -> tuple[str, Headers]:
    made = (await world.client.post("/organizations", json={"name": name})).json()
    return made["id"], {"Authorization": f"Bearer {made['api_key']}"}


async def placed(world: World, headers: Headers | None = None) -> str:
    answer = await world.client.post("/calls", json=PLACE, headers=headers)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["call_id"])


async def billed(world: World, seconds: float = 63.0, headers: Headers | None = None, **columns: Any) -> str:
    """A call as it is when its ending has been charged. `columns`: what its row shall hold."""
    call_id = await placed(world, headers)
    async with world.database.writing() as session:
        if columns:
            await session.execute(update(CallRow).where(CallRow.id == call_id).values(columns))
        await charge(session, {call_id: ending(seconds)})
    return call_id


async def usage(world: World, query: str = "", headers: Headers | None = None) -> dict[str, Any]:
    answer = await world.client.get(f"/usage{query}", headers=headers)
    assert answer.status_code == 200, answer.text
    shown: dict[str, Any] = answer.json()
    return shown


async def has_balance(world: World, org_id: str, minutes: float | None) -> None:
    async with world.database.writing() as session:
        change = update(Organization).where(Organization.id == org_id).values(minutes_balance=minutes)
        await session.execute(change)


async def balance(world: World, org_id: str) -> float | None:
    async with world.database.reading() as session:
        row = await session.get(Organization, org_id)
        assert row is not None
        return row.minutes_balance


# ---- from the journal ----------------------------------------------------------------------------


@asynccontextmanager
async def recorder(world: World) -> AsyncIterator[None]:
    """The recorder makes rows of the journals, as in the api process, and the scripted worker does not."""
    world.worker.projecting = False
    async with running(record(world.bus, world.database, charge)):
        yield


async def ended(world: World, call_id: str) -> None:
    async def over() -> bool:
        return (await world.client.get(f"/calls/{call_id}")).json()["end_reason"] is not None

    await until(over)


@in_world()
async def test_a_call_that_ends_becomes_a_line_in_the_transaction_that_records_its_ending(world: World) -> None:
    await has_balance(world, world.org_id, 10)
    saved = await world.client.post("/assistants", json={"name": "Anna", "business_name": "Brightsmile", **SANDBOX})
    assistant_id = saved.json()["assistant"]["id"]
    async with recorder(world):
        call_id = (await world.place({"destination": ECHO, "assistant_id": assistant_id})).json()["call_id"]
        await world.worker.answer(call_id)
        assert (await usage(world))["logs"] == []
        await world.worker.end(call_id)
        await ended(world, call_id)
        shown = await usage(world)
    call = (await world.client.get(f"/calls/{call_id}")).json()
    assert shown == {
        "logs": [
            {
                "id": call_id, "duration_sec": 2, "call_type": "phone", "phone_number": ECHO,
                "agent_name": "Anna", "assistant_name": "Anna", "business_name": "Brightsmile",
                "created_at": call["created_at"], "org_id": world.org_id,
            }
        ],
        "pagination": {"total": 1, "limit": 100, "offset": 0},
        "summary": {"total_calls": 1, "total_duration_seconds": 2, "total_duration_minutes": 0.03},
    }  # fmt: skip
    assert await balance(world, world.org_id) == pytest.approx(10 - 1.5 / 60)


@in_world()
async def test_calls_nobody_answered_and_those_the_platform_lost_are_not_billed(world: World) -> None:
    await has_balance(world, world.org_id, 10)
    async with recorder(world):
        unanswered, lost = await placed(world), await placed(world)
        outcome = {"error": None, "duration_ms": 0, "answered_ms": None}
        await world.worker.write(unanswered, "ended", status="failed", end_reason="busy", **outcome)
        await world.worker.answer(lost)
        await world.worker.end(lost, status="ended-with-error", reason="worker_lost")
        for call_id in (unanswered, lost):
            await ended(world, call_id)
    assert await world.rows(UsageRow) == []
    assert await balance(world, world.org_id) == 10


@in_world()
async def test_an_ending_that_makes_no_sense_holds_up_no_recorder(world: World) -> None:
    async with recorder(world):
        odd, sound = await placed(world), await placed(world)
        await world.worker.write(odd, "ended", status="ended", end_reason="gone fishing", duration_ms="long")
        await world.worker.answer(sound)
        await world.worker.end(sound)
        await ended(world, sound)
    assert [row.call_id for row in await world.rows(UsageRow)] == [sound]


@in_world()
async def test_a_transaction_that_fails_bills_nothing_and_the_next_one_bills_once(world: World) -> None:
    await has_balance(world, world.org_id, 10)
    tried = []

    async def once_in_vain(session: AsyncSession, told: Mapping[str, Sequence[Event]]) -> None:
        await charge(session, told)
        if any(event.kind == "ended" for events in told.values() for event in events):
            tried.append(told)
            if len(tried) == 1:
                raise RuntimeError("the process dies here")

    world.worker.projecting = False
    async with running(record(world.bus, world.database, once_in_vain)):
        call_id = await world.live_call()
        await world.worker.end(call_id)
        await ended(world, call_id)
    assert len(tried) == 2
    assert [row.call_id for row in await world.rows(UsageRow)] == [call_id]
    assert await balance(world, world.org_id) == pytest.approx(10 - 1.5 / 60)


# ---- charging ------------------------------------------------------------------------------------


@in_world()
async def test_an_ending_charged_twice_is_billed_once(world: World) -> None:
    await has_balance(world, world.org_id, 10)
    call_id = await billed(world, 60)
    async with world.database.writing() as session:
        await charge(session, {call_id: ending(60), "call_unknown": ending(60)})
        await charge(session, {call_id: []})
    assert len(await world.rows(UsageRow)) == 1
    assert await balance(world, world.org_id) == 9


@in_world()
async def test_transactions_that_bill_the_same_payers_in_another_order_wait_for_each_other_and_end(
    world: World,
) -> None:
    payers = [await world.stranger() for _ in range(20)]
    for headers in payers:
        await has_balance(world, (await world.client.get("/organizations", headers=headers)).json()["id"], 100)

    async def bill(call_ids: list[str]) -> None:
        async with world.database.writing() as session:
            await charge(session, {call_id: ending(60) for call_id in call_ids})

    for _ in range(3):
        batches = [[await placed(world, headers) for headers in order] for order in (payers, payers[::-1]) * 2]
        await asyncio.gather(*map(bill, batches))
    left = [(await world.client.get("/organizations", headers=headers)).json()["minutes_balance"] for headers in payers]
    assert left == [88] * len(payers)


@in_world()
async def test_a_child_bills_to_its_parent(world: World) -> None:
    child, childs = await a_child(world)
    await has_balance(world, world.org_id, 10)
    await has_balance(world, child, 5)
    call_id = await billed(world, 90, childs)
    (row,) = await world.rows(UsageRow)
    assert (row.call_id, row.org_id, row.payer_org_id) == (call_id, child, world.org_id)
    assert (await balance(world, world.org_id), await balance(world, child)) == (8.5, 5)


@in_world()
async def test_no_balance_is_no_limit_and_a_balance_may_fall_below_zero(world: World) -> None:
    await billed(world, 600)
    assert await balance(world, world.org_id) is None
    await has_balance(world, world.org_id, 1)
    await billed(world, 90)
    assert await balance(world, world.org_id) == -0.5


@in_world()
async def test_the_persons_number_is_shown_whoever_called_and_none_on_web_calls(world: World) -> None:
    for direction in ("inbound", "web"):
        await billed(world, direction=direction, destination="+31201234567", caller_id="+31612345678")
    web, inbound = (await usage(world))["logs"]
    assert (inbound["call_type"], inbound["phone_number"]) == ("phone", "+31612345678")
    assert (web["call_type"], web["phone_number"]) == ("web", None)
    assert (web["agent_name"], web["business_name"]) == (None, None)


# ---- credit --------------------------------------------------------------------------------------


def refused(answer: httpx.Response) -> str:
    body = answer.json()
    assert (answer.status_code, body["code"]) == (402, "insufficient_credits")
    return str(body["message"])


@in_world()
async def test_with_a_used_up_balance_no_call_is_placed(world: World) -> None:
    for minutes in (0, -0.5):
        await has_balance(world, world.org_id, minutes)
        assert refused(await world.place()) == "The balance of this organization is used up"
    assert world.worker.asked == []
    assert await world.rows(CallRow) == []
    for enough in (0.01, None):
        await has_balance(world, world.org_id, enough)
        assert (await world.place()).status_code == 201


@in_world()
async def test_a_childs_calls_need_its_parents_balance_and_not_its_own(world: World) -> None:
    child, childs = await a_child(world)
    await has_balance(world, child, 0)
    assert (await world.place(PLACE, **childs)).status_code == 201
    await has_balance(world, world.org_id, 0)
    await has_balance(world, child, 100)
    says = "The balance of the parent organization, which pays for this one's calls, is used up"
    assert refused(await world.place(PLACE, **childs)) == says


# ---- reading -------------------------------------------------------------------------------------


@in_world()
async def test_the_summary_is_of_the_whole_and_the_page_of_the_newest(world: World) -> None:
    now = clock.wall()
    made = [await billed(world, 60.4, created_at=now - timedelta(minutes=n)) for n in range(5)]
    await billed(world, 500, await world.stranger())
    whole = await usage(world)
    assert [line["id"] for line in whole["logs"]] == made
    assert {line["duration_sec"] for line in whole["logs"]} == {60}
    summary = {"total_calls": 5, "total_duration_seconds": 302, "total_duration_minutes": 5.03}
    assert whole["summary"] == summary
    page = await usage(world, "?limit=2&offset=1")
    assert [line["id"] for line in page["logs"]] == made[1:3]
    assert (page["pagination"], page["summary"]) == ({"total": 5, "limit": 2, "offset": 1}, summary)


@in_world()
async def test_dates_are_inclusive_and_choose_what_is_listed_and_summed(world: World) -> None:
    noon = datetime.fromisoformat("2026-01-05T12:00:00.000Z")
    early, mid, late = [await billed(world, 60, created_at=noon + timedelta(hours=n)) for n in range(3)]
    for query, expected in [
        ("?start_date=2026-01-05T13:00:00.000Z", [late, mid]),
        ("?end_date=2026-01-05T13:00:00", [mid, early]),
        ("?start_date=2026-01-05T14:30:00%2B01:00&end_date=2026-01-05T14:00:00Z", [late]),
        ("?start_date=2026-01-05T12:00:00.001Z&end_date=2026-01-05T12:30:00Z", []),
        ("?start_date=2026-01-06&end_date=2026-01-01", []),
    ]:
        shown = await usage(world, query)
        assert [line["id"] for line in shown["logs"]] == expected
        assert shown["summary"]["total_calls"] == shown["pagination"]["total"] == len(expected)


@in_world()
async def test_nothing_used_sums_to_nothing(world: World) -> None:
    nothing = {"total_calls": 0, "total_duration_seconds": 0, "total_duration_minutes": 0}
    assert (await usage(world))["summary"] == nothing


@in_world()
async def test_a_bad_parameter_is_named(world: World) -> None:
    for query, name in [
        ("start_date=yesterday", "start_date"), ("end_date=2026-13-01", "end_date"), ("limit=0", "limit"),
        ("end_date=9999-12-31T23:59:59-02:00", "end_date"), ("start_date=0001-01-01T00:00:00%2B02:00", "start_date"),
        ("offset=-1", "offset"), ("include_children=perhaps", "include_children"),
    ]:  # fmt: skip
        answer = await world.client.get(f"/usage?{query}")
        assert (answer.status_code, answer.json()["code"]) == (400, "invalid_request")
        assert [line.partition(":")[0] for line in answer.json()["details"]] == [name]


@in_world()
async def test_a_parent_reads_its_childrens_lines_if_it_asks_and_a_child_its_own_alone(world: World) -> None:
    child, childs = await a_child(world)
    sibling, siblings = await a_child(world, "Sibling")
    now = clock.wall()
    own = await billed(world, 60, created_at=now)
    of_child = await billed(world, 120, childs, created_at=now - timedelta(minutes=1))
    of_sibling = await billed(world, 180, siblings, created_at=now - timedelta(minutes=2))

    async def seen(query: str = "", headers: Headers | None = None) -> tuple[list[tuple[str, str]], float]:
        shown = await usage(world, query, headers)
        return [(line["id"], line["org_id"]) for line in shown["logs"]], shown["summary"]["total_duration_minutes"]

    assert await seen() == ([(own, world.org_id)], 1)
    assert await seen("?include_children=true") == ([(own, world.org_id), (of_child, child), (of_sibling, sibling)], 6)
    for query in ("", "?include_children=true"):
        assert await seen(query, childs) == ([(of_child, child)], 2)
        assert await seen(query, await world.stranger()) == ([], 0)
    async with world.database.reading() as session:
        assert await minutes_since(session, world.org_id, now - timedelta(minutes=1)) == 3
        assert await minutes_since(session, child, now - timedelta(days=1)) == 0


@in_world()
async def test_every_key_may_read_usage_and_nobody_else(world: World) -> None:
    for scope in ("read", "control", "calls", "full"):
        assert (await world.client.get("/usage", headers=await world.key_with(scope))).status_code == 200
    assert (await world.client.get("/usage", headers={"Authorization": ""})).status_code == 401
