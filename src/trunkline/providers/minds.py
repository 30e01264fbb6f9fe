"""The catalogue's table of those who think: what `llm_config` may say. Pure data."""

from __future__ import annotations

from trunkline.providers.entries import (
    INSTRUCTIONS,
    TEXT,
    TOKENS,
    Provider,
    Setting,
    named,
    table,
)

RULE_WHEN_MAX = 200
RULE_DELAY_MS_MAX = 60_000

CHROMATIC = named(
    *("Puck", "Kore", "Zephyr", "Charon", "Fenrir", "Leda", "Orus", "Aoede", "Callirrhoe", "Autonoe", "Enceladus"),
    *("Iapetus", "Umbriel", "Algieba", "Despina", "Erinome", "Algenib", "Rasalgethi", "Laomedeia", "Achernar"),
    *("Alnilam", "Schedar", "Gacrux", "Pulcherrima", "Achird", "Zubenelgenubi", "Vindemiatrix", "Sadachbia"),
    *("Sadaltager", "Sulafat"),
)
"""The voices of one vendor's realtime models and of its speech."""

FIVE = named("ara", "rex", "sal", "eve", "leo")
"""The documented voices of another; it has more."""

LLM = table(
    Provider(
        "sandbox",
        "implemented",
        ("echo", "rules"),
        {
            "rules": Setting(
                "objects",
                max_items=200,
                fields={
                    "when": Setting(
                        "string",
                        maximum=RULE_WHEN_MAX,
                        required=True,
                        about="a regular expression; the first match wins",
                    ),
                    "say": TEXT,
                    "call": Setting(
                        "object",
                        fields={
                            "name": Setting("string", minimum=1, maximum=64, required=True),
                            "arguments": Setting("object"),
                        },
                        about="a tool to call",
                    ),
                    "delay_ms": Setting("integer", 0, RULE_DELAY_MS_MAX),
                    "fail": Setting("boolean", about="break instead of answering"),
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
        {"max_completion_tokens": TOKENS},
        postcall_models=("gpt-5.4-mini",),
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
        {"max_completion_tokens": TOKENS},
    ),
    Provider(
        "google_realtime",
        "known",
        (
            *("gemini-live-2.5-flash-native-audio", "gemini-2.5-flash-native-audio-preview-12-2025"),
            *("gemini-3.1-flash-live-preview", "gemini-3.8-live"),
        ),
        {
            "voice": Setting("string", choices=tuple(voice.id for voice in CHROMATIC), default="Puck"),
            "vertexai": Setting("boolean", default=False),
            "location": TEXT,
            "max_output_tokens": TOKENS,
            "analysis_model": Setting("string", deprecated=True),
        },
        kind="realtime",
        voices=CHROMATIC,
    ),
    Provider(
        "xai_realtime",
        "known",
        ("grok-voice-think-fast-2.0", "grok-realtime-v1"),
        {
            "voice": Setting(
                "string", minimum=1, maximum=200, default="ara", suggested=tuple(voice.id for voice in FIVE)
            ),
            "turn_detection": Setting(
                "object",
                fields={
                    "threshold": Setting("number", 0, 1, default=0.5),
                    "prefix_padding_ms": Setting("integer", 0, 2_000, default=300),
                    "silence_duration_ms": Setting("integer", 100, 2_000, default=200),
                    "idle_timeout_ms": Setting("integer", 0, 30_000, about="off where it is not given"),
                },
            ),
            "reasoning_effort": Setting("string", choices=("none", "high")),
            "speed": Setting("number", 0.7, 1.5, default=1.0),
            "transcription": Setting(
                "object",
                fields={
                    "language_hint": TEXT,
                    "keyterms": Setting("strings", minimum=1, maximum=50, max_items=100),
                },
            ),
            "provider_tools": Setting(
                "objects",
                max_items=20,
                fields={
                    "type": Setting("string", choices=("web_search", "x_search", "file_search"), required=True),
                    "allowed_x_handles": Setting(
                        "strings", minimum=1, maximum=50, max_items=20, unless=("type", ("web_search", "file_search"))
                    ),
                    "vector_store_ids": Setting(
                        "strings",
                        minimum=1,
                        maximum=200,
                        min_items=1,
                        max_items=50,
                        required=True,
                        unless=("type", ("web_search", "x_search")),
                    ),
                    "max_num_results": Setting("integer", 1, 50, unless=("type", ("web_search", "x_search"))),
                },
            ),
        },
        kind="realtime",
        voices=FIVE,
        open_voices=True,
    ),
    Provider(
        "openai_realtime",
        "known",
        ("gpt-realtime",),
        {
            "voice": Setting(
                "string",
                minimum=1,
                maximum=200,
                default="marin",
                suggested=("marin", "cedar", "alloy", "ash", "ballad"),
            ),
            "speed": Setting("number", 0.25, 1.5, default=1.0),
            "max_output_tokens": TOKENS,
        },
        kind="realtime",
        voices=named("marin", "cedar", "alloy", "ash", "ballad", "coral", "echo", "sage", "shimmer", "verse"),
        open_voices=True,
    ),
    Provider(
        "openai_live",
        "known",
        ("gpt-live-1",),
        {
            "voice": Setting("string", choices=("marin", "beacon", "cinder", "stone", "vesper"), default="marin"),
            "delegation": Setting(
                "object",
                fields={
                    "model": Setting("string", minimum=1, maximum=200, default="gpt-5.6-luna"),
                    "instructions": INSTRUCTIONS,
                },
                about="a slower model that is asked what this one cannot answer",
            ),
        },
        kind="realtime",
        voices=named("marin", "beacon", "cinder", "stone", "vesper"),
    ),
)
