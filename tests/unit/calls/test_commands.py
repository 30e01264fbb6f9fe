"""Two lanes, one order, one outcome: the commands of a call, as plays."""

import pytest
from call_plays import (
    ASSISTANT,
    BOTH,
    CALLER,
    QUIET,
    THINKING,
    Stage,
    end,
    heard,
    inject,
    instant,
    kinds,
    outcomes,
    say,
    spoken,
    started,
    transfer,
)

from trunkline.calls.effects import (
    Accepted,
    Answer,
    EndCall,
    Finished,
    HoldLine,
    Hush,
    Know,
    Mute,
    Press,
    Speak,
    Started,
    TellModel,
    TransferCall,
)
from trunkline.calls.endings import EndReason
from trunkline.calls.inputs import Closing
from trunkline.calls.leg import TransferAnswered, TransferFailed
from trunkline.calls.talk import Known, Measured, Progressed, Words
from trunkline.calls.verbs import Interrupt, OnInterrupt, OverCaller, Status, Verb

NOW, REFUSE = Interrupt.NOW, Interrupt.REFUSE


# ---- say --------------------------------------------------------------------------------


def test_words_are_spoken_at_once_when_nobody_speaks_and_heard_to_their_end():
    stage = Stage()
    command = say()
    assert stage.at(100).ask(command) == [
        Accepted(command, 30_100),
        Started(command),
        Speak(Words("c1", "say", "Hello there.", interruptible=True)),
    ]
    stage.at(130).began()
    effects = stage.at(1_000).ended()
    assert kinds(effects) == ["Finished"]
    receipt = stage.receipt()
    assert (receipt.status, receipt.accepted_at, receipt.started_at) == (Status.HEARD, 100, 100)
    assert (receipt.first_audio_at, receipt.finished_at) == (130, 1_000)
    assert (receipt.heard_text, receipt.heard_ms, receipt.unheard_text) == ("Hello there.", 800, "")
    assert (receipt.basis, receipt.text_basis, receipt.margin_ms, receipt.reason) == ("frames", "alignment", 0, None)
    assert not receipt.talked_over


def test_a_queued_say_waits_for_the_assistant_to_finish():
    stage = Stage()
    stage.feed(ASSISTANT)
    assert kinds(stage.ask(say())) == ["Accepted"]
    assert spoken(stage.feed(QUIET)) == ["c1"]


def test_a_queued_say_waits_for_a_thinking_model_and_its_answer():
    stage = Stage()
    stage.feed(THINKING)
    assert kinds(stage.ask(say())) == ["Accepted"]
    assert stage.feed(ASSISTANT) == []
    assert spoken(stage.feed(QUIET)) == ["c1"]


def test_says_are_spoken_in_the_order_they_came():
    stage = Stage()
    stage.ask(say("a"))
    stage.ask(say("b"))
    stage.ask(say("c"))
    assert spoken(stage.ended("a")) == ["b"]
    assert spoken(stage.ended("b")) == ["c"]


def test_the_same_command_again_is_carried_out_once():
    stage = Stage()
    stage.ask(say())
    assert [stage.ask(say()) for _ in range(4)] == [[], [], [], []]
    stage.ended()
    assert stage.ask(say()) == []
    assert spoken(stage.all) == ["c1"]


def test_now_takes_the_floor_from_the_assistant():
    stage = Stage()
    stage.feed(ASSISTANT)
    assert spoken(stage.ask(say(interrupt=NOW))) == ["c1"]


def test_now_takes_the_floor_from_another_command_whose_receipt_tells_what_was_heard():
    stage = Stage()
    stage.ask(say("a"))
    stage.began("a")
    assert spoken(stage.ask(say("b", interrupt=NOW))) == ["b"]
    assert stage.receipt("a").status is Status.STARTED
    stage.ended("a", heard("Hello", 300, "there."), "command")
    assert stage.outcome("a") == (Status.INTERRUPTED, "superseded")
    assert stage.receipt("a").unheard_text == "there."
    assert stage.receipt("b").status is Status.STARTED


def test_now_overtakes_the_queue_but_not_another_now():
    stage = Stage()
    stage.feed(CALLER)
    for id, interrupt in (("a", Interrupt.QUEUE), ("b", NOW), ("c", NOW)):
        stage.ask(say(id, interrupt=interrupt))
    assert spoken(stage.feed(QUIET)) == ["b", "c"]  # c takes the floor from b at once
    stage.ended("b", heard("", 0, "Hello there."), "command")
    assert spoken(stage.ended("c")) == ["a"]


