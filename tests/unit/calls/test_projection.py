from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from trunkline.calls.events import Event
from trunkline.calls.projection import CallFacts, advance, project, sandbox, transcript
from trunkline.calls.verbs import Receipt, Status, Verb

CREATED = datetime(2026, 1, 1, 12, 0, 0, tzinfo=UTC)
ZERO = CREATED + timedelta(seconds=1)
CLAIM = {"worker": "w1", "epoch": 7, "at": "2026-01-01T12:00:01.000Z", "destination": "+15005550001", "caller_id": "+1"}


def event(sequence: int, at_ms: int, kind: str, **data: Any) -> Event:
    return Event(sequence, at_ms, kind, data)


def life(*events: Event) -> tuple[CallFacts, dict[str, Any]]:
    """The facts at the end, and every column that was set on the way."""
    facts, columns = CallFacts("dialing", CREATED), {}
    for one in events:
        changes = project(facts, one)
        facts = advance(facts, changes)
        columns |= changes.call
    return facts, columns


CLAIMED = Event(1, 0, "claimed", CLAIM)
RINGING = event(2, 800, "ringing", code=180)
ANSWERED = event(3, 2_500, "answered")


def ended(at_ms: int, **data: Any) -> Event:
    whole = {"status": "ended", "end_reason": "user_hangup", "error": None, "answered_ms": 2_500, "duration_ms": 4_000}
    return Event(9, at_ms, "ended", {**whole, **data})


def test_a_claim_says_who_owns_the_call_and_when_its_clock_began() -> None:
    facts, columns = life(CLAIMED)
    assert columns == {"worker": "w1", "epoch": 7, "claimed_at": ZERO}
    assert facts.status == "dialing"


def test_ringing_and_answer_move_the_status_on_and_the_answer_is_dated_by_the_calls_own_clock() -> None:
    facts, _ = life(CLAIMED, RINGING)
    assert facts.status == "ringing"
    facts, columns = life(CLAIMED, RINGING, ANSWERED)
    assert facts.status == columns["status"] == "in-progress"
    assert columns["answered_at"] == ZERO + timedelta(milliseconds=2_500)


def test_ringing_after_the_answer_changes_nothing() -> None:
    facts, _ = life(CLAIMED, ANSWERED, RINGING)
    assert facts.status == "in-progress"


def test_the_ending_is_taken_as_it_is_written() -> None:
    _, columns = life(CLAIMED, RINGING, ANSWERED, ended(6_500))
    assert columns["status"] == "ended"
    assert columns["end_reason"] == "user_hangup"
    assert columns["error"] is None
    assert columns["ended_at"] == ZERO + timedelta(milliseconds=6_500)
    assert columns["answered_at"] == ZERO + timedelta(milliseconds=2_500)
    assert columns["duration_seconds"] == 4.0


def test_a_call_that_nobody_claimed_counts_from_when_it_was_accepted() -> None:
    _, columns = life(
        ended(30_000, status="failed", end_reason="no_capacity", error="no worker", answered_ms=None, duration_ms=0)
    )
    assert columns["status"] == "failed"
    assert columns["error"] == "no worker"
    assert columns["answered_at"] is None
    assert columns["ended_at"] == CREATED + timedelta(seconds=30)
    assert columns["duration_seconds"] == 0


def test_a_transfer_is_told_by_its_state_and_a_second_one_begins_anew() -> None:
    started = event(4, 5_000, "transfer.started", destination="+15005550011", mode="auto")
    ringing = event(5, 5_500, "transfer.ringing", code=180)
    failed = event(6, 9_000, "transfer.failed", destination="+15005550011", reason="no_answer", code=480)
    facts, columns = life(CLAIMED, ANSWERED, started)
    assert columns["transfer"] == {"state": "started", "destination": "+15005550011", "mode": "auto"}
    facts, columns = life(CLAIMED, ANSWERED, started, ringing)
    assert columns["transfer"]["state"] == "ringing"
    assert facts.status == "in-progress"
    _, columns = life(CLAIMED, ANSWERED, started, ringing, failed)
    assert columns["transfer"] == {
        "state": "failed",
        "destination": "+15005550011",
        "mode": "auto",
        "code": 480,
        "reason": "no_answer",
    }
    again = event(7, 9_500, "transfer.started", destination="+15005550010", mode="blind")
    done = event(8, 9_900, "transfer.done", destination="+15005550010", confirmed=True)
    _, columns = life(CLAIMED, ANSWERED, started, failed, again, done)
    assert columns["transfer"] == {
        "state": "done",
        "destination": "+15005550010",
        "mode": "blind",
        "confirmed": True,
    }


def test_a_recording_is_where_the_journal_says() -> None:
    _, columns = life(CLAIMED, event(2, 9, "recording", path="call_1.wav", seconds=3.5))
    assert columns["recording"] == "call_1.wav"


@pytest.mark.parametrize("kind", ["floor", "caller.said", "speech.heard", "sandbox.heard", "media.statistics"])
def test_most_events_change_no_row(kind: str) -> None:
    changes = project(CallFacts("in-progress", CREATED, ZERO), event(4, 9, kind, utterance="u", text="x"))
    assert changes.call == {}
    assert changes.command is None


def test_a_command_goes_from_accepted_to_started_to_its_whole_receipt() -> None:
    facts = CallFacts("in-progress", CREATED, ZERO)
    accepted = project(facts, event(4, 100, "command.accepted", command={"id": "cmd_1"}, not_after_ms=30_100)).command
    assert accepted is not None
    assert (accepted.id, accepted.status) == ("cmd_1", "accepted")
    assert accepted.receipt == {"status": "accepted", "accepted_at": 100}
    started = project(facts, event(5, 150, "command.started", id="cmd_1", verb="say")).command
    assert started is not None
    assert (started.id, started.status) == ("cmd_1", "started")
    assert started.receipt == {"status": "started", "started_at": 150}
    receipt = Receipt("cmd_1", Verb.SAY, Status.HEARD, accepted_at=100, started_at=150, heard_text="Hello.")
    finished = project(facts, Event(6, 900, "command.finished", receipt.to_json())).command
    assert finished is not None
    assert (finished.id, finished.status) == ("cmd_1", "heard")
    assert finished.receipt == receipt.to_json()


def test_the_transcript_is_what_was_heard_in_the_order_it_began() -> None:
    assert transcript(
        [
            CLAIMED,
            event(2, 0, "speech.started", utterance="greeting", source="greeting"),
            event(3, 900, "caller.said", text="Hello?", turn=1),
            event(4, 1_000, "speech.ended", utterance="greeting", heard_text="Good day.", unheard_text="How are you?"),
            event(5, 1_100, "speech.started", utterance="u2", source="reply"),
            event(6, 1_200, "speech.ended", utterance="u2", heard_text="", unheard_text="Never heard."),
            event(7, 1_300, "speech.started", utterance="u3", source="reply"),
            event(8, 1_500, "speech.heard", utterance="u3", heard_text="On its", heard_ms=300),
        ]
    ) == [
        {"role": "assistant", "content": "Good day."},
        {"role": "user", "content": "Hello?"},
        {"role": "assistant", "content": "On its"},
    ]


def test_a_far_ends_own_account_is_kept_apart_by_who_spoke() -> None:
    heard = {"text": "Good day.", "at_ms": 0, "end_ms": 900, "ok": True}
    said = {"text": "Hello?", "at_ms": 1_000, "end_ms": 1_400}
    account = sandbox([Event(2, 1_000, "sandbox.heard", heard), Event(3, 1_500, "sandbox.said", said), ANSWERED])
    assert account == {"heard": [heard], "said": [said]}
