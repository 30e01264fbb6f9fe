"""What the catalogue says to clients is what bodies are checked against."""

from __future__ import annotations

import pytest

from trunkline.assistants import blocks, describing
from trunkline.assistants.schemas import AssistantBody, SpeechConfig
from trunkline.providers import catalogue

CATALOG = describing.catalog()


def test_every_provider_is_described_with_every_field_that_its_block_takes():
    for block in blocks.NAMES:
        assert tuple(CATALOG[block]) == catalogue.names(block)
        for name, described in CATALOG[block].items():
            provider = catalogue.TABLES[block][name]
            assert set(described["fields"]) == set(catalogue.settings_of(block, provider))
            assert (described["status"], described["models"]) == (provider.status, list(provider.models))


def test_bounds_choices_and_defaults_are_those_of_the_contract():
    fields = CATALOG["stt"]["deepgram"]["fields"]
    assert (fields["endpointing"]["minimum"], fields["endpointing"]["maximum"]) == (0, 5000)
    assert (fields["language"]["default"], fields["language"]["choices"]) == ("multi", list(catalogue.LANGUAGES))
    assert CATALOG["stt"]["elevenlabs"]["fields"]["sample_rate"]["choices"] == [16000, 8000]
    temperature = CATALOG["llm"]["openai"]["fields"]["temperature"]
    assert (temperature["minimum"], temperature["maximum"], temperature["default"]) == (0, 2, 0.7)
    keyterms = CATALOG["llm"]["xai_realtime"]["fields"]["transcription"]["fields"]["keyterms"]
    assert (keyterms["type"], keyterms["max_length"], keyterms["max_items"]) == ("strings", 50, 100)
    stores = CATALOG["llm"]["xai_realtime"]["fields"]["provider_tools"]["fields"]["vector_store_ids"]
    assert (stores["min_items"], "required otherwise" in stores["description"]) == (1, True)


def test_what_is_required_is_said_to_be():
    assert CATALOG["tts"]["elevenlabs"]["fields"]["voice_id"]["required"] is True
    assert CATALOG["tts"]["google"]["fields"]["voice_id"]["default"] == "Kore"
    assert CATALOG["tts"]["google"]["fields"]["voice_id"]["required"] is False
    assert CATALOG["llm"]["sandbox"]["fields"]["rules"]["fields"]["when"]["required"] is True


def test_the_ranges_of_an_assistant_and_of_its_speech_are_there():
    assert CATALOG["assistant"]["max_duration_seconds"] == {
        "type": "integer",
        "required": False,
        "nullable": True,
        "default": 600,
        "minimum": 30,
        "maximum": 14_400,
        "description": "null: 600",
    }
    assert CATALOG["assistant"]["webhook_events"]["type"] == "strings"
    assert CATALOG["assistant"]["name"]["required"] is True
    delay = CATALOG["speech_config"]["turn_taking"]["fields"]["endpointing_min_delay"]
    assert (delay["minimum"], delay["maximum"], delay["default"]) == (0.1, 5, 0.4)
    assert set(CATALOG["speech_config"]) == set(SpeechConfig.model_fields)
    assert set(CATALOG["assistant"]) == set(AssistantBody.model_fields) - describing.NOT_SHOWN


def test_languages_have_the_tags_that_vendors_know():
    tags = {language["code"]: language["locales"] for language in CATALOG["languages"]}
    assert (tags["no"], tags["zh"], tags["multi"]) == (["nb-NO"], ["cmn-Hans-CN"], ["nl-NL", "en-US"])


@pytest.mark.parametrize("block", blocks.NAMES)
def test_a_block_of_nothing_but_described_defaults_is_accepted(block):
    for name, described in CATALOG[block].items():
        given = {field: about["default"] for field, about in described["fields"].items() if "default" in about}
        given |= {field: "x" for field, about in described["fields"].items() if about["required"]}
        assert blocks.check(block, {"provider": name, **given}).details == []


def test_voices_are_those_of_the_catalogue_and_are_told_apart():
    voices = describing.voices()
    assert len({(voice["provider"], voice["id"]) for voice in voices}) == len(voices)
    assert {voice["id"] for voice in voices if voice["provider"] == "sandbox"} == {"modem", "espeak", "modem-unaligned"}
    assert all(voice["description"]["en"] for voice in voices if voice["provider"] == "sandbox")
    assert "language" not in voices[0]
