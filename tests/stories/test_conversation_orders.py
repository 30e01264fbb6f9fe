"""Whole conversations in virtual time, steered from outside: say, answer, know, hush, mute, hold, digits, tools."""

from __future__ import annotations

from conversation_stage import play

from trunkline.calls.talk import Began, CallerSaid, Ended, Floor, Known, PhraseSaid, ToolCalled, Words
from trunkline.conversation.context import TalkConfig
from trunkline.conversation.ports import Message, ToolCall
from trunkline.conversation.tools import toolbox

HOURS = "We open at nine. On Sunday we are closed."
NEWS = "Your taxi is here."


def words(text: str = NEWS, interruptible: bool = True, id: str = "cmd_1") -> Words:
    return Words(id, "say", text, interruptible)


# ---- say ------------------------------------------------------------------------------------


def test_exact_words_are_spoken_and_remembered_as_our_own():
    async def story(stage):
        stage.talk.say(words())
        assert stage.floor == Floor(True, False, False)
        await stage.until(Ended)

    stage = play(story)
    assert stage.heard == NEWS
    assert stage.of(Began)[0] == Began("cmd_1", "say")
    assert stage.ends == [("say", NEWS, "")]
    assert stage.remembered == [("assistant", NEWS)]
    assert stage.llm.asked == []


def test_say_cuts_a_reply_and_both_ends_are_told_in_order():
    async def story(stage):
        await stage.caller("hours")
        await stage.until(Began)
        await stage.run(500)
        stage.talk.say(words())
        await stage.until(Ended, 2)
        await stage.run(2_000)

    stage = play(story, [[HOURS]], line={"delay": 6, "clears": False})
    assert stage.ends == [("reply", "We open", "command"), ("say", NEWS, "")]
    assert stage.heard == "We open " + NEWS
    assert stage.remembered == [("user", "hours"), ("assistant", "We open"), ("assistant", NEWS)]
    assert len(stage.llm.asked) == 1


def test_say_while_the_model_thinks_is_spoken_first_and_the_question_answered_after():
    async def story(stage):
        await stage.caller("what are your hours")
        await stage.run(500)
        assert stage.floor.thinking
        stage.talk.say(words())
        await stage.until(Ended, 2)

    stage = play(story, [[HOURS], ["At nine."]])
    assert stage.heard == NEWS + " At nine."
    assert stage.ends == [("say", NEWS, ""), ("reply", "At nine.", "")]
    assert stage.remembered == [("assistant", NEWS), ("user", "what are your hours"), ("assistant", "At nine.")]
    assert stage.of(CallerSaid) == [CallerSaid("what are your hours", 1)]


def test_an_interrupted_say_is_not_resumed():
    async def story(stage):
        stage.talk.say(words())
        await stage.until(Began)
        await stage.run(300)
        await stage.caller("", ms=500)
        await stage.run(4_000)

    stage = play(story)
    assert stage.ends == [("say", "Your taxi is", "caller")]
    assert stage.heard == "Your taxi is"
    assert stage.floor == Floor(False, False, False)
    assert stage.llm.asked == []


def test_a_caller_may_interrupt_words_that_are_given_but_not_audible_yet():
    async def story(stage):
        stage.talk.say(words())
        await stage.run(40)
        await stage.caller("hello are you there", ms=1_000)
        await stage.until(Ended, 1)

    stage = play(story, voice_first_s=2.0)
    assert stage.ends[0] == ("say", "", "caller")
    assert stage.of(Began) == []


def test_uninterruptible_words_are_heard_to_their_end():
    async def story(stage):
        stage.talk.say(words(interruptible=False))
        await stage.until(Began)
        await stage.caller("stop talking to me", ms=600)
        await stage.until(Ended, 2)

    stage = play(story, [["Sorry."]])
    assert stage.ends == [("say", NEWS, ""), ("reply", "Sorry.", "")]
    assert stage.caller_said == ["stop talking to me"]


