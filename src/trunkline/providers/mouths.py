"""The catalogue's table of those who speak: what `tts_config` may say. Pure data."""

from __future__ import annotations

from dataclasses import replace

from trunkline.providers.entries import (
    FLAG,
    INSTRUCTIONS,
    LANGUAGE,
    SPEED,
    UNIT,
    Provider,
    Setting,
    Voice,
    named,
    table,
)
from trunkline.providers.minds import CHROMATIC, FIVE

_SPARE = ("model", ("eleven_v3", "eleven_v4", "eleven_v4_turbo"))
"""Models that take little else than `stability`."""

TTS = table(
    Provider(
        "sandbox",
        "implemented",
        settings={"language": LANGUAGE},
        voices=(
            Voice("modem", "Modem", about="Words as tones, which the far end decodes exactly"),
            Voice("espeak", "eSpeak NG", about="A synthetic human voice, made on this machine"),
            Voice(
                "modem-unaligned", "Modem, unaligned", about="As the modem, by a vendor that tells nothing of its words"
            ),
        ),
        default_voice="modem",
    ),
    Provider(
        "elevenlabs",
        "known",
        (
            *("eleven_flash_v2_5", "eleven_v4_turbo", "eleven_v4", "eleven_v3"),
            *("eleven_multilingual_v2", "eleven_turbo_v2_5"),
        ),
        {
            "stability": UNIT,
            "similarity_boost": replace(UNIT, unless=_SPARE),
            "style": replace(UNIT, unless=_SPARE),
            "speed": replace(SPEED, unless=_SPARE),
            "use_speaker_boost": replace(FLAG, unless=_SPARE),
            "apply_text_normalization": Setting("string", choices=("auto", "on", "off")),
            "apply_language_text_normalization": replace(FLAG, unless=_SPARE),
            "language": replace(LANGUAGE, unless=_SPARE),
        },
        voices=(Voice("JBFqnCBsd6RMkjVDRZzb", "George"),),
        open_voices=True,
    ),
    Provider(
        "inworld",
        "known",
        ("inworld-tts-2", "inworld-tts-2-flash", "inworld-tts-1.5-max", "inworld-tts-1.5-mini"),
        {"language": LANGUAGE, "speed": SPEED},
        open_voices=True,
    ),
    Provider(
        "google",
        "known",
        (
            *("gemini-3.1-flash-tts-preview", "gemini-2.5-flash-preview-tts", "gemini-2.5-pro-preview-tts"),
            "chirp-3-hd",
        ),
        {
            "language": LANGUAGE,
            "instructions": INSTRUCTIONS,
            "speaking_rate": Setting("number", 0.25, 2, default=1.0, about="heeded by `chirp-3-hd`"),
        },
        voices=CHROMATIC,
        default_voice="Kore",
    ),
    Provider(
        "openai",
        "known",
        ("gpt-4o-mini-tts", "tts-1", "tts-1-hd"),
        {"instructions": INSTRUCTIONS, "speed": SPEED},
        voices=named("alloy", "ash", "ballad", "coral", "echo", "fable", "nova", "onyx", "sage", "shimmer", "verse"),
        open_voices=True,
        default_voice="alloy",
    ),
    Provider("xai", "known", settings={"language": LANGUAGE}, voices=FIVE, open_voices=True, default_voice="ara"),
    Provider(
        "voicedock", "known", ("voicedock-1",), voices=(Voice("voicedock", "Voicedock"),), default_voice="voicedock"
    ),
)
