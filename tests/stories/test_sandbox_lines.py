"""What happens on each sandbox line, in virtual time, with the real modem both ways."""

from __future__ import annotations

import asyncio

import pytest
from sandbox_calls import LINE, SandboxCall, answered, call, lines

from trunkline.audio.modem import modulate
from trunkline.calls.leg import (
    Answered,
    DigitsPressed,
    Fact,
    MediaStopped,
    Rang,
    Refused,
    Released,
    RemoteHungUp,
    TransferAnswered,
    TransferFailed,
    TransferRang,
)
from trunkline.telephony.sandbox.exchange import Exchange
from trunkline.telephony.sandbox.farend import HangUp, Press, StopSending
from trunkline.telephony.sandbox.leg import TOGETHER_MS, Sandbox
from trunkline.telephony.sandbox.lines import Answers, Lines
from trunkline.telephony.sandbox.people import Agent, At, IntoSpeech, ScriptedPerson, Voicemail, WhenHeard
from trunkline.testing.virtual import VirtualLoop, run


def test_it_rings_before_it_is_answered():
    async def story() -> None:
        async with answered("+15005550001") as placed:
            assert placed.facts() == [Rang(180), Answered()]
            assert placed.told == [(100, Rang(180)), (700, Answered())]

    run(story())


def test_the_echo_line_repeats_what_it_heard():
    async def story() -> None:
        async with answered("+15005550001") as placed:
            await placed.listen(500)
            await placed.say("Hello, Anna! It's five.")
            await placed.listen(4_000)
            assert placed.understood() == "I heard: Hello, Anna! It's five."
            await placed.say("You said: never mind.")
            await placed.listen(4_000)
            assert placed.heard() == ["Hello, Anna! It's five.", "You said: never mind."]
            assert [data["text"] for data in placed.noted("sandbox.said")] == ["I heard: Hello, Anna! It's five."]

    run(story())


@pytest.mark.parametrize(("number", "code"), [("+15005550002", 486), ("+15005550004", 603), ("+15005550009", 404)])
def test_lines_that_refuse_say_why(number: str, code: int):
    async def story() -> list[Fact]:
        async with call(number) as placed:
            await placed.until(Refused)
            await placed.listen(60_000)
            return placed.facts()

    (refused,) = run(story())
    assert isinstance(refused, Refused) and refused.code == code


@pytest.mark.parametrize("number", ["+15005550003", "+15005550011"])
def test_lines_that_ring_for_ever_ring_until_they_are_cancelled(number: str):
    async def story() -> list[Fact]:
        async with call(number) as placed:
            await placed.listen(600_000)
            await placed.leg.release()
            return placed.facts()

    assert run(story()) == [Rang(180), Released()]


def test_voicemail_greets_and_beeps_and_records():
    async def story() -> None:
        async with answered("+15005550005") as placed:
            await placed.listen(5_000)
            assert placed.understood() == Voicemail.GREETING
            await placed.say("Please call me back.")
            await placed.leg.release()
            assert placed.heard() == ["Please call me back."]

    run(story())


def test_a_line_that_hangs_up_does_so_after_three_seconds():
    async def story() -> None:
        async with answered("+15005550006") as placed:
            await placed.until(RemoteHungUp)
            assert 2_980 <= placed.when(RemoteHungUp) - placed.when(Answered) <= 3_040
            assert placed.leg.receive() == placed.came[0]
            await placed.leg.release()
            assert placed.facts()[-2:] == [RemoteHungUp(), Released()]

    run(story())


def test_the_rude_line_interrupts_once_an_utterance_and_five_times_at_most():
    async def story() -> list[str]:
        async with answered("+15005550007") as placed:
            for _ in range(7):
                await placed.say("This is a rather long sentence of mine.")
                await placed.listen(1_000)
            return [data["text"] for data in placed.noted("sandbox.said")]

    assert run(story()) == ["Wait a moment."] * 5


def test_the_rude_line_interrupts_one_second_into_the_utterance():
    async def story() -> None:
        async with answered("+15005550007") as placed:
            await placed.say("This is a rather long sentence of mine.")
            await placed.leg.release()
            (heard,) = placed.noted("sandbox.heard")
            (said,) = placed.noted("sandbox.said")
            assert said["at_ms"] == heard["at_ms"] + 1_000

    run(story())


