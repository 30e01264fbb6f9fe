import pytest

from trunkline.conversation.ports import VendorRefused
from trunkline.providers.build import build_llm, build_stt, build_tts
from trunkline.providers.sandbox.ears import ModemEars
from trunkline.providers.sandbox.espeak import EspeakProcess
from trunkline.providers.sandbox.mind import EchoMind, RulesMind
from trunkline.providers.sandbox.voice import EspeakVoice, ModemVoice, UnalignedModemVoice


def test_each_sandbox_configuration_gives_its_vendor():
    assert isinstance(build_stt({"provider": "sandbox", "model": "modem", "language": "en"}), ModemEars)
    assert isinstance(build_llm({"provider": "sandbox", "model": "echo"}), EchoMind)
    assert isinstance(build_llm({"provider": "sandbox", "model": "rules", "rules": [{"when": "x"}]}), RulesMind)
    assert isinstance(build_tts({"provider": "sandbox", "voice_id": "modem"}), ModemVoice)
    assert isinstance(build_tts({"provider": "sandbox", "voice_id": "modem-unaligned"}), UnalignedModemVoice)


@pytest.mark.parametrize(
    ("language", "identity"),
    [
        (None, "sandbox/espeak/en-us"),
        ("multi", "sandbox/espeak/en-us"),
        ("nl", "sandbox/espeak/nl"),
        ("no", "sandbox/espeak/nb"),
    ],
)
def test_the_human_voice_speaks_the_language_of_the_configuration(language, identity):
    voice = build_tts({"provider": "sandbox", "voice_id": "espeak", "language": language}, EspeakProcess())
    assert isinstance(voice, EspeakVoice) and voice.identity == identity and voice.aligned


def test_the_human_voice_needs_its_child():
    with pytest.raises(VendorRefused, match="espeak"):
        build_tts({"provider": "sandbox", "voice_id": "espeak"})


@pytest.mark.parametrize(
    ("build", "config", "says"),
    [
        (build_stt, {"provider": "deepgram"}, "stt_config.provider: deepgram is not implemented"),
        (build_llm, {}, "llm_config.provider: None is not implemented"),
        (build_tts, {"provider": "elevenlabs"}, "tts_config.provider: elevenlabs is not implemented"),
        (build_stt, {"provider": "sandbox", "model": "ear"}, "stt_config.model"),
        (build_llm, {"provider": "sandbox", "model": "gpt"}, "llm_config.model"),
        (build_tts, {"provider": "sandbox", "voice_id": "anna"}, "tts_config.voice_id"),
        (build_llm, {"provider": "sandbox", "model": "rules", "rules": [{"when": "("}]}, "no regular expression"),
        (build_llm, {"provider": "sandbox", "model": "rules", "rules": [{"when": "x" * 201}]}, "at most 200"),
        (build_llm, {"provider": "sandbox", "model": "rules", "rules": [{"say": "x"}]}, "at most 200"),
        (
            build_llm,
            {
                "provider": "sandbox",
                "model": "rules",
                "rules": [{"when": "x", "call": {}, "say": "y"}, {"when": "x", "call": {"arguments": {}}}],
            },
            "name of a tool",
        ),
    ],
)
def test_what_cannot_be_built_is_refused_naming_the_setting(build, config, says):
    with pytest.raises(VendorRefused, match=says):
        build(config)
