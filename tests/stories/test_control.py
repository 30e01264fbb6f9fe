"""Steering a live call: each command, each option, and what the person on the line heard of it."""

import pytest
from call_plays import end, inject, instant, say, transfer
from call_stories import Story, rules

from trunkline.calls.endings import EndReason
from trunkline.calls.inputs import HangUp as End
from trunkline.calls.verbs import Interrupt, OnInterrupt, OverCaller, Status, Verb
from trunkline.telephony.sandbox.farend import HangUp
from trunkline.telephony.sandbox.people import Agent, At, IntoSpeech, ScriptedPerson, Silent

LONG = "We are open from nine to five on every day of the week."
HANG_UP = End(EndReason.END_CALL_COMMAND)
AGENT, NOBODY = "+15005550010", "+15005550011"


def hang_up_after(ms):
    return lambda: ScriptedPerson(At(ms, HangUp()))


def person(*steps):
    return lambda: ScriptedPerson(*steps)


# ---- say ----------------------------------------------------------------------------------


def test_words_said_into_silence_are_heard():
    async def script(call):
        await call.answered()
        await call.ask(say(text="Good day to you."))
        assert (await call.outcome("c1")).status is Status.HEARD
        call.tell(HANG_UP)

    story = Story(Silent).play(script)
    receipt = story.receipt("c1")
    assert story.heard == ["Good day to you."]
    assert (receipt["heard_text"], receipt["unheard_text"]) == ("Good day to you.", "")
    assert receipt["basis"] == "frames"
    assert receipt["accepted_at"] <= receipt["started_at"] <= receipt["first_audio_at"] < receipt["finished_at"]


def test_a_queued_say_follows_the_assistants_own_words():
    async def script(call):
        await call.begun(await greeting(call))
        await call.ask(say(text="And one more thing."))
        await call.outcome("c1")
        call.tell(HANG_UP)

    story = Story(Silent, first_message=LONG).play(script)
    assert " ".join(story.heard) == f"{LONG} And one more thing."


def test_a_say_now_cuts_the_assistant_and_the_record_says_where():
    async def script(call):
        await call.begun(await greeting(call))
        await call.after(1_300)
        await call.ask(say(text="Stop right there.", interrupt=Interrupt.NOW))
        await call.outcome("c1")
        call.tell(HANG_UP)

    story = Story(Silent, first_message=LONG).play(script)
    cut = story.of("speech.ended")[0]
    assert cut["cut_by"] == "command"
    assert LONG.startswith(cut["heard_text"])
    assert f"{cut['heard_text']} {cut['unheard_text']}" == LONG
    assert " ".join(story.heard) == f"{cut['heard_text']} Stop right there."
    assert story.receipt("c1")["first_audio_at"] - story.receipt("c1")["accepted_at"] <= 60


def test_a_say_that_must_not_interrupt_is_refused_while_the_assistant_speaks():
    async def script(call):
        await call.begun(await greeting(call))
        receipt = await call.ask(say(interrupt=Interrupt.REFUSE))
        assert (receipt.status, receipt.reason) == (Status.REFUSED, "assistant_speaking")
        call.tell(HANG_UP)

    assert "Hello there." not in " ".join(Story(Silent, first_message=LONG).play(script).heard)


def test_a_say_that_comes_too_late_expires_and_is_never_heard():
    async def script(call):
        await call.begun(await greeting(call))
        await call.ask(say(ttl_ms=1_000))
        assert (await call.outcome("c1")).status is Status.EXPIRED
        await call.after(8_000)
        call.tell(HANG_UP)

    assert Story(Silent, first_message=LONG).play(script).heard == [LONG]


def test_a_say_that_is_cancelled_is_never_heard():
    async def script(call):
        await call.begun(await greeting(call))
        await call.ask(say())
        await call.ask(instant(Verb.CANCEL, "c2", target="c1"))
        assert (await call.outcome("c1")).reason == "cancelled"
        await call.after(8_000)
        call.tell(HANG_UP)

    assert Story(Silent, first_message=LONG).play(script).heard == [LONG]