def test_words_said_over_a_speaking_caller_are_not_cut_by_the_speech_they_talk_over():
    async def story(stage):
        stage.sounding = True
        await stage.run(600)
        stage.stt.transcribe("so as I was", final=False)
        stage.talk.say(words())
        await stage.run(1_200)
        stage.sounding = False
        stage.stt.transcribe("so as I was saying")
        await stage.until(Ended, 2)

    stage = play(story, [["Yes."]])
    assert stage.ends == [("say", NEWS, ""), ("reply", "Yes.", "")]
    assert stage.caller_said == ["so as I was saying"]


def test_pronunciation_changes_what_is_spoken_and_not_what_is_written():
    async def story(stage):
        stage.talk.say(words("Welcome to HMS today."))
        await stage.until(Began)
        await stage.run(900)
        stage.talk.hush()
        await stage.until(Ended, 1)

    stage = play(story, config=TalkConfig(replacements=(("HMS", "aitch em ess"),)))
    assert stage.heard == "Welcome to aitch em"
    assert stage.of(Ended)[0].heard.text == "Welcome to"
    assert stage.of(Ended)[0].heard.unheard == "HMS today."


# ---- answer, know ----------------------------------------------------------------------------


def test_a_triggered_answer_is_the_command_s_utterance():
    async def story(stage):
        stage.talk.answer("cmd_1", "The order has shipped.", True)
        assert stage.floor == Floor(False, True, False)
        await stage.until(Ended)

    stage = play(story, [["It has shipped."]])
    assert stage.of(Began) == [Began("cmd_1", "inject-context")]
    assert stage.ends == [("inject-context", "It has shipped.", "")]
    assert stage.llm.asked == [[Message("system", "The order has shipped.")]]


def test_a_trigger_while_the_model_thinks_makes_one_answer():
    async def story(stage):
        await stage.caller("where is my order")
        await stage.run(500)
        stage.talk.answer("cmd_1", "The order has shipped.", True)
        await stage.until(Ended)
        await stage.run(3_000)

    stage = play(story, [["I do not know."], ["It has shipped."]])
    assert stage.heard == "It has shipped."
    assert [end.utterance for end in stage.of(Ended)] == ["cmd_1"]
    assert stage.llm.finished == 1
    assert stage.caller_said == ["where is my order"]


def test_a_trigger_interrupted_while_it_thinks_is_answered_with_the_caller_s_words():
    async def story(stage):
        stage.talk.answer("cmd_1", "The order has shipped.", True)
        await stage.run(100)
        await stage.caller("by the way")
        await stage.until(Ended)

    stage = play(story, [["It has shipped."]])
    assert [end.utterance for end in stage.of(Ended)] == ["cmd_1"]
    assert [m.role for m in stage.llm.asked[-1]] == ["system", "user"]
    assert stage.llm.finished == 1


def test_an_empty_answer_ends_its_command():
    async def story(stage):
        stage.talk.answer("cmd_1", None, True)
        await stage.until(Ended)
        await stage.run(100)

    stage = play(story, [[]])
    end = stage.of(Ended)[0]
    assert (end.utterance, end.heard.text, end.cut_by) == ("cmd_1", "", "")
    assert stage.floor == Floor(False, False, False)


def test_a_second_trigger_takes_the_place_of_the_first():
    async def story(stage):
        stage.talk.answer("cmd_1", "One.", True)
        await stage.run(100)
        stage.talk.answer("cmd_2", "Two.", True)
        await stage.until(Ended, 2)

    stage = play(story, [["Both."]])
    assert [(end.utterance, end.cut_by) for end in stage.of(Ended)] == [("cmd_1", "command"), ("cmd_2", "")]
    assert stage.llm.finished == 1


def test_silent_context_is_known_from_the_next_turn_on():
    async def story(stage):
        await stage.caller("hello")
        await stage.until(Began)
        stage.talk.know("cmd_1", "The caller is a member.")
        await stage.until(Ended)
        await stage.caller("what do I pay")
        await stage.until(Ended)

    stage = play(story, [["Hi."], ["Nothing."]])
    assert stage.of(Known) == [Known("cmd_1", 2)]
    assert stage.of(CallerSaid)[1].turn == 2
    assert Message("system", "The caller is a member.") in stage.llm.asked[1]


