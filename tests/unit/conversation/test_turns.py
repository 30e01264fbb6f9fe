from __future__ import annotations

import random

import pytest

from trunkline.conversation.turns import (
    LATE_MS,
    NOISE_MS,
    Ask,
    Backchannel,
    Caller,
    Cut,
    Held,
    Manners,
    ModelAsked,
    Ours,
    Resume,
    Silent,
    Speaking,
    SpeechStarted,
    SpeechStopped,
    Transcribed,
    Turns,
    Typed,
    Unask,
    Wake,
    Yield,
)

REPLY = Speaking(reply=True, interruptible=True, resumable=True)
WORDS = Speaking(reply=False, interruptible=True, resumable=False)
GREETING = Speaking(reply=False, interruptible=True, resumable=True)
FIRM = Speaking(reply=False, interruptible=False, resumable=False)


def said(text: str, final: bool = True, end: bool = False) -> Transcribed:
    return Transcribed(text, final, end)


def play(script, manners=None, turns=None):
    turns = turns or Turns(manners or Manners())
    for now, input, expected in script:
        was = (turns.caller, turns.ours)
        effects = turns.handle(now, input)
        assert effects == expected, f"\nat {now} ms, {was} <- {input}\n  got  {effects}\n  want {expected}"
    return turns


QUESTION = [
    (0, SpeechStarted(), []),
    (900, said("what are", False), []),
    (1_500, said("what are your hours"), []),
    (1_600, SpeechStopped(), []),
]
ASKED = [*QUESTION, (2_000, Wake(), [Ask("what are your hours")])]
ANSWERING = [*ASKED, (3_000, REPLY, [])]


# ---- the end of a turn -----------------------------------------------------------------------------


def test_a_question_is_asked_the_minimum_delay_after_the_speech():
    turns = play(QUESTION)
    assert turns.deadline == 2_000
    play([(1_999, Wake(), []), (2_000, Wake(), [Ask("what are your hours")])], turns=turns)
    assert (turns.caller, turns.ours, turns.deadline) == (Caller.QUIET, Ours.THINKING, None)


def test_a_final_transcript_that_comes_after_the_minimum_delay_ends_the_turn_at_once():
    play([
        (0, SpeechStarted(), []),
        (500, SpeechStopped(), []),
        (800, said("hello", False), []),
        (1_000, said("hello"), [Ask("hello")]),
    ])  # fmt: skip


def test_an_unfinished_transcript_is_waited_for_until_the_maximum_delay():
    turns = play([(0, SpeechStarted(), []), (500, said("hel", False), []), (600, SpeechStopped(), [])])
    assert turns.deadline == 2_600
    play([(2_599, Wake(), []), (2_600, Wake(), [Ask("hel")])], turns=turns)


def test_sound_without_words_holds_the_floor_until_the_maximum_delay_and_is_noise_then():
    turns = play([(0, SpeechStarted(), []), (600, SpeechStopped(), [])])
    assert (turns.caller, turns.deadline) == (Caller.RESTING, 2_600)
    play([(2_600, Wake(), [])], turns=turns)
    assert (turns.caller, turns.ours, turns.deadline) == (Caller.QUIET, Ours.SILENT, None)


def test_a_breath_is_not_the_end_of_a_turn():
    play([
        (0, SpeechStarted(), []),
        (500, said("I would like"), []),
        (700, SpeechStopped(), []),
        (1_050, SpeechStarted(), []),
        (1_100, Wake(), []),
        (1_800, said("a table"), []),
        (1_900, SpeechStopped(), []),
        (2_300, Wake(), [Ask("I would like a table")]),
    ])  # fmt: skip


def test_interim_texts_replace_each_other_and_a_final_one_stands():
    turns = play([
        (0, SpeechStarted(), []),
        (100, said("what", False), []),
        (200, said("what are", False), []),
    ])  # fmt: skip
    assert turns.fresh == "what are"
    play([(300, said("what are you"), []), (400, said("doing", False), [])], turns=turns)
    assert turns.fresh == turns.text == "what are you doing"


