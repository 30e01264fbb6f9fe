"""Blocks against the catalogue: one model per name of a provider, and fields that depend on each other."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from trunkline.assistants import blocks, tools
from trunkline.providers import catalogue


@pytest.mark.parametrize("block", blocks.NAMES)
def test_every_name_of_a_provider_has_a_model_that_takes_that_name_alone(block: Any) -> None:
    models = blocks.block_models(block)
    assert set(models) == {*catalogue.names(block), *catalogue.ALIASES[block]}
    assert len({model.__name__ for model in models.values()}) == len(models)
    for name, model in models.items():
        assert model.model_json_schema()["properties"]["provider"]["const"] == name


def test_the_model_of_a_language_model_knows_the_shapes_of_tools() -> None:
    model = blocks.block_models("llm")["openai"]
    assert model.model_validate({"provider": "openai", "tools": [{"type": "endCall"}]})
    with pytest.raises(ValidationError):
        model.model_validate({"provider": "openai", "tools": [{"type": "nonsense"}]})
    shapes = model.model_json_schema()["properties"]["tools"]["items"]["anyOf"]
    assert [shape["$ref"].rsplit("/", 1)[1] for shape in shapes] == [shape.__name__ for shape in tools.SHAPES]


def test_defaults_are_filled_in_and_what_was_not_said_is_left_out() -> None:
    checked = blocks.check("llm", {"provider": "xai_realtime", "turn_detection": {"threshold": 1}, "speed": None}, "")
    assert checked.details == ["llm_config.speed: input should be a valid number"]
    checked = blocks.check("llm", {"provider": "xai_realtime", "turn_detection": {"threshold": 1}})
    assert checked.config["turn_detection"] == {"threshold": 1, "prefix_padding_ms": 300, "silence_duration_ms": 200}
    assert (checked.config["voice"], checked.config["speed"], checked.config["messages"]) == ("ara", 1, [])
    assert "reasoning_effort" not in checked.config


@pytest.mark.parametrize("model", ["eleven_v3", "eleven_v4", "eleven_v4_turbo"])
def test_some_models_take_little(model: str) -> None:
    few = {"provider": "11labs", "voice_id": "v", "model": model, "stability": 1, "apply_text_normalization": "on"}
    assert blocks.check("tts", few).details == []
    assert blocks.check("tts", {**few, "speed": 1, "language": "nl"}).details == [
        f"tts_config.speed: is not taken where model is {model}",
        f"tts_config.language: is not taken where model is {model}",
    ]
    assert blocks.check("tts", {**few, "model": "eleven_turbo_v2_5", "speed": 1}).details == []


def test_what_is_wrong_is_named_from_where_the_assistant_is() -> None:
    assert blocks.check("stt", {"provider": 1}, "assistant").details[0].startswith("assistant.stt_config.provider: ")
    assert blocks.check("stt", {}, "assistant").details == ["assistant.stt_config.provider: is required"]
    assert blocks.check("stt", [], "assistant").details == ["assistant.stt_config: must be an object"]
