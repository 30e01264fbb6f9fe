"""Steering a call: the reference's four bodies, our options beside them, and every bound of both."""

from __future__ import annotations

from typing import Any

import pytest
from contract_client import NOBODY, Api, got, page, refused

SAY = {"type": "say", "content": "Hello.", "end_after": False}
INJECT = {"type": "inject-context", "content": "VIP.", "trigger_response": False}
END = {"type": "end-call"}
TRANSFER = {"type": "transfer", "destination": "+15005550010"}
DTMF = {"type": "send-dtmf", "digits": "1234"}


@pytest.fixture(scope="module")
def live(api: Api) -> str:
    """A call in progress that only refusals are tried on."""
    return api.live_call()


# ---- bodies --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "body",
    [
        INJECT,
        {**INJECT, "trigger_response": True},
        {"type": "inject-context", "content": "VIP."},
        SAY,
        {**SAY, "end_after": True},
        {"type": "say", "content": "Hello."},
        END,
        {**END, "message": "Goodbye."},
        TRANSFER,
        {**TRANSFER, "message": "One moment."},
    ],
    ids=str,
)
def test_the_references_bodies_are_answered_as_the_reference_does(api: Api, body: dict[str, Any]) -> None:
    call_id = api.live_call()
    answer = got(api.post(f"/calls/{call_id}/control", body))
    assert (answer["success"], answer["message"]) == (True, "Command sent successfully")
    assert answer["command_id"] and answer["status"]
    assert isinstance(answer["sequence"], int)
    assert answer["command_id"] in api.world.worker.lives[call_id].commands


@pytest.mark.parametrize(
    "body",
    [
        DTMF,
        {"type": "send-dtmf", "digits": "0123456789ABCD*#,"},
        {"type": "send-dtmf", "digits": "1" * 64},
        {"type": "mute", "target": "caller"},
        {"type": "mute", "target": "assistant"},
        {"type": "unmute", "target": "caller"},
        {"type": "hold"},
        {"type": "resume"},
        {**SAY, "interrupt": "now", "over_caller": "talk", "interruptible": False, "ttl_ms": 100},
        {**SAY, "end_after": True, "on_interrupt": "repeat"},
        {**INJECT, "trigger_response": True, "interrupt": "refuse", "over_caller": "refuse", "interruptible": True},
        {
            **END,
            "message": "Bye.",
            "interrupt": "queue",
            "over_caller": "wait",
            "on_interrupt": "abort",
            "ttl_ms": 600_000,
        },
        {**TRANSFER, "timeout_seconds": 5, "mode": "auto", "on_interrupt": "proceed"},
        {**TRANSFER, "timeout_seconds": 120, "mode": "blind"},
        {**TRANSFER, "mode": "bridge"},
        {**TRANSFER, "mode": "attended"},
    ],
    ids=str,
)
def test_our_own_bodies_and_options_are_taken(api: Api, body: dict[str, Any]) -> None:
    assert got(api.post(f"/calls/{api.live_call()}/control", body))["command_id"]


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({}, "type"),
        ({"type": "sing"}, "type"),
        ({"type": None}, "type"),
        ({"type": "end_call"}, "type"),
        ({"type": "say"}, "content"),
        ({**SAY, "content": ""}, "content"),
        ({**SAY, "content": "   \n "}, "content"),
        ({**SAY, "content": "x" * 5001}, "content"),
        ({**SAY, "content": 5}, "content"),
        ({**SAY, "end_after": "true"}, "end_after"),
        ({**SAY, "message": "x"}, "message"),
        ({**SAY, "trigger_response": True}, "trigger_response"),
        ({"type": "inject-context"}, "content"),
        ({**INJECT, "content": " "}, "content"),
        ({**INJECT, "content": "x" * 20_001}, "content"),
        ({**INJECT, "trigger_response": 1}, "trigger_response"),
        ({**END, "message": "x" * 1001}, "message"),
        ({**END, "message": 5}, "message"),
        ({**END, "content": "x"}, "content"),
        ({"type": "transfer"}, "destination"),
        ({**TRANSFER, "destination": ""}, "destination"),
        ({**TRANSFER, "destination": "0201234567"}, "destination"),
        ({**TRANSFER, "message": "x" * 1001}, "message"),
        ({**TRANSFER, "timeout_seconds": 4}, "timeout_seconds"),
        ({**TRANSFER, "timeout_seconds": 121}, "timeout_seconds"),
        ({**TRANSFER, "mode": "warm"}, "mode"),
        ({"type": "send-dtmf"}, "digits"),
        ({**DTMF, "digits": ""}, "digits"),
        ({**DTMF, "digits": "1" * 65}, "digits"),
        ({**DTMF, "digits": "12E"}, "digits"),
        ({**DTMF, "digits": "a"}, "digits"),
        ({**DTMF, "digits": 1234}, "digits"),
        ({"type": "mute", "target": "nobody"}, "target"),
        ({"type": "cancel"}, "command_id"),
        ({**SAY, "interrupt": "maybe"}, "interrupt"),
        ({**SAY, "over_caller": "now"}, "over_caller"),
        ({**SAY, "interruptible": "yes"}, "interruptible"),
        ({**SAY, "ttl_ms": 99}, "ttl_ms"),
        ({**SAY, "ttl_ms": 600_001}, "ttl_ms"),
        ({**SAY, "after": NOBODY}, "after"),
        ({**END, "on_interrupt": "cry"}, "on_interrupt"),
        ({**SAY, "typo": 1}, "typo"),
    ],
    ids=lambda value: str(value)[:60],
)
def test_a_bad_command_is_400_by_its_field_and_reaches_nobody(
    api: Api, live: str, body: dict[str, Any], path: str
) -> None:
    refused(api.post(f"/calls/{live}/control", body), 400, "invalid_request", path)
    assert api.world.worker.lives[live].commands == {}