def test_the_vendor_s_end_of_turn_is_the_end_even_before_the_gate_has_noticed():
    turns = play([(0, SpeechStarted(), []), (500, said("hello", True, True), [Ask("hello")])])
    play([(700, SpeechStopped(), [])], turns=turns)
    assert turns.caller is Caller.QUIET


def test_the_vendor_s_end_of_turn_is_honoured_on_an_interim_text_and_in_a_pause():
    play([(0, SpeechStarted(), []), (500, SpeechStopped(), []), (600, said("hello", False, True), [Ask("hello")])])


def test_an_end_of_turn_without_words_means_nothing():
    turns = play([(0, SpeechStarted(), []), (500, said("", True, True), [])])
    assert turns.caller is Caller.SPEAKING


def test_speech_after_an_announced_end_is_a_turn_of_its_own_pace():
    turns = play([
        (0, SpeechStarted(), []),
        (500, said("hello", True, True), [Ask("hello")]),
        (600, SpeechStarted(), [Unask()]),
        (900, said("there"), []),
        (1_000, SpeechStopped(), []),
    ])  # fmt: skip
    assert turns.deadline == 1_400


def test_words_too_soft_for_the_gate_open_a_turn():
    turns = play([(1_000, said("hel", False), []), (1_200, said("hello"), [])])
    assert (turns.caller, turns.deadline) == (Caller.RESTING, 1_400)
    play([(1_400, Wake(), [Ask("hello")])], turns=turns)


def test_a_transcript_of_nothing_opens_nothing():
    turns = play([(1_000, said(""), []), (1_100, said("...", False), [])])
    assert (turns.caller, turns.deadline) == (Caller.QUIET, None)


def test_a_sound_that_never_stops_and_brings_no_words_loses_the_floor():
    turns = play([(0, SpeechStarted(), [])])
    assert turns.deadline == NOISE_MS
    play([(NOISE_MS - 20, Wake(), []), (NOISE_MS, Wake(), [])], turns=turns)
    assert turns.caller is Caller.QUIET


def test_a_gate_that_sticks_does_not_keep_a_turn_open_for_ever():
    turns = play([(0, SpeechStarted(), []), (3_000, said("hello"), [])])
    assert turns.deadline == 3_000 + NOISE_MS
    play([(7_000, Wake(), [Ask("hello")])], turns=turns)


def test_a_maximum_delay_longer_than_the_noise_limit_is_still_counted_from_the_sound():
    turns = play([(0, SpeechStarted(), []), (NOISE_MS, Wake(), [])], Manners(max_delay=5_000))
    assert (turns.caller, turns.deadline) == (Caller.RESTING, 5_000)


def test_empty_transcripts_do_not_prolong_a_sound():
    turns = play([(0, SpeechStarted(), []), (3_000, said(""), [])])
    assert turns.deadline == NOISE_MS


def test_after_noise_soft_words_are_waited_for_as_usual():
    turns = play([
        (0, SpeechStarted(), []),
        (400, Typed("[keypad] 1"), []),
        (500, SpeechStopped(), []),
        (900, Wake(), [Ask("[keypad] 1")]),
        (1_000, REPLY, []),
        (2_000, SpeechStarted(), []),
        (2_100, said("okay", True, True), [Backchannel("okay")]),
        (3_000, Silent(), []),
        (9_000, said("hello"), []),
    ])  # fmt: skip
    assert turns.deadline == 9_400


# ---- while the model thinks ---------------------------------------------------------------------------


def test_going_on_while_the_model_thinks_asks_again_with_everything():
    turns = play([
        *ASKED,
        (2_200, SpeechStarted(), [Unask()]),
        (2_900, said("on sunday"), []),
        (3_000, SpeechStopped(), []),
        (3_400, Wake(), [Ask("what are your hours on sunday")]),
        (4_000, REPLY, []),
    ])  # fmt: skip
    assert (turns.text, turns.owed, turns.asked) == ("", False, None)


