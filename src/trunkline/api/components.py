"""The named schemas of the OpenAPI document: every body and every answer, with what their models leave to other rooms filled in.

A room that may not know assistants takes them as free objects; here they become what they are. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, models_json_schema

from trunkline.assistants.blocks import NAMES, block_models
from trunkline.assistants.schemas import TransientBody
from trunkline.providers.catalogue import Block
from trunkline.web.body import Body

REFERENCE = "#/components/schemas/"

Schema = dict[str, Any]

BLOCKS: dict[Block, str] = {"stt": "SttConfig", "llm": "LlmConfig", "tts": "TtsConfig"}
"""What each block is called, whichever provider it names."""

OLD_NAMES = {"agent_id": "assistant_id", "agent": "assistant", "agent_config": "assistant_override"}
"""Fields that are deprecated where the new name stands beside them."""

PARTS = {
    "assistant": TransientBody.__name__,
    "assistant_override": "AssistantOverride",
    **{NAMES[block]: name for block, name in BLOCKS.items()},
}
"""Fields that are free objects to the room that has them, and which component they are."""


def reference(name: str) -> Schema:
    return {"$ref": REFERENCE + name}


def components(models: Iterable[type[BaseModel]], renamed: Mapping[type[Body], Mapping[str, str]]) -> dict[str, Schema]:
    """All schemas by name. `renamed`: the old names that a body's fields have."""
    providers = {block: block_models(block) for block in BLOCKS}
    made = [model for block in providers.values() for model in block.values()]
    schemas = _shared(_generated([*models, TransientBody, *made]), providers)
    _add_blocks(schemas, providers)
    schemas[TransientBody.__name__]["required"] = [NAMES["llm"]]
    schemas["AssistantOverride"] = _override(schemas)
    for schema in schemas.values():
        _fill_in(schema)
    for model, names in renamed.items():
        properties = schemas[model.__name__]["properties"]
        for old, new in names.items():
            properties[old] = {**properties[new], "description": f"The old name of `{new}`."}
            properties[old].pop("default", None)
    for schema in schemas.values():
        _mark_old_names(schema.get("properties", {}))
    return dict(sorted(schemas.items()))


class _Generator(GenerateJsonSchema):
    """Titles that only repeat a field's name are left out."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False


def _generated(models: Iterable[type[BaseModel]]) -> dict[str, Schema]:
    _, schema = models_json_schema(
        [(model, "validation") for model in dict.fromkeys(models)],
        ref_template=REFERENCE + "{model}",
        schema_generator=_Generator,
    )
    schemas: dict[str, Schema] = schema["$defs"]
    for one in schemas.values():
        one.pop("title", None)
    return schemas


def _shared(schemas: dict[str, Schema], providers: Mapping[Block, Mapping[str, type[Body]]]) -> dict[str, Schema]:
    """What several providers have alike, such as messages, once and under the block's name."""
    names: dict[str, str] = {}
    for block, models in providers.items():
        alike: dict[str, list[str]] = {}
        for name in schemas:
            whose = max((m.__name__ for m in models.values() if name.startswith(m.__name__)), key=len, default=name)
            if name != whose:
                alike.setdefault(BLOCKS[block] + name.removeprefix(whose), []).append(name)
        for shared, found in alike.items():
            if len(found) > 1 and all(schemas[name] == schemas[found[0]] for name in found):
                names |= dict.fromkeys(found, shared)
    return {names.get(name, name): _renamed(schema, names) for name, schema in schemas.items()}


def _renamed(schema: Any, names: Mapping[str, str]) -> Any:
    if isinstance(schema, list):
        return [_renamed(item, names) for item in schema]
    if not isinstance(schema, dict):
        return schema
    if isinstance(schema.get("$ref"), str):
        name = schema["$ref"].removeprefix(REFERENCE)
        return {**schema, "$ref": REFERENCE + names.get(name, name)}
    return {name: _renamed(item, names) for name, item in schema.items()}