@pytest.mark.parametrize("floor", [ASSISTANT, THINKING])
def test_refuse_is_refused_while_the_assistant_has_the_floor(floor):
    stage = Stage()
    stage.feed(floor)
    assert outcomes(stage.ask(say(interrupt=REFUSE))) == [("c1", "refused", "assistant_speaking")]


def test_refuse_is_refused_behind_another_command_and_started_when_there_is_none():
    stage = Stage()
    assert spoken(stage.ask(say("a", interrupt=REFUSE))) == ["a"]
    assert outcomes(stage.ask(say("b", interrupt=REFUSE))) == [("b", "refused", "assistant_speaking")]


def test_refuse_that_waited_for_the_caller_is_refused_if_the_assistant_got_the_floor_first():
    stage = Stage()
    stage.feed(CALLER)
    assert outcomes(stage.ask(say(interrupt=REFUSE))) == []
    assert outcomes(stage.feed(THINKING)) == [("c1", "refused", "assistant_speaking")]


def test_a_say_that_does_not_start_in_time_expires():
    stage = Stage()
    stage.feed(ASSISTANT)
    stage.at(50).ask(say(ttl_ms=500))
    assert stage.lanes.deadline == 550
    assert outcomes(stage.wake()) == [("c1", "expired", "ttl")]
    assert stage.receipt().unheard_text == "Hello there."
    assert spoken(stage.feed(QUIET)) == []


def test_a_say_that_has_started_does_not_expire():
    stage = Stage()
    stage.ask(say(ttl_ms=100))
    stage.began()
    stage.at(200).feed(Progressed("c1", heard("Hello", 300)))
    assert stage.receipt().status is Status.STARTED
    assert stage.lanes.deadline != 100


def test_words_cut_by_the_caller_are_interrupted():
    stage = Stage()
    stage.ask(say())
    effects = stage.ended(what=heard("Hello", 300, "there."), cut_by="caller")
    assert outcomes(effects) == [("c1", "interrupted", "caller")]
    assert (stage.receipt().heard_text, stage.receipt().unheard_text) == ("Hello", "there.")


def test_words_that_the_voice_could_not_speak_have_failed():
    stage = Stage()
    stage.ask(say())
    assert outcomes(stage.ended(what=heard("", 0, "Hello there."), cut_by="failure")) == [
        ("c1", "failed", "vendor_failed")
    ]


def test_words_that_take_much_longer_than_their_length_are_given_up():
    stage = Stage()
    stage.ask(say())
    stage.at(100).began()
    stage.feed(Measured("c1", 900))
    assert stage.lanes.deadline == 100 + 900 + 5_000
    effects = stage.wake()
    assert kinds(effects) == ["Hush", "Finished"]
    assert stage.outcome() == (Status.FAILED, "vendor_timeout")


def test_words_that_never_begin_are_given_up_after_an_estimate_of_their_length():
    stage = Stage()
    stage.ask(say(text="x" * 10))
    assert stage.lanes.deadline == 10 * 120 + 5_000
    assert outcomes(stage.wake()) == [("c1", "failed", "vendor_timeout")]


def test_a_slow_start_of_the_voice_moves_the_deadline():
    stage = Stage()
    stage.ask(say(text="x" * 10))
    stage.at(3_000).began()
    assert stage.lanes.deadline == 3_000 + 10 * 120 + 5_000


def test_words_that_go_on_being_heard_are_not_given_up_however_slowly_they_are_spoken():
    stage = Stage()
    stage.ask(say(text="one two three"))
    stage.at(100).began()
    stage.at(6_000).feed(Progressed("c1", heard("one", 5_500, "two three")))
    assert stage.lanes.deadline == 6_000 + len("two three") * 120 + 5_000


def test_progress_never_brings_the_deadline_nearer():
    stage = Stage()
    stage.ask(say(text="one two three"))
    stage.at(100).began()
    stage.feed(Measured("c1", 30_000))
    stage.at(6_000).feed(Progressed("c1", heard("one", 5_500, "two three")))
    assert stage.lanes.deadline == 35_100


def test_digits_are_expected_to_take_as_long_as_their_names():
    stage = Stage()
    stage.ask(say(text="1234 5678"))
    assert stage.lanes.deadline == 8 * 600 + 120 + 5_000


# ---- over the caller ------------------------------------------------------------------------


def test_waiting_for_the_caller_ends_when_the_caller_does():
    stage = Stage()
    stage.feed(CALLER)
    assert spoken(stage.ask(say())) == []
    assert spoken(stage.at(2_000).feed(QUIET)) == ["c1"]
    assert not stage.receipt().talked_over


