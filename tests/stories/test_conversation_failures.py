"""Whole conversations in virtual time when vendors fail: an apology and a line in the journal, never silence."""

from __future__ import annotations

from conversation_stage import Stage, play

from trunkline.calls.talk import Began, Ended, VendorFailed, Words
from trunkline.conversation.context import TalkConfig
from trunkline.conversation.ports import VendorBroke, VendorBusy, VendorRefused

SORRY = "I am sorry."
CONFIG = TalkConfig(apology=SORRY, providers={"llm": "brain", "tts": "throat", "stt": "ear"}, first_token_s=2.0)


def failures(stage: Stage) -> list[tuple[str, str, bool]]:
    return [(fact.block, fact.provider, fact.fatal) for fact in stage.of(VendorFailed)]


def test_a_model_that_fails_is_apologised_for_and_the_call_goes_on():
    async def story(stage):
        await stage.caller("hello")
        await stage.until(Ended)
        await stage.caller("again")
        await stage.until(Ended)

    stage = play(story, [[VendorBroke("500")], ["Hi."]], config=CONFIG)
    assert failures(stage) == [("llm", "brain", False)]
    assert stage.of(VendorFailed)[0].error == "VendorBroke: 500"
    assert stage.ends == [("apology", SORRY, ""), ("reply", "Hi.", "")]
    assert stage.heard == f"{SORRY} Hi."
    assert stage.caller_said == ["hello", "again"]


def test_a_model_that_does_not_begin_in_time_has_failed():
    async def story(stage):
        await stage.caller("hello")
        await stage.until(Ended)

    stage = play(story, [[60.0, "Late."]], config=CONFIG)
    assert "nothing came for 2 s" in stage.of(VendorFailed)[0].error
    assert stage.heard == SORRY
    assert stage.at(VendorFailed) <= 820 + 2_040


def test_the_second_failure_in_a_row_is_fatal_after_the_apology():
    async def story(stage):
        await stage.caller("hello")
        await stage.until(Ended)
        await stage.caller("hello?")
        await stage.until(Ended)
        await stage.run(100)

    stage = play(story, [[VendorBroke("500")]], config=CONFIG)
    assert failures(stage) == [("llm", "brain", False), ("llm", "brain", False), ("llm", "brain", True)]
    assert isinstance(stage.facts[-2][1], VendorFailed) or isinstance(stage.facts[-1][1], VendorFailed)
    assert stage.heard == f"{SORRY} {SORRY}"


def test_a_good_reply_between_two_failures_forgives_the_first():
    async def story(stage):
        for _ in range(3):
            await stage.caller("hello")
            await stage.until(Ended)

    stage = play(story, [[VendorBroke("x")], ["Hi."], [VendorBroke("x")]], config=CONFIG)
    assert failures(stage) == [("llm", "brain", False)] * 2


def test_a_model_that_breaks_off_is_apologised_for_after_the_words_it_wrote():
    async def story(stage):
        await stage.caller("hello")
        await stage.until(Ended, 2)

    stage = play(story, [["We open at nine. On", VendorBroke("cut")]], config=CONFIG)
    assert stage.ends == [("reply", "We open at nine.", "failure"), ("apology", SORRY, "")]


def test_a_failed_answer_ends_its_command_and_is_apologised_for():
    async def story(stage):
        stage.talk.answer("cmd_1", "Fact.", True)
        await stage.until(Ended, 2)

    stage = play(story, [[VendorRefused("no")]], config=CONFIG)
    assert next((end.utterance, end.cut_by) for end in stage.of(Ended)) == ("cmd_1", "failure")
    assert stage.heard == SORRY


def test_a_piece_that_could_not_be_voiced_is_tried_once_more():
    async def story(stage):
        stage.tts.fails = [VendorBusy("429")]
        await stage.caller("hello")
        await stage.until(Ended)

    stage = play(story, [["Hi there."]], config=CONFIG)
    assert failures(stage) == []
    assert stage.heard == "Hi there."


def test_a_voice_that_refuses_is_not_tried_again_and_the_kept_apology_is_played():
    async def story(stage):
        stage.tts.fails = [VendorRefused("401")]
        await stage.caller("hello")
        await stage.until(Ended)

    stage = play(story, [["Hi there."]], config=CONFIG)
    assert failures(stage) == [("tts", "throat", False)]
    assert stage.heard == SORRY


def test_a_command_whose_words_could_not_be_voiced_ends_as_failed():
    async def story(stage):
        stage.tts.fails = [VendorRefused("401")]
        stage.talk.say(Words("cmd_1", "say", "Your taxi is here."))
        await stage.until(Ended)
        await stage.run(1_000)

    stage = play(story, config=CONFIG)
    assert stage.ends == [("say", "", "failure")]
    assert stage.of(Ended)[0].heard.unheard == "Your taxi is here."
    assert stage.of(Began) == []


def test_a_voice_that_fails_twice_in_a_row_without_a_kept_apology_is_fatal():
    async def story(stage):
        stage.tts.fails = [VendorRefused("401")] * 9
        await stage.caller("hello")
        await stage.until(VendorFailed, 1)
        await stage.run(1_000)
        await stage.caller("hello?")
        await stage.until(VendorFailed, 3)

    stage = play(story, config=CONFIG, prepare=False)
    assert failures(stage) == [("tts", "throat", False), ("tts", "throat", False), ("tts", "throat", True)]
    assert stage.heard == ""


def test_a_greeting_that_cannot_be_prepared_is_told_and_tried_again():
    async def story(stage):
        await stage.until(Ended)

    stage = play(story, config=TalkConfig(first_message="Hello.", apology=SORRY), fails=[VendorRefused("x")])
    assert failures(stage) == [("tts", "", False)]
    assert stage.heard == "Hello."


def test_a_transcriber_that_breaks_is_connected_again():
    async def story(stage):
        stage.stt.breaks(VendorBroke("gone"))
        await stage.run(700)
        assert stage.stt.connections == 2
        await stage.caller("hello")
        await stage.until(Ended)

    stage = play(story, config=CONFIG)
    assert failures(stage) == [("stt", "ear", False)]


def test_a_transcriber_that_keeps_breaking_is_fatal_after_the_apology():
    async def story(stage):
        for _ in range(4):
            stage.stt.breaks(VendorBroke("gone"))
        await stage.until(Ended)

    stage = play(story, config=CONFIG)
    assert failures(stage) == [("stt", "ear", False)] * 4 + [("stt", "ear", True)]
    assert stage.heard == SORRY
    assert stage.at(Began) >= 3_500
