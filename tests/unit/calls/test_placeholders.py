"""Placeholders in greetings and messages."""

from __future__ import annotations

from trunkline.calls.placeholders import filled, filled_config, greeting


def test_names_are_replaced_and_unknown_ones_collected() -> None:
    unknown: set[str] = set()
    assert filled("{{a}} and {{ b.c }} and {{d}}", {"a": "1", "b.c": "2"}, unknown) == "1 and 2 and {{d}}"
    assert unknown == {"d"}


def test_a_value_is_not_filled_again_and_other_braces_stay() -> None:
    unknown: set[str] = set()
    assert filled("{{a}} {b} {{}} {{1}}", {"a": "{{b}}"}, unknown) == "{{b}} {b} {{}} {{1}}"
    assert not unknown


def test_a_configuration_is_filled_in_its_greetings_and_messages_only() -> None:
    config = {
        "first_message": "{{a}}",
        "voicemail_message": "{{a}}",
        "speech_config": {"first_message_outbound": "{{a}}", "end_call_message": "{{a}}"},
        "llm_config": {"model": "{{a}}", "messages": [{"role": "system", "content": "{{a}}"}]},
    }
    result = filled_config(config, {"a": "1"}, set())
    assert result["first_message"] == result["speech_config"]["first_message_outbound"] == "1"
    assert result["llm_config"] == {"model": "{{a}}", "messages": [{"role": "system", "content": "1"}]}
    assert result["voicemail_message"] == result["speech_config"]["end_call_message"] == "{{a}}"
    assert config["first_message"] == "{{a}}"


def test_an_outbound_call_has_its_own_greeting_if_there_is_one() -> None:
    assert greeting({}) == ""
    assert greeting({"first_message": "a", "speech_config": None}) == "a"
    assert greeting({"first_message": "a", "speech_config": {"first_message_outbound": "b"}}) == "b"
