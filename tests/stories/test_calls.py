"""Whole calls: placed, heard, answered, interrupted, ended; and every deadline that ends one."""

import asyncio

import pytest
from call_plays import end, instant, say, transfer
from call_stories import Story, nothing, rules

from trunkline.calls.endings import EndReason
from trunkline.calls.inputs import HangUp as End
from trunkline.calls.leg import Answered, MediaStopped, Rang
from trunkline.calls.run import Fenced
from trunkline.calls.verbs import Status, Verb
from trunkline.config import Settings
from trunkline.telephony.sandbox.farend import HangUp, StopSending
from trunkline.telephony.sandbox.lines import Answers
from trunkline.telephony.sandbox.people import At, IntoSpeech, ScriptedPerson, Silent, WhenHeard

LONG = "We are open from nine to five on every day of the week."
HANG_UP = End(EndReason.END_CALL_COMMAND)


def person(*steps):
    return lambda: ScriptedPerson(*steps)


# ---- talking -----------------------------------------------------------------------------


def test_the_greeting_is_heard_within_a_tenth_of_a_second_of_the_answer():
    story = Story(person(At(3_000, HangUp())), first_message="Hello there.").play(nothing)
    assert story.heard == ["Hello there."]
    answered, began = story.of("answered")[0], story.of("speech.started")[0]
    assert began["at_ms"] - answered["at_ms"] <= 100
    assert story.ending == ("ended", "user_hangup")


def test_a_question_is_answered():
    who = person(At(500, "What are your hours?"), WhenHeard("nine", HangUp()))
    story = Story(who, llm_config=rules({"when": "hours", "say": "We open at nine."})).play(nothing)
    assert story.heard == ["We open at nine."]
    assert [e["text"] for e in story.of("caller.said")] == ["What are your hours?"]


def test_a_call_without_a_greeting_waits_for_the_caller():
    story = Story(person(At(6_000, HangUp()))).play(nothing)
    assert story.heard == []
    assert story.of("speech.started") == []


def test_a_callers_interruption_stops_the_assistant_and_the_model_knows_what_was_heard():
    who = person(IntoSpeech(1_500, "What about the weekend?"), WhenHeard("Closed", HangUp()))
    story = Story(who, first_message=LONG, llm_config=rules({"when": "weekend", "say": "Closed on weekends."}))
    story.play(nothing)
    cut = story.of("speech.ended")[0]
    assert cut["cut_by"] == "caller"
    assert story.heard == [cut["heard_text"], "Closed on weekends."]
    assert story.model.requests[0] == [("assistant", cut["heard_text"]), ("user", "What about the weekend?")]


def test_a_barge_in_stops_the_voice_soon_after_its_minimum_duration():
    story = Story(person(IntoSpeech(1_500, "What about the weekend?"), At(9_000, HangUp())), first_message=LONG)
    story.play(nothing)
    began, cut = story.of("speech.started")[0], story.of("barge_in")[0]
    onset = began["at_ms"] + 1_500 + LINK_MS
    assert cut["at_ms"] - onset <= 300 + 60


LINK_MS = 120
"""The sandbox link, there and back."""


@pytest.mark.parametrize("sound", ["Mm-hm.", "Okay.", "Yeah."])
def test_a_backchannel_does_not_interrupt_and_leaves_no_gap(sound):
    story = Story(person(IntoSpeech(1_500, sound), At(9_000, HangUp())), first_message=LONG).play(nothing)
    assert story.heard == [LONG]
    assert story.of("barge_in") == []
    assert [e["text"] for e in story.of("backchannel")] == [sound]
    assert longest_gap_ms(story) <= 40


def longest_gap_ms(story):
    """The longest silence inside what was sent, from the recording's right channel."""
    import wave  # noqa: PLC0415

    path = story._settings.recordings / "call_1.wav"
    with wave.open(str(path)) as file:
        frames = file.readframes(file.getnframes())
    loud = [any(frames[i + 3 : i + 640 : 4]) for i in range(0, len(frames), 640)]
    first, last = loud.index(True), len(loud) - loud[::-1].index(True)
    runs = "".join("x" if frame else "." for frame in loud[first:last]).split("x")
    return max(len(run) for run in runs) * 20