def test_a_cough_while_the_model_thinks_asks_again_with_the_same():
    play([
        *ASKED,
        (2_200, SpeechStarted(), [Unask()]),
        (2_400, SpeechStopped(), []),
        (4_400, Wake(), [Ask("what are your hours")]),
    ])  # fmt: skip


def test_a_late_final_that_says_the_same_changes_nothing():
    turns = play([
        (0, SpeechStarted(), []),
        (500, said("what are your hours", False), []),
        (600, SpeechStopped(), []),
        (2_600, Wake(), [Ask("what are your hours")]),
        (2_700, said("What are your hours?"), []),
        (2_900, REPLY, []),
    ])  # fmt: skip
    assert turns.text == ""


def test_a_late_final_that_says_more_is_asked_at_once():
    play([
        (0, SpeechStarted(), []),
        (500, said("what are your hours", False), []),
        (600, SpeechStopped(), []),
        (2_600, Wake(), [Ask("what are your hours")]),
        (2_700, said("what are your hours on sunday"), [Unask(), Ask("what are your hours on sunday")]),
    ])  # fmt: skip


def test_a_late_interim_is_waited_for():
    turns = play([*ASKED, (2_300, said("on", False), [Unask()])])
    assert turns.deadline == 2_300 + 2_000
    play([(2_500, said("on sunday"), []), (2_700, Wake(), [Ask("what are your hours on sunday")])], turns=turns)


def test_an_empty_late_transcript_changes_nothing():
    play([*ASKED, (2_300, said(""), []), (2_400, said("", False), [])])


def test_a_final_that_confirms_what_was_answered_is_no_new_turn():
    turns = play([
        (0, SpeechStarted(), []),
        (500, said("what are your hours", False), []),
        (600, SpeechStopped(), []),
        (2_600, Wake(), [Ask("what are your hours")]),
        (2_700, REPLY, []),
        (2_800, said("what are", False), []),
    ])  # fmt: skip
    assert turns.text == ""
    play([(2_900, said("What are your hours?"), []), (3_500, Silent(), [])], turns=turns)
    assert (turns.text, turns.caller, turns.unconfirmed) == ("", Caller.QUIET, [])


def test_the_rest_of_a_final_that_comes_during_the_answer_is_kept_for_the_next_turn():
    turns = play([
        (0, SpeechStarted(), []),
        (500, said("what are your hours", False), []),
        (600, SpeechStopped(), []),
        (2_600, Wake(), [Ask("what are your hours")]),
        (2_700, REPLY, []),
        (2_800, said("what are your hours on sunday"), []),
        (3_500, Silent(), []),
    ])  # fmt: skip
    assert (turns.text, turns.caller) == ("on sunday", Caller.QUIET)
    play([
        (9_000, SpeechStarted(), []),
        (9_300, said("I mean"), []),
        (9_400, SpeechStopped(), []),
        (9_800, Wake(), [Ask("on sunday I mean")]),
    ], turns=turns)  # fmt: skip


def test_other_words_than_those_to_be_confirmed_are_new():
    turns = play([
        (0, SpeechStarted(), []),
        (500, said("what are your hours", False), []),
        (600, SpeechStopped(), []),
        (2_600, Wake(), [Ask("what are your hours")]),
        (2_700, REPLY, []),
        (2_800, said("never mind"), []),
    ])  # fmt: skip
    assert turns.text == "never mind"


def test_a_late_end_of_turn_that_confirms_what_was_asked_is_no_new_turn():
    turns = play([
        (0, SpeechStarted(), []),
        (500, said("hello", False), []),
        (600, SpeechStopped(), []),
        (2_600, Wake(), [Ask("hello")]),
        (2_700, said("hello", True, True), []),
    ])  # fmt: skip
    assert turns.caller is Caller.QUIET


def test_a_late_interim_after_an_announced_end_is_waited_for():
    turns = play(
        [
            (0, SpeechStarted(), []),
            (500, said("hello", True, True), [Ask("hello")]),
            (600, said("th", False), [Unask()]),
        ]
    )
    assert turns.deadline == 2_600