def test_the_silent_line_stays_silent():
    async def story() -> None:
        async with answered("+15005550008") as placed:
            await placed.say("Is anybody there?")
            await placed.listen(10_000)
            assert set(placed.came) == {b"\xff" * 160}
            assert placed.heard() == ["Is anybody there?"]

    run(story())


def test_the_agent_picks_up_speaking_and_answers():
    async def story() -> None:
        async with answered("+15005550010") as placed:
            await placed.listen(2_000)
            await placed.say("I need a person.")
            await placed.listen(3_000)
            assert placed.understood() == f"{Agent.GREETING} {Agent.ANSWER}"

    run(story())


# ---- what was heard -----------------------------------------------------------------------------


def test_what_was_heard_is_told_within_half_a_second():
    async def story() -> None:
        async with answered() as placed:
            await placed.say("One two three.")
            spoken_at = placed.now
            await placed.listen(499)
            assert placed.heard() == ["One two three."]
            assert placed.now < spoken_at + 500

    run(story())


def test_a_release_lets_the_last_word_arrive_and_tells_it_first():
    async def story() -> None:
        async with answered() as placed:
            await placed.say("Good bye then.")
            assert placed.leg.passed() < placed.sent
            await placed.leg.release()
            assert placed.heard() == ["Good bye then."]
            assert placed.facts(notes=True)[-1] == Released()

    run(story())


@pytest.mark.parametrize("cut_ms", range(40, 1_700, 130))
def test_after_a_cut_the_frames_that_passed_hold_exactly_the_words_that_were_heard(cut_ms: int):
    text = "Never more than what was played."

    async def story() -> tuple[str, str]:
        async with answered() as placed:
            before = placed.sent
            placed.queue(text)
            await placed.listen(cut_ms)
            placed.be_quiet()
            passed_samples = (placed.leg.passed() - before) * 160
            words = [word.text for word in modulate(text).words if word.end <= passed_samples]
            await placed.leg.release()
            return " ".join(words), " ".join(filter(None, placed.heard()))

    expected, heard = run(story())
    assert heard == expected


def test_frames_pass_at_the_rate_they_are_played_and_no_faster():
    async def story() -> None:
        async with answered() as placed:
            last = 0
            for _ in range(100):
                await placed.listen(20)
                assert last <= placed.leg.passed() <= last + 2
                last = placed.leg.passed()
            assert placed.sent - 5 <= last <= placed.sent <= 102

    run(story())


def test_a_stalled_line_takes_nothing_and_then_goes_on_late_without_losing_a_word():
    async def story() -> None:
        async with answered() as placed:
            await placed.listen(500)
            placed.queue("The line stood still for a while.")
            await placed.listen(900)
            placed.leg.stall(300)
            passed = placed.leg.passed()
            await placed.listen(280)
            assert placed.leg.passed() == passed
            await placed.listen(3_000)
            assert placed.heard() == ["The line stood still for a while."]
            assert placed.sent - placed.leg.passed() <= 5, "made up for in the pause"

    run(story())


def test_what_waits_in_a_stalled_line_can_be_taken_back():
    async def story() -> None:
        async with answered() as placed:
            placed.queue("This will be cut here.")
            await placed.listen(500)
            placed.leg.stall(300)
            await placed.listen(200)
            passed, sent = placed.leg.passed(), placed.sent
            assert placed.be_quiet() == sent - passed
            await placed.leg.release()
            assert placed.leg.passed() <= passed + placed.sent - sent

    run(story())


def test_a_release_does_not_wait_for_ever_for_a_line_that_stands_still():
    async def story() -> None:
        async with answered() as placed:
            await placed.say("Hello there.")
            placed.leg.stall(60_000)
            before = placed.now
            await placed.leg.release()
            assert placed.now - before <= 2_100
            assert placed.facts()[-1] == Released()

    run(story())


@pytest.mark.parametrize("froze_ms", [5, 19, 21, 50, 90, 150, 199, 250, 1_000])
@pytest.mark.parametrize("phase_ms", [0, 3, 7, 12, 16])
def test_a_process_that_was_late_tears_no_hole_into_speech_either_way(froze_ms: int, phase_ms: int):
    text = "The process stood still for a while, more than once."
    audio = modulate(text).audio

    async def story() -> None:
        async with answered(at=lines(lambda: ScriptedPerson(At(1_000, text)))) as placed:
            await placed.listen(1_100)
            placed.queue(text)
            loop = asyncio.get_running_loop()
            assert isinstance(loop, VirtualLoop)
            for _ in range(3):
                await placed.listen(700 + phase_ms)
                loop.now += froze_ms / 1_000
            await placed.listen(4_000)
            (heard,) = placed.noted("sandbox.heard")
            assert heard["text"] == text and heard["end_ms"] - heard["at_ms"] == len(audio) // 8
            assert audio in b"".join(placed.came)

    run(story())


