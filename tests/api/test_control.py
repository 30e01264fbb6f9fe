"""Control over HTTP: every verb and option, every refusal, idempotency, waiting, and the bus going away in the middle."""

from __future__ import annotations

import asyncio

import httpx
from api_world import World, in_world
from sqlalchemy import event

from trunkline.api.server import build
from trunkline.bus import messages
from trunkline.calls.tables import CommandRow
from trunkline.calls.verbs import Status
from trunkline.web.tables import IdempotencyRow

SAY = {"type": "say", "content": "Hi."}


@in_world()
async def test_the_references_four_bodies_are_answered_as_it_answers_and_with_more(world: World) -> None:
    call = await world.live_call()
    bodies = [
        {"type": "inject-context", "content": "x", "trigger_response": True},
        {"type": "say", "content": "x", "end_after": False},
        {"type": "transfer", "destination": "+15005550010", "message": "x"},
        {"type": "end-call", "message": "x"},
    ]
    for sequence, body in enumerate(bodies, 1):
        answer = await world.control(call, body)
        assert answer.status_code == 200
        told = answer.json()
        assert told["success"] is True
        assert told["message"] == "Command sent successfully"
        assert (told["status"], told["sequence"]) == ("heard", sequence)
        assert told["heard_text"] == "Hi."
        assert told["finished_at"].endswith("Z")
        assert told["command_id"] == world.worker.commanded[-1]["command"]["id"]
        assert world.worker.commanded[-1]["epoch"] == 7


async def sent(world: World, call: str, body: dict[str, object]) -> dict[str, object]:
    assert (await world.control(call, body)).status_code == 200
    command: dict[str, object] = world.worker.commanded[-1]["command"]
    return command


@in_world()
async def test_defaults_depend_on_the_verb(world: World) -> None:
    call = await world.live_call()
    say = await sent(world, call, {"type": "say", "content": "  Hi.  "})
    assert (say["text"], say["interruptible"], say["end_after"]) == ("Hi.", True, False)
    assert (say["interrupt"], say["over_caller"], say["ttl_ms"], say["after"]) == ("queue", "wait", 30_000, None)
    goodbye = await sent(world, call, {"type": "say", "content": "Bye.", "end_after": True})
    assert (goodbye["interruptible"], goodbye["on_interrupt"]) == (False, "proceed")
    assert (await sent(world, call, {"type": "end-call"}))["interruptible"] is False
    transfer = await sent(world, call, {"type": "transfer", "destination": "+15005550010"})
    assert (transfer["interruptible"], transfer["timeout_seconds"], transfer["mode"]) == (False, 30, "auto")
    assert (await sent(world, call, {"type": "end-call", "interruptible": True}))["interruptible"] is True
    assert (await sent(world, call, {"type": "mute"}))["target"] == "caller"
    assert (await sent(world, call, {"type": "inject-context", "content": "x"}))["trigger"] is False
    assert (await sent(world, call, {"type": "send-dtmf", "digits": "1,A#"}))["digits"] == "1,A#"
    last = world.worker.commanded[-1]["command"]["id"]
    assert (await sent(world, call, {"type": "cancel", "command_id": last}))["target"] == last
    assert (await sent(world, call, {**SAY, "after": last}))["after"] == last


