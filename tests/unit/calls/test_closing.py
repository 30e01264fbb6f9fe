from __future__ import annotations

from typing import Any

from trunkline.calls.closing import closing_events, unclaimed_events
from trunkline.calls.events import Event
from trunkline.calls.verbs import Command, Receipt, Status, Verb


def journal(*lines: tuple[int, str, dict[str, Any]]) -> list[Event]:
    claimed = Event(1, 0, "claimed", {"worker": "w1", "epoch": 1, "at": "2026-01-01T12:00:00Z"})
    return [claimed, *(Event(n, at_ms, kind, data) for n, (at_ms, kind, data) in enumerate(lines, 2))]


def accepted(at_ms: int, id: str, verb: Verb = Verb.SAY, text: str = "") -> tuple[int, str, dict[str, Any]]:
    return at_ms, "command.accepted", {"command": Command(id, verb, text).to_json(), "not_after_ms": 60_000}


def receipts(events: list[Event]) -> dict[str, Receipt]:
    return {e.data["id"]: Receipt.from_json(e.data) for e in events if e.kind == "command.finished"}


ANSWERED = (1_000, "answered", {})


def test_a_journal_that_has_ended_lacks_nothing() -> None:
    assert closing_events(journal(ANSWERED, accepted(1_500, "c"), (2_000, "ended", {})), 9_000) == []


def test_an_empty_journal_is_nobodys_to_end() -> None:
    assert closing_events([], 9_000) == []


def test_a_lost_call_ends_with_error_and_says_how_long_it_was_answered() -> None:
    (ended,) = closing_events(journal(ANSWERED), 5_000)
    assert (ended.sequence, ended.at_ms, ended.kind) == (3, 5_000, "ended")
    assert ended.data["status"] == "ended-with-error"
    assert ended.data["end_reason"] == "worker_lost"
    assert (ended.data["answered_ms"], ended.data["duration_ms"]) == (1_000, 4_000)
    assert ended.data["release_confirmed"] is False
    assert ended.data["whose"] == "platform"


def test_a_call_lost_before_the_answer_has_no_duration() -> None:
    (ended,) = closing_events(journal((700, "ringing", {"code": 180})), 5_000)
    assert ended.data["status"] == "ended-with-error"
    assert (ended.data["answered_ms"], ended.data["duration_ms"]) == (None, 0)


def test_time_does_not_run_backwards_where_clocks_differ() -> None:
    assert [event.at_ms for event in closing_events(journal(ANSWERED), 400)] == [1_000]


def test_a_command_under_way_fails_with_the_words_heard_so_far() -> None:
    events = closing_events(
        journal(
            ANSWERED,
            accepted(1_500, "cmd_1", text="One two three four."),
            (1_510, "command.started", {"id": "cmd_1", "verb": "say"}),
            (1_530, "speech.started", {"utterance": "cmd_1", "source": "say"}),
            (1_800, "speech.heard", {"utterance": "cmd_1", "heard_text": "One", "heard_ms": 270}),
            (2_100, "speech.heard", {"utterance": "cmd_1", "heard_text": "One two", "heard_ms": 560}),
        ),
        5_000,
    )
    assert [event.kind for event in events] == ["speech.ended", "command.finished", "ended"]
    assert [event.sequence for event in events] == [8, 9, 10]
    receipt = receipts(events)["cmd_1"]
    assert (receipt.status, receipt.reason) == (Status.FAILED, "worker_lost")
    assert (receipt.heard_text, receipt.heard_ms, receipt.unheard_text) == ("One two", 560, "three four.")
    assert (receipt.accepted_at, receipt.started_at) == (1_500, 1_510)
    assert (receipt.first_audio_at, receipt.finished_at) == (1_530, 5_000)
    spoken = events[0].data
    assert (spoken["utterance"], spoken["source"], spoken["heard_text"]) == ("cmd_1", "say", "One two")
    assert (spoken["heard_ms"], spoken["cut_by"]) == (560, "end")


def test_words_that_are_said_again_count_as_the_commands_words() -> None:
    events = closing_events(
        journal(
            accepted(1_500, "cmd_1", text="One two."),
            (1_510, "command.started", {"id": "cmd_1", "verb": "say"}),
            (1_530, "speech.started", {"utterance": "cmd_1", "source": "say"}),
            (
                1_900,
                "speech.ended",
                {"utterance": "cmd_1", "heard_text": "One", "heard_ms": 300, "unheard_text": "two."},
            ),
            (2_000, "speech.started", {"utterance": "cmd_1:again", "source": "say"}),
            (2_500, "speech.heard", {"utterance": "cmd_1:again", "heard_text": "One two.", "heard_ms": 500}),
        ),
        5_000,
    )
    receipt = receipts(events)["cmd_1"]
    assert (receipt.heard_text, receipt.first_audio_at) == ("One two.", 1_530)


def test_words_that_were_over_keep_what_was_told_of_them() -> None:
    over = {"utterance": "cmd_1", "heard_text": "Goodbye.", "heard_ms": 600, "unheard_text": "", "margin_ms": 0}
    events = closing_events(
        journal(
            accepted(1_500, "cmd_1", Verb.END, "Goodbye."),
            (1_510, "command.started", {"id": "cmd_1", "verb": "end-call"}),
            (1_530, "speech.started", {"utterance": "cmd_1", "source": "end-call"}),
            (2_200, "speech.ended", {**over, "text_basis": "alignment"}),
        ),
        5_000,
    )
    assert [event.kind for event in events] == ["command.finished", "ended"]
    receipt = receipts(events)["cmd_1"]
    assert (receipt.heard_text, receipt.heard_ms, receipt.unheard_text) == ("Goodbye.", 600, "")
    assert (receipt.text_basis, receipt.margin_ms) == ("alignment", 0)


def test_a_command_that_waited_fails_without_words_and_one_with_an_outcome_keeps_it() -> None:
    events = closing_events(
        journal(
            accepted(1_500, "done", Verb.HOLD),
            (1_501, "command.finished", {"id": "done", "status": "done"}),
            accepted(1_600, "waiting", text="Never."),
        ),
        5_000,
    )
    assert list(receipts(events)) == ["waiting"]
    receipt = receipts(events)["waiting"]
    assert (receipt.status, receipt.started_at, receipt.heard_text) == (Status.FAILED, None, None)


def test_the_assistants_own_words_end_as_far_as_they_were_heard() -> None:
    events = closing_events(
        journal(
            (900, "speech.started", {"utterance": "u1", "source": "greeting"}),
            (1_500, "speech.ended", {"utterance": "u1", "heard_text": "Hello.", "heard_ms": 600}),
            (1_600, "speech.started", {"utterance": "u2", "source": "reply"}),
            (1_900, "speech.heard", {"utterance": "u2", "heard_text": "As I", "heard_ms": 250}),
        ),
        5_000,
    )
    assert [event.kind for event in events] == ["speech.ended", "ended"]
    assert (events[0].data["utterance"], events[0].data["heard_text"]) == ("u2", "As I")


def test_a_call_that_no_worker_took_has_one_line() -> None:
    (ended,) = unclaimed_events(30_500)
    assert (ended.sequence, ended.at_ms, ended.kind) == (1, 30_500, "ended")
    assert (ended.data["status"], ended.data["end_reason"]) == ("failed", "no_capacity")
    assert (ended.data["answered_ms"], ended.data["duration_ms"]) == (None, 0)
