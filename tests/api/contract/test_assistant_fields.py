"""Every field of the four blocks, with the least and the most it takes and one step beyond; every provider, model and language."""

from __future__ import annotations

import copy
from typing import Any, NamedTuple

import pytest
from api_world import SANDBOX
from contract_client import Api, got, refused, same


class Field(NamedTuple):
    path: str
    """Below the assistant, such as `stt_config.endpointing`."""
    good: list[Any]
    bad: list[Any]
    base: dict[str, Any]
    """The blocks the field stands in."""


def stt(provider: str, model: str, language: str = "en") -> dict[str, Any]:
    return {"stt_config": {"provider": provider, "model": model, "language": language}}


def llm(provider: str, model: str) -> dict[str, Any]:
    return {"llm_config": {"provider": provider, "model": model}}


def tts(provider: str, voice_id: str, **more: Any) -> dict[str, Any]:
    return {"tts_config": {"provider": provider, "voice_id": voice_id, **more}}


DEEPGRAM, SCRIBE = stt("deepgram", "nova-3"), stt("elevenlabs", "scribe_v2_realtime")
GLADIA = stt("gladia", "solaria-1")
OPENAI, GEMINI = llm("openai", "gpt-5.4"), llm("google", "gemini-3.5-flash")
GOOGLE_LIVE, XAI = llm("google_realtime", "gemini-3.8-live"), llm("xai_realtime", "grok-voice-think-fast-2.0")
OPENAI_LIVE = llm("openai_live", "gpt-live-1")
ELEVEN, INWORLD = tts("elevenlabs", "any-voice"), tts("inworld", "any-voice")
CHIRP = tts("google", "Kore", model="chirp-3-hd")
SPEECH: dict[str, Any] = {"speech_config": {}}
NONE: dict[str, Any] = {}

NO_BOOL: list[Any] = ["true", 1, "yes"]
WORDS: list[Any] = [[], ["Trunkline", "Jansen"]]
NO_WORDS: list[Any] = ["Trunkline", [1], [None], {}]


def between(least: float, most: float, beyond: float, *more_bad: Any) -> tuple[list[Any], list[Any]]:
    """`beyond` is the smallest step that matters."""
    under, over = round(least - beyond, 4), round(most + beyond, 4)
    return [least, most], [under, over, str(least), True, [least], *more_bad]


def field(path: str, good: list[Any], bad: list[Any], base: dict[str, Any]) -> Field:
    return Field(path, good, bad, base)


