from trunkline.conversation.context import APOLOGIES, config_of
from trunkline.conversation.ports import Message
from trunkline.conversation.turns import Manners

ASSISTANT = {
    "first_message": "Hello.",
    "stt_config": {"provider": "ear", "language": "nl-NL"},
    "llm_config": {
        "provider": "brain",
        "messages": [{"role": "system", "content": "Be kind."}],
        "tools": [{"type": "end_call"}],
    },
    "tts_config": {"provider": "throat"},
    "speech_config": {
        "first_message_outbound": "Good day.",
        "end_call_phrases": ["goodbye"],
        "end_call_message": "Bye then.",
        "pronunciation": [{"from": "HMS", "to": "aitch em ess"}],
        "turn_taking": {
            "endpointing_min_delay": 0.5,
            "endpointing_max_delay": 3,
            "interruption_min_duration": 0.25,
            "interruption_min_words": 2,
            "false_interruption_timeout": 2.0,
        },
    },
}


def test_everything_is_read_from_the_wire_form():
    config = config_of(ASSISTANT, first_token_s=7.0)
    assert config.messages == (Message("system", "Be kind."),)
    assert [tool.name for tool in config.toolbox.tools] == ["end_call"]
    assert config.manners == Manners(500, 3_000, 250, 2, 2_000)
    assert config.end_call_phrases == ("goodbye",)
    assert config.replacements == (("HMS", "aitch em ess"),)
    assert config.providers == {"stt": "ear", "llm": "brain", "tts": "throat"}
    assert config.apology == APOLOGIES["nl"]
    assert config.first_token_s == 7.0
    assert config.fixed_sentences == ("Good day.", APOLOGIES["nl"], "Bye then.")


def test_the_first_message_is_the_call_s_own_then_the_outbound_one_then_the_usual():
    assert config_of(ASSISTANT, first_message="Mine.").first_message == "Mine."
    assert config_of(ASSISTANT).first_message == "Good day."
    assert config_of(ASSISTANT, outbound=False).first_message == "Hello."
    assert config_of({**ASSISTANT, "speech_config": None}).first_message == "Hello."
    assert config_of({}).first_message == ""


def test_an_assistant_with_nothing_set_has_the_usual_manners():
    config = config_of({"speech_config": {"turn_taking": {}}, "stt_config": {"language": "multi"}})
    assert config.manners == Manners(400, 2_000, 300, 0, 1_500)
    assert config.apology == APOLOGIES["en"]
    assert config.first_message_interruptible is True


def test_resuming_can_be_switched_off_and_a_short_maximum_is_never_below_the_minimum():
    turn_taking = {"false_interruption_timeout": None, "endpointing_min_delay": 3, "endpointing_max_delay": 1}
    config = config_of({"speech_config": {"turn_taking": turn_taking}})
    assert config.manners == Manners(3_000, 3_000, 300, 0, None)


def test_the_greeting_may_be_made_uninterruptible():
    assert config_of({"first_message_interruptible": False}).first_message_interruptible is False
    assert config_of({"first_message_interruptible": None}).first_message_interruptible is True
