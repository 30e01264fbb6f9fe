"""Placeholders in greetings and messages."""

from __future__ import annotations

from trunkline.calls.placeholders import LONGEST, Filling, greeting, with_greeting


def test_names_are_replaced_and_unknown_ones_collected() -> None:
    filling = Filling({"a": "1", "b.c": "2"})
    assert filling.text("{{a}} and {{ b.c }} and {{d}}") == "1 and 2 and {{d}}"
    assert filling.unknown == {"d"}


def test_a_value_is_not_filled_again_and_other_braces_stay() -> None:
    filling = Filling({"a": "{{b}}"})
    assert filling.text('{{a}} {b} {{}} {{1}} {{"x": 1}} {{{{a}}}}') == '{{b}} {b} {{}} {{1}} {{"x": 1}} {{{{b}}}}'
    assert not filling.unknown


def test_a_variable_is_found_whatever_it_is_called() -> None:
    filling = Filling({"first name": "Ann", "1": "one", "größe": "5"})
    assert filling.text("{{first name}} {{1}} {{ größe }}") == "Ann one 5"


def test_no_more_is_filled_in_than_a_configuration_may_hold() -> None:
    filling = Filling({"a": "x" * 1000})
    assert len(filling.text("{{a}}" * (LONGEST // 1000))) <= LONGEST
    assert not filling.is_too_long
    assert len(filling.text("{{a}}" * 100_000)) < 1000
    assert filling.is_too_long


def test_a_configuration_is_filled_in_its_greetings_and_messages_only() -> None:
    config = {
        "first_message": "{{a}}",
        "voicemail_message": "{{a}}",
        "speech_config": {"first_message_outbound": "{{a}}", "end_call_message": "{{a}}"},
        "llm_config": {"model": "{{a}}", "messages": [{"role": "system", "content": "{{a}}"}]},
    }
    result = Filling({"a": "1"}).config(config)
    assert result["first_message"] == result["speech_config"]["first_message_outbound"] == "1"
    assert result["llm_config"] == {"model": "{{a}}", "messages": [{"role": "system", "content": "1"}]}
    assert result["voicemail_message"] == result["speech_config"]["end_call_message"] == "{{a}}"
    assert config["first_message"] == "{{a}}"


def test_a_configuration_without_words_stays_as_it_is() -> None:
    config = {"first_message": None, "speech_config": None, "llm_config": {"model": "echo", "messages": []}}
    assert Filling({}).config(config) == config


def test_an_outbound_call_has_its_own_greeting_if_there_is_one() -> None:
    assert greeting({}) == ""
    assert greeting({"first_message": "a", "speech_config": None}) == "a"
    assert greeting({"first_message": "a", "speech_config": {"first_message_outbound": "b"}}) == "b"


def test_the_greeting_of_one_call_is_the_only_one() -> None:
    config = {"first_message": "a", "speech_config": {"first_message_outbound": "b", "end_call_message": "c"}}
    assert with_greeting(config, "d") == {"first_message": "d", "speech_config": {"end_call_message": "c"}}
    assert greeting(with_greeting(config, "")) == ""
    assert with_greeting({"speech_config": None}, "d") == {"first_message": "d", "speech_config": None}
    assert config["first_message"] == "a"
