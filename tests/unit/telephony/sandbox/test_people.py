"""Who is at the far end of a sandbox line: what they do, given what they sense."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from trunkline.audio.tones import beep
from trunkline.telephony.sandbox.farend import Act, Behaviour, HangUp, Play, Press, Say, Senses, Stretch
from trunkline.telephony.sandbox.people import (
    Agent,
    At,
    BargesIn,
    Echo,
    HangsUp,
    IntoSpeech,
    ScriptedPerson,
    Silent,
    Voicemail,
    WhenHeard,
)


def ended(text: str | None) -> Stretch:
    return Stretch(text, 0, 400)


def over(who: Behaviour, *moments: Senses) -> list[Act]:
    return [act for senses in moments for act in who.act(senses)]


def speech(number: int, ms: int) -> Senses:
    return Senses(stretches=number, speech_ms=ms)


def test_the_echo_repeats_what_it_heard_once_the_other_side_is_silent():
    echo = Echo()
    assert over(echo, Senses(ended=ended("Hello, Anna."), quiet_ms=240)) == []
    assert over(echo, Senses(quiet_ms=480)) == []
    assert over(echo, Senses(quiet_ms=500), Senses(quiet_ms=520)) == [Say("I heard: Hello, Anna.")]


def test_the_echo_answers_one_thing_after_the_other():
    echo = Echo()
    over(echo, Senses(ended=ended("One.")), Senses(ended=ended("Two.")))
    assert over(echo, Senses(quiet_ms=600)) == [Say("I heard: One.")]
    assert over(echo, Senses(quiet_ms=900, speaking=True)) == []
    assert over(echo, Senses(quiet_ms=1_200)) == [Say("I heard: Two.")]


@pytest.mark.parametrize("text", ["You said: hello.", "I heard: hello.", None])
def test_the_echo_does_not_answer_answers_nor_what_it_did_not_understand(text: str | None):
    assert over(Echo(), Senses(ended=ended(text)), Senses(quiet_ms=5_000)) == []


def test_voicemail_greets_and_beeps_and_then_only_listens():
    machine = Voicemail()
    assert over(machine, Senses(ms=280)) == []
    assert over(machine, Senses(ms=300)) == [Say(Voicemail.GREETING)]
    assert over(machine, Senses(ms=320, speaking=True)) == []
    assert over(machine, Senses(ms=4_000)) == [Play(beep())]
    assert over(machine, Senses(ms=5_000, ended=ended("Call me.")), Senses(ms=9_000, quiet_ms=4_000)) == []


def test_who_hangs_up_does_so_after_three_seconds():
    assert over(HangsUp(), Senses(ms=2_980)) == []
    assert over(HangsUp(), Senses(ms=3_000)) == [HangUp()]


def test_the_silent_one_says_nothing():
    assert over(Silent(), Senses(ms=9_000, ended=ended("Hello?"), quiet_ms=5_000)) == []


def test_an_agent_picks_up_speaking_and_answers():
    agent = Agent()
    assert over(agent, Senses(ms=300, quiet_ms=300)) == [Say("Agent speaking.")]
    assert over(agent, Senses(ms=2_000, ended=ended("Hi, I need help."))) == []
    assert over(agent, Senses(ms=2_500, quiet_ms=600)) == [Say(Agent.ANSWER)]


def test_who_barges_in_does_so_a_second_into_an_utterance_and_once():
    rude = BargesIn()
    assert over(rude, speech(1, 1_000)) == []
    assert over(rude, speech(1, 1_020), speech(1, 1_040), speech(1, 5_000)) == [Say("Wait a moment.")]
    assert over(rude, speech(2, 980)) == []
    assert over(rude, speech(2, 1_020)) == [Say("Wait a moment.")]


def test_who_barges_in_gives_up_after_five_times():
    rude = BargesIn()
    assert len(over(rude, *(speech(number, 1_020) for number in range(1, 9)))) == 5


def test_a_script_acts_at_the_exact_moment_once():
    person = ScriptedPerson(At(1_000, "Now."), At(1_000, Press("5")), At(2_000, HangUp()))
    assert over(person, Senses(ms=980)) == []
    assert over(person, Senses(ms=1_000), Senses(ms=1_020)) == [Say("Now."), Press("5")]
    assert over(person, Senses(ms=2_000)) == [HangUp()]
    assert over(person, Senses(ms=2_020)) == []


def test_a_script_waits_for_words_and_then_for_its_delay():
    person = ScriptedPerson(WhenHeard("your name", "Anna.", delay_ms=300))
    assert over(person, Senses(ms=900, ended=ended("Hello.")), Senses(ms=2_000)) == []
    assert over(person, Senses(ms=3_000, ended=ended("What is your name?")), Senses(ms=3_280)) == []
    assert over(person, Senses(ms=3_300), Senses(ms=3_320)) == [Say("Anna.")]


def test_a_script_speaks_into_the_speech_it_names():
    person = ScriptedPerson(IntoSpeech(740, "Stop.", stretch=2))
    assert over(person, speech(1, 900)) == []
    assert over(person, speech(2, 740)) == []
    assert over(person, speech(2, 760), speech(2, 780)) == [Say("Stop.")]


def test_everybody_copes_with_every_moment():
    everybody: Sequence[Behaviour] = (Silent(), Echo(), Agent(), Voicemail(), HangsUp(), BargesIn(), ScriptedPerson())
    for who in everybody:
        over(
            who,
            *(Senses(ms=ms, ended=ended(None), quiet_ms=ms % 700, speech_ms=ms % 1_500) for ms in range(0, 4_000, 20)),
        )
