"""Control bodies: one model per verb, and the defaults that depend on it."""

from __future__ import annotations

import pytest

from trunkline.calls.schemas import BODIES, command_of, control_body
from trunkline.calls.verbs import Command, OnInterrupt, Verb
from trunkline.errors import BadRequest

LEAST: dict[Verb, dict[str, object]] = {
    Verb.SAY: {"content": "x"},
    Verb.INJECT: {"content": "x"},
    Verb.END: {},
    Verb.TRANSFER: {"destination": "+15005550010"},
    Verb.SEND_DTMF: {"digits": "1"},
    Verb.MUTE: {},
    Verb.UNMUTE: {},
    Verb.HOLD: {},
    Verb.RESUME: {},
    Verb.CANCEL: {"command_id": "cmd_1"},
}

SPOKEN = {Verb.SAY, Verb.INJECT, Verb.END, Verb.TRANSFER}


def command(verb: Verb, **fields: object) -> Command:
    return command_of(control_body({"type": verb, **LEAST[verb], **fields}), "c")


def test_every_verb_has_a_body_and_the_least_one_is_enough() -> None:
    assert set(BODIES) == set(Verb)
    for verb in Verb:
        assert command(verb).verb is verb


@pytest.mark.parametrize("verb", list(Verb))
def test_options_of_speech_are_refused_where_nothing_is_spoken(verb: Verb) -> None:
    for option, value in (("interrupt", "now"), ("over_caller", "talk"), ("interruptible", False)):
        fields = {option: value, **({"trigger_response": True} if verb is Verb.INJECT else {})}
        if verb in SPOKEN:
            assert getattr(command(verb, **fields), option) == value
        else:
            with pytest.raises(BadRequest):
                command(verb, **fields)


def test_words_that_an_action_hangs_on_are_not_interruptible_unless_said_so() -> None:
    assert command(Verb.SAY).interruptible
    assert not command(Verb.SAY, end_after=True).interruptible
    assert not command(Verb.END).interruptible
    assert not command(Verb.TRANSFER).interruptible
    assert command(Verb.END, interruptible=True).interruptible
    assert not command(Verb.SAY, interruptible=False).interruptible


def test_what_a_barge_in_does_is_an_option_of_actions_only() -> None:
    assert command(Verb.SAY, end_after=True, on_interrupt="repeat").on_interrupt is OnInterrupt.REPEAT
    assert command(Verb.TRANSFER, on_interrupt="abort").on_interrupt is OnInterrupt.ABORT
    for verb in (Verb.SAY, Verb.INJECT, Verb.HOLD):
        with pytest.raises(BadRequest):
            command(verb, on_interrupt="abort")


def test_content_is_trimmed_before_its_length_is_judged() -> None:
    assert command(Verb.SAY, content=" " * 6000 + "x").text == "x"
    assert command(Verb.END, message="   ").text == ""
    with pytest.raises(BadRequest):
        command(Verb.SAY, content=" \n ")


@pytest.mark.parametrize(("field", "least", "most"), [("ttl_ms", 100, 600_000), ("timeout_seconds", 5, 120)])
def test_ranges_are_closed_at_both_ends(field: str, least: int, most: int) -> None:
    for value in (least, most):
        assert getattr(command(Verb.TRANSFER, **{field: value}), field) == value
    for value in (least - 1, most + 1, str(least), True, least + 0.5):
        with pytest.raises(BadRequest):
            command(Verb.TRANSFER, **{field: value})
