import pytest

from trunkline.providers import build, catalogue
from trunkline.providers.catalogue import Provider, Setting


def test_only_the_sandbox_is_implemented_and_it_is_in_every_block():
    for block in ("stt", "llm", "tts"):
        look_up = {"stt": catalogue.stt, "llm": catalogue.llm, "tts": catalogue.tts}[block]
        providers = [look_up(name) for name in catalogue.names(block)]
        assert [p.name for p in providers if p and p.status == "implemented"] == ["sandbox"]


def test_what_is_implemented_has_a_builder_and_what_has_a_builder_is_implemented():
    for table, builders in ((catalogue.STT, build.STT), (catalogue.LLM, build.LLM), (catalogue.TTS, build.TTS)):
        assert {name for name, p in table.items() if p.status == "implemented"} == set(builders)


def test_a_provider_is_found_under_its_name_and_nobody_under_another():
    assert catalogue.stt("deepgram") and catalogue.llm("openai") and catalogue.tts("elevenlabs")
    assert catalogue.stt("openai") is None and catalogue.llm("deepgram") is None and catalogue.tts("") is None


def test_an_alias_is_the_provider_it_stands_for_and_no_name_of_its_own():
    assert catalogue.tts("11labs") is catalogue.tts("elevenlabs")
    assert "11labs" not in catalogue.names("tts")


def test_realtime_models_are_language_models_that_need_no_ears_and_no_voice():
    realtime = {name for name in catalogue.names("llm") if (p := catalogue.llm(name)) and p.kind == "realtime"}
    assert realtime == {"google_realtime", "xai_realtime", "openai_realtime", "openai_live"}


@pytest.mark.parametrize(
    ("default", "find"),
    [
        (catalogue.DEFAULT_STT, catalogue.stt),
        (catalogue.DEFAULT_LLM, catalogue.llm),
        (catalogue.DEFAULT_TTS, catalogue.tts),
    ],
)
def test_the_defaults_are_in_the_catalogue(default, find):
    assert default["model"] in find(default["provider"]).models
    assert default.get("language", "multi") in catalogue.LANGUAGES


def test_the_first_model_is_the_default_and_some_have_none():
    assert catalogue.DEFAULT_TTS["model"] == catalogue.TTS["elevenlabs"].default_model
    assert catalogue.TTS["xai"].default_model is None


def test_models_older_clients_name_are_there():
    assert {"gpt-4o", "gpt-4o-mini"} <= set(catalogue.LLM["openai"].models)
    assert "grok-realtime-v1" in catalogue.LLM["xai_realtime"].models
    assert "nova-3-general" in catalogue.STT["deepgram"].models


def test_every_setting_makes_sense():
    for provider in [*catalogue.STT.values(), *catalogue.LLM.values(), *catalogue.TTS.values()]:
        assert isinstance(provider, Provider)
        assert len(set(provider.models)) == len(provider.models)
        for setting in provider.settings.values():
            _makes_sense(setting)


def _makes_sense(setting: Setting) -> None:
    if setting.minimum is not None and setting.maximum is not None:
        assert setting.minimum < setting.maximum
    assert not setting.fields or setting.type in ("object", "objects")
    assert (setting.max_items is None and setting.min_items is None) or setting.type in ("strings", "objects")
    if setting.default is not None and setting.choices:
        assert setting.default in setting.choices
    for inner in setting.fields.values():
        _makes_sense(inner)