BAD: list[tuple[object, int, str, str]] = [
    ({}, 400, "invalid_request", "type: must be one of"),
    ({"type": "shout"}, 400, "invalid_request", "type: must be one of"),
    ({"type": ["say"]}, 400, "invalid_request", "type: must be one of"),
    ({"type": "say"}, 400, "invalid_request", "content: is required"),
    ({"type": "say", "content": "   "}, 400, "invalid_request", "content: "),
    ({"type": "say", "content": "x" * 5001}, 400, "invalid_request", "content: "),
    ({"type": "say", "content": 5}, 400, "invalid_request", "content: "),
    ({**SAY, "end_after": "yes"}, 400, "invalid_request", "end_after: "),
    ({**SAY, "on_interrupt": "abort"}, 400, "invalid_request", "on_interrupt: only with end_after"),
    ({**SAY, "interrupt": "maybe"}, 400, "invalid_request", "interrupt: "),
    ({**SAY, "over_caller": "shout"}, 400, "invalid_request", "over_caller: "),
    ({**SAY, "ttl_ms": 99}, 400, "invalid_request", "ttl_ms: "),
    ({**SAY, "ttl_ms": 600_001}, 400, "invalid_request", "ttl_ms: "),
    ({**SAY, "after": "cmd_nothing"}, 400, "invalid_request", "after: no command"),
    ({**SAY, "destination": "+31201234567"}, 400, "invalid_request", "destination: unknown field"),
    ({"type": "inject-context", "content": "x" * 20_001}, 400, "invalid_request", "content: "),
    ({"type": "inject-context", "content": "x", "interrupt": "now"}, 400, "invalid_request", "interrupt: only with"),
    ({"type": "end-call", "message": "x" * 1001}, 400, "invalid_request", "message: "),
    ({"type": "transfer"}, 400, "invalid_request", "destination: is required"),
    ({"type": "transfer", "destination": "911"}, 400, "invalid_request", "destination: "),
    ({"type": "transfer", "destination": "+19005551234"}, 403, "policy_blocked", "destination: premium_rate"),
    ({"type": "transfer", "destination": "sip:a@b"}, 403, "policy_blocked", "destination: sip_targets"),
    ({"type": "transfer", "destination": "+15005550010", "timeout_seconds": 4}, 400, "invalid_request", "timeout_sec"),
    ({"type": "transfer", "destination": "+15005550010", "mode": "warm"}, 400, "invalid_request", "mode: "),
    ({"type": "send-dtmf", "digits": ""}, 400, "invalid_request", "digits: "),
    ({"type": "send-dtmf", "digits": "1\n"}, 400, "invalid_request", "digits: "),
    ({"type": "send-dtmf", "digits": "x"}, 400, "invalid_request", "digits: "),
    ({"type": "send-dtmf", "digits": "1" * 65}, 400, "invalid_request", "digits: "),
    ({"type": "mute", "target": "everybody"}, 400, "invalid_request", "target: "),
    ({"type": "hold", "target": "caller"}, 400, "invalid_request", "target: unknown field"),
    ({"type": "cancel"}, 400, "invalid_request", "command_id: is required"),
    ({"type": "cancel", "command_id": "cmd_nothing"}, 400, "invalid_request", "command_id: no command"),
]


@in_world(control_limit_per_minute=0)
async def test_a_bad_command_is_refused_with_the_field_named_and_nothing_changed(world: World) -> None:
    call = await world.live_call()
    for body, status, code, detail in BAD:
        answer = await world.control(call, body, **{"Idempotency-Key": "k"})
        problem = answer.json()
        assert (answer.status_code, problem["code"]) == (status, code), (body, problem)
        assert any(told.startswith(detail) for told in problem["details"]), (body, problem)
    assert not await world.rows(CommandRow)
    assert not await world.rows(IdempotencyRow)
    assert not world.worker.commanded


@in_world()
async def test_a_wait_that_does_not_exist_is_400(world: World) -> None:
    answer = await world.control(await world.live_call(), SAY, wait="forever")
    assert answer.status_code == 400
    assert answer.json()["details"][0].startswith("wait: ")


@in_world()
async def test_a_call_that_is_dialing_ringing_or_over_takes_no_command_and_says_what_it_is(world: World) -> None:
    call = (await world.place()).json()["call_id"]
    for status, advance in (("dialing", world.worker.ring), ("ringing", world.worker.answer)):
        answer = await world.control(call, SAY)
        assert (answer.status_code, answer.json()["code"]) == (400, "call_not_in_progress")
        assert answer.json()["details"] == [f"status: {status}"]
        await advance(call)
    assert (await world.control(call, SAY)).status_code == 200
    await world.worker.end(call)
    assert (await world.control(call, SAY)).json()["details"] == ["status: ended"]
    assert (await world.control("call_nothing", SAY)).json()["code"] == "not_found"