def test_waiting_for_the_caller_ends_after_ten_seconds_and_the_receipt_says_so():
    stage = Stage()
    stage.feed(CALLER)
    stage.at(1_000).ask(say())
    assert stage.lanes.deadline == 11_000
    assert spoken(stage.wake()) == ["c1"]
    assert stage.receipt().talked_over


def test_a_command_that_waited_for_the_caller_and_is_then_held_up_otherwise_does_not_wake_for_ever():
    stage = Stage()
    stage.feed(CALLER)
    stage.ask(say(ttl_ms=600_000))
    stage.at(1_000).ask(instant(Verb.HOLD, "h"))
    assert stage.lanes.deadline == 600_000


def test_the_ten_seconds_start_again_once_the_assistant_was_in_the_way():
    stage = Stage()
    stage.feed(CALLER)
    stage.ask(say())
    stage.at(6_000).feed(ASSISTANT)
    stage.at(8_000).feed(CALLER)
    assert stage.lanes.deadline == 18_000


def test_talk_speaks_over_the_caller():
    stage = Stage()
    stage.feed(CALLER)
    assert spoken(stage.ask(say(over_caller=OverCaller.TALK))) == ["c1"]
    assert stage.receipt().talked_over


def test_refuse_is_refused_while_the_caller_speaks():
    stage = Stage()
    stage.feed(CALLER)
    assert outcomes(stage.ask(say(over_caller=OverCaller.REFUSE))) == [("c1", "refused", "caller_speaking")]


def test_refuse_that_had_to_wait_is_refused_if_the_caller_speaks_when_its_moment_comes():
    stage = Stage()
    stage.feed(ASSISTANT)
    stage.ask(say(over_caller=OverCaller.REFUSE))
    stage.feed(BOTH)
    assert outcomes(stage.feed(CALLER)) == [("c1", "refused", "caller_speaking")]


# ---- words with an action ---------------------------------------------------------------------

WITH_ACTION = [
    say(end_after=True, interruptible=True),
    end(interruptible=True),
    transfer(interruptible=True),
]
ACTIONS = (EndCall, TransferCall)


def acted(effects):
    return [e for e in effects if isinstance(e, ACTIONS)]


@pytest.mark.parametrize("command", WITH_ACTION, ids=lambda c: c.verb)
def test_the_action_follows_the_last_word(command):
    stage = Stage()
    assert acted(stage.ask(command)) == []
    assert len(acted(stage.ended())) == 1


@pytest.mark.parametrize("command", WITH_ACTION, ids=lambda c: c.verb)
def test_proceed_lets_the_caller_finish_and_then_acts(command):
    stage = Stage()
    stage.ask(command)
    stage.feed(BOTH)
    assert acted(stage.ended(what=heard("Hello", 300, "there."), cut_by="caller")) == []
    assert acted(stage.feed(CALLER)) == []
    assert len(acted(stage.feed(THINKING))) == 1
    assert stage.receipt().unheard_text == "there."


@pytest.mark.parametrize("command", WITH_ACTION, ids=lambda c: c.verb)
def test_proceed_does_not_wait_for_ever(command):
    stage = Stage()
    stage.ask(command)
    stage.feed(BOTH)
    stage.at(500).ended(cut_by="caller")
    assert stage.lanes.deadline == 10_500
    assert len(acted(stage.wake())) == 1
    assert stage.receipt().talked_over


@pytest.mark.parametrize("verb", [Verb.SAY, Verb.END, Verb.TRANSFER])
def test_abort_leaves_the_action_undone(verb):
    stage = Stage()
    make = {Verb.SAY: lambda **o: say(end_after=True, **o), Verb.END: end, Verb.TRANSFER: transfer}[verb]
    stage.ask(make(interruptible=True, on_interrupt=OnInterrupt.ABORT))
    effects = stage.ended(what=heard("Hello", 300, "there."), cut_by="caller")
    assert outcomes(effects) == [("c1", "interrupted", "caller")]
    assert acted(effects) == []
    assert stage.receipt().action == ({"type": "end", "status": "not_taken"} if verb is Verb.SAY else None)


@pytest.mark.parametrize("verb", [Verb.SAY, Verb.END, Verb.TRANSFER])
def test_repeat_says_it_once_more_uninterruptibly_and_then_acts(verb):
    stage = Stage()
    make = {Verb.SAY: lambda **o: say(end_after=True, **o), Verb.END: end, Verb.TRANSFER: transfer}[verb]
    stage.ask(make(interruptible=True, on_interrupt=OnInterrupt.REPEAT))
    stage.feed(BOTH)
    stage.ended(what=heard("Hello", 300, "there."), cut_by="caller")
    again = stage.feed(QUIET)
    assert [e.words.utterance for e in again if isinstance(e, Speak)] == ["c1:again"]
    assert [e.words.interruptible for e in again if isinstance(e, Speak)] == [False]
    assert stage.lanes.current is not None
    assert stage.lanes.current.committed
    assert len(acted(stage.ended("c1:again"))) == 1
    assert stage.receipt().heard_text == "Hello there."


