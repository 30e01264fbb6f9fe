"""What each course of a command's words and action leads to."""

import pytest
from call_plays import end, heard, inject, instant, say, transfer

from trunkline.calls.leg import TransferAnswered, TransferFailed
from trunkline.calls.outcomes import (
    Act,
    Listen,
    Nothing,
    Outcome,
    call_over,
    failed_transfer,
    not_carried_out,
    receipt,
    transferred,
    words_ended,
)
from trunkline.calls.running import Phase, Running
from trunkline.calls.talk import Ended
from trunkline.calls.verbs import OnInterrupt, Status, Verb

S = Status


def running(command, **state):
    run = Running(command, 0, command.id, started_at=10, heard=heard())
    for name, value in state.items():
        setattr(run, name, value)
    return run


def ended(command, cut_by):
    return words_ended(running(command), Ended(command.id, "say", heard(), cut_by), "held")


@pytest.mark.parametrize(
    ("command", "cut_by", "follows"),
    [
        (say(), "", Outcome(S.HEARD)),
        (say(), "caller", Outcome(S.INTERRUPTED, "caller")),
        (say(), "command", Outcome(S.INTERRUPTED, "held")),
        (say(), "failure", Outcome(S.FAILED, "vendor_failed")),
        (say(), "end", Nothing()),
        (end(), "", Act()),
        (end(), "caller", Listen()),
        (end(), "command", Outcome(S.INTERRUPTED, "held")),
        (end(), "failure", Act()),
        (end(), "end", Nothing()),
        (end(on_interrupt=OnInterrupt.ABORT), "caller", Outcome(S.INTERRUPTED, "caller")),
        (end(on_interrupt=OnInterrupt.REPEAT), "caller", Listen()),
        (inject(trigger=True), "", Outcome(S.DONE, answer="heard")),
        (inject(trigger=True), "caller", Outcome(S.DONE, "caller", answer="interrupted")),
        (inject(trigger=True), "failure", Outcome(S.FAILED, "vendor_failed")),
    ],
)
def test_what_follows_the_end_of_the_words(command, cut_by, follows):
    assert ended(command, cut_by) == follows


def test_a_transfer_is_done_or_failed_with_what_the_line_said():
    to = "+15005550010"
    done = {"type": "transfer", "status": "done", "destination": to, "confirmed": True}
    assert transferred(running(transfer()), TransferAnswered()) == Outcome(S.DONE, action=done)
    failed = {"type": "transfer", "status": "failed", "destination": to, "code": 486}
    assert transferred(running(transfer()), TransferFailed(486, "busy")) == Outcome(S.FAILED, "busy", action=failed)
    assert transferred(running(transfer()), TransferFailed(486)).reason == "SIP 486"


@pytest.mark.parametrize(
    ("run", "outcome"),
    [
        (running(say(), started_at=None), Outcome(S.FAILED, "call_ended")),
        (running(say(), phase=Phase.SPEAKING), Outcome(S.INTERRUPTED, "call_ended")),
        (running(end(), phase=Phase.ACTING), Outcome(S.DONE)),
        (running(end(), phase=Phase.LISTENING), Outcome(S.INTERRUPTED, "call_ended")),
        (running(say(end_after=True), phase=Phase.ACTING), Outcome(S.HEARD)),
        (running(say(end_after=True), phase=Phase.ACTING, cut_short=True), Outcome(S.INTERRUPTED)),
        (running(transfer(), phase=Phase.ACTING), Outcome(S.INTERRUPTED, "call_ended")),
        (running(inject(), phase=Phase.ACTING), Outcome(S.INTERRUPTED, "call_ended")),
        (running(instant(Verb.SEND_DTMF), started_at=None), Outcome(S.FAILED, "call_ended")),
    ],
)
def test_what_the_end_of_the_call_makes_of_it(run, outcome):
    assert call_over(run) == outcome


def test_the_receipt_of_a_say_with_an_end_tells_what_became_of_the_end():
    run = running(say(end_after=True))
    assert receipt(run, Outcome(S.INTERRUPTED, "caller"), "frames", 90).action == {"type": "end", "status": "not_taken"}
    assert receipt(run, Outcome(S.FAILED, "x"), "frames", 90).action == {"type": "end", "status": "failed"}
    run.phase = Phase.ACTING
    assert receipt(run, Outcome(S.HEARD), "frames", 90).action == {"type": "end", "status": "done"}


def test_the_receipt_of_an_injection_tells_its_turn_and_its_answer():
    done = receipt(running(inject()), Outcome(S.DONE, turn=4, answer="heard"), "frames", 90)
    assert (done.turn, done.answer, done.finished_at) == (4, {"status": "heard", "heard_text": "Hello there."}, 90)


def test_the_model_is_told_in_words():
    assert failed_transfer("+1", "busy", 486).startswith("The transfer to +1 failed: busy (486).")
    assert "not carried out: policy_blocked" in not_carried_out(transfer(), "policy_blocked")