def _add_blocks(schemas: dict[str, Schema], providers: Mapping[Block, Mapping[str, type[Body]]]) -> None:
    """Each block once, told apart by `provider`, and each as a part of one."""
    for block, models in providers.items():
        mapping = {provider: REFERENCE + model.__name__ for provider, model in models.items()}
        whole = {
            "oneOf": [{"$ref": target} for target in mapping.values()],
            "discriminator": {"propertyName": "provider", "mapping": mapping},
        }
        for name, schema in schemas.items():
            schemas[name] = _replaced(schema, whole, reference(BLOCKS[block]))
        schemas[BLOCKS[block]] = whole
        schemas[f"{BLOCKS[block]}Part"] = _part([schemas[model.__name__] for model in models.values()])


def _replaced(schema: Any, whole: Schema, by: Schema) -> Any:
    """`schema` with every place that spells `whole` out referring to it."""
    if isinstance(schema, list):
        return [_replaced(item, whole, by) for item in schema]
    if not isinstance(schema, dict):
        return schema
    if schema.get("discriminator") == whole["discriminator"]:
        return {**by, **{name: value for name, value in schema.items() if name not in whole}}
    return {name: _replaced(item, whole, by) for name, item in schema.items()}


def _part(schemas: Iterable[Schema]) -> Schema:
    """An object with any fields of any of these, none of them required."""
    found: dict[str, list[Schema]] = {}
    for schema in schemas:
        for name, field in schema["properties"].items():
            plain = {key: value for key, value in field.items() if key != "default"}
            if plain not in found.setdefault(name, []):
                found[name].append(plain)
    providers = [field["const"] for field in found.pop("provider")]
    properties: dict[str, Schema] = {"provider": {"type": "string", "enum": providers}}
    properties |= {name: _either(fields) for name, fields in found.items()}
    return {
        "type": "object",
        "description": "Parts of a block: laid over the saved one, unless `provider` is another.",
        "properties": properties,
        "additionalProperties": False,
    }


def _either(fields: list[Schema]) -> Schema:
    if len(fields) == 1:
        return fields[0]
    options: list[Schema] = []
    for field in fields:
        for option in field.get("anyOf", [field]):
            if (bare := _bare(option)) not in options:
                options.append(bare)
    return options[0] if len(options) == 1 else {"anyOf": options}


def _bare(field: Schema) -> Schema:
    return {name: value for name, value in field.items() if name not in ("description", "deprecated", "x-suggested")}


def _override(schemas: Mapping[str, Schema]) -> Schema:
    """Any parts of an assistant. The blocks merge with the saved ones, so they may be parts too."""
    whole = schemas[TransientBody.__name__]
    properties = {
        name: {key: value for key, value in field.items() if key != "default"}
        for name, field in whole["properties"].items()
    }
    for block, name in NAMES.items():
        properties[name] = {"anyOf": [reference(f"{BLOCKS[block]}Part"), {"type": "null"}]}
    return {
        "type": "object",
        "description": "Parts of an assistant: each replaces the saved one's, but for the blocks and `speech_config`, "
        "which are laid over the saved ones.",
        "properties": properties,
        "additionalProperties": False,
    }


def _fill_in(schema: Schema) -> None:
    """Free objects that are a part of an assistant become references to it."""
    for name, field in schema.get("properties", {}).items():
        if name not in PARTS:
            continue
        if _is_free(field):
            _become(field, PARTS[name])
        for option in field.get("anyOf", ()):
            if _is_free(option):
                _become(option, PARTS[name])


def _is_free(schema: Schema) -> bool:
    return schema.get("type") == "object" and schema.get("additionalProperties") is True


def _become(schema: Schema, name: str) -> None:
    for key in ("type", "additionalProperties", "default"):
        schema.pop(key, None)
    schema["$ref"] = REFERENCE + name


def _mark_old_names(properties: Mapping[str, Schema]) -> None:
    for old, new in OLD_NAMES.items():
        if old in properties and new in properties:
            properties[old]["deprecated"] = True


def references(schema: Any) -> Iterator[str]:
    """Every component that `schema` names."""
    if isinstance(schema, dict):
        if isinstance(schema.get("$ref"), str):
            yield schema["$ref"].removeprefix(REFERENCE)
        for item in schema.values():
            yield from references(item)
    elif isinstance(schema, list):
        for item in schema:
            yield from references(item)
