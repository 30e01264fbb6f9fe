from __future__ import annotations

from typing import Any

import pytest

from trunkline.calls.events import KINDS
from trunkline.cli import show


def event(kind: str, at_ms: int = 0, **data: Any) -> dict[str, Any]:
    return {"sequence": 1, "at_ms": at_ms, "kind": kind, "data": data}


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_event_has_a_line_even_when_its_data_is_thin(kind: str):
    thin = {"status": "done"} if kind == "command.finished" else {}
    assert kind in show.event_line(event(kind, **thin))


def test_a_line_starts_with_seconds_on_the_calls_clock():
    assert show.event_line(event("answered", 1234)) == "   1.234  answered"


def test_a_kind_without_a_sentence_shows_its_data():
    assert (
        show.event_line(event("digits", digits="12", direction="in", more=None))
        == "   0.000  digits            digits=12 direction=in"
    )


def test_the_claim_tells_who_calls_whom():
    line = show.event_line(event("claimed", worker="w1", caller_id="+1", destination="+2"))
    assert line.endswith("by w1: +1 calls +2")


def test_an_accepted_command_shows_what_was_asked():
    command = {"verb": "say", "text": "Hi.", "interrupt": "now", "end_after": True}
    assert show.event_line(event("command.accepted", command=command)).endswith("say “Hi.” then end interrupt now")


def test_the_floor_is_told_in_words():
    assert show.event_line(event("floor", assistant=True, caller=True)).endswith("assistant and caller speaking")
    assert show.event_line(event("floor", thinking=True)).endswith("nobody speaks, thinking")


def test_an_ending_tells_reason_length_and_what_is_odd():
    line = show.event_line(
        event("ended", status="ended", end_reason="user_hangup", duration_ms=4200, release_confirmed=False)
    )
    assert line.endswith("ended: user_hangup, after 4.2 s, release not confirmed")


def test_a_receipt_tells_what_was_heard_and_what_was_not():
    line = show.receipt_line(
        {"verb": "say", "status": "interrupted", "reason": "caller", "heard_text": "One", "unheard_text": "two."}
    )
    assert line == "say: interrupted (caller) “One” unheard: “two.”"


def test_a_receipt_of_a_call_that_moved_on_tells_the_action():
    line = show.receipt_line(
        {"verb": "say", "status": "heard", "heard_text": "Bye.", "action": {"type": "end", "status": "done"}}
    )
    assert line == "say: heard “Bye.” then end: done"


def test_a_receipt_of_a_trigger_tells_the_answer():
    line = show.receipt_line(
        {"verb": "inject-context", "status": "done", "turn": 3, "answer": {"status": "heard", "heard_text": "Yes."}}
    )
    assert line == "inject-context: done answer heard: “Yes.” known from turn 3"


def test_a_receipt_tells_its_moments_and_how_sure_it_is():
    receipt = {"verb": "say", "status": "heard", "heard_text": "Hi.", "accepted_at": 1000, "finished_at": 2500}
    receipt |= {"basis": "rtp_estimate", "text_basis": "alignment", "margin_ms": 20}
    assert show.receipt_line(receipt).endswith("[accepted 1.000; finished 2.500; basis rtp_estimate, alignment ±20 ms]")


def test_moments_given_as_dates_are_shown_as_times():
    line = show.receipt_line({"verb": "mute", "status": "done", "finished_at": "2026-01-02T10:11:12.345Z"})
    assert line == "mute: done  [finished 10:11:12.345]"


def test_an_answer_names_the_command():
    answer = {"success": True, "command_id": "cmd_1", "status": "accepted", "sequence": 1}
    assert show.answer_line(answer, "say") == "say: accepted  cmd_1"


def test_a_refusal_has_no_words():
    assert (
        show.receipt_line({"verb": "say", "status": "refused", "reason": "assistant_speaking"})
        == "say: refused (assistant_speaking)"
    )


def test_the_timeline_leaves_out_the_chatter_unless_asked():
    events = [event("answered"), event("speech.heard", heard_text="a")]
    assert len(show.timeline(events)) == 1
    assert len(show.timeline(events, everything=True)) == 2


def test_the_transcript_has_both_sides_as_heard():
    events = [
        event("speech.ended", source="greeting", heard_text="Hello."),
        event("caller.said", text="Who is this?"),
        event("speech.ended", source="reply", heard_text="", unheard_text="Nobody."),
        event("speech.ended", source="reply", heard_text=""),
    ]
    assert show.transcript(events) == [
        "assistant  “Hello.”",
        "caller     Who is this?",
        "assistant  “” unheard: “Nobody.”",
    ]


def test_an_error_shows_its_phrase_its_message_and_its_details():
    body = {"error": "Invalid request", "message": "Two fields are wrong", "details": ["content: too long"]}
    assert show.problem_lines(body, 400) == ["Invalid request: Two fields are wrong", "  content: too long"]


def test_an_error_that_says_the_same_twice_is_shown_once():
    assert show.problem_lines({"error": "Not found", "message": "Not found"}, 404) == ["Not found"]
    assert show.problem_lines({}, 502) == ["HTTP 502"]


def test_show_puts_the_sections_in_order_and_leaves_out_the_empty_ones():
    call = {
        "id": "call_1",
        "assistant_phone": "+1",
        "caller_phone": "+2",
        "status": "ended",
        "end_reason": "user_hangup",
        "duration_seconds": 3,
    }
    assert show.show(call, [event("answered")]) == [
        "call_1  +1 → +2",
        "ended (user_hangup), 3 s",
        "",
        "Timeline",
        "   0.000  answered",
    ]
