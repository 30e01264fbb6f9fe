"""Placing calls over HTTP: what is made, what is refused, and what happens when nobody or somebody else has the call."""

from __future__ import annotations

import asyncio

import httpx
import pytest
from api_world import ECHO, PLACE, SANDBOX, World, in_world
from sqlalchemy import update

from trunkline.api.server import build
from trunkline.bus import messages
from trunkline.bus.port import BusError
from trunkline.calls.tables import CallRow
from trunkline.organizations.tables import Organization
from trunkline.web.tables import IdempotencyRow


@in_world()
async def test_a_transient_call_is_placed_and_answered_with_201(world: World) -> None:
    answer = await world.place()
    body = answer.json()
    assert answer.status_code == 201
    assert body["success"] is True
    assert body["status"] == "dialing"
    assert body["call_id"] == body["call"]["id"] == world.worker.asked[0]["call_id"]
    assert body["number"] == {"id": None, "phone_number": "+15005550000", "chosen_by": "sandbox"}
    assert body["warnings"] == []
    assert body["call"]["messages"] == []
    assert body["call"]["sandbox"] == {"heard": [], "said": []}


@in_world()
async def test_both_urls_are_one_operation_and_a_key_means_the_same_on_either(world: World) -> None:
    first = await world.place(**{"Idempotency-Key": "k"})
    second = await world.client.post("/calls/outbound", json=PLACE, headers={"Idempotency-Key": "k"})
    assert second.status_code == 201
    assert first.json()["call_id"] == second.json()["call_id"]
    assert len(world.worker.asked) == 1


@in_world()
async def test_without_credit_it_is_402_and_nothing_is_kept(world: World) -> None:
    async with world.database.writing() as session:
        await session.execute(update(Organization).values(minutes_balance=0.0))
    answer = await world.place(**{"Idempotency-Key": "k"})
    assert (answer.status_code, answer.json()["code"]) == (402, "insufficient_credits")
    assert not await world.rows(CallRow)
    async with world.database.writing() as session:
        await session.execute(update(Organization).values(minutes_balance=0.5))
    assert (await world.place(**{"Idempotency-Key": "k"})).status_code == 201


BAD: list[tuple[dict[str, object], int, str, str]] = [
    ({"assistant_id": "x"}, 400, "invalid_request", "assistant: cannot be combined with assistant_id"),
    ({"assistant_override": {}}, 400, "invalid_request", "assistant: cannot be combined with assistant_override"),
    ({"assistant": None}, 400, "invalid_request", "assistant: this or assistant_id is required"),
    ({"assistant": None, "assistant_id": "nobody"}, 404, "not_found", "assistant_id: not found"),
    ({"destination": None}, 400, "invalid_request", "destination: "),
    (
        {"destination": "15005550001"},
        400,
        "invalid_request",
        "destination: must be E.164 with a leading +, such as +31201234567",
    ),
    ({"destination": "+1"}, 400, "invalid_request", "destination: "),
    ({"destination": "+310000000000000000"}, 400, "invalid_request", "destination: "),
    ({"destination": "+19005551234"}, 403, "policy_blocked", "destination: premium_rate"),
    ({"destination": "+112"}, 403, "policy_blocked", "destination: emergency"),
    ({"destination": "+870773111632"}, 403, "policy_blocked", "destination: satellite"),
    ({"destination": "sip:ann@example.com"}, 403, "policy_blocked", "destination: sip_targets"),
    ({"destination": "+31201234567"}, 409, "no_available_number", "number_id: "),
    ({"number_id": "nothing"}, 404, "not_found", "number_id: not found"),
    ({"ring_timeout_seconds": 4}, 400, "invalid_request", "ring_timeout_seconds: "),
    ({"ring_timeout_seconds": "45"}, 400, "invalid_request", "ring_timeout_seconds: "),
    ({"colour": "red"}, 400, "invalid_request", "colour: unknown field"),
    ({"metadata": {"x": "y" * 17_000}}, 400, "invalid_request", "metadata: must not be larger"),
    ({"variables": {"x": 1}}, 400, "invalid_request", "variables.x: "),
    ({"variables": {"x": "y" * 1001}}, 400, "invalid_request", "variables.x: "),
    ({"variables": {str(n): "" for n in range(101)}}, 400, "invalid_request", "variables: "),
    ({"variables": {"x" * 65: ""}}, 400, "invalid_request", "variables."),
    ({"variables": {"": ""}}, 400, "invalid_request", "variables."),
    ({"ring_timeout_seconds": 181}, 400, "invalid_request", "ring_timeout_seconds: "),
    ({"first_message": "x" * 5001}, 400, "invalid_request", "first_message: "),
    ({"first_message": "Hi {{who}}"}, 400, "invalid_request", "variables: no value for {{who}}"),
    ({"assistant": {}}, 400, "invalid_request", "assistant.llm_config: is required"),
    ({"assistant": {"llm_config": SANDBOX["llm_config"]}}, 400, "invalid_request", "assistant.stt_config: is required"),
    ({"assistant": {**SANDBOX, "gdpr_mode": True}}, 400, "invalid_request", "assistant.gdpr_mode: "),
    (
        {"assistant": {**SANDBOX, "tts_config": {"provider": "elevenlabs", "voice_id": "x"}}},
        400,
        "provider_unavailable",
        "assistant.tts_config.provider: elevenlabs",
    ),
    (
        {"assistant": {**SANDBOX, "stt_config": {"provider": "nobody"}}},
        400,
        "invalid_request",
        "assistant.stt_config.provider: unknown provider; known: sandbox, deepgram",
    ),
    (
        {"assistant": {**SANDBOX, "llm_config": {**SANDBOX["llm_config"], "temperature": 3}}},
        400,
        "invalid_request",
        "assistant.llm_config.temperature: ",
    ),
]