def test_an_end_call_phrase_ends_the_call_after_it_was_heard():
    story = Story(
        person(At(500, "That was all.")),
        llm_config=rules({"when": "all", "say": "Then have a lovely day."}),
        speech_config={"end_call_phrases": ["lovely day"]},
    ).play(nothing)
    assert story.heard == ["Then have a lovely day."]
    assert story.ending == ("ended", "end_call_phrase")


def test_a_failing_model_apologizes_and_goes_on_and_a_second_time_ends_the_call():
    who = person(At(500, "Hello?"), At(9_000, "Hello again?"))
    story = Story(who, llm_config=rules({"when": "Hello", "fail": True})).play(nothing)
    assert len(story.heard) == 2
    assert all("sorry" in text for text in story.heard)
    assert [e["fatal"] for e in story.of("vendor.failed")] == [False, False, True]  # each failure, then the verdict
    assert story.ending == ("ended-with-error", "provider_error")


def test_a_model_that_never_begins_to_answer_is_a_failure_too():
    slow = rules({"when": "Hello", "say": "At last.", "delay_ms": 60_000})
    story = Story(person(At(500, "Hello?"), At(16_000, HangUp())), llm_config=slow).play(nothing)
    asked, failed = story.of("model.asked")[0], story.of("vendor.failed")[0]
    assert 10_000 <= failed["at_ms"] - asked["at_ms"] <= 10_100
    assert "sorry" in story.heard[0]


# ---- never answered -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("number", "ending"),
    [
        ("+15005550002", ("failed", "busy")),
        ("+15005550004", ("failed", "declined")),
        ("+15005550009", ("failed", "unallocated_number")),
        ("+15005554321", ("failed", "unallocated_number")),
    ],
)
def test_a_refused_call_says_why(number, ending):
    story = Story(to=number).play(nothing)
    assert story.ending == ending
    assert story.of("ended")[0]["answered_ms"] is None


def test_a_phone_that_rings_for_ever_is_given_up_after_the_ring_timeout():
    story = Story(to="+15005550003", ring_timeout_ms=20_000).play(nothing)
    ringing, ended = story.of("ringing")[0], story.of("ended")[0]
    assert story.ending == ("failed", "no_answer")
    assert 20_000 <= ended["at_ms"] - ringing["at_ms"] <= 20_200


def test_a_line_that_says_nothing_at_all_is_the_trunks_fault_after_fifteen_seconds():
    async def script(call):
        leg = call.run._parts.leg
        tell = leg._tell
        leg._tell = lambda fact: None if isinstance(fact, Rang) else tell(fact)

    story = Story(to="+15005550003").play(script)
    assert story.ending == ("failed", "trunk_error")
    assert 15_000 <= story.of("ended")[0]["at_ms"] <= 15_200


def test_a_call_can_be_cancelled_while_it_rings():
    async def script(call):
        await call.kind("ringing")
        await call.ask(end(text=""))
        assert (await call.outcome("c1")).status is Status.DONE

    story = Story(to="+15005550003").play(script)
    assert story.ending == ("failed", "cancelled")
    assert story.of("ended")[0]["release_confirmed"]


@pytest.mark.parametrize("early_ms", range(-40, 60, 10))
def test_a_cancel_that_crosses_the_answer_leaves_nobody_on_the_line(early_ms):
    async def script(call):
        await call.kind("ringing")
        await call.after(500 + early_ms)
        await call.ask(end(text=""))

    story = Story(Silent).play(script)
    assert story.ending[1] in ("cancelled", "end_call_command")
    assert bool(story.of("answered")) == (story.ending[1] == "end_call_command")
    assert story.parts.leg.far_end is None or story.parts.leg.far_end.ms <= 200
    assert story.of("ended")[0]["release_confirmed"]


# ---- ended by the clock ------------------------------------------------------------------------


def test_a_call_that_lasts_too_long_is_ended():
    story = Story(Silent, max_duration_ms=60_000, first_message="Hello.").play(nothing)
    assert story.ending == ("ended", "max_duration")
    assert 60_000 <= story.of("ended")[0]["duration_ms"] <= 60_500


def test_a_call_in_which_nobody_speaks_is_ended():
    story = Story(Silent, first_message="Hello.").play(nothing)
    spoken, ended = story.of("speech.ended")[-1], story.of("ended")[0]
    assert story.ending == ("ended", "silence_timeout")
    assert 119_000 <= ended["at_ms"] - spoken["at_ms"] <= 121_000