FIELDS = [
    # the assistant itself
    field("max_duration_seconds", *between(30, 14_400, 1, 60.5), NONE),
    field("silence_timeout_seconds", *between(1, 120, 1, 8.5), NONE),
    field("is_active", [True, False], NO_BOOL, NONE),
    field("autonomous_silence_handling", [True, False], NO_BOOL, NONE),
    field("voicemail_detection", [True, False], NO_BOOL, NONE),
    field("voicemail_message", ["", "Call back."], [1, ["x"], {}], NONE),
    field("first_message", ["Hello."], [1, ["x"], {}], NONE),
    field("business_name", ["Ann & Co"], [1, ["x"], {}], NONE),
    field("gdpr_mode", [False], [True, "false", 0], NONE),
    field("webhook_url", ["https://example.com/hook", "http://example.com"], ["example", "ftp://example.com", 5], NONE),
    field("webhook_events", [[], ["tool-calls"]], [["call-started"], "tool-calls", [1]], NONE),
    field("analysis_plan.min_messages_threshold", [1, 2, 20], [-1, "2", True, 2.5], {"analysis_plan": {}}),
    # stt_config
    field("stt_config.keyterms", WORDS, NO_WORDS, DEEPGRAM),
    field("stt_config.smart_format", [True, False], NO_BOOL, DEEPGRAM),
    field("stt_config.endpointing", *between(0, 5000, 1, 0.5), DEEPGRAM),
    field("stt_config.numerals", [True, False], NO_BOOL, DEEPGRAM),
    field("stt_config.filler_words", [True, False], NO_BOOL, DEEPGRAM),
    field("stt_config.utterance_end_ms", *between(1000, 5000, 1, 1000.5), DEEPGRAM),
    field("stt_config.no_delay", [True, False], NO_BOOL, DEEPGRAM),
    field("stt_config.tag_audio_events", [True, False], NO_BOOL, SCRIBE),
    field("stt_config.include_timestamps", [True, False], NO_BOOL, SCRIBE),
    field("stt_config.sample_rate", [8000, 16000], [7999, 44100, "8000", True], SCRIBE),
    field("stt_config.languages", [[], ["nl", "en"]], ["nl", [1]], GLADIA),
    field("stt_config.code_switching", [True, False], NO_BOOL, GLADIA),
    field("stt_config.region", ["eu-west", "us-west"], ["eu-east", "", 1], GLADIA),
    field("stt_config.endpointing", *between(0.01, 1, 0.001), GLADIA),
    field("stt_config.custom_vocabulary", WORDS, NO_WORDS, GLADIA),
    field("stt_config.translation_enabled", [True, False], NO_BOOL, GLADIA),
    field("stt_config.translation_target_languages", [[], ["en"]], ["en", [1]], GLADIA),
    field("stt_config.language", ["multi", "nl"], ["xx", "", "EN", 1, None], DEEPGRAM),
    # llm_config
    field("llm_config.temperature", *between(0, 2, 0.01), OPENAI),
    field("llm_config.temperature", *between(0, 2, 0.01), XAI),
    field("llm_config.max_completion_tokens", *between(1, 32_768, 1, 1.5), OPENAI),
    field("llm_config.max_completion_tokens", *between(1, 32_768, 1, 1.5), GEMINI),
    field("llm_config.messages", [[], [{"role": role, "content": "x"} for role in ("system", "user", "assistant")]],
          ["x", [{"role": "tool", "content": "x"}], [{"role": "user"}], [{"content": "x"}]], OPENAI),
    field("llm_config.voice", ["Puck"], [1, ["Puck"]], GOOGLE_LIVE),
    field("llm_config.vertexai", [True, False], NO_BOOL, GOOGLE_LIVE),
    field("llm_config.location", ["europe-west4"], [1, ["x"]], GOOGLE_LIVE),
    field("llm_config.max_output_tokens", *between(1, 32_768, 1, 1.5), GOOGLE_LIVE),
    field("llm_config.analysis_model", ["gemini-3.5-flash"], [1, ["x"]], GOOGLE_LIVE),
    field("llm_config.voice", ["ara", "rex", "sal", "eve", "leo"], [1, ["ara"]], XAI),
    field("llm_config.turn_detection.threshold", *between(0, 1, 0.01), XAI),
    field("llm_config.turn_detection.prefix_padding_ms", *between(0, 2000, 1), XAI),
    field("llm_config.turn_detection.silence_duration_ms", *between(100, 2000, 1), XAI),
    field("llm_config.turn_detection.idle_timeout_ms", *between(0, 30_000, 1), XAI),
    field("llm_config.reasoning_effort", ["none", "high"], ["low", "", 1], XAI),
    field("llm_config.speed", *between(0.7, 1.5, 0.01), XAI),
    field("llm_config.transcription.language_hint", ["nl"], [1, ["nl"]], XAI),
    field("llm_config.transcription.keyterms", [["x" * 50] * 100], [["x"] * 101, ["x" * 51], "x"], XAI),
    field("llm_config.provider_tools",
          [[{"type": "web_search"}],
           [{"type": "x_search", "allowed_x_handles": ["x"] * 20}],
           [{"type": "file_search", "vector_store_ids": ["vs_1"], "max_num_results": 1}],
           [{"type": "file_search", "vector_store_ids": ["vs_1"], "max_num_results": 50}]],
          [[{"type": "code_search"}],
           [{"type": "x_search", "allowed_x_handles": ["x"] * 21}],
           [{"type": "file_search", "vector_store_ids": []}],
           [{"type": "file_search"}],
           [{"type": "file_search", "vector_store_ids": ["vs_1"], "max_num_results": 0}],
           [{"type": "file_search", "vector_store_ids": ["vs_1"], "max_num_results": 51}]], XAI),
    field("llm_config.voice", ["marin", "beacon", "cinder", "stone", "vesper"], ["nobody", 1], OPENAI_LIVE),
    field("llm_config.delegation.model", ["gpt-5.6-luna"], [1, ["x"]], OPENAI_LIVE),
    field("llm_config.delegation.instructions", ["Think."], [1, ["x"]], OPENAI_LIVE),
    # tts_config
    field("tts_config.stability", *between(0, 1, 0.01), ELEVEN),
    field("tts_config.similarity_boost", *between(0, 1, 0.01), ELEVEN),
    field("tts_config.style", *between(0, 1, 0.01), ELEVEN),
    field("tts_config.speed", *between(0.5, 2, 0.01), ELEVEN),
    field("tts_config.use_speaker_boost", [True, False], NO_BOOL, ELEVEN),
    field("tts_config.apply_text_normalization", ["auto", "on", "off"], ["always", True], ELEVEN),
    field("tts_config.apply_language_text_normalization", [True, False], NO_BOOL, ELEVEN),
    field("tts_config.language", ["nl"], [1, ["nl"]], ELEVEN),
    field("tts_config.voice_id", ["any"], ["", 1, None], ELEVEN),
    field("tts_config.speed", *between(0.5, 2, 0.01), INWORLD),
    field("tts_config.language", ["nl"], [1, ["nl"]], INWORLD),
    field("tts_config.speaking_rate", *between(0.25, 2, 0.01), CHIRP),
    field("tts_config.instructions", ["Whisper."], [1, ["x"]], tts("google", "Kore")),
    field("tts_config.language", ["nl"], [1, ["nl"]], tts("google", "Kore")),
    field("tts_config.language", ["nl"], [1, ["nl"]], tts("xai", "ara")),
    # speech_config
    field("speech_config.turn_taking.endpointing_min_delay", [0.1, 2], [0.09, 5.01, "0.4", True], SPEECH),
    field("speech_config.turn_taking.endpointing_max_delay", [0.4, 5], [0.09, 5.01, "2", True], SPEECH),
    field("speech_config.turn_taking.interruption_min_duration", *between(0.05, 2, 0.01), SPEECH),
    field("speech_config.turn_taking.interruption_min_words", *between(0, 10, 1, 1.5), SPEECH),
    field("speech_config.turn_taking.false_interruption_timeout", [0.2, 5, None], [0.19, 5.01, "1", True], SPEECH),
    field("speech_config.pronunciation",
          [[], [{"from": "x", "to": ""}], [{"from": "x" * 64, "to": "y" * 128}], [{"from": "x", "to": "y"}] * 50],
          [[{"from": "", "to": "y"}], [{"from": "x" * 65, "to": "y"}], [{"from": "x", "to": "y" * 129}],
           [{"from": "x", "to": "y"}] * 51, [{"from": "x"}], [{"to": "y"}], {"from": "x", "to": "y"}], SPEECH),
    field("speech_config.background_audio.enabled", [True, False], NO_BOOL, SPEECH),
    field("speech_config.background_audio.clip", ["office", "city", "forest", "crowded_room"], ["sea", 1], SPEECH),
    field("speech_config.background_audio.volume", *between(0.05, 1, 0.01), SPEECH),
    field("speech_config.silence.messages", [[], ["x" * 300] * 5], [["x"] * 6, ["x" * 301], [""], "x"], SPEECH),
    field("speech_config.silence.final_message", ["x" * 300, None], ["x" * 301, 1], SPEECH),
    field("speech_config.silence.first_check_seconds", *between(1, 60, 1), SPEECH),
    field("speech_config.silence.interval_seconds", *between(3, 120, 1), SPEECH),
    field("speech_config.silence.max_attempts", *between(1, 10, 1, 1.5), SPEECH),
    field("speech_config.end_call_message", ["x" * 300, None], ["x" * 301, 1], SPEECH),
    field("speech_config.first_message_outbound", ["x" * 300, None], ["x" * 301, 1], SPEECH),
    field("speech_config.end_call_phrases", [[], ["ok"], ["x" * 100] * 5],
          [["bye"] * 6, ["x" * 101], ["x"], ["!?"], ["a!"], "bye"], SPEECH),
]  # fmt: skip