def test_words_long_after_the_caller_s_last_sound_while_we_speak_are_not_the_caller_s():
    turns = play([*ANSWERING, (1_600 + LATE_MS + 1, said("we open at nine"), [])])
    assert turns.text == ""
    turns = play([*ANSWERING, (1_600 + LATE_MS, said("on sunday"), [])])
    assert turns.text == "on sunday"
    turns = play([*ANSWERING, (1_600 + LATE_MS + 1, said("we open", False), [])])
    assert turns.text == ""


def test_an_answer_of_nothing_is_an_answer():
    turns = play([*ASKED, (2_500, Silent(), [])])
    assert (turns.ours, turns.text, turns.owed) == (Ours.SILENT, "", False)
    play([(3_000, SpeechStarted(), []), (3_400, said("hello"), []), (3_500, SpeechStopped(), []), (3_900, Wake(), [Ask("hello")])], turns=turns)  # fmt: skip


# ---- while we speak -------------------------------------------------------------------------------------


def test_words_long_enough_are_an_interruption():
    turns = play([
        *ANSWERING,
        (3_500, SpeechStarted(), []),
        (3_700, said("wait", False), []),
        (3_799, Wake(), []),
        (3_800, Wake(), [Cut()]),
        (4_400, said("wait on sunday"), []),
        (4_500, SpeechStopped(), []),
        (4_900, Wake(), [Ask("wait on sunday")]),
    ])  # fmt: skip
    assert turns.asked == "wait on sunday"


def test_the_deadline_during_overlap_is_the_minimum_duration():
    turns = play([*ANSWERING, (3_500, SpeechStarted(), [])])
    assert turns.deadline == 3_800


def test_a_sound_without_words_yields_and_is_resumed_when_it_was_noise():
    turns = play([
        *ANSWERING,
        (3_500, SpeechStarted(), []),
        (3_800, Wake(), [Yield()]),
    ])  # fmt: skip
    assert turns.ours is Ours.YIELDED
    play([(4_000, SpeechStopped(), [])], turns=turns)
    assert turns.deadline == 5_500
    play([(5_499, Wake(), []), (5_500, Wake(), [Resume()])], turns=turns)
    assert (turns.caller, turns.ours, turns.since) == (Caller.QUIET, Ours.SPEAKING, 5_500)


def test_a_sound_that_goes_on_without_words_is_resumed_over():
    turns = play([
        *ANSWERING,
        (3_500, SpeechStarted(), []),
        (3_800, Wake(), [Yield()]),
        (3_500 + NOISE_MS, Wake(), [Resume()]),
    ])  # fmt: skip
    play([(9_000, SpeechStopped(), []), (9_500, Silent(), [])], turns=turns)
    assert turns.caller is Caller.QUIET


def test_words_after_yielding_make_it_an_interruption():
    turns = play([
        *ANSWERING,
        (3_500, SpeechStarted(), []),
        (3_800, Wake(), [Yield()]),
        (3_900, said("hold", False), [Cut()]),
        (4_100, said("hold on"), []),
        (4_200, SpeechStopped(), []),
        (4_600, Wake(), [Ask("hold on")]),
    ])  # fmt: skip
    assert turns.ours is Ours.THINKING


def test_words_that_come_only_after_the_sound_still_interrupt_what_has_yielded():
    play([
        *ANSWERING,
        (3_500, SpeechStarted(), []),
        (3_800, Wake(), [Yield()]),
        (4_000, SpeechStopped(), []),
        (4_500, said("hold on"), [Cut(), Ask("hold on")]),
    ])  # fmt: skip


def test_yielding_to_mm_hm_is_resumed():
    turns = play([
        *ANSWERING,
        (3_500, SpeechStarted(), []),
        (3_800, Wake(), [Yield()]),
        (3_900, said("Mm-hm."), []),
        (4_000, SpeechStopped(), []),
        (4_400, Wake(), [Backchannel("Mm-hm."), Resume()]),
    ])  # fmt: skip
    assert (turns.ours, turns.text) == (Ours.SPEAKING, "")