def test_the_first_audio_of_a_repeated_sentence_is_that_of_its_first_time():
    stage = Stage()
    stage.ask(end(interruptible=True, on_interrupt=OnInterrupt.REPEAT))
    stage.at(50).began()
    stage.feed(BOTH)
    stage.ended(cut_by="caller")
    stage.feed(QUIET)
    stage.at(900).began("c1:again")
    assert stage.receipt().first_audio_at == 50


def test_a_repeat_that_is_cut_all_the_same_is_not_repeated_again():
    stage = Stage()
    stage.ask(end(interruptible=True, on_interrupt=OnInterrupt.REPEAT))
    stage.feed(BOTH)
    stage.ended(cut_by="caller")
    stage.feed(QUIET)
    stage.feed(BOTH)
    stage.ended("c1:again", cut_by="caller")
    assert len(acted(stage.feed(QUIET))) == 1


@pytest.mark.parametrize("command", WITH_ACTION, ids=lambda c: c.verb)
def test_a_voice_that_fails_does_not_keep_the_action_from_being_taken(command):
    stage = Stage()
    stage.ask(command)
    assert len(acted(stage.ended(what=heard("", 0, "Hello there."), cut_by="failure"))) == 1


@pytest.mark.parametrize("command", WITH_ACTION, ids=lambda c: c.verb)
def test_words_that_never_come_to_an_end_do_not_keep_the_action_from_being_taken(command):
    stage = Stage()
    stage.ask(command)
    effects = stage.wake()
    assert kinds(effects)[0] == "Hush"
    assert len(acted(effects)) == 1


def test_words_that_end_after_they_were_given_up_do_not_act_a_second_time():
    stage = Stage()
    stage.ask(end())
    assert len(acted(stage.wake())) == 1
    assert stage.ended(what=heard("Good", 100, "bye."), cut_by="command") == []
    assert len(acted(stage.all)) == 1


def test_say_and_end_is_heard_and_its_action_done_once_the_call_is_over():
    stage = Stage()
    stage.ask(say(end_after=True, interruptible=False))
    assert acted(stage.ended()) == [EndCall(EndReason.END_CALL_COMMAND)]
    stage.over()
    assert stage.outcome() == (Status.HEARD, None)
    assert stage.receipt().action == {"type": "end", "status": "done"}


def test_say_and_end_whose_words_were_cut_is_interrupted_though_its_action_was_done():
    stage = Stage()
    stage.ask(say(end_after=True, interruptible=True))
    stage.ended(what=heard("Hello", 300, "there."), cut_by="caller")
    stage.over()
    assert stage.outcome() == (Status.INTERRUPTED, None)
    assert stage.receipt().action == {"type": "end", "status": "done"}


def test_end_call_is_done_once_the_call_is_over_even_if_its_words_were_cut():
    stage = Stage()
    stage.ask(end(interruptible=True))
    stage.ended(what=heard("Good", 100, "bye."), cut_by="caller")
    stage.over()
    assert stage.outcome() == (Status.DONE, None)
    assert stage.receipt().unheard_text == "bye."


def test_end_call_without_words_hangs_up_at_once():
    stage = Stage()
    command = end(text="")
    assert stage.ask(command) == [
        Accepted(command, 30_000),
        Started(command),
        EndCall(EndReason.END_CALL_COMMAND),
    ]


def test_end_call_now_without_words_hushes_the_assistant_first():
    stage = Stage()
    stage.feed(ASSISTANT)
    assert kinds(stage.ask(end(text="", interrupt=NOW))) == ["Accepted", "Started", "Hush", "EndCall"]


def test_end_call_without_words_is_legal_before_the_answer_and_nothing_else_is():
    stage = Stage(opened=False)
    assert outcomes(stage.ask(say("a"))) == [("a", "refused", "not_in_progress")]
    assert outcomes(stage.ask(end("b"))) == [("b", "refused", "not_in_progress")]
    assert acted(stage.ask(end("c", text=""))) == [EndCall(EndReason.END_CALL_COMMAND)]


def test_the_models_own_end_is_the_assistants_doing():
    stage = Stage()
    assert acted(stage.ask(end(text="", source="model"))) == [EndCall(EndReason.ASSISTANT_HANGUP)]


def test_an_uninterruptible_goodbye_beats_now():
    stage = Stage()
    stage.ask(end("bye"))
    assert outcomes(stage.ask(say("late", interrupt=NOW))) == [("late", "refused", "already_ending")]
    assert stage.receipt("bye").status is Status.STARTED