def with_field(each: Field, value: Any) -> dict[str, Any]:
    body = {"name": "Ann", **copy.deepcopy(each.base)}
    place: dict[str, Any] = body
    *above, last = each.path.split(".")
    for name in above:
        place = place.setdefault(name, {})
    place[last] = value
    return body


def at(body: Any, path: str) -> Any:
    for name in path.split("."):
        body = body[name]
    return body


def ids(each: Field) -> str:
    provider = next((block.get("provider", "") for block in each.base.values()), "")
    return f"{provider}-{each.path}".strip("-")


@pytest.mark.parametrize("each", FIELDS, ids=ids)
def test_a_field_takes_its_least_and_its_most_and_is_shown_as_given(api: Api, each: Field) -> None:
    for value in each.good:
        made = got(api.post("/assistants", with_field(each, value)), 201)["assistant"]
        assert same(at(made, each.path), value), value


@pytest.mark.parametrize("each", FIELDS, ids=ids)
def test_a_field_beyond_its_range_is_refused_by_its_path(api: Api, each: Field) -> None:
    for value in each.bad:
        answer = api.post("/assistants", with_field(each, value))
        assert answer.status_code == 400, (value, answer.text)
        refused(answer, 400, "invalid_request", each.path)


def test_the_most_delay_is_not_below_the_least(api: Api) -> None:
    delays = {"endpointing_min_delay": 2, "endpointing_max_delay": 1}
    body = {"name": "Ann", "speech_config": {"turn_taking": delays}}
    answer = refused(api.post("/assistants", body), 400, "invalid_request")
    assert "endpointing_max_delay" in str(answer["details"])
    delays["endpointing_max_delay"] = 2
    got(api.post("/assistants", body), 201)


