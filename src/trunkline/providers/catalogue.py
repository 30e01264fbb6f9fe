"""Every provider, model and setting that an assistant's configuration may name, and which of the providers are implemented.

Data and look-ups only: what an unknown name leads to is decided by whoever validates, and adaptors are found in `build.py`.
A provider is `implemented` (calls can use it) or `known` (it can be stored, but no call can be placed with it).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from trunkline.providers.ears import LOCALES, STT
from trunkline.providers.entries import Block, Provider, Setting, Voice
from trunkline.providers.minds import LLM, RULE_DELAY_MS_MAX, RULE_WHEN_MAX
from trunkline.providers.mouths import TTS

__all__ = [
    "ALIASES",
    "DEFAULT_LLM",
    "DEFAULT_STT",
    "DEFAULT_TTS",
    "LANGUAGES",
    "LLM",
    "LOCALES",
    "RECOMMENDED",
    "RULE_DELAY_MS_MAX",
    "RULE_WHEN_MAX",
    "SANDBOX",
    "STT",
    "TABLES",
    "TTS",
    "Block",
    "Provider",
    "Setting",
    "Voice",
    "find",
    "llm",
    "names",
    "settings_of",
    "stt",
    "tts",
]

LANGUAGES = tuple(LOCALES)
"""What `stt_config.language` may be."""

TABLES: Mapping[Block, Mapping[str, Provider]] = {"stt": STT, "llm": LLM, "tts": TTS}

ALIASES: Mapping[Block, Mapping[str, str]] = {"stt": {}, "llm": {}, "tts": {"11labs": "elevenlabs"}}
"""Other names of providers."""

DEFAULT_STT: Mapping[str, Any] = {"provider": "deepgram", "model": "nova-3-general", "language": "multi"}
DEFAULT_LLM: Mapping[str, Any] = {"provider": "openai", "model": "gpt-4o-mini", "temperature": 0.7}
DEFAULT_TTS: Mapping[str, Any] = {
    "provider": "elevenlabs",
    "model": "eleven_flash_v2_5",
    "voice_id": TTS["elevenlabs"].voice_ids[0],
}
"""What an assistant has that was created with nothing but a name."""

RECOMMENDED: Mapping[str, Any] = {
    "stt_config": {**DEFAULT_STT, "keyterms": ["Brightsmile"], "smart_format": True},
    "llm_config": {
        **DEFAULT_LLM,
        "messages": [{"role": "system", "content": "You book appointments for Brightsmile, a dental practice."}],
        "tools": [
            {
                "type": "function",
                "name": "find_slot",
                "description": "Finds free appointments on a day",
                "parameters": {"type": "object", "properties": {"day": {"type": "string"}}, "required": ["day"]},
                "url": "https://example.com/tools/find-slot",
            },
            {
                "type": "transfer_call",
                "destinations": [{"type": "number", "number": "+15005550001", "description": "The front desk"}],
            },
            {"type": "end_call"},
        ],
    },
    "tts_config": {**DEFAULT_TTS, "stability": 0.5, "similarity_boost": 0.75},
}
"""An example of whom a call can be held with."""

SANDBOX: Mapping[str, Any] = {
    "stt_config": {"provider": "sandbox", "model": "modem", "language": "en"},
    "llm_config": {"provider": "sandbox", "model": "rules", "rules": [{"when": "(?i)hello", "say": "Hello to you."}]},
    "tts_config": {"provider": "sandbox", "voice_id": "modem"},
}
"""An example that needs no key and no network."""

_COMMON: Mapping[Block, Mapping[str, Setting]] = {
    "stt": {"language": Setting("string", choices=LANGUAGES, default="multi")},
    "llm": {
        "temperature": Setting("number", 0, 2, default=0.7),
        "messages": Setting(
            "objects",
            default=[],
            max_items=200,
            fields={
                "role": Setting("string", choices=("system", "user", "assistant"), required=True),
                "content": Setting("string", maximum=100_000, required=True),
            },
            about="what the model is told before the call begins",
        ),
        "tools": Setting("objects", default=[], max_items=64, about="what the model may do"),
    },
    "tts": {},
}


def find(block: Block, name: str) -> Provider | None:
    return TABLES[block].get(ALIASES[block].get(name, name))


def stt(name: str) -> Provider | None:
    return find("stt", name)


def llm(name: str) -> Provider | None:
    return find("llm", name)


def tts(name: str) -> Provider | None:
    return find("tts", name)


def names(block: Block) -> tuple[str, ...]:
    """All provider names of a block, without aliases."""
    return tuple(TABLES[block])


def settings_of(block: Block, provider: Provider) -> Mapping[str, Setting]:
    """Every field of a provider's block but `provider`."""
    model = Setting("string", 1, 200, default=provider.default_model, suggested=provider.models)
    return {"model": model, **_COMMON[block], **(_voice(provider) if block == "tts" else {}), **provider.settings}


def _voice(provider: Provider) -> Mapping[str, Setting]:
    default = provider.default_voice
    if not provider.open_voices:
        return {"voice_id": Setting("string", choices=provider.voice_ids, default=default)}
    return {
        "voice_id": Setting("string", 1, 200, default=default, required=default is None, suggested=provider.voice_ids)
    }