def test_an_interruptible_goodbye_does_not_beat_now():
    stage = Stage()
    stage.ask(end("bye", interruptible=True))
    assert spoken(stage.ask(say("late", interrupt=NOW))) == ["late"]
    stage.ended("bye", heard("Good", 100, "bye."), "command")
    assert stage.outcome("bye") == (Status.INTERRUPTED, "superseded")
    assert acted(stage.all) == []


def test_a_goodbye_that_waits_for_the_caller_loses_the_floor_to_a_now_that_does_not():
    stage = Stage()
    stage.ask(end("bye", interruptible=True))
    stage.feed(BOTH)
    stage.ended("bye", heard("Good", 100, "bye."), "caller")
    stage.feed(CALLER)
    effects = stage.ask(say("late", interrupt=NOW, over_caller=OverCaller.TALK))
    assert outcomes(effects) == [("bye", "interrupted", "superseded")]
    assert stage.receipt("bye").heard_text == "Good"
    assert spoken(effects) == ["late"]
    stage.ended("late")
    assert acted(stage.all) == []


def test_a_now_that_waited_for_the_caller_is_refused_if_a_goodbye_was_committed_meanwhile():
    stage = Stage()
    stage.ask(end("bye", interruptible=True, on_interrupt=OnInterrupt.REPEAT))
    stage.feed(BOTH)
    stage.ended("bye", cut_by="caller")
    stage.feed(CALLER)
    stage.ask(say("late", interrupt=NOW))
    assert ("late", "refused", "already_ending") in outcomes(stage.feed(QUIET))


def test_a_goodbye_that_is_hanging_up_beats_everything():
    stage = Stage()
    stage.ask(end("bye", interruptible=True))
    stage.ended("bye")
    assert outcomes(stage.ask(say("late"))) == [("late", "refused", "already_ending")]


def test_words_cut_by_the_caller_while_the_call_is_hung_up_wait_for_its_end_and_wake_nobody():
    stage = Stage()
    stage.ask(end(interruptible=True))
    stage.feed(Closing())
    stage.ended(cut_by="caller")
    if stage.lanes.deadline is not None:
        stage.wake()
    assert stage.lanes.deadline is None
    stage.over()
    assert stage.outcome() == (Status.INTERRUPTED, "call_ended")


def test_once_the_call_is_being_hung_up_everything_is_refused():
    stage = Stage()
    stage.feed(Closing())
    assert outcomes(stage.ask(say("a"))) == [("a", "refused", "already_ending")]
    assert outcomes(stage.ask(inject("b"))) == [("b", "refused", "already_ending")]


# ---- transfer -----------------------------------------------------------------------------------


def test_a_transfer_is_announced_then_asked_of_the_line_and_done_when_answered():
    stage = Stage()
    stage.ask(transfer(timeout_seconds=20, mode="blind"))
    assert acted(stage.ended()) == [TransferCall("+15005550010", 20_000, "blind")]
    assert stage.receipt().status is Status.STARTED
    stage.feed(TransferAnswered(confirmed=False))
    assert stage.outcome() == (Status.DONE, None)
    done = {"type": "transfer", "status": "done", "destination": "+15005550010", "confirmed": False}
    assert stage.receipt().action == done


def test_a_failed_transfer_fails_its_command_and_the_model_is_told_why():
    stage = Stage()
    stage.ask(transfer(text=""))
    effects = stage.feed(TransferFailed(486, "busy"))
    assert outcomes(effects) == [("c1", "failed", "busy")]
    told = next(e for e in effects if isinstance(e, TellModel))
    assert told.speak
    assert "+15005550010" in told.content
    assert "busy (486)" in told.content
    assert stage.receipt().action["code"] == 486


def test_the_queue_waits_for_what_the_model_says_about_a_failed_transfer():
    stage = Stage()
    stage.ask(transfer("t", text=""))
    stage.ask(say())
    assert spoken(stage.feed(TransferFailed(486, "busy"))) == []
    assert spoken(stage.feed(THINKING)) == []
    assert spoken(stage.feed(QUIET)) == ["c1"]


def test_the_queue_does_not_wait_for_a_muted_assistant_to_speak_about_a_failed_transfer():
    stage = Stage()
    stage.ask(transfer("t", text=""))
    stage.ask(instant(Verb.MUTE, "m", target="assistant"))
    stage.ask(end(text=""))
    assert started(stage.feed(TransferFailed(486, "busy"))) == ["c1"]


