"""Vendors from an assistant's configuration: which builder serves which provider name. One dict per block, all there is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from trunkline.conversation.ports import LanguageModel, SpeechToText, TextToSpeech, VendorRefused
from trunkline.providers.sandbox import build as sandbox
from trunkline.providers.sandbox.espeak import EspeakProcess

STT: dict[str, Callable[[Mapping[str, Any]], SpeechToText]] = {
    "sandbox": sandbox.build_stt,
}
LLM: dict[str, Callable[[Mapping[str, Any]], LanguageModel]] = {
    "sandbox": sandbox.build_llm,
}
TTS: dict[str, Callable[[Mapping[str, Any], EspeakProcess | None], TextToSpeech]] = {
    "sandbox": sandbox.build_tts,
}

Builder = TypeVar("Builder")


def build_stt(config: Mapping[str, Any]) -> SpeechToText:
    """Raises VendorRefused when the provider is not implemented or refuses its configuration."""
    return _builder(STT, "stt_config", config)(config)


def build_llm(config: Mapping[str, Any]) -> LanguageModel:
    return _builder(LLM, "llm_config", config)(config)


def build_tts(config: Mapping[str, Any], espeak: EspeakProcess | None = None) -> TextToSpeech:
    """`espeak`: the worker's child for the sandbox's human voice, if it has one."""
    return _builder(TTS, "tts_config", config)(config, espeak)


def _builder(builders: Mapping[str, Builder], block: str, config: Mapping[str, Any]) -> Builder:
    provider = str(config.get("provider"))
    if provider not in builders:
        raise VendorRefused(f"{block}.provider: {provider} is not implemented")
    return builders[provider]