@pytest.mark.parametrize(("change", "status", "code", "detail"), BAD)
def test_a_bad_request_is_refused_with_the_field_named_and_nothing_changed(tmp_path, change, status, code, detail):  # type: ignore[no-untyped-def]
    @in_world()
    async def story(world: World) -> None:
        body = {name: value for name, value in {**PLACE, **change}.items() if value is not None}
        answer = await world.place(body, **{"Idempotency-Key": "k"})
        problem = answer.json()
        assert (answer.status_code, problem["code"]) == (status, code), problem
        assert problem["error"] and problem["message"]
        assert any(d.startswith(detail) for d in problem["details"]), problem["details"]
        assert not await world.rows(CallRow)
        assert not await world.rows(IdempotencyRow)
        assert not world.worker.asked

    story(tmp_path)


@in_world(allow_sip=True, sip_from="sip:us@here.example", allowed_prefixes=["+31"])
async def test_settings_open_sip_targets_and_narrow_numbers(world: World) -> None:
    placed = await world.place({**PLACE, "destination": "sip:ann@example.com:5070"})
    assert placed.json()["number"]["phone_number"] == "sip:us@here.example"
    assert (await world.place({**PLACE, "destination": "sip:ann@exa mple"})).status_code == 400
    assert (await world.place({**PLACE, "destination": "+4930123456"})).json()["code"] == "policy_blocked"
    assert (await world.place()).status_code == 201


@in_world()
async def test_the_same_key_with_another_body_is_409_and_with_the_same_json_the_same_call(world: World) -> None:
    first = await world.place(**{"Idempotency-Key": "k"})
    reordered = {"assistant": SANDBOX, "destination": ECHO}
    assert (await world.place(reordered, **{"Idempotency-Key": "k"})).json()["call_id"] == first.json()["call_id"]
    other = await world.place({**PLACE, "ring_timeout_seconds": 50}, **{"Idempotency-Key": "k"})
    assert (other.status_code, other.json()["code"]) == (409, "idempotency_key_reused")
    assert len(world.worker.asked) == 1
    assert (await world.place(**{"Idempotency-Key": "ü".encode()})).status_code == 400
    assert (await world.place(**{"Idempotency-Key": "x" * 256})).status_code == 400


@in_world()
async def test_five_requests_at_once_with_one_key_are_one_call(world: World) -> None:
    answers = await asyncio.gather(*(world.place(**{"Idempotency-Key": "k"}) for _ in range(5)))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json()["call_id"] for answer in answers}) == 1
    assert len(await world.rows(CallRow)) == 1


@in_world()
async def test_no_free_worker_is_503_and_nobody_can_claim_the_call_later(world: World) -> None:
    world.worker.free = False
    answer = await world.place(**{"Idempotency-Key": "k"})
    assert (answer.status_code, answer.json()["code"]) == (503, "no_capacity")
    assert answer.headers["Retry-After"] == "5"
    assert len(world.worker.asked) == 3
    journal = [entry.payload for entry in world.bus.exchange.entries]
    assert len(journal) == 1 and b'"no_capacity"' in journal[0]
    world.worker.free = True
    again = await world.place(**{"Idempotency-Key": "k"})
    assert again.status_code == 201
    assert again.json()["call_id"] != world.worker.asked[0]["call_id"]