def test_a_transfer_that_failed_without_a_reason_gives_its_code():
    stage = Stage()
    stage.ask(transfer(text=""))
    assert outcomes(stage.feed(TransferFailed(503))) == [("c1", "failed", "SIP 503")]


def test_while_a_transfer_is_under_way_now_is_refused_and_the_queue_waits():
    stage = Stage()
    stage.ask(transfer(text=""))
    assert outcomes(stage.ask(say("a", interrupt=NOW))) == [("a", "refused", "transfer_in_progress")]
    assert kinds(stage.ask(say("b"))) == ["Accepted"]
    stage.feed(TransferFailed(486, "busy"))
    assert spoken(stage.feed(QUIET)) == ["b"]


def test_a_transfer_under_way_is_not_given_up_for_a_now_even_if_its_words_were_interruptible():
    stage = Stage()
    stage.ask(transfer(interruptible=True))
    stage.ended()
    assert outcomes(stage.ask(say("a", interrupt=NOW))) == [("a", "refused", "transfer_in_progress")]


def test_a_transfer_in_an_unknown_mode_or_to_a_forbidden_place_is_refused():
    stage = Stage(forbids=lambda to: "premium" if to.startswith("+1900") else None)
    assert outcomes(stage.ask(transfer("a", mode="attended"))) == [("a", "refused", "mode_unavailable")]
    assert outcomes(stage.ask(transfer("b", destination="+19005550000"))) == [("b", "refused", "policy_blocked")]
    assert spoken(stage.ask(transfer("c"))) == ["c"]


def test_a_model_whose_own_transfer_is_refused_is_told_so():
    stage = Stage(forbids=lambda _: "premium")
    effects = stage.ask(transfer(source="model"))
    assert kinds(effects) == ["Accepted", "Finished", "TellModel"]
    assert "policy_blocked" in effects[-1].content
    assert kinds(stage.ask(transfer("c2"))) == ["Accepted", "Finished"]


def test_a_transfer_fact_without_a_transfer_is_nobodys():
    stage = Stage()
    stage.ask(say())
    assert stage.feed(TransferFailed(486)) == []
    assert stage.feed(TransferAnswered()) == []


# ---- inject-context -------------------------------------------------------------------------------


def test_a_silent_inject_overtakes_a_queued_say_and_is_done_when_the_model_knows():
    stage = Stage()
    stage.feed(ASSISTANT)
    stage.ask(say("slow"))
    command = inject("fast")
    assert stage.ask(command) == [Accepted(command, 30_000), Started(command), Know("fast", "VIP")]
    assert outcomes(stage.at(5).feed(Known("fast", 3))) == [("fast", "done", None)]
    assert stage.receipt("fast").turn == 3
    assert stage.receipt("slow").status is Status.ACCEPTED


def test_a_triggered_inject_is_answered_and_ends_when_the_answer_does():
    stage = Stage()
    effects = stage.ask(inject(trigger=True))
    assert effects[2:] == [Answer("c1", "VIP", interruptible=True)]
    stage.ended(what=heard("You are a VIP.", 900))
    assert stage.outcome() == (Status.DONE, None)
    assert stage.receipt().answer == {"status": "heard", "heard_text": "You are a VIP."}
    assert stage.receipt().unheard_text == ""


def test_an_interrupted_answer_is_still_a_done_inject():
    stage = Stage()
    stage.ask(inject(trigger=True))
    stage.ended(what=heard("You", 200, "are a VIP."), cut_by="caller")
    assert stage.outcome() == (Status.DONE, "caller")
    assert stage.receipt().answer == {"status": "interrupted", "heard_text": "You"}


def test_a_trigger_does_not_wait_for_a_thinking_model():
    stage = Stage()
    stage.feed(THINKING)
    assert started(stage.ask(inject(trigger=True))) == ["c1"]


def test_a_trigger_waits_for_the_assistant_to_finish_unless_now():
    stage = Stage()
    stage.feed(ASSISTANT)
    assert started(stage.ask(inject("a", trigger=True))) == []
    assert started(stage.ask(inject("b", trigger=True, interrupt=NOW))) == ["b"]


def test_a_trigger_while_the_caller_speaks_joins_the_question_once_it_is_asked():
    stage = Stage()
    stage.feed(CALLER)
    assert started(stage.ask(inject(trigger=True))) == []
    assert started(stage.feed(THINKING)) == ["c1"]


def test_an_answer_that_never_becomes_audible_is_given_up():
    stage = Stage()
    stage.ask(inject(trigger=True))
    assert stage.lanes.deadline == 20_000
    assert outcomes(stage.wake()) == [("c1", "failed", "vendor_timeout")]


