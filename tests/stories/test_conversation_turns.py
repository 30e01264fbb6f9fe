"""Whole conversations in virtual time: whose turn it is, and what was heard of it."""

from __future__ import annotations

import itertools

from conversation_stage import play

from trunkline.calls.leg import Noted
from trunkline.calls.talk import Began, CallerSaid, Ended, Floor, Measured, Progressed
from trunkline.conversation.context import TalkConfig
from trunkline.conversation.turns import Manners
from trunkline.testing.vendors import ScriptedGuard

GREETING = "Hello there. How can I help?"
HOURS = "We open at nine. On Sunday we are closed."


def test_the_greeting_is_heard_within_100_ms_of_the_answer_and_remembered():
    async def story(stage):
        await stage.until(Ended)

    stage = play(story, config=TalkConfig(first_message=GREETING))
    assert stage.at(Began) <= 100
    assert stage.heard == GREETING
    assert stage.ends == [("greeting", GREETING, "")]
    assert stage.remembered == [("assistant", GREETING)]
    kinds = [type(fact) for _, fact in stage.facts]
    assert kinds.index(Began) < kinds.index(Measured) < kinds.index(Ended)
    assert stage.of(Measured)[0].ms == 6 * 200
    assert stage.floor == Floor(False, False, False)


def test_a_greeting_that_is_still_being_made_is_not_made_twice():
    async def story(stage):
        await stage.until(Ended)

    stage = play(story, config=TalkConfig(first_message=GREETING, apology=""), prepare=False)
    assert stage.heard == GREETING
    assert len(stage.tts.requests) == 2


def test_without_a_first_message_the_assistant_waits():
    async def story(stage):
        await stage.run(3_000)

    stage = play(story)
    assert stage.facts == [] and stage.heard == ""


def test_a_question_and_its_answer():
    async def story(stage):
        await stage.caller("what are your hours")
        await stage.until(Ended)

    stage = play(story, [[HOURS]])
    assert stage.heard == HOURS
    assert stage.remembered == [("user", "what are your hours"), ("assistant", HOURS)]
    assert stage.of(Floor) == [
        Floor(False, False, True), Floor(False, True, False), Floor(True, False, False), Floor(False, False, False),
    ]  # fmt: skip
    assert stage.of(CallerSaid) == [CallerSaid("what are your hours", 1)]
    assert stage.noted("model.asked") == [{"turn": 1, "messages": 1}]


def test_end_of_turn_is_the_minimum_delay_after_the_last_word():
    async def story(stage):
        await stage.caller("hello", ms=400)
        await stage.until(Noted)

    stage = play(story)
    assert stage.at(Noted) == 420 + 400


def test_progress_is_told_at_most_every_200_ms_and_never_runs_ahead():
    async def story(stage):
        await stage.caller("hours")
        while not stage.of(Ended):
            await stage.run(20)
            for progress in stage.of(Progressed)[-1:]:
                assert stage.heard.startswith(progress.heard.text)

    stage = play(story, [[HOURS]])
    times = [at for at, fact in stage.facts if isinstance(fact, Progressed)]
    assert len(times) >= 7
    assert min(b - a for a, b in itertools.pairwise(times)) >= 200


def test_a_barge_in_leaves_in_memory_what_was_heard_to_the_word():
    async def story(stage):
        await stage.caller("what are your hours")
        await stage.until(Began)
        await stage.run(900)
        stage.sounding = True
        await stage.run(200)
        stage.stt.transcribe("wait please", final=False)
        await stage.run(300)
        stage.sounding = False
        stage.stt.transcribe("wait please")
        await stage.until(Began)

    stage = play(story, [[HOURS], ["Yes?"]])
    end = stage.of(Ended)[0]
    assert end.cut_by == "caller"
    assert end.heard.text == "We open at nine. On Sunday" == stage.heard
    assert end.heard.unheard == "we are closed."
    assert end.heard.margin_ms == 0
    assert [(m.role, m.content) for m in stage.llm.asked[1]] == [
        ("user", "what are your hours"), ("assistant", "We open at nine. On Sunday"), ("user", "wait please"),
    ]  # fmt: skip
    assert len(stage.noted("barge_in")) == 1


