"""The catalogue's table of those who listen: what `stt_config` may say. Pure data."""

from __future__ import annotations

from collections.abc import Mapping

from trunkline.providers.entries import FLAG, TEXTS, Provider, Setting, table

LOCALES: Mapping[str, tuple[str, ...]] = {
    "multi": ("nl-NL", "en-US"),
    "nl": ("nl-NL",),
    "en": ("en-US",),
    "de": ("de-DE",),
    "fr": ("fr-FR",),
    "es": ("es-ES",),
    "it": ("it-IT",),
    "pt": ("pt-PT",),
    "pl": ("pl-PL",),
    "ru": ("ru-RU",),
    "ja": ("ja-JP",),
    "ko": ("ko-KR",),
    "zh": ("cmn-Hans-CN",),
    "ar": ("ar-XA",),
    "hi": ("hi-IN",),
    "da": ("da-DK",),
    "sv": ("sv-SE",),
    "no": ("nb-NO",),
    "fi": ("fi-FI",),
    "cs": ("cs-CZ",),
    "hu": ("hu-HU",),
    "ro": ("ro-RO",),
    "bg": ("bg-BG",),
    "hr": ("hr-HR",),
    "sk": ("sk-SK",),
    "tr": ("tr-TR",),
    "id": ("id-ID",),
    "vi": ("vi-VN",),
}
"""Our language codes, and the language tags that they stand for at vendors who want those."""

STT = table(
    Provider("sandbox", "implemented", ("modem",), closed=True),
    Provider(
        "deepgram",
        "known",
        ("nova-3", "nova-3-general"),
        {
            "keyterms": Setting("strings", minimum=1, maximum=100, max_items=100, about="words to expect"),
            "smart_format": FLAG,
            "endpointing": Setting("integer", 0, 5_000, about="ms"),
            "numerals": FLAG,
            "filler_words": FLAG,
            "utterance_end_ms": Setting("integer", 1_000, 5_000),
            "no_delay": FLAG,
        },
        postcall_models=("nova-3", "nova-3-general"),
    ),
    Provider(
        "elevenlabs",
        "known",
        ("scribe_v2_realtime",),
        {
            "tag_audio_events": FLAG,
            "include_timestamps": FLAG,
            "sample_rate": Setting("integer", choices=(16_000, 8_000)),
        },
        postcall_models=("scribe_v2",),
    ),
    Provider(
        "gladia",
        "known",
        ("solaria-1",),
        {
            "languages": TEXTS,
            "code_switching": FLAG,
            "region": Setting("string", choices=("eu-west", "us-west")),
            "endpointing": Setting("number", 0.01, 1, about="seconds"),
            "custom_vocabulary": Setting("strings", minimum=1, maximum=100, max_items=1_000),
            "translation_enabled": FLAG,
            "translation_target_languages": TEXTS,
        },
    ),
    Provider("mistral", "known", ("voxtral-mini-latest",)),
    Provider("google", "known", ("chirp_3",), {"location": Setting("string", minimum=1, maximum=64, default="eu")}),
)