def test_an_answer_that_is_audible_may_be_as_long_as_it_likes():
    stage = Stage()
    stage.ask(inject(trigger=True))
    stage.began()
    assert stage.lanes.deadline is None


# ---- instant commands ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("command", "effect"),
    [
        (instant(Verb.MUTE, target="caller"), Mute("caller", True)),
        (instant(Verb.UNMUTE, target="assistant"), Mute("assistant", False)),
        (instant(Verb.HOLD), HoldLine(True)),
        (instant(Verb.RESUME), HoldLine(False)),
        (instant(Verb.SEND_DTMF, digits="12#"), Press("12#")),
    ],
    ids=lambda x: type(x).__name__,
)
def test_instant_commands_are_done_at_once_whoever_speaks(command, effect):
    stage = Stage()
    stage.feed(BOTH)
    effects = stage.ask(command)
    assert effects[1:3] == [Started(command), effect]
    assert stage.outcome() == (Status.DONE, None)


def test_a_muted_assistant_is_refused_words_but_may_end_the_call():
    stage = Stage()
    stage.ask(instant(Verb.MUTE, "m", target="assistant"))
    assert outcomes(stage.ask(say("a"))) == [("a", "refused", "muted")]
    assert acted(stage.ask(end("b", text=""))) != []


def test_a_muted_assistant_ends_the_call_without_its_last_words_and_the_receipt_says_so():
    stage = Stage()
    stage.ask(instant(Verb.MUTE, "m", target="assistant"))
    effects = stage.ask(end("b", "Goodbye."))
    assert spoken(effects) == []
    assert len(acted(effects)) == 1
    stage.over()
    assert (stage.receipt("b").status, stage.receipt("b").unheard_text) == (Status.DONE, "Goodbye.")


def test_muting_the_caller_does_not_mute_the_assistant():
    stage = Stage()
    stage.ask(instant(Verb.MUTE, "m", target="caller"))
    assert spoken(stage.ask(say("a"))) == ["a"]


def test_unmuting_lets_the_assistant_speak_again():
    stage = Stage()
    stage.ask(instant(Verb.MUTE, "m", target="assistant"))
    stage.ask(instant(Verb.UNMUTE, "u", target="assistant"))
    assert spoken(stage.ask(say("a"))) == ["a"]


def test_words_cut_by_a_mute_or_a_hold_say_so():
    for verb, reason in ((Verb.MUTE, "muted"), (Verb.HOLD, "held")):
        stage = Stage()
        stage.ask(say())
        stage.ask(instant(verb, "x", target="assistant"))
        stage.ended(what=heard("Hello", 300, "there."), cut_by="command")
        assert stage.outcome() == (Status.INTERRUPTED, reason)


def test_while_on_hold_words_wait():
    stage = Stage()
    stage.ask(instant(Verb.HOLD, "h"))
    assert spoken(stage.ask(say("a"))) == []
    assert spoken(stage.ask(instant(Verb.RESUME, "r"))) == ["a"]


def test_a_held_call_can_be_ended_and_transferred_without_the_words_nobody_would_hear():
    for command in (end("b", "Goodbye."), end("b", ""), transfer("b", "One moment.")):
        stage = Stage()
        stage.ask(instant(Verb.HOLD, "h"))
        effects = stage.ask(command)
        assert spoken(effects) == []
        assert len(acted(effects)) == 1
        assert stage.receipt("b").unheard_text == (command.text or None)


def test_cancel_takes_back_what_has_not_started():
    stage = Stage()
    stage.feed(ASSISTANT)
    stage.ask(say("a"))
    effects = stage.ask(instant(Verb.CANCEL, "x", target="a"))
    assert outcomes(effects) == [("a", "refused", "cancelled"), ("x", "done", None)]
    assert spoken(stage.feed(QUIET)) == []


@pytest.mark.parametrize(
    ("prepare", "reason"),
    [
        (lambda s: s.ask(say("a")), "already_started"),
        (lambda s: (s.ask(say("a")), s.ended("a")), "already_finished"),
        (lambda s: None, "unknown_command"),
    ],
)
def test_cancel_of_anything_else_is_refused(prepare, reason):
    stage = Stage()
    prepare(stage)
    assert outcomes(stage.ask(instant(Verb.CANCEL, "x", target="a"))) == [("x", "refused", reason)]


# ---- after ----------------------------------------------------------------------------------------------


def test_an_instant_command_waits_for_the_one_it_comes_after():
    stage = Stage()
    stage.ask(say("a"))
    assert kinds(stage.ask(instant(Verb.SEND_DTMF, "d", digits="1", after="a"))) == ["Accepted"]
    assert kinds(stage.ended("a")) == ["Finished", "Started", "Press", "Finished"]