def test_when_nothing_was_left_to_resume_the_sound_is_a_turn():
    play([
        *ANSWERING,
        (3_500, SpeechStarted(), []),
        (3_800, Wake(), [Yield()]),
        (3_800, Silent(), []),
        (3_900, said("yeah"), []),
        (4_000, SpeechStopped(), []),
        (4_400, Wake(), [Ask("yeah")]),
    ])  # fmt: skip


def test_the_greeting_is_resumed_like_a_reply():
    play([(0, GREETING, []), (500, SpeechStarted(), []), (800, Wake(), [Yield()])])


def test_given_words_are_cut_and_not_resumed():
    turns = play([(0, WORDS, []), (500, SpeechStarted(), []), (800, Wake(), [Cut()])])
    assert turns.ours is Ours.SILENT


def test_without_a_false_interruption_timeout_nothing_is_resumed():
    play([(0, GREETING, []), (500, SpeechStarted(), []), (800, Wake(), [Cut()])], Manners(false_interruption=None))


def test_mm_hm_is_no_interruption_and_no_turn():
    turns = play([
        *ANSWERING,
        (3_500, SpeechStarted(), []),
        (3_700, said("mm-hm", False), []),
        (3_800, Wake(), []),
        (4_000, SpeechStopped(), []),
        (4_100, said("mm-hm"), []),
        (4_400, Wake(), [Backchannel("mm-hm")]),
        (6_000, Silent(), []),
    ])  # fmt: skip
    assert (turns.text, turns.caller, turns.ours) == ("", Caller.QUIET, Ours.SILENT)


def test_mm_hm_whose_final_transcript_never_comes_is_dropped_at_the_maximum_delay():
    turns = play([
        *ANSWERING,
        (3_500, SpeechStarted(), []),
        (3_700, said("okay", False), []),
        (4_000, SpeechStopped(), []),
        (5_999, Wake(), []),
        (6_000, Wake(), [Backchannel("okay")]),
        (6_100, said("Okay."), []),
    ])  # fmt: skip
    assert turns.text == ""


def test_while_it_may_still_be_mm_hm_more_words_are_waited_for():
    turns = play([
        *ANSWERING,
        (3_500, SpeechStarted(), []),
        (3_700, said("okay", False), []),
        (3_800, Wake(), []),
    ])  # fmt: skip
    assert turns.deadline == 3_700 + NOISE_MS
    play([(4_200, said("okay but what about", False), [Cut()])], turns=turns)


def test_mm_hm_over_our_last_word_is_an_answer():
    play([
        *ANSWERING,
        (3_500, SpeechStarted(), []),
        (3_700, said("yeah"), []),
        (3_750, Silent(), []),
        (3_900, SpeechStopped(), []),
        (4_300, Wake(), [Ask("yeah")]),
    ])  # fmt: skip


def test_words_too_short_to_interrupt_are_kept_until_we_are_done():
    turns = play([
        *ANSWERING,
        (3_500, SpeechStarted(), []),
        (3_780, SpeechStopped(), []),
        (3_900, said("no"), []),
        (4_180, Wake(), []),
    ])  # fmt: skip
    assert turns.caller is Caller.WAITING
    play([(6_000, Silent(), [Ask("no")])], turns=turns)


def test_a_sound_of_exactly_the_minimum_duration_interrupts():
    play([
        *ANSWERING,
        (3_500, SpeechStarted(), []),
        (3_600, said("no", False), []),
        (3_800, SpeechStopped(), [Cut()]),
    ])  # fmt: skip


def test_an_announced_end_of_words_long_enough_interrupts():
    play([
        *ANSWERING,
        (3_500, SpeechStarted(), []),
        (3_600, said("okay", False), []),
        (4_000, said("okay stop", True, True), [Cut(), Ask("okay stop")]),
    ])  # fmt: skip