@pytest.mark.parametrize(
    ("base", "missing"),
    [
        (DEEPGRAM, "stt_config.provider"),
        (OPENAI, "llm_config.provider"),
        (INWORLD, "tts_config.provider"),
        (INWORLD, "tts_config.voice_id"),
    ],
)
def test_what_nothing_can_be_assumed_for_is_asked_for(api: Api, base: dict[str, Any], missing: str) -> None:
    block, _, name = missing.partition(".")
    config = {field: value for field, value in base[block].items() if field != name}
    refused(api.post("/assistants", {"name": "Ann", block: config}), 400, "invalid_request", missing)


# ---- the catalogue -------------------------------------------------------------------------------

EARS = {
    "deepgram": ["nova-3", "nova-3-general"],
    "elevenlabs": ["scribe_v2_realtime"],
    "gladia": ["solaria-1"],
    "mistral": ["voxtral-mini-latest"],
    "google": ["chirp_3"],
    "sandbox": ["modem"],
}
MINDS = {
    "openai": [
        "gpt-5.4", "gpt-5.4-mini", "gpt-5.4-nano", "gpt-5.2", "gpt-5.1", "gpt-5", "gpt-5-mini", "gpt-5-nano", "gpt-4.1",
        "gpt-4.1-mini", "gpt-4.1-nano", "gpt-5.6-luna", "gpt-5.6-terra", "gpt-5.6-sol", "gpt-4o", "gpt-4o-mini",
    ],
    "xai": ["grok-4.3"],
    "mistral": [
        "mistral-medium-latest", "mistral-small-latest", "mistral-large-latest", "ministral-8b-latest",
        "ministral-14b-latest", "ministral-3b-latest",
    ],
    "google": ["gemini-3.5-flash-lite", "gemini-3.5-flash", "gemini-2.5-flash-lite", "gemini-2.5-flash"],
    "google_realtime": [
        "gemini-live-2.5-flash-native-audio", "gemini-2.5-flash-native-audio-preview-12-2025",
        "gemini-3.1-flash-live-preview", "gemini-3.8-live",
    ],
    "xai_realtime": ["grok-voice-think-fast-2.0", "grok-realtime-v1"],
    "openai_live": ["gpt-live-1"],
    "sandbox": ["echo"],
}  # fmt: skip
VOICES = {
    "elevenlabs": [
        "eleven_flash_v2_5", "eleven_v4_turbo", "eleven_v4", "eleven_v3", "eleven_multilingual_v2", "eleven_turbo_v2_5",
    ],
    "inworld": ["inworld-tts-2", "inworld-tts-2-flash", "inworld-tts-1.5-max", "inworld-tts-1.5-mini"],
    "google": [
        "gemini-3.1-flash-tts-preview", "gemini-2.5-flash-preview-tts", "gemini-2.5-pro-preview-tts", "chirp-3-hd",
    ],
    "voicedock": ["voicedock-1"],
}  # fmt: skip
NAMES = {"elevenlabs": "any", "inworld": "any", "google": "Kore", "voicedock": "voicedock"}

