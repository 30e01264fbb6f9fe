"""From what was written to what a call uses: the merge, realtime models, warnings."""

from __future__ import annotations

import pytest

from trunkline.assistants.blocks import warnings_of
from trunkline.assistants.resolving import hybrid, merged, require_available, saved, transient, warnings_of_saved
from trunkline.errors import BadRequest, ProviderUnavailable
from trunkline.providers.catalogue import Provider

SANDBOX = {
    "stt_config": {"provider": "sandbox", "model": "modem", "language": "en"},
    "llm_config": {"provider": "sandbox", "model": "echo", "messages": [{"role": "system", "content": "a"}]},
    "tts_config": {"provider": "sandbox", "voice_id": "modem"},
}


def details(raw: dict[str, object]) -> list[str]:
    with pytest.raises(BadRequest) as refused:
        transient(raw)
    return refused.value.details


def test_blocks_merge_one_level_and_everything_else_replaces() -> None:
    base = {**SANDBOX, "speech_config": {"end_call_message": "a", "turn_taking": {"x": 1}}, "webhook_events": ["a"]}
    override = {"llm_config": {"messages": []}, "speech_config": {"turn_taking": {"y": 2}}, "webhook_events": ["b"]}
    result = merged(base, override)
    assert result["llm_config"] == {"provider": "sandbox", "model": "echo", "messages": []}
    assert result["speech_config"] == {"end_call_message": "a", "turn_taking": {"y": 2}}
    assert result["webhook_events"] == ["b"]
    assert base["llm_config"]["messages"]


def test_a_block_that_names_another_provider_replaces() -> None:
    result = merged(
        SANDBOX, {"llm_config": {"provider": "openai"}, "tts_config": {"provider": "sandbox", "language": "en"}}
    )
    assert result["llm_config"] == {"provider": "openai"}
    assert result["tts_config"] == {"provider": "sandbox", "voice_id": "modem", "language": "en"}


def test_a_realtime_override_drops_the_saved_ears_and_voice() -> None:
    result = hybrid(saved({"name": "A", **SANDBOX}).config, {"llm_config": {"provider": "xai_realtime"}})
    assert "stt_config" not in result.config and "tts_config" not in result.config
    assert not [warning for warning in result.warnings if "ignored" in warning]


def test_errors_of_an_override_are_named_as_the_overrides() -> None:
    with pytest.raises(BadRequest) as refused:
        hybrid(saved({"name": "A", **SANDBOX}).config, {"llm_config": {"temperature": 9}, "colour": 1})
    assert {detail.split(":")[0] for detail in refused.value.details} == {
        "assistant_override.llm_config.temperature",
        "assistant_override.colour",
    }


def test_a_saved_configuration_resolves_to_itself() -> None:
    once = saved({"name": "A", "first_message": "x", **SANDBOX}).config
    assert hybrid(once, {}).config == {**once, "metadata": {}}


def test_a_transient_assistant_names_everything_that_is_missing() -> None:
    assert details({}) == ["assistant.llm_config: is required"]
    assert details({"llm_config": SANDBOX["llm_config"]}) == [
        "assistant.stt_config: is required",
        "assistant.tts_config: is required",
    ]
    assert transient({"llm_config": {"provider": "openai_realtime"}}).config["llm_config"]["model"] == "gpt-realtime"


def test_a_model_that_the_sandbox_does_not_have_is_stored_with_a_warning_and_no_call_is_placed_with_it() -> None:
    resolution = transient({**SANDBOX, "llm_config": {"provider": "sandbox", "model": "newest"}})
    assert resolution.config["llm_config"]["model"] == "newest"
    assert resolution.warnings == [
        "assistant.llm_config.model: newest is not in the catalogue of sandbox; no call can be placed with it"
    ]
    with pytest.raises(ProviderUnavailable) as refused:
        require_available(resolution.config, "assistant")
    assert refused.value.details == ["assistant.llm_config.model: sandbox has no newest"]


def test_a_new_model_of_an_open_catalogue_is_used_with_a_warning() -> None:
    vendor = Provider("vendor", "implemented", ("old",))
    assert warnings_of(vendor, {"model": "new"}, "llm_config") == [
        "llm_config.model: new is not in the catalogue of vendor; it is used as it is"
    ]


def test_an_alias_of_a_provider_is_stored_under_its_name() -> None:
    result = saved({"name": "A", "tts_config": {"provider": "11labs", "voice_id": "v"}})
    assert result.config["tts_config"]["provider"] == "elevenlabs"


def test_no_call_is_placed_with_a_provider_that_is_only_known() -> None:
    require_available(transient(SANDBOX).config)
    with pytest.raises(ProviderUnavailable) as refused:
        require_available(saved({"name": "A"}).config, "assistant")
    assert [detail.split(":")[0] for detail in refused.value.details] == [
        "assistant.stt_config.provider",
        "assistant.llm_config.provider",
        "assistant.tts_config.provider",
    ]


def test_no_maximum_duration_is_the_default_one() -> None:
    assert transient({**SANDBOX, "max_duration_seconds": None}).config["max_duration_seconds"] == 600


def test_of_a_saved_assistant_is_said_what_was_said_when_it_was_saved() -> None:
    raw = {**SANDBOX, "name": "Ann", "voicemail_message": "a", "llm_config": {"provider": "openai", "model": "gpt-99"}}
    made = saved(raw)
    assert len(made.warnings) == 3
    assert warnings_of_saved(made.config) == made.warnings
    realtime = saved({"name": "Ann", "llm_config": {"provider": "openai_realtime", "model": "gpt-99"}})
    assert warnings_of_saved(realtime.config) == realtime.warnings != []