@in_world()
async def test_a_call_that_nobody_has_claimed_is_dispatched_again_under_the_same_id(world: World) -> None:
    async def cuts_the_line(payload: bytes) -> None:
        world.bus.away(True)

    await world.worker.subscriptions["place"].stop()
    cutting = await world.worker.bus.subscribe(messages.PLACE, cuts_the_line, messages.PLACE_QUEUE)
    assert (await world.place(**{"Idempotency-Key": "k"})).status_code == 503
    await cutting.stop()
    world.bus.away(False)
    rows = await world.rows(CallRow)
    assert len(rows) == 1
    await world.worker.start()
    again = await world.place(**{"Idempotency-Key": "k"})
    assert (again.status_code, again.json()["call_id"]) == (201, rows[0].id)


@in_world()
async def test_a_bus_that_takes_no_entries_is_503_and_a_repeat_finds_the_call(world: World) -> None:
    async def full(*_: object) -> int:
        raise BusError("no space left")

    world.worker.free, taken = False, world.bus.append
    world.bus.append = full  # type: ignore[method-assign, assignment]
    assert (await world.place(**{"Idempotency-Key": "k"})).status_code == 503
    world.bus.append, world.worker.free = taken, True  # type: ignore[method-assign]
    again = await world.place(**{"Idempotency-Key": "k"})
    assert (again.status_code, again.json()["call_id"]) == (201, (await world.rows(CallRow))[0].id)


@in_world()
async def test_a_worker_that_claims_and_whose_reply_is_lost_has_the_call(world: World) -> None:
    async def claims_and_is_not_heard(payload: bytes) -> None:
        plan = messages.unpack(payload)["plan"]
        if plan["call_id"] not in world.worker.lives:
            await world.worker.claim(plan)
        world.bus.away(True)
        world.bus.away(False)

    await world.worker.subscriptions["place"].stop()
    await world.worker.bus.subscribe(messages.PLACE, claims_and_is_not_heard, messages.PLACE_QUEUE)
    answer = await world.place()
    assert answer.status_code == 201
    assert answer.json()["call_id"] in world.worker.lives


@in_world()
async def test_a_repeat_after_the_api_was_killed_before_it_asked_a_worker_is_the_same_call(world: World) -> None:
    """Killed: the request stops where it is, and another process answers the repeat."""
    asked = asyncio.Event()

    async def is_asked_as_the_api_dies(payload: bytes) -> None:
        asked.set()

    await world.worker.subscriptions["place"].stop()
    dying = await world.worker.bus.subscribe(messages.PLACE, is_asked_as_the_api_dies, messages.PLACE_QUEUE)
    body = {**PLACE, "assistant": {**SANDBOX, "voicemail_message": "Call back."}}
    first = asyncio.get_running_loop().create_task(world.place(body, **{"Idempotency-Key": "k"}))
    await asked.wait()
    first.cancel()
    await asyncio.wait([first])
    await dying.stop()
    await world.worker.start()
    (row,) = await world.rows(CallRow)
    assert row.worker is None

    transport = httpx.ASGITransport(build(world.settings, world.database, world.bus))
    headers = {**world.client.headers, "Idempotency-Key": "k"}
    async with httpx.AsyncClient(transport=transport, base_url=world.client.base_url, headers=headers) as restarted:
        again = await restarted.post("/calls/outbound", json=body)
        assert (again.status_code, again.json()["call_id"], again.json()["status"]) == (201, row.id, "dialing")
        assert row.id in world.worker.lives
        await world.worker.answer(row.id)
        await world.worker.write(row.id, "caller.said", text="Yes?", turn=1)
        later = (await restarted.post("/calls", json=body)).json()
    assert (later["call_id"], later["status"], later["call"]["status"]) == (row.id, "in-progress", "in-progress")
    assert later["call"]["messages"] == [{"role": "user", "content": "Yes?"}]
    assert len(await world.rows(CallRow)) == 1


@in_world()
async def test_a_repeat_carries_the_same_number_and_warnings(world: World) -> None:
    body = {**PLACE, "assistant": {**SANDBOX, "voicemail_message": "Call back."}}
    first = (await world.place(body, **{"Idempotency-Key": "k"})).json()
    await world.worker.end(first["call_id"])
    again = (await world.place(body, **{"Idempotency-Key": "k"})).json()
    assert again["number"] == first["number"] == {"id": None, "phone_number": "+15005550000", "chosen_by": "sandbox"}
    assert again["warnings"] == first["warnings"] == ["assistant.voicemail_message: has no effect yet"]
    assert (again["call_id"], again["status"]) == (first["call_id"], "ended")
    old = {"destination": ECHO, "agent": body["assistant"]}
    assert (await world.place(old, **{"Idempotency-Key": "k"})).json()["call_id"] == first["call_id"]


@in_world()
async def test_without_a_bus_nothing_is_committed(world: World) -> None:
    world.bus.away(True)
    answer = await world.place()
    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
    assert not await world.rows(CallRow)