def test_an_announced_end_does_not_make_a_short_sound_longer():
    turns = play([
        *ANSWERING,
        (3_500, SpeechStarted(), []),
        (3_600, SpeechStopped(), []),
        (4_000, said("no", True, True), []),
    ])  # fmt: skip
    assert turns.caller is Caller.WAITING


def test_late_words_after_a_noise_was_dropped_do_not_interrupt():
    turns = play([
        *ANSWERING,
        (3_500, SpeechStarted(), []),
        (4_000, SpeechStopped(), []),
        (6_000, Wake(), []),
        (6_200, said("hello", False), []),
    ], Manners(interruption_words=1))  # fmt: skip
    assert (turns.ours, turns.text) == (Ours.SPEAKING, "hello")


def test_a_sound_that_has_stopped_without_words_does_not_interrupt_any_more():
    turns = play([
        *ANSWERING,
        (3_500, SpeechStarted(), []),
        (3_900, SpeechStopped(), []),
        (5_900, Wake(), []),
    ])  # fmt: skip
    assert (turns.caller, turns.ours) == (Caller.QUIET, Ours.SPEAKING)


def test_so_many_words_are_needed_to_interrupt():
    turns = play([
        *ANSWERING,
        (3_500, SpeechStarted(), []),
        (3_800, Wake(), []),
        (4_000, said("wait a", False), []),
        (4_200, said("wait a moment", False), [Cut()]),
    ], Manners(interruption_words=3))  # fmt: skip
    assert turns.ours is Ours.SILENT


def test_speech_that_began_before_our_words_is_talked_over():
    turns = play([
        (0, SpeechStarted(), []),
        (500, said("so as I", False), []),
        (600, WORDS, []),
        (1_500, said("so as I was saying", False), []),
        (1_600, SpeechStopped(), []),
        (1_700, said("so as I was saying"), []),
        (2_000, Wake(), []),
    ])  # fmt: skip
    assert turns.caller is Caller.WAITING
    play([(3_000, Silent(), [Ask("so as I was saying")])], turns=turns)


def test_yes_before_our_words_is_an_answer_and_yes_during_them_is_not():
    before = [(0, SpeechStarted(), []), (300, said("yes"), []), (350, WORDS, []), (400, SpeechStopped(), [])]
    play([*before, (800, Wake(), []), (3_000, Silent(), [Ask("yes")])])
    play(
        [
            (0, FIRM, []),
            (100, SpeechStarted(), []),
            (300, said("yes"), []),
            (400, SpeechStopped(), []),
            (800, Wake(), [Backchannel("yes")]),
        ]
    )
    play(
        [
            (0, FIRM, []),
            (0, SpeechStarted(), []),
            (300, said("yes"), []),
            (400, SpeechStopped(), []),
            (800, Wake(), [Backchannel("yes")]),
        ]
    )


def test_yes_while_a_trigger_is_thought_about_is_an_answer():
    turns = play([
        (0, SpeechStarted(), []),
        (100, ModelAsked(), []),
        (300, said("yes"), []),
        (400, SpeechStopped(), []),
        (800, Wake(), []),
    ])  # fmt: skip
    assert turns.caller is Caller.WAITING


def test_speech_that_begins_with_our_words_is_not():
    play([(500, WORDS, []), (500, SpeechStarted(), []), (600, said("stop", False), []), (800, Wake(), [Cut()])])


def test_uninterruptible_words_keep_the_caller_s_words_for_the_next_turn():
    turns = play([
        (0, FIRM, []),
        (500, SpeechStarted(), []),
        (1_000, said("I have a question"), []),
        (1_200, SpeechStopped(), []),
        (1_600, Wake(), []),
    ])  # fmt: skip
    assert (turns.caller, turns.deadline) == (Caller.WAITING, None)
    play([(1_800, SpeechStarted(), []), (2_300, said("about you"), []), (2_400, SpeechStopped(), [])], turns=turns)
    play([(2_800, Wake(), []), (4_000, Silent(), [Ask("I have a question about you")])], turns=turns)


