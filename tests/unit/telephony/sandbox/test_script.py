"""Persons written in a file."""

from __future__ import annotations

import json
from typing import Any

import pytest

from trunkline.audio.tones import beep
from trunkline.telephony.sandbox.farend import (
    Act,
    Corrupt,
    HangUp,
    Hush,
    Play,
    Press,
    Say,
    Senses,
    Stall,
    StopSending,
    Stretch,
)
from trunkline.telephony.sandbox.script import read

NUMBER = "+15005550100"


def person(*steps: dict[str, Any]) -> Any:
    return read(json.dumps({NUMBER: steps}))[NUMBER]()


@pytest.mark.parametrize(
    ("written", "act"),
    [
        ({"say": "Wait."}, Say("Wait.")),
        ({"press": "12#"}, Press("12#")),
        ({"noise_ms": 100}, Play(beep(100))),
        ({"stall_ms": 300}, Stall(300)),
        ({"corrupt_frames": 3}, Corrupt(3)),
        ({"hush": True}, Hush()),
        ({"hang_up": True}, HangUp()),
        ({"stop_sending": True}, StopSending()),
    ],
)
def test_everything_that_can_be_written_is_done(written: dict[str, Any], act: Act):
    assert list(person({"at_ms": 40, **written}).act(Senses(ms=40))) == [act]


def test_a_moment_is_on_the_clock_or_in_the_others_speech_or_after_words():
    by_clock = person({"at_ms": 40, "say": "a"})
    assert [list(by_clock.act(Senses(ms=ms))) for ms in (20, 40, 60)] == [[], [Say("a")], []]

    first, second = person({"into_speech_ms": 40, "say": "a"}), person({"into_speech_ms": 40, "stretch": 2, "say": "a"})
    senses = Senses(stretches=1, speech_ms=60)
    assert list(first.act(senses)) == [Say("a")]
    assert list(second.act(senses)) == []
    assert list(second.act(Senses(stretches=2, speech_ms=60))) == [Say("a")]

    polite = person({"when_heard": "bye", "delay_ms": 40, "hang_up": True})
    assert list(polite.act(Senses(ms=100, ended=Stretch("Good bye.", 0, 80)))) == []
    assert list(polite.act(Senses(ms=140))) == [HangUp()]


def test_each_call_finds_its_person_at_the_first_step():
    who = read(json.dumps({NUMBER: [{"at_ms": 0, "say": "a"}]}))[NUMBER]
    assert [list(who().act(Senses())) for _ in range(2)] == [[Say("a")]] * 2


@pytest.mark.parametrize(
    ("written", "why"),
    [
        ([], "an object"),
        ({"+4912345": []}, "no sandbox number"),
        ({NUMBER: {}}, "a list"),
        ({NUMBER: ["hello"]}, "step 1: is an object"),
        (
            {NUMBER: [{"at_ms": 0, "say": "a"}, {"say": "a"}]},
            "step 2: needs exactly one of at_ms, into_speech_ms, when_heard",
        ),
        ({NUMBER: [{"at_ms": 0, "when_heard": "a", "say": "a"}]}, "step 1: needs exactly one of at_ms"),
        ({NUMBER: [{"at_ms": 0}]}, "needs exactly one of say, press"),
        ({NUMBER: [{"at_ms": 0, "say": "a", "press": "1"}]}, "needs exactly one of say, press"),
        ({NUMBER: [{"at_ms": 0, "delay_ms": 5, "say": "a"}]}, "delay_ms is not for at_ms and say"),
        ({NUMBER: [{"at_ms": 0, "loudly": True, "say": "a"}]}, "loudly is not for"),
        ({NUMBER: [{"at_ms": "0", "say": "a"}]}, "at_ms is a whole number"),
        ({NUMBER: [{"at_ms": -1, "say": "a"}]}, "at_ms is a whole number"),
        ({NUMBER: [{"at_ms": True, "say": "a"}]}, "at_ms is a whole number"),
        ({NUMBER: [{"when_heard": "", "say": "a"}]}, "when_heard is a text"),
        ({NUMBER: [{"into_speech_ms": 1, "stretch": "1", "say": "a"}]}, "stretch is a whole number"),
        ({NUMBER: [{"at_ms": 0, "hang_up": False}]}, "hang_up is true"),
    ],
)
def test_what_is_wrong_with_a_script_is_named(written: Any, why: str):
    with pytest.raises(ValueError, match=why):
        read(json.dumps(written))


def test_what_is_no_json_is_a_value_error_too():
    with pytest.raises(ValueError):
        read("{")