def test_the_call_s_own_message_lets_the_model_speak_once():
    async def story(stage):
        stage.talk.tell_model("The transfer failed.", True)
        await stage.until(Ended)
        stage.talk.tell_model("By the way.", False)
        await stage.run(2_000)

    stage = play(story, [["Nobody answers."]])
    assert stage.ends == [("reply", "Nobody answers.", "")]
    assert stage.remembered[-1] == ("system", "By the way.")


# ---- hush, mute, hold, settle -------------------------------------------------------------------


def test_hush_ends_what_is_audible_and_what_is_thought():
    async def story(stage):
        await stage.caller("hours")
        await stage.run(500)
        stage.talk.hush()
        await stage.run(3_000)
        stage.talk.say(words())
        await stage.until(Began)
        await stage.run(300)
        stage.talk.hush()
        await stage.run(100)

    stage = play(story, [[HOURS]])
    assert stage.ends == [("say", "Your", "command")]
    assert len(stage.llm.asked) == 1


def test_a_muted_assistant_falls_silent_and_remembers_what_it_hears():
    async def story(stage):
        stage.talk.say(words())
        await stage.until(Began)
        await stage.run(380)
        stage.talk.mute("assistant", True)
        assert stage.talk.state()["muted"] is True
        await stage.run(1_000)
        stage.talk.say(words("Never heard.", id="cmd_2"))
        await stage.caller("are you there")
        await stage.run(2_000)
        stage.talk.mute("assistant", False)
        await stage.caller("hello")
        await stage.until(Ended)

    stage = play(story, [["Yes."]])
    assert stage.heard == "Your taxi Yes."
    assert stage.ends == [("say", "Your taxi", "command"), ("say", "", "command"), ("reply", "Yes.", "")]
    assert stage.caller_said == ["are you there", "hello"]
    assert ("user", "are you there") in stage.remembered


def test_a_muted_caller_is_not_heard_and_the_transcriber_gets_silence():
    async def story(stage):
        stage.talk.mute("caller", True)
        await stage.caller("")
        await stage.run(1_000)

    stage = play(story)
    assert set(b"".join(stage.stt.frames)) == {0xFF}
    assert stage.facts == []


def test_on_hold_nothing_is_heard_and_an_open_question_is_answered_afterwards():
    async def story(stage):
        await stage.caller("what are your hours")
        await stage.run(500)
        stage.talk.hold(True)
        assert stage.talk.state()["held"] is True
        await stage.caller("")
        await stage.run(3_000)
        assert stage.heard == ""
        stage.talk.hold(False)
        await stage.until(Ended)

    stage = play(story, [[HOURS]])
    assert stage.heard == HOURS
    assert stage.caller_said == ["what are your hours"]


def test_what_hold_cuts_is_not_resumed():
    async def story(stage):
        stage.talk.say(words())
        await stage.until(Began)
        await stage.run(400)
        stage.talk.hold(True)
        await stage.run(1_000)
        stage.talk.hold(False)
        await stage.run(1_000)

    stage = play(story)
    assert stage.ends == [("say", "Your taxi", "command")]
    assert stage.heard == "Your taxi"


def test_when_the_line_is_gone_what_had_begun_ends_at_once():
    async def story(stage):
        await stage.caller("hours")
        await stage.until(Began)
        await stage.run(500)
        await stage.caller("oh and", final=False)
        stage.talk.settle()
        assert stage.of(Ended)[0].cut_by in ("end", "caller")
        assert stage.talk.utter() is None
        stage.talk.hear(b"\xff" * 160)

    stage = play(story, [[HOURS]], line={"delay": 3, "clears": False})
    assert stage.of(Ended)[0].heard.text == stage.heard
    assert stage.caller_said == ["hours", "oh and"]


def test_settle_while_speaking_tells_what_was_heard_by_then():
    async def story(stage):
        stage.talk.say(words())
        await stage.until(Began)
        await stage.run(600)
        stage.talk.settle()

    stage = play(story, line={"delay": 3})
    assert stage.ends == [("say", "Your taxi", "end")]