@in_world()
async def test_end_call_without_a_message_cancels_an_unanswered_call(world: World) -> None:
    call = (await world.place()).json()["call_id"]
    assert (await world.control(call, {"type": "end-call", "message": "Bye."})).status_code == 400
    assert (await world.control(call, {"type": "end-call"})).status_code == 200


@in_world()
async def test_a_row_that_lags_behind_the_journal_does_not_refuse_a_command(world: World) -> None:
    call = (await world.place()).json()["call_id"]
    world.worker.projecting = False
    await world.worker.answer(call)
    assert (await world.control(call, SAY)).status_code == 200


@in_world()
async def test_the_same_key_is_one_command_with_its_status_now(world: World) -> None:
    call = await world.live_call()
    world.worker.outcome = None
    key = {"Idempotency-Key": "k"}
    first = (await world.control(call, SAY, **key)).json()
    assert first["status"] == "accepted"
    await world.worker.begin(call, first["command_id"])
    again = (await world.control(call, {"content": "Hi.", "type": "say"}, **key)).json()
    assert (again["command_id"], again["status"]) == (first["command_id"], "started")
    await world.worker.finish(call, first["command_id"], Status.INTERRUPTED)
    await world.worker.end(call)
    last = (await world.control(call, SAY, **key)).json()
    assert (last["command_id"], last["status"], last["heard_text"]) == (first["command_id"], "interrupted", "Hi.")
    assert len(world.worker.lives[call].commands) == 1
    other = await world.control(call, {**SAY, "content": "Ho."}, **key)
    assert (other.status_code, other.json()["code"]) == (409, "idempotency_key_reused")


@in_world()
async def test_five_at_once_with_one_key_are_one_command(world: World) -> None:
    call = await world.live_call()
    answers = await asyncio.gather(*(world.control(call, SAY, **{"Idempotency-Key": "k"}) for _ in range(5)))
    assert len({answer.json()["command_id"] for answer in answers}) == 1
    assert len(await world.rows(CommandRow)) == 1


@in_world()
async def test_a_repeat_after_the_api_was_killed_before_the_command_arrived_is_the_same_command(world: World) -> None:
    """Killed: the request stops where it is, and another process answers the repeat."""
    call = await world.live_call()
    asked = asyncio.Event()

    async def is_asked_as_the_api_dies(payload: bytes) -> None:
        asked.set()

    world.worker.deaf = True
    await world.worker.bus.subscribe(messages.owner(call), is_asked_as_the_api_dies)
    first = asyncio.get_running_loop().create_task(world.control(call, SAY, **{"Idempotency-Key": "k"}))
    await asked.wait()
    first.cancel()
    await asyncio.wait([first])
    (row,) = await world.rows(CommandRow)
    world.worker.deaf = False
    transport = httpx.ASGITransport(build(world.settings, world.database, world.bus))
    headers = {**world.client.headers, "Idempotency-Key": "k"}
    async with httpx.AsyncClient(transport=transport, base_url=world.client.base_url, headers=headers) as restarted:
        again = await restarted.post(f"/calls/{call}/control", json=SAY)
    assert (again.status_code, again.json()["command_id"], again.json()["status"]) == (200, row.id, "heard")
    assert len(world.worker.lives[call].commands) == 1
    assert len(await world.rows(CommandRow)) == 1


@in_world()
async def test_commands_at_once_get_places_of_their_own(world: World) -> None:
    call = await world.live_call()
    answers = await asyncio.gather(*(world.control(call, SAY) for _ in range(8)))
    assert sorted(answer.json()["sequence"] for answer in answers) == list(range(1, 9))