def test_a_caller_still_speaking_when_our_words_end_is_heard_out():
    play([
        (0, FIRM, []),
        (500, SpeechStarted(), []),
        (1_000, said("I have"), []),
        (1_100, Silent(), []),
        (1_500, said("a question"), []),
        (1_600, SpeechStopped(), []),
        (2_000, Wake(), [Ask("I have a question")]),
    ])  # fmt: skip


# ---- orders from outside -----------------------------------------------------------------------------------


def test_words_given_while_the_model_thinks_come_first_and_the_question_is_asked_after_them():
    turns = play([*ASKED, (2_300, WORDS, [])])
    assert (turns.ours, turns.owed, turns.asked) == (Ours.SPEAKING, True, None)
    play([(4_000, Silent(), [Ask("what are your hours")])], turns=turns)


def test_words_given_while_the_model_answers_a_command_leave_nothing_to_ask():
    play([(0, ModelAsked(), []), (500, WORDS, []), (2_000, Silent(), [])])


def test_words_given_while_the_caller_goes_on_do_not_lose_the_question():
    play([
        *ASKED,
        (2_200, SpeechStarted(), [Unask()]),
        (2_300, WORDS, []),
        (2_500, SpeechStopped(), []),
        (3_000, Silent(), []),
        (4_500, Wake(), [Ask("what are your hours")]),
    ])  # fmt: skip


def test_a_trigger_is_thinking_and_is_asked_again_when_the_caller_begins():
    turns = play([
        (0, ModelAsked(), []),
        (100, SpeechStarted(), [Unask()]),
        (300, SpeechStopped(), []),
        (2_300, Wake(), [Ask("")]),
    ])  # fmt: skip
    assert (turns.ours, turns.asked) == (Ours.THINKING, None)


def test_a_trigger_over_a_speaking_caller_does_not_lose_the_caller_s_words():
    turns = play([
        (0, SpeechStarted(), []),
        (400, said("I wonder", False), []),
        (500, ModelAsked(), []),
        (800, said("I wonder whether"), []),
        (900, REPLY, []),
        (1_000, SpeechStopped(), []),
        (1_400, Wake(), []),
    ])  # fmt: skip
    assert turns.caller is Caller.WAITING
    play([(2_000, Silent(), [Ask("I wonder whether")])], turns=turns)


def test_words_after_a_trigger_without_any_sound_make_one_answer_of_both():
    play([(0, ModelAsked(), []), (300, said("hello"), [Unask()]), (400, Wake(), [Ask("hello")])])


def test_digits_are_a_turn_at_once():
    play([(1_000, Typed("[keypad] 12"), [Ask("[keypad] 12")])])


def test_digits_while_the_model_thinks_are_asked_with_the_question():
    play([*ASKED, (2_300, Typed("[keypad] 1"), [Unask(), Ask("what are your hours [keypad] 1")])])


def test_digits_while_we_speak_wait_and_do_not_interrupt():
    turns = play([
        *ANSWERING,
        (3_500, SpeechStarted(), []),
        (4_100, SpeechStopped(), []),
        (6_100, Wake(), []),
        (6_200, Typed("[keypad] 1"), []),
    ], Manners(interruption_words=1))  # fmt: skip
    assert turns.caller is Caller.WAITING
    play([(7_000, Silent(), [Ask("[keypad] 1")])], turns=turns)


def test_digits_while_the_caller_speaks_belong_to_what_is_being_said():
    play([
        (0, SpeechStarted(), []),
        (300, said("my code"), []),
        (400, Typed("[keypad] 1"), []),
        (500, SpeechStopped(), []),
        (900, Wake(), [Ask("my code [keypad] 1")]),
    ])  # fmt: skip


def test_on_hold_nothing_is_heard_and_an_open_question_is_asked_afterwards():
    turns = play([
        *ASKED,
        (2_100, Held(True), []),
        (2_200, SpeechStarted(), []),
        (2_300, Typed("[keypad] 1"), []),
        (2_500, SpeechStopped(), []),
        (9_000, Wake(), []),
    ])  # fmt: skip
    assert (turns.caller, turns.ours, turns.deadline) == (Caller.QUIET, Ours.SILENT, None)
    play([(9_100, Held(False), [Ask("what are your hours")])], turns=turns)