# ---- digits, phrases, tools ----------------------------------------------------------------------


def test_digits_reach_the_model_as_input():
    async def story(stage):
        stage.talk.digits("12")
        await stage.run(1_000)
        stage.talk.digits("34")
        await stage.until(Ended)
        stage.talk.digits("9#")
        await stage.until(Ended)

    stage = play(story)
    assert stage.caller_said == ["[keypad] 1234", "[keypad] 9"]


def test_digits_do_not_cut_our_words():
    async def story(stage):
        stage.talk.say(words())
        await stage.until(Began)
        stage.talk.digits("1#")
        await stage.until(Ended, 2)

    stage = play(story)
    assert stage.ends[0] == ("say", NEWS, "")
    assert stage.caller_said == ["[keypad] 1"]


def test_an_end_call_phrase_ends_the_call_after_it_was_heard():
    async def story(stage):
        await stage.caller("that was all")
        await stage.until(Ended)

    stage = play(story, [["Thank you. GOODBYE now!"]], config=TalkConfig(end_call_phrases=("goodbye",)))
    assert stage.of(PhraseSaid) == [PhraseSaid("goodbye")]
    kinds = [type(fact) for _, fact in stage.facts]
    assert kinds.index(Ended) < kinds.index(PhraseSaid)


def test_a_phrase_that_was_cut_off_ends_nothing():
    async def story(stage):
        stage.talk.say(words("Goodbye then my friend"))
        await stage.until(Began)
        await stage.run(400)
        await stage.caller("wait wait wait")
        await stage.run(100)

    stage = play(story, config=TalkConfig(end_call_phrases=("goodbye",)))
    assert stage.of(Ended)[0].heard.text.startswith("Goodbye")
    assert stage.of(PhraseSaid) == []


TOOLS = toolbox([{"type": "end_call"}, {"type": "transfer_call", "destinations": [{"number": "+15005550010"}]}])


def test_the_call_s_own_tools_are_told_and_its_words_spoken():
    async def story(stage):
        await stage.caller("bye")
        await stage.until(Ended)

    script = ["Bye!", ToolCall("x1", "end_call", {})]
    stage = play(story, [script], config=TalkConfig(toolbox=TOOLS))
    assert [(t.name, dict(t.arguments)) for t in stage.of(ToolCalled)] == [("end_call", {})]
    assert stage.heard == "Bye!"
    assert [tool.name for tool in stage.llm.tools] == ["end_call", "transfer_call"]


def test_a_tool_alone_gives_the_floor_back():
    async def story(stage):
        await stage.caller("put me through")
        await stage.until(ToolCalled)
        await stage.run(100)

    script = [ToolCall("x1", "transfer_call", {"destination": "+15005550010"})]
    stage = play(story, [script], config=TalkConfig(toolbox=TOOLS))
    assert stage.of(ToolCalled)[0].arguments["destination"] == "+15005550010"
    assert stage.floor == Floor(False, False, False)
    assert stage.of(ToolCalled)[0].id.startswith("cmd_")


def test_a_tool_that_is_not_there_is_refused_and_the_model_answers_without_it():
    async def story(stage):
        await stage.caller("call the moon")
        await stage.until(Ended)

    scripts = [[ToolCall("x1", "transfer_call", {"destination": "+1900"})], ["I cannot do that."]]
    stage = play(story, scripts, config=TalkConfig(toolbox=TOOLS))
    assert stage.noted("tool.refused") == [{"id": "x1", "name": "transfer_call", "reason": "unknown_destination"}]
    assert stage.of(ToolCalled) == []
    assert stage.heard == "I cannot do that."


def test_a_model_that_insists_on_a_tool_it_may_not_use_is_not_asked_for_ever():
    async def story(stage):
        await stage.caller("hello")
        await stage.run(10_000)

    stage = play(story, [[ToolCall("x1", "nuke", {})]])
    assert len(stage.llm.asked) == 3
    assert stage.floor == Floor(False, False, False)