@pytest.mark.parametrize(
    "body",
    [
        {**SAY, "content": "x" * 5000},
        {**SAY, "content": "x"},
        {**SAY, "content": " " + "x" * 5000 + " "},
        {**INJECT, "content": "x" * 20_000},
        {**END, "message": "x" * 1000},
        {**TRANSFER, "message": "x" * 1000},
    ],
    ids=lambda value: value["type"],
)
def test_the_longest_words_are_taken(api: Api, body: dict[str, Any]) -> None:
    assert got(api.post(f"/calls/{api.live_call()}/control", body))["success"] is True


def test_a_transfer_obeys_the_same_policy_as_a_call(api: Api, live: str) -> None:
    for destination in ("+112", "+19005551234", "sip:ann@example.com"):
        answer = api.control(live, type="transfer", destination=destination)
        refused(answer, 403, "policy_blocked")
    assert api.world.worker.lives[live].commands == {}


# ---- when ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("body", [SAY, INJECT, {**END, "message": "Bye."}, TRANSFER, DTMF, {"type": "hold"}], ids=str)
def test_outside_in_progress_a_command_is_400_and_names_the_status(api: Api, body: dict[str, Any]) -> None:
    for call_id, status in ((api.call(), "dialing"), (api.ended_call(), "ended")):
        answer = refused(api.post(f"/calls/{call_id}/control", body), 400, "call_not_in_progress")
        assert status in str(answer)


def test_end_call_without_a_message_cancels_an_unanswered_call(api: Api) -> None:
    call_id = api.call()
    assert got(api.post(f"/calls/{call_id}/control", END))["success"] is True
    refused(api.post(f"/calls/{api.ended_call()}/control", END), 400, "call_not_in_progress")


def test_an_unknown_call_is_404_before_anything_is_said_of_the_body(api: Api) -> None:
    for body in (SAY, END, TRANSFER):
        refused(api.post(f"/calls/{NOBODY}/control", body), 404, "not_found")


def test_fifty_commands_are_queued_on_a_call_at_most(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api.world.worker, "outcome", None)
    call_id = api.live_call()
    for _ in range(50):
        got(api.control(call_id, **SAY))
    refused(api.control(call_id, **SAY), 429, "too_many_commands")
    assert len(api.world.worker.lives[call_id].commands) == 50


# ---- idempotency, waiting, receipts --------------------------------------------------------------


def test_a_repeat_with_the_same_key_is_the_same_command(api: Api) -> None:
    call_id, other = api.live_call(), api.live_call()
    key = {"Idempotency-Key": "k-1"}
    ids = [got(api.post(f"/calls/{call_id}/control", SAY, key))["command_id"] for _ in range(3)]
    assert len(set(ids)) == 1
    assert list(api.world.worker.lives[call_id].commands) == ids[:1]
    refused(api.post(f"/calls/{call_id}/control", END, key), 409, "idempotency_key_reused")
    assert got(api.post(f"/calls/{other}/control", SAY, key))["command_id"] != ids[0]


@pytest.mark.parametrize("key", ["", "x" * 256, "é"])
def test_an_idempotency_key_is_1_to_255_printable_characters(api: Api, key: str) -> None:
    answer = api.run(
        api.world.client.post(f"/calls/{api.live_call()}/control", json=SAY, headers={"Idempotency-Key": key.encode()})  # type: ignore[dict-item]
    )
    refused(answer, 400, "invalid_request")


def test_waiting_until_it_is_over_shows_how_it_came_out(api: Api) -> None:
    call_id = api.live_call()
    for wait in ("accepted", "started", "finished"):
        answer = got(api.post(f"/calls/{call_id}/control?wait={wait}", SAY))
        assert answer["success"] is True
    assert answer["status"] == "heard"
    refused(api.post(f"/calls/{call_id}/control?wait=forever", SAY), 400, "invalid_request", "wait")


def test_commands_are_listed_with_their_receipts(api: Api) -> None:
    call_id = api.live_call()
    ids = [got(api.control(call_id, **SAY))["command_id"] for _ in range(3)]
    shown = page(api.get(f"/calls/{call_id}/commands"), "commands")
    assert [command["id"] for command in shown] == ids
    one = got(api.get(f"/calls/{call_id}/commands/{ids[0]}"))
    assert ids[0] in str(one)
    refused(api.get(f"/calls/{call_id}/commands/{NOBODY}"), 404, "not_found")
    refused(api.get(f"/calls/{api.call()}/commands/{ids[0]}"), 404, "not_found")


def test_a_command_may_follow_another(api: Api) -> None:
    call_id = api.live_call()
    first = got(api.control(call_id, **SAY))["command_id"]
    assert got(api.control(call_id, **SAY, after=first))["success"] is True
    other = api.live_call()
    refused(api.control(other, **SAY, after=first), 400, "invalid_request", "after")


def test_a_command_that_is_taken_back_is_named(api: Api) -> None:
    call_id = api.live_call()
    first = got(api.control(call_id, **SAY))["command_id"]
    assert got(api.control(call_id, type="cancel", command_id=first))["command_id"] != first