def test_after_a_freeze_a_far_end_does_not_wait_for_ever_for_a_call_that_sends_nothing():
    async def story() -> None:
        sandbox = Sandbox(Lines(), Exchange())
        placed = SandboxCall(lambda tell: sandbox.leg("+15005550006", tell))
        async with asyncio.TaskGroup() as group:
            group.create_task(placed.leg.dial())
            await placed.until(Answered)
            await placed.listen(500)
            loop = asyncio.get_running_loop()
            assert isinstance(loop, VirtualLoop)
            loop.now += 0.15
            await placed.until(RemoteHungUp, 5)

    run(story())


# ---- races --------------------------------------------------------------------------------------


@pytest.mark.parametrize("at_ms", [0, 50, 99, 100, 101, 300, 679, 680, 681, 690, 700, 701])
def test_a_release_at_any_moment_around_the_answer_ends_in_released_and_nothing_after(at_ms: int):
    async def story() -> SandboxCall:
        async with call("+15005550001") as placed:
            await placed.listen(at_ms)
            await placed.leg.release()
            await placed.listen(5_000)
            return placed

    placed = run(story())
    facts = placed.facts()
    assert facts.count(Released()) == 1 and facts[-1] == Released()
    assert facts.count(Answered()) == (1 if at_ms >= 680 else 0)
    if placed.leg.far_end is not None:
        lived = placed.leg.far_end.ms
        assert lived <= 200, "the far end is released, and lives on no more"


def test_a_call_that_was_cancelled_before_it_was_placed_is_never_placed():
    async def story() -> None:
        async with call("+15005550001") as placed:
            await placed.leg.release()
            await placed.listen(2_000)
            assert placed.facts() == [Released()]

    run(story())


def test_both_hang_up_at_once():
    async def story() -> list[Fact]:
        at = lines(lambda: ScriptedPerson(At(1_000, HangUp())))
        async with answered(at=at) as placed:
            await placed.say("Good bye now.")
            await placed.leg.release()
            await placed.leg.release()
            return placed.facts()

    facts = run(story())
    assert facts.count(Released()) == 1 and facts[-1] == Released()


def test_a_leg_whose_task_is_cancelled_leaves_its_far_end():
    async def story() -> None:
        async with answered() as placed:
            await placed.listen(200)
        lived = placed.far.ms
        await asyncio.sleep(1)
        assert placed.far.ms == lived

    run(story())


# ---- persons in tests ---------------------------------------------------------------------------


def test_a_scripted_person_speaks_at_the_exact_moment():
    async def story() -> None:
        who = lines(lambda: ScriptedPerson(At(1_000, "Hello?"), WhenHeard("name", "Anna.", delay_ms=500)))
        async with answered(at=who) as placed:
            await placed.listen(2_500)
            await placed.say("What is your name?")
            await placed.listen(2_000)
            assert placed.noted("sandbox.said")[0]["at_ms"] == 1_000
            assert placed.understood() == "Hello? Anna."

    run(story())


@pytest.mark.parametrize("ms", [0, 20, 340, 1_500])
def test_a_scripted_person_barges_in_at_the_exact_moment(ms: int):
    async def story() -> None:
        async with answered(at=lines(lambda: ScriptedPerson(IntoSpeech(ms, "Stop.")))) as placed:
            await placed.say("One two three four five six.")
            await placed.leg.release()
            (said,) = placed.noted("sandbox.said")
            assert said["at_ms"] == placed.noted("sandbox.heard")[0]["at_ms"] + ms

    run(story())


def test_keypad_digits_go_both_ways():
    async def story() -> None:
        who = lines(lambda: ScriptedPerson(At(500, Press("42")), At(900, Press("#"))))
        async with answered(at=who) as placed:
            placed.leg.press("1,2")
            await placed.listen(2_000)
            assert [fact for fact in placed.facts() if isinstance(fact, DigitsPressed)] == [
                DigitsPressed("42"),
                DigitsPressed("#"),
            ]
            assert placed.far.digits_heard == "12"

    run(story())