CATALOGUE = [
    *(("stt_config", {"provider": p, "model": m, "language": "en"}) for p, models in EARS.items() for m in models),
    *(("llm_config", {"provider": p, "model": m}) for p, models in MINDS.items() for m in models),
    *(("tts_config", {"provider": p, "model": m, "voice_id": NAMES[p]}) for p, ms in VOICES.items() for m in ms),
    ("tts_config", {"provider": "openai", "voice_id": "alloy"}),
    ("tts_config", {"provider": "xai", "voice_id": "ara"}),
    ("tts_config", {"provider": "sandbox", "voice_id": "modem"}),
    ("tts_config", {"provider": "sandbox", "voice_id": "espeak"}),
]


@pytest.mark.parametrize(
    ("block", "config"), CATALOGUE, ids=lambda each: str(each.get("model") if isinstance(each, dict) else each)
)
def test_a_provider_and_model_of_the_catalogue_is_accepted_as_known(
    api: Api, block: str, config: dict[str, Any]
) -> None:
    answer = api.post("/assistants", {"name": "Ann", block: config})
    assert same(got(answer, 201)["assistant"][block], config)
    assert not [warning for warning in answer.json().get("warnings", []) if f"{block}.model" in warning]


def test_11labs_is_another_name_of_elevenlabs(api: Api) -> None:
    answer = api.post("/assistants", {"name": "Ann", **tts("11labs", "any-voice")})
    assert got(answer, 201)["assistant"]["tts_config"]["voice_id"] == "any-voice"


LANGUAGES = [
    "multi", "nl", "en", "de", "fr", "es", "it", "pt", "pl", "ru", "ja", "ko", "zh", "ar", "hi", "da", "sv", "no", "fi",
    "cs", "hu", "ro", "bg", "hr", "sk", "tr", "id", "vi",
]  # fmt: skip


def test_every_language_is_accepted(api: Api) -> None:
    for language in LANGUAGES:
        made = got(api.post("/assistants", {"name": "Ann", **stt("deepgram", "nova-3", language)}), 201)["assistant"]
        assert made["stt_config"]["language"] == language


# ---- the sandbox's own ---------------------------------------------------------------------------


def rules(*rules: dict[str, Any]) -> dict[str, Any]:
    return {"name": "Ann", **SANDBOX, "llm_config": {"provider": "sandbox", "model": "rules", "rules": list(rules)}}