def test_the_same_command_five_times_is_heard_once():
    async def script(call):
        await call.answered()
        for _ in range(5):
            await call.ask(say())
        await call.outcome("c1")
        assert (await call.ask(say())).status is Status.HEARD
        await call.after(2_000)
        call.tell(HANG_UP)

    assert Story(Silent).play(script).heard == ["Hello there."]


def test_a_command_after_a_failed_one_is_refused():
    async def script(call):
        await call.begun(await greeting(call))
        await call.ask(say("c1", ttl_ms=200))
        await call.ask(say("c2", after="c1"))
        assert (await call.outcome("c2")).reason == "predecessor_failed"
        call.tell(HANG_UP)

    Story(Silent, first_message=LONG).play(script)


# ---- over the caller --------------------------------------------------------------------------

TALKS = "I have quite a long story to tell you today."


def over(over_caller, talks=TALKS):
    async def script(call):
        await call.kind("floor", caller=True)
        await call.ask(say(text="Excuse me.", over_caller=over_caller))
        await call.outcome("c1")
        call.tell(HANG_UP)

    quiet = rules({"when": "zzz", "say": "never"})
    return Story(person(At(1_000, talks)), llm_config=quiet).play(script)


def test_waiting_for_the_caller_speaks_when_the_caller_has_finished():
    story = over(OverCaller.WAIT)
    receipt = story.receipt("c1")
    assert (receipt["status"], receipt["talked_over"]) == ("heard", False)
    assert receipt["started_at"] >= story.of("caller.said")[0]["at_ms"]


def test_a_caller_who_never_stops_is_talked_over_after_ten_seconds_and_the_receipt_says_so():
    receipt = over(OverCaller.WAIT, talks=" ".join(["word"] * 60)).receipt("c1")
    assert receipt["talked_over"]
    assert 9_900 <= receipt["started_at"] - receipt["accepted_at"] <= 10_100


def test_talking_over_the_caller_starts_at_once():
    receipt = over(OverCaller.TALK).receipt("c1")
    assert receipt["talked_over"]
    assert receipt["started_at"] == receipt["accepted_at"]


def test_refusing_to_talk_over_the_caller_is_refused():
    assert over(OverCaller.REFUSE).receipt("c1")["reason"] == "caller_speaking"


# ---- words with an action, and a caller who interrupts them --------------------------------------

BYE = "Thank you for your time today, goodbye and take care."
MAKE = {
    "say": lambda **o: say(text=BYE, end_after=True, interruptible=True, **o),
    "end-call": lambda **o: end(text=BYE, interruptible=True, **o),
    "transfer": lambda **o: transfer(text=BYE, interruptible=True, **o),
}
ACTED = {"say": "end_call_command", "end-call": "end_call_command", "transfer": "transferred"}


def interrupted(verb, on_interrupt):
    """The caller says something one second into the words."""

    async def script(call):
        await call.answered()
        await call.ask(MAKE[verb](on_interrupt=on_interrupt))
        await call.outcome("c1")
        if on_interrupt is OnInterrupt.ABORT:
            await call.after(4_000)
            call.tell(HANG_UP)

    quiet = rules({"when": "zzz", "say": "never"})
    return Story(person(IntoSpeech(1_000, "Wait, one question please.")), llm_config=quiet).play(script)


@pytest.mark.parametrize("verb", MAKE)
def test_proceed_acts_after_the_caller_has_finished_though_words_were_cut(verb):
    story = interrupted(verb, OnInterrupt.PROCEED)
    receipt = story.receipt("c1")
    assert story.ending[1] == ACTED[verb]
    assert receipt["status"] == ("interrupted" if verb == "say" else "done")
    assert receipt["unheard_text"]
    assert f"{receipt['heard_text']} {receipt['unheard_text']}" == BYE
    assert story.heard == [receipt["heard_text"]]