def test_our_audio_stops_within_60_ms_of_the_minimum_duration():
    async def story(stage):
        await stage.caller("hours")
        await stage.until(Began)
        await stage.run(500)
        stage.onset = stage.now
        stage.sounding = True
        await stage.run(2_000)

    stage = play(story, [[HOURS]])
    sounds = [n for n, frame in enumerate(stage.line.played) if set(frame) != {0xFF}]
    assert sounds[-1] * 20 <= stage.onset + 300 + 60


def test_what_was_taken_back_from_the_line_was_not_heard():
    async def story(stage):
        await stage.caller("hours")
        await stage.until(Began)
        await stage.run(900)
        await stage.caller("stop that now")
        await stage.until(Ended, 1)

    stage = play(story, [[HOURS]], line={"delay": 10})
    end = stage.of(Ended)[0]
    assert end.heard.text == stage.heard
    assert end.heard.text == "We open at nine. On"


def test_a_line_that_cannot_take_back_is_waited_for():
    async def story(stage):
        await stage.caller("hours")
        await stage.until(Began)
        await stage.run(900)
        await stage.caller("stop that now")
        cut = stage.now
        end = await stage.until(Ended)
        assert end.heard.text == stage.heard
        assert stage.now > cut

    stage = play(story, [[HOURS]], line={"delay": 10, "clears": False})
    assert stage.of(Ended)[0].heard.text == "We open at nine. On Sunday"


def test_a_line_that_stalls_is_waited_for_no_longer_than_a_second():
    async def story(stage):
        await stage.caller("hours")
        await stage.until(Began)
        await stage.run(700)
        stage.line.stalled = True
        await stage.caller("stop that now")
        before = stage.now
        await stage.until(Ended)
        assert 500 < stage.now - before <= 1_000

    stage = play(story, [[HOURS]], line={"clears": False})
    assert stage.of(Ended)[0].heard.text == stage.heard == "We open at"


def test_mm_hm_makes_no_gap():
    async def story(stage):
        await stage.caller("hours")
        await stage.until(Began)
        await stage.run(300)
        stage.sounding = True
        await stage.run(200)
        stage.stt.transcribe("mm-hm", final=False)
        await stage.run(400)
        stage.sounding = False
        stage.stt.transcribe("Mm-hm.")
        await stage.until(Ended)
        await stage.run(2_000)

    stage = play(story, [[HOURS]])
    assert stage.heard == HOURS
    assert max(stage.line.gaps(), default=0) * 20 <= 40
    assert stage.noted("backchannel") == [{"text": "Mm-hm."}]
    assert stage.noted("barge_in") == []
    assert len(stage.llm.asked) == 1
    assert stage.floor == Floor(False, False, False)


def test_noise_stops_us_and_the_rest_is_spoken_from_the_word_that_was_cut():
    async def story(stage):
        await stage.caller("hours")
        await stage.until(Began)
        await stage.run(500)
        await stage.caller("", ms=500)
        await stage.run(1_000)
        assert stage.floor == Floor(False, False, True)
        await stage.until(Ended)

    stage = play(story, [[HOURS]])
    assert stage.heard == HOURS
    assert stage.ends == [("reply", HOURS, "")]
    assert len(stage.noted("barge_in")) == len(stage.noted("barge_in.resumed")) == 1
    assert len(stage.llm.asked) == 1
    assert stage.remembered == [("user", "hours"), ("assistant", HOURS)]


def test_a_sound_that_turns_out_to_be_words_is_an_interruption():
    async def story(stage):
        await stage.caller("hours")
        await stage.until(Began)
        await stage.run(500)
        await stage.caller("", ms=500)
        await stage.run(400)
        stage.stt.transcribe("one moment please")
        await stage.until(Ended)
        await stage.until(Ended)

    stage = play(story, [[HOURS], ["Sure."]])
    assert stage.ends[0] == ("reply", "We open at nine.", "caller")
    assert stage.ends[1] == ("reply", "Sure.", "")
    assert stage.caller_said == ["hours", "one moment please"]


