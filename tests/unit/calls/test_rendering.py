"""The wire form of calls, commands and receipts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from trunkline.calls.events import Event
from trunkline.calls.rendering import answer_json, assistant_json, call_json, command_json, receipt_json
from trunkline.calls.tables import CallRow, CommandRow

ZERO = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def row(**changes: object) -> CallRow:
    fields: dict[str, object] = {
        "id": "call_1",
        "destination": "+31201234567",
        "caller_id": "+31207654321",
        "direction": "outbound",
        "status": "ended",
        "assistant_name": "Ann",
        "business_name": "B",
        "meta": {"a": 1},
        "warnings": [],
        "transfer": {},
        "last_sequence": 3,
        "created_at": ZERO,
        "updated_at": ZERO,
    }
    return CallRow(**{**fields, **changes})


def test_a_call_has_the_references_names_and_moments_with_milliseconds() -> None:
    shown = call_json(row(answered_at=ZERO + timedelta(milliseconds=1), duration_seconds=1.6, recording="a.wav"))
    assert shown["started_at"] == "2026-01-02T03:04:05.001Z"
    assert (shown["duration_seconds"], shown["ended_at"]) == (2, None)
    assert (shown["caller_phone"], shown["assistant_phone"]) == ("+31201234567", "+31207654321")
    assert (shown["agent_name"], shown["business_name"]) == ("Ann", "B")
    assert shown["recording_url"] == "/calls/call_1/recording"
    assert shown["transfer"] is None
    assert "sandbox" not in shown


def test_a_call_to_a_sandbox_line_has_the_far_ends_account() -> None:
    events = [Event(1, 5, "sandbox.said", {"text": "Hi", "at_ms": 0, "end_ms": 9})]
    shown = call_json(row(destination="+15005550001"), events)
    assert shown["sandbox"] == {"heard": [], "said": [{"text": "Hi", "at_ms": 0, "end_ms": 9}]}


def test_a_receipts_moments_become_dates_and_nothing_else_changes() -> None:
    receipt = {"id": "c", "verb": "say", "status": "heard", "accepted_at": 0, "started_at": 1500, "heard_ms": 300}
    shown = receipt_json(receipt, ZERO)
    assert shown["accepted_at"] == "2026-01-02T03:04:05.000Z"
    assert shown["started_at"] == "2026-01-02T03:04:06.500Z"
    assert (shown["finished_at"], shown["heard_ms"]) == (None, 300)
    assert "id" not in shown and "verb" not in shown
    assert receipt_json(receipt, None)["started_at"] is None


def test_the_answer_says_success_and_why_not() -> None:
    fine = answer_json("c", 1, {"status": "interrupted"}, ZERO)
    assert (fine["success"], fine["message"], "delivery" in fine) == (True, "Command sent successfully", False)
    for status, message in (
        ("refused", "The command was refused: predecessor_failed"),
        ("expired", "The command expired: predecessor_failed"),
        ("failed", "The command failed: predecessor_failed"),
    ):
        told = answer_json("c", 1, {"status": status, "reason": "predecessor_failed"}, ZERO)
        assert (told["success"], told["message"]) == (False, message)
    assert answer_json("c", 1, {"status": "accepted"}, ZERO, delivered=False)["delivery"] == "unknown"


def test_a_command_is_shown_with_what_was_asked_and_what_came_of_it() -> None:
    command = CommandRow(
        id="c",
        call_id="call_1",
        sequence=4,
        status="accepted",
        command={"id": "c", "verb": "say", "text": "Hi"},
        created_at=ZERO,
    )
    shown = command_json(command, {}, ZERO)
    assert (shown["type"], shown["sequence"], shown["status"]) == ("say", 4, "accepted")
    assert shown["command"] == {"verb": "say", "text": "Hi"}


def test_secrets_of_an_assistant_are_left_out() -> None:
    tool = {"name": "t", "server": {"url": "u", "secret": "s"}}
    config = {
        "webhook_secret": "s",
        "first_message": "x",
        "llm_config": {"model": "m", "tools": [tool, {"type": "end_call"}]},
    }
    assert assistant_json(config) == {
        "first_message": "x",
        "llm_config": {"model": "m", "tools": [{"name": "t", "server": {"url": "u"}}, {"type": "end_call"}]},
    }
