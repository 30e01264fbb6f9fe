"""Sandbox vendors from their configuration (`stt_config`, `llm_config`, `tts_config` whose provider is `sandbox`).

The configuration was checked when it was accepted; what is wrong in it all the same is a VendorRefused.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from trunkline.conversation.ports import LanguageModel, SpeechToText, TextToSpeech, VendorRefused
from trunkline.providers.sandbox.ears import ModemEars
from trunkline.providers.sandbox.espeak import EspeakProcess
from trunkline.providers.sandbox.mind import EchoMind, Rule, RulesMind
from trunkline.providers.sandbox.voice import EspeakVoice, ModemVoice, UnalignedModemVoice

ENGLISH = "en-us"
LANGUAGES = {"multi": ENGLISH, "en": ENGLISH, "no": "nb", "zh": "cmn"}
"""Our language codes that espeak-ng calls otherwise."""


def build_stt(config: Mapping[str, Any]) -> SpeechToText:
    match config.get("model", "modem"):
        case "modem":
            return ModemEars()
        case model:
            raise VendorRefused(f"stt_config.model: the sandbox has no {model!r}")


def build_llm(config: Mapping[str, Any]) -> LanguageModel:
    match config.get("model", "echo"):
        case "echo":
            return EchoMind()
        case "rules":
            return RulesMind([Rule.from_config(rule) for rule in config.get("rules") or ()])
        case model:
            raise VendorRefused(f"llm_config.model: the sandbox has no {model!r}")


def build_tts(config: Mapping[str, Any], espeak: EspeakProcess | None) -> TextToSpeech:
    match config.get("voice_id", "modem"):
        case "modem":
            return ModemVoice()
        case "modem-unaligned":
            return UnalignedModemVoice()
        case "espeak" if espeak is not None:
            language = config.get("language") or ENGLISH
            return EspeakVoice(espeak, LANGUAGES.get(language, language))
        case voice:
            raise VendorRefused(f"tts_config.voice_id: the sandbox has no {voice!r} here")