@pytest.mark.parametrize("verb", MAKE)
def test_abort_leaves_the_call_as_it_is(verb):
    story = interrupted(verb, OnInterrupt.ABORT)
    receipt = story.receipt("c1")
    assert (receipt["status"], receipt["reason"]) == ("interrupted", "caller")
    assert story.ending[1] == "end_call_command" or story.ending[1] == "cancelled"
    assert story.heard == [receipt["heard_text"]]
    assert story.of("transfer.started") == []


@pytest.mark.parametrize("verb", MAKE)
def test_repeat_says_it_all_again_and_then_acts(verb):
    story = interrupted(verb, OnInterrupt.REPEAT)
    assert story.ending[1] == ACTED[verb]
    assert story.receipt("c1")["status"] == ("heard" if verb == "say" else "done")
    assert " ".join(story.heard).endswith(BYE)
    assert len(story.of("speech.started")) == 2


@pytest.mark.parametrize("verb", MAKE)
def test_uninterruptible_words_are_heard_to_the_end_whatever_the_caller_says(verb):
    async def script(call):
        await call.answered()
        command = {"say": say(text=BYE, end_after=True, interruptible=False), "end-call": end(text=BYE),
                   "transfer": transfer(text=BYE)}[verb]  # fmt: skip
        await call.ask(command)

    story = Story(person(IntoSpeech(1_000, "Wait, one question please."))).play(script)
    assert story.heard == [BYE]
    assert story.ending[1] == ACTED[verb]


def test_an_uninterruptible_goodbye_beats_a_say_now():
    async def script(call):
        await call.answered()
        await call.ask(end("bye", BYE))
        await call.begun("bye")
        late = await call.ask(say("late", interrupt=Interrupt.NOW))
        assert (late.status, late.reason) == (Status.REFUSED, "already_ending")

    assert Story(Silent).play(script).heard == [BYE]


def test_a_caller_who_hangs_up_into_the_words_leaves_a_receipt_of_what_was_heard():
    async def script(call):
        await call.answered()
        await call.ask(say(text=LONG))

    story = Story(person(IntoSpeech(2_000, HangUp()))).play(script)
    receipt = story.receipt("c1")
    assert (receipt["status"], receipt["reason"]) == ("interrupted", "call_ended")
    assert story.heard == [receipt["heard_text"]]
    assert receipt["heard_text"]


# ---- inject-context --------------------------------------------------------------------------------

VIP = rules(
    {"when": "name", "say": "It is Anna."},
    {"when": "VIP", "say": "You are a very important person."},
    {"when": "price", "say": "It costs ten euros.", "delay_ms": 1_500},
)


def test_a_silent_inject_overtakes_a_queued_say():
    async def script(call):
        await call.begun(await greeting(call))
        await call.ask(say("slow"))
        await call.ask(inject("fast", "The caller is a VIP."))
        await call.outcome("slow")
        call.tell(HANG_UP)

    story = Story(Silent, first_message=LONG).play(script)
    assert [e["id"] for e in story.of("command.finished")][:2] == ["fast", "slow"]
    assert story.receipt("fast")["turn"] == 1


def test_injected_context_is_in_the_models_next_request():
    async def script(call):
        await call.answered()
        await call.ask(inject(text="The caller is called Anna."))
        await call.outcome("c1")
        await call.kind("speech.ended", source="reply")
        call.tell(HANG_UP)

    story = Story(person(At(2_000, "What is my name?")), llm_config=VIP).play(script)
    assert ("system", "The caller is called Anna.") in story.model.requests[0]
    assert story.heard == ["It is Anna."]


def test_a_triggered_inject_into_silence_is_answered_at_once():
    async def script(call):
        await call.answered()
        await call.ask(inject(text="The caller is a VIP.", trigger=True))
        await call.outcome("c1")
        call.tell(HANG_UP)

    story = Story(Silent, llm_config=VIP).play(script)
    assert story.heard == ["You are a very important person."]
    assert story.receipt("c1")["answer"] == {"status": "heard", "heard_text": "You are a very important person."}