def test_rules_of_the_sandbox_are_kept(api: Api) -> None:
    given = [
        {"when": "x" * 200, "say": "Yes.", "delay_ms": 60_000},
        {"when": "lookup", "call": {"name": "lookup", "arguments": {"id": 1}}},
    ]
    answer = api.post("/assistants", rules(*given))
    assert same(got(answer, 201)["assistant"]["llm_config"]["rules"], given)


@pytest.mark.parametrize(
    "rule",
    [
        {"when": "x" * 201, "say": "No."},
        {"when": "x", "say": "No.", "delay_ms": 60_001},
        {"when": "x", "say": "No.", "delay_ms": -1},
        {"when": "(", "say": "No."},
        {"say": "No."},
        {"when": "x", "call": {"arguments": {}}},
        {"when": "x", "shout": "No."},
    ],
    ids=str,
)
def test_a_rule_beyond_its_bounds_is_refused(api: Api, rule: dict[str, Any]) -> None:
    refused(api.post("/assistants", rules(rule)), 400, "invalid_request", "llm_config.rules.0")


# ---- tools ---------------------------------------------------------------------------------------

LOOKUP = {
    "name": "lookup",
    "description": "Looks up an order.",
    "parameters": {"type": "object", "properties": {"order": {"type": "string"}}},
}
PERSON = {"type": "number", "number": "+31201234567", "description": "A person.", "message": "One moment."}


def with_tools(*tools: dict[str, Any]) -> dict[str, Any]:
    return {"name": "Ann", "llm_config": {"provider": "openai", "model": "gpt-5.4", "tools": list(tools)}}


@pytest.mark.parametrize(
    "tool",
    [
        LOOKUP,
        {**LOOKUP, "url": "https://example.com/tool", "async": True, "async_response": "I am on it."},
        {**LOOKUP, "url": "https://example.com/tool", "message": "One moment."},
        {**LOOKUP, "server": {"url": "https://example.com/tool", "secret": "x"}},
        {"type": "function", "function": LOOKUP, "async": False},
        {"type": "function", "function": {"name": "lookup"}, "server": {"url": "https://example.com/tool"}},
        {"type": "end_call"},
        {"type": "endCall"},
        {"type": "transfer_call", "destinations": [PERSON]},
        {"type": "transferCall", "destinations": [{k: v for k, v in PERSON.items() if k != "message"}]},
    ],
    ids=str,
)
def test_each_shape_of_a_tool_is_accepted(api: Api, tool: dict[str, Any]) -> None:
    made = got(api.post("/assistants", with_tools(tool)), 201)["assistant"]
    assert len(made["llm_config"]["tools"]) == 1
    assert "endCall" not in str(made) and "transferCall" not in str(made)


@pytest.mark.parametrize(
    ("tools", "path"),
    [
        ([{"description": "No name."}], "llm_config.tools.0"),
        ([{"name": "lookup"}], "llm_config.tools.0"),
        ([LOOKUP, LOOKUP], "llm_config.tools"),
        ([{**LOOKUP, "parameters": "x"}], "llm_config.tools.0"),
        ([{**LOOKUP, "url": "example"}], "llm_config.tools.0"),
        ([{"type": "function"}], "llm_config.tools.0"),
        ([{"type": "sing"}], "llm_config.tools.0"),
        ([{"type": "transfer_call"}], "llm_config.tools.0"),
        ([{"type": "transfer_call", "destinations": [{**PERSON, "number": "0201234567"}]}], "llm_config.tools.0"),
        (
            [{"type": "transfer_call", "destinations": [{"type": "number", "number": "+31201234567"}]}],
            "llm_config.tools.0",
        ),
        ([{"type": "mcp", "mcp_server_id": "x", "allowed_tools": ["a"] * 26}], "llm_config.tools.0"),
        ([LOOKUP, {"type": "end_call", "typo": 1}], "llm_config.tools.1"),
    ],
    ids=str,
)
def test_a_tool_that_cannot_be_meant_is_refused_by_its_place(api: Api, tools: list[dict[str, Any]], path: str) -> None:
    refused(api.post("/assistants", with_tools(*tools)), 400, "invalid_request", path)
