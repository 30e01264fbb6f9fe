"""Every provider, model and setting that an assistant's configuration may name, and which of the providers are implemented.

Data and look-ups only: what an unknown name leads to is decided by whoever validates, and adaptors are found in `build.py`.
A provider is `implemented` (calls can use it) or `known` (it can be stored, but no call can be placed with it).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Block = Literal["stt", "llm", "tts"]
Status = Literal["implemented", "known"]


@dataclass(frozen=True, slots=True)
class Setting:
    """One optional field of a provider's block. Bounds hold for the number, or for each string's length."""

    type: Literal["string", "integer", "number", "boolean", "strings", "object", "objects"]
    minimum: float | None = None
    maximum: float | None = None
    choices: tuple[str | int, ...] = ()
    default: Any = None
    max_items: int | None = None
    fields: Mapping[str, Setting] = field(default_factory=dict)
    """Of an object, or of each of several."""


@dataclass(frozen=True, slots=True)
class Provider:
    name: str
    status: Status
    models: tuple[str, ...] = ()
    """The default first. Others are accepted with a warning where the provider is implemented. Empty: it has no models."""
    settings: Mapping[str, Setting] = field(default_factory=dict)
    kind: Literal["text", "realtime"] = "text"
    """Of a language model: `realtime` ones listen and speak themselves."""
    voices: tuple[str, ...] = ()
    """Of a voice: all the `voice_id`s there are, the default first. Empty: any."""
    closed: bool = False
    """It has no other models than these: no call can be placed with another."""

    @property
    def default_model(self) -> str | None:
        return self.models[0] if self.models else None


def stt(name: str) -> Provider | None:
    return STT.get(name)


def llm(name: str) -> Provider | None:
    return LLM.get(name)


def tts(name: str) -> Provider | None:
    return TTS.get(ALIASES.get(name, name))


def names(block: Block) -> tuple[str, ...]:
    """All provider names of a block, without aliases."""
    return tuple({"stt": STT, "llm": LLM, "tts": TTS}[block])


LANGUAGES = (
    *("multi", "nl", "en", "de", "fr", "es", "it", "pt", "pl", "ru", "ja", "ko", "zh", "ar", "hi"),
    *("da", "sv", "no", "fi", "cs", "hu", "ro", "bg", "hr", "sk", "tr", "id", "vi"),
)
"""What `stt_config.language` may be."""

ALIASES = {"11labs": "elevenlabs"}
"""Other names of text-to-speech providers."""

DEFAULT_STT: Mapping[str, Any] = {"provider": "deepgram", "model": "nova-3-general", "language": "multi"}
DEFAULT_LLM: Mapping[str, Any] = {"provider": "openai", "model": "gpt-4o-mini", "temperature": 0.7}
DEFAULT_TTS: Mapping[str, Any] = {"provider": "elevenlabs", "model": "eleven_flash_v2_5"}
"""What an assistant has that was created with nothing but a name."""

RULE_WHEN_MAX = 200
RULE_DELAY_MS_MAX = 60_000

_FLAG = Setting("boolean")
_TEXT = Setting("string")
_TEXTS = Setting("strings")
_SPEED = Setting("number", 0.5, 2)
_UNIT = Setting("number", 0, 1)
_TOKENS = Setting("integer", 1, 32_768)


def _table(*providers: Provider) -> Mapping[str, Provider]:
    return {provider.name: provider for provider in providers}


STT = _table(
    Provider("sandbox", "implemented", ("modem",), closed=True),
    Provider(
        "deepgram",
        "known",
        ("nova-3", "nova-3-general"),
        {
            "keyterms": _TEXTS,
            "smart_format": _FLAG,
            "endpointing": Setting("integer", 0, 5_000),
            "numerals": _FLAG,
            "filler_words": _FLAG,
            "utterance_end_ms": Setting("integer", 1_000, 5_000),
            "no_delay": _FLAG,
        },
    ),
    Provider(
        "elevenlabs",
        "known",
        ("scribe_v2_realtime",),
        {
            "tag_audio_events": _FLAG,
            "include_timestamps": _FLAG,
            "sample_rate": Setting("integer", choices=(16_000, 8_000)),
        },
    ),
    Provider(
        "gladia",
        "known",
        ("solaria-1",),
        {
            "languages": _TEXTS,
            "code_switching": _FLAG,
            "region": Setting("string", choices=("eu-west", "us-west")),
            "endpointing": Setting("number", 0.01, 1),
            "custom_vocabulary": _TEXTS,
            "translation_enabled": _FLAG,
            "translation_target_languages": _TEXTS,
        },
    ),
    Provider("mistral", "known", ("voxtral-mini-latest",)),
    Provider("google", "known", ("chirp_3",), {"location": _TEXT}),
)

LLM = _table(
    Provider(
        "sandbox",
        "implemented",
        ("echo", "rules"),
        {
            "rules": Setting(
                "objects",
                fields={
                    "when": Setting("string", maximum=RULE_WHEN_MAX),
                    "say": _TEXT,
                    "call": Setting("object", fields={"name": _TEXT, "arguments": Setting("object")}),
                    "delay_ms": Setting("integer", 0, RULE_DELAY_MS_MAX),
                    "fail": _FLAG,
                },
            )
        },
        closed=True,
    ),
    Provider(
        "openai",
        "known",
        (
            *("gpt-5.4", "gpt-5.4-mini", "gpt-5.4-nano", "gpt-5.2", "gpt-5.1", "gpt-5", "gpt-5-mini", "gpt-5-nano"),
            *("gpt-4.1", "gpt-4.1-mini", "gpt-4.1-nano", "gpt-5.6-luna", "gpt-5.6-terra", "gpt-5.6-sol"),
            *("gpt-4o-mini", "gpt-4o"),
        ),
        {"max_completion_tokens": _TOKENS},
    ),
    Provider("xai", "known", ("grok-4.3", "grok-4-1-fast-non-reasoning")),
    Provider(
        "mistral",
        "known",
        (
            *("mistral-medium-latest", "mistral-small-latest", "mistral-large-latest"),
            *("ministral-8b-latest", "ministral-14b-latest", "ministral-3b-latest"),
        ),
    ),
    Provider(
        "google",
        "known",
        ("gemini-3.5-flash-lite", "gemini-3.5-flash", "gemini-2.5-flash-lite", "gemini-2.5-flash"),
        {"max_completion_tokens": _TOKENS},
    ),
    Provider(
        "google_realtime",
        "known",
        (
            *("gemini-live-2.5-flash-native-audio", "gemini-2.5-flash-native-audio-preview-12-2025"),
            *("gemini-3.1-flash-live-preview", "gemini-3.8-live"),
        ),
        {
            "voice": Setting("string", default="Puck"),
            "vertexai": Setting("boolean", default=False),
            "location": _TEXT,
            "max_output_tokens": _TOKENS,
            "analysis_model": _TEXT,
        },
        kind="realtime",
    ),
    Provider(
        "xai_realtime",
        "known",
        ("grok-voice-think-fast-2.0", "grok-realtime-v1"),
        {
            "voice": Setting("string", default="ara"),
            "turn_detection": Setting(
                "object",
                fields={
                    "threshold": Setting("number", 0, 1, default=0.5),
                    "prefix_padding_ms": Setting("integer", 0, 2_000, default=300),
                    "silence_duration_ms": Setting("integer", 100, 2_000, default=200),
                    "idle_timeout_ms": Setting("integer", 0, 30_000),
                },
            ),
            "reasoning_effort": Setting("string", choices=("none", "high")),
            "speed": Setting("number", 0.7, 1.5, default=1),
            "transcription": Setting(
                "object",
                fields={"language_hint": _TEXT, "keyterms": Setting("strings", maximum=50, max_items=100)},
            ),
            "provider_tools": Setting(
                "objects",
                fields={
                    "type": Setting("string", choices=("web_search", "x_search", "file_search")),
                    "allowed_x_handles": Setting("strings", max_items=20),
                    "vector_store_ids": _TEXTS,
                    "max_num_results": Setting("integer", 1, 50),
                },
            ),
        },
        kind="realtime",
    ),
    Provider("openai_realtime", "known", ("gpt-realtime",), {"voice": _TEXT}, kind="realtime"),
    Provider(
        "openai_live",
        "known",
        ("gpt-live-1",),
        {
            "voice": Setting("string", choices=("marin", "beacon", "cinder", "stone", "vesper"), default="marin"),
            "delegation": Setting("object", fields={"model": _TEXT, "instructions": _TEXT}),
        },
        kind="realtime",
    ),
)

TTS = _table(
    Provider(
        "sandbox",
        "implemented",
        settings={"language": _TEXT},
        voices=("modem", "espeak", "modem-unaligned"),
    ),
    Provider(
        "elevenlabs",
        "known",
        (
            *("eleven_flash_v2_5", "eleven_v4_turbo", "eleven_v4", "eleven_v3"),
            *("eleven_multilingual_v2", "eleven_turbo_v2_5"),
        ),
        {
            "stability": _UNIT,
            "similarity_boost": _UNIT,
            "style": _UNIT,
            "speed": _SPEED,
            "use_speaker_boost": _FLAG,
            "apply_text_normalization": Setting("string", choices=("auto", "on", "off")),
            "apply_language_text_normalization": _FLAG,
            "language": _TEXT,
        },
    ),
    Provider(
        "inworld",
        "known",
        ("inworld-tts-2", "inworld-tts-2-flash", "inworld-tts-1.5-max", "inworld-tts-1.5-mini"),
        {"language": _TEXT, "speed": _SPEED},
    ),
    Provider(
        "google",
        "known",
        (
            *("gemini-3.1-flash-tts-preview", "gemini-2.5-flash-preview-tts", "gemini-2.5-pro-preview-tts"),
            "chirp-3-hd",
        ),
        {"language": _TEXT, "instructions": _TEXT, "speaking_rate": Setting("number", 0.25, 2, default=1)},
    ),
    Provider("openai", "known", ("gpt-4o-mini-tts", "tts-1", "tts-1-hd"), {"instructions": _TEXT, "speed": _SPEED}),
    Provider("xai", "known", settings={"language": _TEXT}),
    Provider("voicedock", "known", ("voicedock-1",), voices=("voicedock",)),
)