def test_words_cut_short_by_a_hold_belong_to_the_next_turn():
    turns = play([
        (0, SpeechStarted(), []),
        (500, said("I would", False), []),
        (600, Held(True), []),
        (700, said("I would like"), []),
        (5_000, Held(False), []),
        (6_000, SpeechStarted(), []),
        (6_400, said("a table"), []),
        (6_500, SpeechStopped(), []),
        (6_900, Wake(), [Ask("I would like a table")]),
    ])  # fmt: skip
    assert turns.held is False


def test_late_words_on_hold_do_not_take_the_floor():
    turns = play([(0, SpeechStarted(), []), (600, Held(True), []), (700, said("I would like"), [])])
    assert (turns.caller, turns.deadline) == (Caller.QUIET, None)


def test_a_trigger_asked_again_owes_nothing_more():
    play([
        (0, ModelAsked(), []),
        (100, SpeechStarted(), [Unask()]),
        (300, SpeechStopped(), []),
        (2_300, Wake(), [Ask("")]),
        (2_400, Held(True), []),
        (2_500, Held(False), []),
    ])  # fmt: skip


def test_words_that_waited_for_ours_are_asked_after_a_hold():
    play([
        (0, FIRM, []),
        (500, SpeechStarted(), []),
        (900, said("hello"), []),
        (1_000, SpeechStopped(), []),
        (1_400, Wake(), []),
        (1_500, Held(True), []),
        (2_000, Held(False), [Ask("hello")]),
    ])  # fmt: skip


def test_a_command_s_trigger_that_a_hold_cut_is_not_asked_again_but_one_given_during_it_is():
    play([(0, ModelAsked(), []), (100, Held(True), []), (200, Held(False), [])])
    play([(0, Held(True), []), (100, ModelAsked(), []), (200, Held(False), [Ask("")])])


# ---- random lives ------------------------------------------------------------------------------------------


def inputs(dice: random.Random):
    text = dice.choice(["", "hello", "mm-hm", "what are your", "what are your hours"])
    return dice.choice([
        SpeechStarted(), SpeechStopped(), Wake(), Silent(), ModelAsked(), Typed("1"), WORDS, FIRM, Held(True), Held(False),
        Transcribed(text, dice.random() < 0.5, dice.random() < 0.1),
    ])  # fmt: skip


@pytest.mark.parametrize("seed", range(300))
def test_whatever_happens_the_floor_comes_back_and_every_effect_fits_its_moment(seed):
    dice, turns, now = random.Random(seed), Turns(), 0
    for _ in range(80):
        now += dice.choice([20, 200, 1_000])
        was = turns.ours
        effects = turns.handle(now, REPLY if turns.ours is Ours.THINKING and dice.random() < 0.3 else inputs(dice))
        if any(isinstance(effect, Ask) for effect in effects):
            assert isinstance(effects[-1], Ask) and turns.ours is Ours.THINKING
        assert (Unask() in effects) <= (was is Ours.THINKING)
        assert (Cut() in effects) <= (was in (Ours.SPEAKING, Ours.YIELDED) or turns.ours is Ours.SILENT)
        assert turns.held <= (turns.ours is Ours.SILENT or turns.ours is Ours.SPEAKING)
        assert (turns.ours is Ours.YIELDED) <= (turns.caller in (Caller.SPEAKING, Caller.RESTING))
        assert (turns.caller is Caller.WAITING) <= (turns.ours is not Ours.SILENT or turns.held)
    turns.handle(now, Held(False))
    for _ in range(20):
        turns.handle(now, Silent())
        now = max(now, turns.deadline or now) + 20
        turns.handle(now, Wake())
    assert (turns.caller, turns.ours) == (Caller.QUIET, Ours.SILENT)