def test_a_far_end_that_sends_nothing_any_more_is_given_up():
    story = Story(person(At(3_000, StopSending())), first_message="Hello.").play(nothing)
    assert story.ending == ("ended-with-error", "media_timeout")
    assert 22_500 <= story.of("ended")[0]["duration_ms"] <= 24_500


def test_a_release_that_nobody_confirms_ends_the_call_and_says_so():
    async def script(call):
        await call.answered()
        call.run._parts.leg._tell = lambda fact: None  # the wire goes dead
        await call.ask(end(text="Bye."))

    story = Story(Silent).play(script)
    ended = story.of("ended")[0]
    assert story.ending == ("ended", "end_call_command")
    assert not ended["release_confirmed"]


def test_a_goodbye_whose_voice_never_comes_hangs_up_all_the_same():
    async def script(call):
        await call.answered()
        call.run._parts.talk.say = lambda words: None  # the voice never begins
        await call.ask(end(text="Goodbye."))

    story = Story(Silent).play(script)
    receipt = story.receipt("c1")
    assert story.ending == ("ended", "end_call_command")
    assert (receipt["status"], receipt["unheard_text"]) == ("done", "Goodbye.")
    assert receipt["finished_at"] - receipt["started_at"] <= len("Goodbye.") * 120 + 5_000 + 500


def test_a_transfer_nobody_tells_about_comes_back_at_its_deadline():
    async def script(call):
        await call.answered()
        leg = call.run._parts.leg
        tell, leg._tell = leg._tell, lambda fact: None
        await call.ask(transfer(text="", timeout_seconds=5))
        assert (await call.outcome("c1")).reason == "no_answer"
        leg._tell = tell
        call.tell(HANG_UP)

    story = Story(Silent, lines={"+15005550010": Answers(Silent)}).play(script)
    receipt = story.receipt("c1")
    assert receipt["finished_at"] - receipt["started_at"] <= 7_100
    assert [(e["code"], e["reason"]) for e in story.of("transfer.failed")] == [(408, "no_answer")]


def test_a_command_sent_in_the_last_instant_is_answered_too():
    async def script(call):
        await call.answered()
        call.tell(HANG_UP)
        receipt = await call.ask(say())
        assert (receipt.status, receipt.reason) == (Status.REFUSED, "already_ending")

    story = Story(Silent).play(script)
    assert [e["kind"] for e in story.pages.events][-1] == "ended"


def test_an_outcome_that_could_not_be_made_durable_is_not_told():
    async def script(call):
        await call.answered()
        call.pages.durable = False
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(5):
                await call.ask(instant(Verb.SEND_DTMF, digits="1"))
        call.tell(HANG_UP)

    assert Story(Silent).play(script).receipt("c1")["status"] == "done"


def test_an_answer_told_twice_starts_one_conversation():
    async def script(call):
        await call.answered()
        call.tell(Answered())
        await call.after(3_000)
        call.tell(HANG_UP)

    story = Story(Silent, first_message="Hello there.").play(script)
    assert story.heard == ["Hello there."]
    assert len(story.of("answered")) == 1


def test_a_call_that_was_fenced_says_and_writes_nothing_more_and_lets_the_line_go():
    async def script(call):
        await call.kind("speech.started")
        await call.after(1_000)
        call.tell(Fenced())

    story = Story(Silent, first_message=LONG).play(script)
    assert story.of("ended") == []
    assert story.parts.leg.far_end.heard[-1].text in LONG
    assert len(story.parts.leg.far_end.heard[-1].text) < len(LONG) / 2
    assert story.pages.events[-1]["at_ms"] <= story.of("speech.started")[0]["at_ms"] + 1_000


def test_settings_bound_how_long_each_state_may_last():
    settings = Settings(silence_hangup_seconds=5)
    story = Story(Silent, settings=settings, first_message="Hello.").play(nothing)
    assert story.of("ended")[0]["duration_ms"] <= 7_000


def test_media_that_stops_while_the_caller_is_being_transferred_leaves_the_assistant_able_to_speak():
    async def script(call):
        await call.answered()
        await call.ask(transfer(text="", destination="+15005550011", timeout_seconds=5))
        await call.kind("transfer.started")
        call.tell(MediaStopped())
        await call.outcome("c1")
        await call.ask(say("c2", "Nobody is free."))
        assert (await call.outcome("c2")).status is Status.HEARD
        call.tell(HANG_UP)

    assert "Nobody is free." in Story(Silent).play(script).heard[-1]