@in_world()
async def test_waiting_ends_when_the_command_starts_or_finishes(world: World) -> None:
    call = await world.live_call()
    world.worker.outcome = None
    waiting = {
        w: asyncio.get_running_loop().create_task(world.control(call, SAY, wait=w)) for w in ("started", "finished")
    }
    await world.worker.has_been_commanded(2)
    for message in world.worker.commanded:
        await world.worker.begin(call, message["command"]["id"])
    assert (await waiting["started"]).json()["status"] == "started"
    assert not waiting["finished"].done()
    for message in world.worker.commanded:
        await world.worker.finish(call, message["command"]["id"], Status.FAILED, "worker_lost")
    told = (await waiting["finished"]).json()
    assert (told["success"], told["status"], told["reason"]) == (False, "failed", "worker_lost")
    assert told["message"] == "The command failed: worker_lost"


@in_world()
async def test_waiting_sees_an_outcome_that_nobody_told(world: World) -> None:
    call = await world.live_call()
    world.worker.outcome = None
    waiting = asyncio.get_running_loop().create_task(world.control(call, SAY, wait="finished"))
    await world.worker.has_been_commanded(1)
    async with world.database.writing() as session:
        row = await session.get(CommandRow, world.worker.commanded[0]["command"]["id"])
        assert row is not None
        row.status, row.receipt = "failed", {"reason": "worker_lost", "heard_text": "H"}
    told = (await waiting).json()
    assert (told["status"], told["reason"], told["heard_text"]) == ("failed", "worker_lost", "H")


@in_world()
async def test_success_is_false_exactly_when_the_status_says_so(world: World) -> None:
    call = await world.live_call()
    for status in Status:
        world.worker.outcome = status if status not in (Status.ACCEPTED, Status.STARTED) else None
        told = (await world.control(call, SAY)).json()
        assert told["success"] is (told["status"] not in ("refused", "expired", "failed")), told


@in_world()
async def test_once_committed_a_lost_reply_is_accepted_with_delivery_unknown(world: World) -> None:
    call = await world.live_call()
    world.worker.deaf = True
    world.app.state.steering.send_s = 0.05
    answer = await world.control(call, SAY, **{"Idempotency-Key": "k"})
    told = answer.json()
    assert (answer.status_code, told["success"]) == (200, True)
    assert (told["status"], told["delivery"]) == ("accepted", "unknown")
    world.worker.deaf, world.app.state.steering.send_s = False, 10
    again = (await world.control(call, SAY, **{"Idempotency-Key": "k"})).json()
    assert (again["command_id"], again["status"]) == (told["command_id"], "heard")
    assert "delivery" not in again


@in_world()
async def test_a_call_that_ended_before_the_command_arrived_leaves_nothing_behind(world: World) -> None:
    call = await world.live_call()
    world.worker.projecting = False
    await world.worker.end(call, status="ended-with-error")
    answer = await world.control(call, SAY, **{"Idempotency-Key": "k"})
    assert (answer.status_code, answer.json()["code"]) == (400, "call_not_in_progress")
    assert answer.json()["details"] == ["status: ended-with-error"]
    assert not await world.rows(CommandRow)
    assert not await world.rows(IdempotencyRow)


@in_world()
async def test_no_responder_does_not_mean_that_the_call_is_over(world: World) -> None:
    call = await world.live_call()
    await world.worker.leave(call)
    told = (await world.control(call, SAY)).json()
    assert (told["status"], told["delivery"]) == ("accepted", "unknown")


@in_world()
async def test_without_a_bus_a_command_is_503_and_not_stored(world: World) -> None:
    call = await world.live_call()
    world.bus.away(True)
    assert (await world.control(call, SAY)).status_code == 503
    assert not await world.rows(CommandRow)