def test_a_triggered_inject_while_the_model_thinks_makes_one_answer():
    async def script(call):
        await call.kind("floor", thinking=True)
        await call.ask(inject(text="Mention the price in dollars.", trigger=True))
        assert (await call.outcome("c1")).answer["status"] == "heard"
        await call.after(4_000)
        call.tell(HANG_UP)

    story = Story(person(At(500, "What is the price?")), llm_config=VIP).play(script)
    assert len(story.heard) == 1
    assert ("system", "Mention the price in dollars.") in story.model.requests[-1]
    assert ("user", "What is the price?") in story.model.requests[-1]


def test_a_triggered_inject_while_the_assistant_speaks_is_answered_after_it():
    async def script(call):
        await call.begun(await greeting(call))
        await call.ask(inject(text="The caller is a VIP.", trigger=True))
        await call.outcome("c1")
        call.tell(HANG_UP)

    story = Story(Silent, first_message=LONG, llm_config=VIP).play(script)
    assert " ".join(story.heard) == f"{LONG} You are a very important person."


def test_a_triggered_inject_while_the_caller_speaks_makes_one_answer():
    async def script(call):
        await call.kind("floor", caller=True)
        await call.ask(inject(text="The caller is a VIP.", trigger=True))
        await call.outcome("c1")
        await call.after(4_000)
        call.tell(HANG_UP)

    story = Story(person(At(500, "Please tell me what my name is.")), llm_config=VIP).play(script)
    assert len(story.heard) == 1
    assert ("system", "The caller is a VIP.") in story.model.requests[-1]


# ---- transfer, hold, mute, digits --------------------------------------------------------------------


def test_an_announced_transfer_reaches_the_agent_after_its_last_word():
    async def script(call):
        await call.answered()
        await call.ask(transfer(text="One moment please."))

    story = Story(Silent).play(script)
    assert story.heard[0] == "One moment please."
    assert story.ending == ("transferred", "transferred")
    done = story.receipt("c1")
    assert done["status"] == "done"
    assert done["action"] == {"type": "transfer", "status": "done", "destination": AGENT, "confirmed": True}


def test_a_transfer_to_nobody_comes_back_and_the_model_knows_why():
    async def script(call):
        await call.answered()
        await call.ask(transfer(text="One moment please.", destination=NOBODY, timeout_seconds=8))
        assert (await call.outcome("c1")).reason == "no_answer"
        await call.kind("speech.ended", source="reply")
        call.tell(HANG_UP)

    sorry = rules({"when": "failed: no_answer", "say": "Nobody is free right now."})
    story = Story(Silent, llm_config=sorry).play(script)
    assert story.heard == ["One moment please.", "Nobody is free right now."]
    assert any("no_answer (408)" in content for _, content in story.model.requests[-1])


def test_words_that_waited_for_a_transfer_that_failed_come_after_the_models_own():
    async def script(call):
        await call.answered()
        await call.ask(transfer(text="One moment please.", destination=NOBODY, timeout_seconds=8))
        await call.ask(say("c2", "Thank you for waiting."))
        await call.outcome("c2")
        call.tell(HANG_UP)

    sorry = rules({"when": "failed: no_answer", "say": "Nobody is free right now."})
    story = Story(Silent, llm_config=sorry).play(script)
    assert " ".join(story.heard) == "One moment please. Nobody is free right now. Thank you for waiting."


def test_a_forbidden_transfer_target_is_refused():
    async def script(call):
        await call.answered()
        assert (await call.ask(transfer(destination="+19005550123"))).reason == "policy_blocked"
        call.tell(HANG_UP)

    Story(Silent).play(script)


def test_while_on_hold_nothing_is_heard_or_said_until_resume():
    async def script(call):
        await call.answered()
        await call.ask(instant(Verb.HOLD, "h"))
        await call.ask(say("c1"))
        await call.after(3_000)
        assert call.run.call.lanes.status_of("c1").status is Status.ACCEPTED
        await call.ask(instant(Verb.RESUME, "r"))
        await call.outcome("c1")
        call.tell(HANG_UP)

    assert Story(Silent).play(script).heard == ["Hello there."]


