"""One command on its way, and what its receipt says at each point."""

from call_plays import end, heard, inject, say, transfer

from trunkline.calls.running import Phase, Running, expected_ms
from trunkline.calls.verbs import Status


def running(command, **state):
    run = Running(command, 1_000, command.id)
    for name, value in state.items():
        setattr(run, name, value)
    return run


def test_its_time_to_live_counts_from_acceptance():
    assert running(say(ttl_ms=500)).not_after == 1_500


def test_ending_transferring_and_saying_with_an_end_act():
    assert [running(c).acts for c in (end(), transfer(), say(end_after=True), say(), inject())] == [
        True,
        True,
        True,
        False,
        False,
    ]


def test_a_goodbye_is_committed_if_it_cannot_be_interrupted_or_already_acts():
    assert running(end(interruptible=False)).committed
    assert not running(end(interruptible=True)).committed
    assert running(end(interruptible=True), repeated=True).committed
    assert running(end(interruptible=True), phase=Phase.ACTING).committed
    assert not running(say(interruptible=False)).committed


def test_the_reason_to_refuse_others_names_what_is_under_way():
    assert running(transfer(), phase=Phase.ACTING).why_committed == "transfer_in_progress"
    assert running(transfer()).why_committed == "already_ending"
    assert running(end(), phase=Phase.ACTING).why_committed == "already_ending"


def test_before_anything_was_heard_all_its_words_are_unheard():
    receipt = running(say(text="Hello there.")).receipt(Status.ACCEPTED, "frames")
    assert (receipt.heard_text, receipt.unheard_text, receipt.basis, receipt.finished_at) == (
        None,
        "Hello there.",
        None,
        None,
    )


def test_what_was_heard_is_told_with_how_it_is_known():
    run = running(say(), started_at=1_100, first_audio_at=1_120, heard=heard("Hello", 300, "there."), talked_over=True)
    receipt = run.receipt(Status.INTERRUPTED, "rtp_estimate", "caller", 1_900)
    assert (receipt.heard_text, receipt.heard_ms, receipt.unheard_text) == ("Hello", 300, "there.")
    assert (receipt.basis, receipt.text_basis, receipt.margin_ms) == ("rtp_estimate", "alignment", 0)
    assert (receipt.accepted_at, receipt.started_at, receipt.first_audio_at) == (1_000, 1_100, 1_120)
    assert (receipt.reason, receipt.finished_at, receipt.talked_over) == ("caller", 1_900, True)


def test_context_has_no_unheard_words():
    assert running(inject()).receipt(Status.ACCEPTED, "frames").unheard_text is None


def test_an_answer_tells_how_it_ended_and_what_was_heard_of_it():
    assert running(inject(), heard=heard("Yes.")).answer("heard") == {"status": "heard", "heard_text": "Yes."}
    assert running(inject()).answer("interrupted") == {"status": "interrupted", "heard_text": ""}


def test_how_long_words_may_take_counts_digits_and_east_asian_signs_as_syllables():
    assert expected_ms("") == 5_000
    assert expected_ms("Hello") == 5 * 120 + 5_000
    assert expected_ms("11") == 2 * 600 + 5_000
    assert expected_ms("您好") == 2 * 400 + 5_000
