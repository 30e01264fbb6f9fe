"""What can be said in an assistant's configuration, as data for clients that build forms and checks of their own. Pure.

It is made from the models that check the bodies, so what is described here is what is accepted.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from trunkline.assistants import blocks
from trunkline.assistants.schemas import AssistantBody, SpeechConfig
from trunkline.providers import catalogue
from trunkline.providers.catalogue import Block, Provider
from trunkline.web.body import Body

Field = dict[str, Any]

BOUNDS = {
    "minimum": "minimum",
    "maximum": "maximum",
    "minLength": "min_length",
    "maxLength": "max_length",
    "pattern": "pattern",
    "minItems": "min_items",
    "maxItems": "max_items",
    "x-suggested": "suggested",
    "deprecated": "deprecated",
    "description": "description",
}
"""Words of JSON Schema, and ours."""

TYPES = {"string": "strings", "object": "objects"}
"""What a list is called that holds these."""


@cache
def catalog() -> dict[str, Any]:
    """The answer of `GET /catalog`. Do not change it."""
    providers: dict[str, Any] = {
        block: {name: _provider(block, name) for name in catalogue.names(block)} for block in blocks.NAMES
    }
    assistant = fields_of(AssistantBody)
    speech = fields_of(SpeechConfig)
    return {
        **providers,
        "languages": [{"code": code, "locales": list(locales)} for code, locales in catalogue.LOCALES.items()],
        "defaults": {
            "stt_config": dict(catalogue.DEFAULT_STT),
            "llm_config": dict(catalogue.DEFAULT_LLM),
            "tts_config": dict(catalogue.DEFAULT_TTS),
        },
        "assistant": {name: field for name, field in assistant.items() if name not in NOT_SHOWN},
        "speech_config": speech,
    }


NOT_SHOWN = frozenset({*blocks.NAMES.values(), "speech_config"})
"""Fields of an assistant that the catalogue shows elsewhere."""


@cache
def voices() -> tuple[dict[str, Any], ...]:
    """The voices known by name, of those who speak and of those who listen and speak themselves."""
    providers = [*catalogue.TTS.values(), *catalogue.LLM.values()]
    return tuple(voice for provider in providers for voice in _voices(provider))


def fields_of(model: type[Body]) -> dict[str, Field]:
    """Every field of a body by its name."""
    schema = model.model_json_schema()
    return _fields(schema, schema.get("$defs", {}))


def _provider(block: Block, name: str) -> dict[str, Any]:
    provider = catalogue.TABLES[block][name]
    fields = fields_of(blocks.block_models(block)[name])
    if "tools" in fields:  # five shapes, which the document shows
        fields["tools"].pop("fields", None)
    return {
        "status": provider.status,
        "kind": provider.kind if block == "llm" else None,
        "aliases": [alias for alias, stands_for in catalogue.ALIASES[block].items() if stands_for == name],
        "models": list(provider.models),
        "default_model": provider.default_model,
        "other_models": not provider.closed,
        "postcall_models": list(provider.postcall_models),
        "voices": [voice["id"] for voice in _voices(provider)],
        "default_voice": provider.default_voice,
        "other_voices": provider.open_voices,
        "fields": {name: field for name, field in fields.items() if name != "provider"},
    }


def _voices(provider: Provider) -> Iterator[dict[str, Any]]:
    for voice in provider.voices:
        described: dict[str, Any] = {"id": voice.id, "name": voice.name, "provider": provider.name}
        if voice.language is not None:
            described["language"] = voice.language
        if voice.about:
            described["description"] = {"en": voice.about}
        yield described


def _fields(schema: Mapping[str, Any], definitions: Mapping[str, Any]) -> dict[str, Field]:
    required = schema.get("required", ())
    properties = schema.get("properties", {})
    return {name: _field(part, definitions, name in required) for name, part in properties.items()}


def _field(schema: Mapping[str, Any], definitions: Mapping[str, Any], required: bool) -> Field:
    inner, nullable = _without_null(schema)
    inner = _referred(inner, definitions)
    items = _referred(inner.get("items", {}), definitions)
    kind = inner.get("type", "string")
    field: Field = {
        "type": TYPES.get(items.get("type", "object"), "objects") if kind == "array" else kind,
        "required": required,
        "nullable": nullable,
    }
    if schema.get("default") is not None:
        field["default"] = schema["default"]
    for part in (items, inner, schema):
        field |= {ours: part[word] for word, ours in BOUNDS.items() if word in part}
        if choices := part.get("enum", [part["const"]] if "const" in part else None):
            field["choices"] = list(choices)
    if properties := _fields(items if kind == "array" else inner, definitions):
        field["fields"] = properties
    return field


def _without_null(schema: Mapping[str, Any]) -> tuple[Mapping[str, Any], bool]:
    options = schema.get("anyOf")
    if options is None:
        return schema, False
    kept = [option for option in options if option.get("type") != "null"]
    return (kept[0] if len(kept) == 1 else {"anyOf": kept}), len(kept) < len(options)


def _referred(schema: Mapping[str, Any], definitions: Mapping[str, Any]) -> Mapping[str, Any]:
    if "$ref" not in schema:
        return schema
    found: Mapping[str, Any] = definitions[schema["$ref"].rsplit("/", 1)[1]]
    return found