def test_a_line_put_on_hold_while_a_target_rings_stays_silent_until_resume():
    async def script(call):
        await call.answered()
        await call.ask(transfer(text="One moment please.", destination=NOBODY, timeout_seconds=8))
        await call.kind("transfer.ringing")
        await call.ask(instant(Verb.HOLD, "h"))
        await call.outcome("c1")
        await call.after(10_000)
        await call.ask(instant(Verb.RESUME, "r"))
        await call.kind("speech.ended", source="reply")
        call.tell(HANG_UP)

    sorry = rules({"when": "failed: no_answer", "say": "Nobody is free right now."})
    story = Story(Silent, llm_config=sorry).play(script)
    assert story.heard == ["One moment please.", "Nobody is free right now."]
    held = {e["held"]: e["at_ms"] for e in story.of("held")}
    assert held[True] < story.of("transfer.failed")[0]["at_ms"] < held[False] - 9_000
    assert story.of("speech.started")[-1]["at_ms"] > held[False]


def test_a_call_that_lasts_too_long_while_commands_speak_and_wait_tells_what_became_of_each():
    async def script(call):
        await call.answered()
        await call.ask(say("a", "These are many words that will not all be heard in the time that is left."))
        await call.ask(say("b"))
        await call.ended()

    story = Story(Silent, max_duration_ms=3_000).play(script)
    assert story.ending == ("ended", "max_duration")
    a, b = story.receipt("a"), story.receipt("b")
    assert (a["status"], a["reason"]) == ("interrupted", "call_ended")
    assert (b["status"], b["reason"], b["started_at"]) == ("failed", "call_ended", None)
    assert [a["heard_text"]] == story.heard


def test_a_muted_caller_is_not_answered():
    async def script(call):
        await call.answered()
        await call.ask(instant(Verb.MUTE, "m", target="caller"))
        await call.after(6_000)
        call.tell(HANG_UP)

    story = Story(person(At(1_000, "Can you hear me?"))).play(script)
    assert story.heard == []
    assert story.of("caller.said") == []


def test_a_muted_assistant_is_cut_off_and_the_receipt_says_what_got_through():
    async def script(call):
        await call.answered()
        await call.ask(say(text=LONG))
        await call.begun("c1")
        await call.after(1_500)
        await call.ask(instant(Verb.MUTE, "m", target="assistant"))
        assert (await call.outcome("c1")).reason == "muted"
        call.tell(HANG_UP)

    story = Story(Silent).play(script)
    assert story.heard == [story.receipt("c1")["heard_text"]]


def test_digits_reach_the_far_end():
    async def script(call):
        await call.answered()
        await call.ask(instant(Verb.SEND_DTMF, "d", digits="12#"))
        await call.after(1_000)
        assert call.run._parts.leg.far_end.digits_heard == "12#"
        call.tell(HANG_UP)

    Story(Silent).play(script)


# ---- the model's own tools ----------------------------------------------------------------------------


def test_the_model_ends_the_call_with_the_assistants_last_words():
    ends = rules({"when": "bye", "call": {"name": "end_call", "arguments": {}}}, tools=[{"type": "end_call"}])
    story = Story(
        person(At(500, "Okay, bye now.")), llm_config=ends, speech_config={"end_call_message": "Have a nice day."}
    ).play(_watch)
    assert story.heard == ["Have a nice day."]
    assert story.ending == ("ended", "assistant_hangup")


def test_the_model_hands_the_caller_to_a_person():
    destinations = [{"type": "number", "number": AGENT, "description": "a human", "message": "I connect you now."}]
    tool = {"type": "transfer_call", "destinations": destinations}
    asks = rules(
        {"when": "human", "call": {"name": "transfer_call", "arguments": {"destination": AGENT}}}, tools=[tool]
    )
    story = Story(person(At(500, "Give me a human.")), llm_config=asks, lines={AGENT: Agent}).play(_watch)
    assert story.heard[0] == "I connect you now."
    assert story.ending == ("transferred", "transferred")


async def _watch(call):
    await call.ended()


async def greeting(call):
    event = await call.kind("speech.started", source="greeting")
    return event["utterance"]