def test_no_media_is_told_once_and_not_while_on_hold():
    async def story() -> None:
        who = lines(lambda: ScriptedPerson(At(1_000, StopSending())))
        async with answered(at=who, media_timeout_ms=5_000) as placed:
            await placed.listen(2_000)
            placed.leg.hold(True)
            await placed.listen(20_000)
            assert MediaStopped() not in placed.facts()
            placed.leg.hold(False)
            before = placed.now
            await placed.until(MediaStopped)
            assert placed.now - before == pytest.approx(5_000, abs=40)
            await placed.listen(20_000)
            assert placed.facts().count(MediaStopped()) == 1

    run(story())


def test_what_is_said_on_hold_does_not_reach_us():
    async def story() -> None:
        async with answered(at=lines(lambda: ScriptedPerson(At(500, "Nobody hears.")))) as placed:
            placed.leg.hold(True)
            await placed.listen(3_000)
            placed.leg.hold(False)
            assert placed.understood() == ""

    run(story())


# ---- transfer -----------------------------------------------------------------------------------


def test_after_a_transfer_the_far_end_and_the_agent_talk_to_each_other_without_us():
    async def story() -> None:
        async with answered("+15005550001") as placed:
            await placed.say("You said: one moment.")
            await placed.leg.refer("+15005550010", 30_000)
            assert placed.facts()[-2:] == [TransferRang(180), TransferAnswered()]
            await placed.leg.release()
            assert placed.facts()[-1] == Released()
            await asyncio.sleep(8)
            assert placed.leg.partner is not None
            assert [stretch.text for stretch in placed.leg.partner.heard] == ["I heard: Agent speaking."]
            assert placed.far.heard[1].text == "Agent speaking."
            assert placed.heard() == ["You said: one moment."], "what they say to each other is no longer our call"
            await asyncio.sleep(TOGETHER_MS / 1_000)
            assert placed.leg.partner.ms == TOGETHER_MS

    run(story())


def test_the_last_word_arrives_before_the_transfer():
    async def story() -> None:
        async with answered() as placed:
            await placed.say("I put you through.")
            await placed.leg.refer("+15005550010", 30_000)
            assert placed.heard() == ["I put you through."]

    run(story())


@pytest.mark.parametrize(
    ("target", "facts"),
    [
        ("+15005550011", [TransferRang(180), TransferFailed(408, "no_answer")]),
        ("+15005550002", [TransferFailed(486, "busy_here")]),
        ("+15005550009", [TransferFailed(404, "not_found")]),
        ("sip:anna@example.com", [TransferFailed(404, "not_found")]),
    ],
)
def test_a_transfer_that_fails_says_why_and_the_far_end_stays(target: str, facts: list[Fact]):
    async def story() -> None:
        async with answered("+15005550001") as placed:
            await placed.leg.refer(target, 5_000)
            assert placed.facts()[2:] == facts
            await placed.say("Still here?")
            await placed.listen(3_000)
            assert placed.understood() == "I heard: Still here?"

    run(story())


def test_a_target_that_would_pick_up_too_late_did_not_pick_up():
    async def story() -> None:
        at = lines(Answers(Agent, ring_ms=10_000), number="+15005550010")
        async with answered(at=at) as placed:
            before = placed.now
            await placed.leg.refer("+15005550010", 5_000)
            assert placed.facts()[-1] == TransferFailed(408, "no_answer")
            assert placed.now - before == pytest.approx(5_100, abs=100)

    run(story())


def test_an_abandoned_transfer_tells_nothing_more_and_another_can_follow():
    async def story() -> None:
        async with answered() as placed:
            async with asyncio.TaskGroup() as group:
                group.create_task(placed.leg.refer("+15005550011", 30_000))
                await placed.until(TransferRang)
                placed.leg.abandon_transfer()
            await placed.listen(60_000)
            assert placed.facts()[-1] == TransferRang(180)
            await placed.leg.refer("+15005550010", 30_000)
            assert placed.facts()[-1] == TransferAnswered()

    run(story())


def test_a_far_end_that_hangs_up_while_the_target_rings_ends_the_transfer():
    async def story() -> None:
        async with answered(LINE, lines(lambda: ScriptedPerson(At(2_000, HangUp())))) as placed:
            await placed.leg.refer("+15005550011", 30_000)
            assert placed.facts()[-2:] == [TransferRang(180), RemoteHungUp()]

    run(story())