@in_world(control_limit_per_minute=0)
async def test_the_fifty_first_queued_command_is_429(world: World) -> None:
    call = await world.live_call()
    world.worker.outcome = None
    for _ in range(50):
        assert (await world.control(call, SAY)).status_code == 200
    answer = await world.control(call, SAY)
    assert (answer.status_code, answer.json()["code"]) == (429, "too_many_commands")
    await world.worker.begin(call, world.worker.commanded[0]["command"]["id"])
    assert (await world.control(call, SAY)).status_code == 200
    assert (await world.control(call, SAY)).status_code == 429
    for always in ({"type": "end-call", "message": "Goodbye."}, {"type": "hold"}):
        assert (await world.control(call, always)).status_code == 200


@in_world(control_limit_per_minute=2)
async def test_each_call_has_a_limit_of_its_own_and_the_headers_show_it(world: World) -> None:
    call, other = await world.live_call(), await world.live_call()
    answers = [await world.control(call, SAY) for _ in range(3)]
    assert [answer.headers["X-RateLimit-Remaining"] for answer in answers] == ["1", "0", "0"]
    assert answers[0].headers["X-RateLimit-Limit"] == "2"
    assert (answers[2].status_code, answers[2].json()["code"]) == (429, "rate_limit_exceeded")
    assert int(answers[2].headers["Retry-After"]) > 0
    assert (await world.control(other, SAY)).status_code == 200


@in_world()
async def test_a_key_without_the_scope_or_of_another_organization_steers_nothing(world: World) -> None:
    call = await world.live_call()
    answer = await world.control(call, SAY, **await world.key_with("read"))
    assert (answer.status_code, answer.json()["code"]) == (403, "scope_missing")
    answer = await world.control(call, SAY, **await world.stranger())
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    assert not world.worker.commanded
    assert (await world.control(call, SAY, **await world.key_with("control"))).status_code == 200


async def listed_commands(world: World, call: str, query: str = "") -> list[dict[str, object]]:
    listed: list[dict[str, object]] = (await world.client.get(f"/calls/{call}/commands{query}")).json()["commands"]
    return listed


@in_world()
async def test_commands_are_listed_in_pages(world: World) -> None:
    call = await world.live_call()
    ids = [(await world.control(call, SAY)).json()["command_id"] for _ in range(3)]
    page = (await world.client.get(f"/calls/{call}/commands?limit=1&offset=1")).json()
    assert [command["id"] for command in page["commands"]] == ids[1:2]
    assert page["pagination"] == {"total": 3, "limit": 1, "offset": 1}
    assert [command["id"] for command in await listed_commands(world, call, "?offset=2")] == ids[2:]
    assert (await world.client.get(f"/calls/{call}/commands?limit=1001")).status_code == 400


@in_world()
async def test_commands_are_listed_with_their_receipts(world: World) -> None:
    call = await world.live_call()
    told = (await world.control(call, SAY)).json()
    listed = await listed_commands(world, call)
    one = (await world.client.get(f"/calls/{call}/commands/{told['command_id']}")).json()["command"]
    assert listed == [one]
    assert (one["type"], one["status"], one["sequence"]) == ("say", "heard", 1)
    assert one["finished_at"] == told["finished_at"]
    assert one["command"]["text"] == "Hi."
    assert (await world.client.get(f"/calls/{call}/commands/cmd_nothing")).status_code == 404
    included = (await world.client.get(f"/calls/{call}?include=commands,assistant")).json()
    assert included["commands"] == [one]
    assert included["assistant"]["llm_config"]["model"] == "echo"


@in_world()
async def test_a_command_takes_one_look_at_its_call_and_two_statements_in_one_transaction(world: World) -> None:
    call = await world.live_call()
    world.worker.projecting = False
    await world.control(call, SAY)
    asked: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        if "api_keys" not in statement and "advisory" not in statement:  # who calls is remembered, but not for long
            asked.append(statement.split(maxsplit=1)[0])

    event.listen(world.database.engine.sync_engine, "before_cursor_execute", note)
    event.listen(world.database.engine.sync_engine, "commit", lambda _: asked.append("COMMIT"))
    assert (await world.control(call, SAY)).status_code == 200
    assert asked == ["SELECT", "SELECT", "INSERT", "COMMIT"]