def test_a_command_after_a_failed_one_is_refused():
    for after in (instant(Verb.SEND_DTMF, "b", digits="1", after="a"), say("b", after="a")):
        stage = Stage()
        stage.ask(say("a"))
        stage.ask(after)
        stage.ended("a", cut_by="failure")
        assert stage.outcome("b") == (Status.REFUSED, "predecessor_failed")


def test_a_command_after_an_interrupted_one_goes_on():
    stage = Stage()
    stage.ask(say("a"))
    stage.ask(say("b", after="a"))
    assert spoken(stage.ended("a", cut_by="caller")) == ["b"]


def test_a_command_after_one_that_nobody_knows_is_refused():
    stage = Stage()
    assert outcomes(stage.ask(say(after="never"))) == [("c1", "refused", "predecessor_failed")]


def test_a_speech_command_waits_for_an_instant_one():
    stage = Stage()
    stage.ask(inject("a"))
    assert spoken(stage.ask(say("b", after="a"))) == []
    assert spoken(stage.feed(Known("a", 1))) == ["b"]


def test_a_now_that_comes_after_one_in_the_queue_does_not_hold_up_the_one_it_waits_for():
    stage = Stage()
    stage.feed(ASSISTANT)
    for command in (say("a"), say("b"), say("c", after="a", interrupt=NOW)):
        assert spoken(stage.ask(command)) == []
    assert spoken(stage.feed(QUIET)) == ["a"]
    assert spoken(stage.ended("a")) == ["c"]
    assert spoken(stage.ended("c")) == ["b"]


def test_a_now_overtakes_a_queue_whose_first_had_to_wait_for_the_caller():
    stage = Stage()
    stage.feed(CALLER)
    stage.ask(say("a"))
    stage.at(9_000).ask(say("b", interrupt=NOW))
    assert stage.lanes.deadline == 19_000
    assert spoken(stage.feed(QUIET)) == ["b"]


# ---- the end ------------------------------------------------------------------------------------------------


def test_when_the_call_ends_what_had_started_is_interrupted_and_what_had_not_has_failed():
    stage = Stage()
    stage.ask(say("a"))
    stage.ask(say("b"))
    stage.ask(inject("c"))
    stage.feed(Progressed("a", heard("Hello", 300, "there.")))
    stage.at(900).over()
    assert stage.outcome("a") == (Status.INTERRUPTED, "call_ended")
    assert stage.receipt("a").heard_text == "Hello"
    assert stage.receipt("a").finished_at == 900
    assert stage.outcome("b") == (Status.FAILED, "call_ended")
    assert stage.outcome("c") == (Status.INTERRUPTED, "call_ended")
    assert stage.lanes.deadline is None


def test_what_the_talk_settles_at_the_end_of_the_line_is_in_the_receipt():
    stage = Stage()
    stage.ask(say())
    assert stage.ended(what=heard("Hello", 300, "there."), cut_by="end") == []
    stage.over()
    assert stage.outcome() == (Status.INTERRUPTED, "call_ended")
    assert stage.receipt().heard_text == "Hello"


def test_a_triggered_inject_that_the_end_overtakes_is_done_with_what_was_heard():
    stage = Stage()
    stage.ask(inject(trigger=True))
    stage.over()
    assert stage.receipt().answer == {"status": "interrupted", "heard_text": ""}


def test_a_command_that_lost_the_floor_and_then_the_call_has_its_outcome_too():
    stage = Stage()
    stage.ask(say("a"))
    stage.ask(say("b", interrupt=NOW))
    stage.over()
    assert stage.outcome("a") == (Status.INTERRUPTED, "call_ended")
    assert stage.outcome("b") == (Status.INTERRUPTED, "call_ended")


def test_every_command_has_exactly_one_outcome():
    stage = Stage()
    stage.ask(say("a"))
    stage.ask(say("b", interrupt=NOW))
    stage.ask(inject("c"))
    stage.ended("a", cut_by="command")
    stage.over()
    stage.over()
    ids = [e.receipt.id for e in stage.all if isinstance(e, Finished)]
    assert sorted(ids) == ["a", "b", "c"]


def test_the_state_tells_who_has_the_floor_and_who_waits():
    stage = Stage()
    stage.ask(say("a"))
    stage.ask(say("b"))
    stage.ask(instant(Verb.MUTE, "m", target="assistant"))
    state = stage.lanes.state()
    assert state["current"] == {"command_id": "a", "type": "say"}
    assert state["queue"] == [{"command_id": "b", "type": "say"}]
    assert state["muted"]
    assert not state["on_hold"]
    assert not state["ending"]
    assert Hush() not in stage.all
