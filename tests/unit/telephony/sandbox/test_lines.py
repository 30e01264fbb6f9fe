"""The sandbox's numbers."""

from __future__ import annotations

import pytest

from trunkline.audio.wav import write_mono
from trunkline.telephony.sandbox.farend import SILENCE
from trunkline.telephony.sandbox.lines import Answers, Lines, Refuses, RingsForEver, is_sandbox, wav_voice
from trunkline.telephony.sandbox.people import Agent, At, BargesIn, Echo, HangsUp, ScriptedPerson, Silent, Voicemail


@pytest.mark.parametrize("number", ["+15005550000", "+15005550001", "+15005559999"])
def test_the_sandbox_is_every_number_of_its_block(number: str):
    assert is_sandbox(number)


@pytest.mark.parametrize(
    "number",
    ["+1500555000", "+150055500012", "+15005560001", "15005550001", "sip:+15005550001@a.example", "+15005550001\n"],
)
def test_the_sandbox_is_nothing_else(number: str):
    assert not is_sandbox(number)


@pytest.mark.parametrize(
    ("number", "who"),
    [
        ("+15005550001", Echo),
        ("+15005550005", Voicemail),
        ("+15005550006", HangsUp),
        ("+15005550007", BargesIn),
        ("+15005550008", Silent),
        ("+15005550010", Agent),
    ],
)
def test_these_numbers_answer(number: str, who: type):
    assert Lines().treatment(number) == Answers(who)


@pytest.mark.parametrize(("number", "code"), [("2", 486), ("4", 603), ("9", 404)])
def test_these_numbers_refuse(number: str, code: int):
    treatment = Lines().treatment("+1500555000" + number)
    assert isinstance(treatment, Refuses) and treatment.code == code


@pytest.mark.parametrize("number", ["+15005550003", "+15005550011"])
def test_these_numbers_ring_for_ever(number: str):
    assert Lines().treatment(number) == RingsForEver()


@pytest.mark.parametrize("number", ["+15005550000", "+15005550012", "+15005559999", "+4930123456"])
def test_every_other_number_is_unallocated(number: str):
    treatment = Lines().treatment(number)
    assert isinstance(treatment, Refuses) and treatment.code == 404


def test_a_test_may_put_anybody_at_a_number():
    lines = Lines({"+15005550001": lambda: ScriptedPerson(At(0, "Hi.")), "+15005550008": Refuses(500, "Broken")})
    line = lines.treatment("+15005550001")
    assert isinstance(line, Answers) and isinstance(line.who(), ScriptedPerson)
    assert lines.treatment("+15005550008") == Refuses(500, "Broken")
    assert lines.treatment("+15005550002") == Lines().treatment("+15005550002")


def test_each_call_meets_somebody_new():
    line = Lines().treatment("+15005550007")
    assert isinstance(line, Answers) and line.who() is not line.who()


def test_people_can_speak_with_a_recording():
    recording = bytes(range(0x10, 0x70)) * 5
    lines = Lines({"+15005550001": lambda: ScriptedPerson(At(0, "Hi."))}, voice=wav_voice(write_mono(recording)))
    line = lines.treatment("+15005550001")
    assert isinstance(line, Answers)
    far = lines.far_end(line)
    far.hear(SILENCE)
    assert far.speak() == recording[:160]


def test_a_file_that_is_no_recording_is_refused():
    with pytest.raises(ValueError, match="WAV"):
        wav_voice(b"no wav")