def test_without_a_false_interruption_timeout_noise_ends_our_words():
    async def story(stage):
        await stage.caller("hours")
        await stage.until(Began)
        await stage.run(500)
        await stage.caller("", ms=500)
        await stage.run(3_000)

    stage = play(story, [[HOURS]], config=TalkConfig(manners=Manners(false_interruption=None)))
    assert stage.ends == [("reply", "We open at nine.", "caller")]
    assert stage.floor == Floor(False, False, False)


def test_going_on_while_the_model_thinks_asks_again_with_everything():
    async def story(stage):
        await stage.caller("what are your hours")
        await stage.run(500)
        assert len(stage.llm.asked) == 1
        await stage.caller("on sunday")
        await stage.until(Ended)

    stage = play(story, [[HOURS], ["Closed."]])
    assert stage.heard == "Closed."
    assert stage.remembered == [("user", "what are your hours on sunday"), ("assistant", "Closed.")]
    assert stage.of(CallerSaid) == [CallerSaid("what are your hours on sunday", 1)]
    assert stage.llm.finished == 1


def test_a_late_transcript_asks_again_while_nothing_is_audible():
    async def story(stage):
        await stage.caller("what are your hours", final=False)
        await stage.run(2_100)
        assert len(stage.llm.asked) == 1
        stage.stt.transcribe("what are your hours on sunday")
        await stage.until(Ended)

    stage = play(story, [[HOURS], ["Closed."]])
    assert stage.caller_said == ["what are your hours on sunday"]
    assert stage.heard == "Closed."


def test_a_transcript_that_comes_while_we_speak_belongs_to_the_next_turn():
    async def story(stage):
        await stage.caller("what are your hours", final=False)
        await stage.until(Began)
        stage.stt.transcribe("what are your hours on sunday")
        await stage.until(Ended)
        await stage.run(3_000)
        assert len(stage.llm.asked) == 1
        await stage.caller("I mean")
        await stage.until(Ended)

    stage = play(story, [["Nine."], ["Closed."]])
    assert stage.caller_said == ["what are your hours", "on sunday I mean"]


def test_words_during_uninterruptible_speech_are_kept_and_become_the_next_turn():
    async def story(stage):
        await stage.run(300)
        await stage.caller("I have a question")
        await stage.until(Ended)
        await stage.until(Ended)

    config = TalkConfig(first_message=GREETING + " " + HOURS, first_message_interruptible=False)
    stage = play(story, [["Ask."]], config=config)
    assert stage.heard == f"{GREETING} {HOURS} Ask."
    assert stage.ends[0][2] == ""
    assert stage.caller_said == ["I have a question"]
    assert stage.remembered[1:] == [("user", "I have a question"), ("assistant", "Ask.")]


def test_our_own_voice_coming_back_is_no_interruption():
    async def story(stage):
        await stage.caller("hours")
        await stage.until(Began)
        for _ in range(50):
            stage.talk.hear(ScriptedGuard.ECHO)
            stage.line.send(stage.talk.utter() or b"\xff" * 160)
        await stage.run(3_000)

    stage = play(story, [[HOURS]])
    assert stage.heard == HOURS
    assert stage.noted("barge_in") == []
    assert ScriptedGuard.ECHO not in stage.stt.frames


def test_the_vendors_own_end_of_turn_is_honoured():
    async def story(stage):
        stage.sounding = True
        await stage.run(400)
        stage.stt.transcribe("what are your hours", end_of_turn=True)
        await stage.run(20)
        assert len(stage.llm.asked) == 1

    play(story)


def test_a_voice_without_alignment_says_how_far_off_it_may_be():
    async def story(stage):
        await stage.caller("hours")
        await stage.until(Began)
        await stage.run(1_000)
        await stage.caller("stop it please")
        await stage.until(Ended, 1)

    stage = play(story, [[HOURS]], aligned=False)
    heard = stage.of(Ended)[0].heard
    assert heard.text_basis == "proportional"
    assert 300 <= heard.margin_ms <= 500
    off = abs(len(heard.text.split()) - len(stage.line.heard())) * 200
    assert off <= heard.margin_ms
    assert f"{heard.text} {heard.unheard}" == HOURS
