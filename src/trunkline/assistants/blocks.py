"""`stt_config`, `llm_config`, `tts_config`: checked against what the catalogue says about the provider they name.

One model per provider is made from the catalogue's table, so that a provider's fields are written down in one place.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Annotated, Any, Literal, Union

import regex  # type: ignore[import-untyped]
from pydantic import Field, StringConstraints, ValidationError, create_model

from trunkline.assistants import tools
from trunkline.providers import catalogue
from trunkline.providers.catalogue import Block, Provider, Setting
from trunkline.web.body import Body, details_of

LONGEST_TEXT = 2000
MAX_MESSAGES, MAX_TOOLS, MAX_RULES = 200, 64, 200

NAMES: dict[Block, str] = {"stt": "stt_config", "llm": "llm_config", "tts": "tts_config"}


class ModelMessage(Body):
    role: Literal["system", "user", "assistant"]
    content: Annotated[str, StringConstraints(max_length=100_000)]


@dataclass(slots=True)
class Checked:
    """A block as it will be stored, and what there is to say about it."""

    config: dict[str, Any] = field(default_factory=dict)
    details: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def provider_of(block: Block, name: str) -> Provider | None:
    return {"stt": catalogue.stt, "llm": catalogue.llm, "tts": catalogue.tts}[block](name)


def is_realtime(llm_config: dict[str, Any]) -> bool:
    provider = catalogue.llm(str(llm_config.get("provider")))
    return provider is not None and provider.kind == "realtime"


def check(block: Block, value: Any, at: str = "") -> Checked:
    """`at`: where the assistant is in the body, such as `assistant`."""
    where = f"{at}.{NAMES[block]}" if at else NAMES[block]
    if not isinstance(value, dict):
        return Checked(details=[f"{where}: must be an object"])
    name = value.get("provider")
    if not isinstance(name, str):
        return Checked(details=[f"{where}.provider: is required"])
    provider = provider_of(block, name)
    if provider is None:
        return Checked(details=[f"{where}.provider: unknown provider; known: {', '.join(catalogue.names(block))}"])
    try:
        fields = _model(block, provider.name).model_validate({**value, "provider": provider.name})
    except ValidationError as error:
        return Checked(details=details_of(error, where))
    checked = Checked(fields.model_dump(exclude_none=True), warnings=warnings_of(provider, value, where))
    if block == "llm":
        _check_tools(checked, where)
        _check_rules(checked, where)
    return checked


@cache
def block_models(block: Block) -> dict[str, type[Body]]:
    """Every name of every provider of a block, aliases too, and its block as the document shows it."""
    models = {}
    for name in (*catalogue.names(block), *(catalogue.ALIASES if block == "tts" else ())):
        provider = provider_of(block, name)
        assert provider is not None
        fields: dict[str, Any] = {"provider": (Literal[name], ...)}
        if block == "llm":
            fields["tools"] = (Annotated[list[Union[tools.SHAPES]], Field(max_length=MAX_TOOLS)], [])  # type: ignore[valid-type]  # noqa: UP007
        title = f"{block.capitalize()}Config{''.join(part.capitalize() for part in name.split('_'))}"
        models[name] = create_model(title, __base__=_model(block, provider.name), **fields)
    return models


def unavailable(block: Block, config: dict[str, Any], at: str = "") -> str | None:
    """Why no call can be placed with this block, naming the setting; None if one can."""
    provider = provider_of(block, str(config.get("provider")))
    where = f"{at}.{NAMES[block]}" if at else NAMES[block]
    if provider is not None and provider.status == "known":
        return f"{where}.provider: {provider.name} is known but not available here"
    if provider is not None and _lacks(provider, config.get("model")) and provider.closed:
        return f"{where}.model: {provider.name} has no {config['model']}"
    return None


def warnings_of(provider: Provider, value: Mapping[str, Any], where: str) -> list[str]:
    if provider.status == "known":
        return [f"{where}.provider: {provider.name} is known but not available here; no call can be placed with it"]
    if _lacks(provider, model := value.get("model")):
        then = "no call can be placed with it" if provider.closed else "it is used as it is"
        return [f"{where}.model: {model} is not in the catalogue of {provider.name}; {then}"]
    return []


def _lacks(provider: Provider, model: Any) -> bool:
    return bool(provider.models) and isinstance(model, str) and model not in provider.models


@cache
def _model(block: Block, name: str) -> type[Body]:
    provider = provider_of(block, name)
    assert provider is not None
    fields: dict[str, Any] = {
        "provider": (str, ...),
        "model": (Annotated[str, _short()] | None, provider.default_model),
    }
    match block:
        case "stt":
            fields["language"] = (Literal[catalogue.LANGUAGES], "multi")
        case "tts":
            voice: Any = Literal[provider.voices] if provider.voices else Annotated[str, _short()]
            fields["voice_id"] = (voice, provider.voices[0] if provider.voices else ...)
        case "llm":
            fields["temperature"] = (Annotated[float, Field(ge=0, le=2)], 0.7)
            fields["messages"] = (Annotated[list[ModelMessage], Field(max_length=MAX_MESSAGES)], [])
            fields["tools"] = (Annotated[list[Any], Field(max_length=MAX_TOOLS)], [])
    return create_model(f"{name}_{block}", __base__=Body, **fields, **_fields_of(provider.settings))


def _fields_of(settings: Any) -> dict[str, Any]:
    return {name: (_type(name, setting) | None, setting.default) for name, setting in settings.items()}


def _type(name: str, setting: Setting) -> Any:
    bounds = Field(ge=setting.minimum, le=setting.maximum)
    match setting.type:
        case "string" | "integer" if setting.choices:
            return Literal[setting.choices]
        case "string":
            return _string(setting)
        case "integer":
            return Annotated[int, bounds]
        case "number":
            return Annotated[float, bounds]
        case "boolean":
            return bool
        case "strings":
            return Annotated[list[_string(setting)], Field(max_length=setting.max_items or 200)]  # type: ignore[misc]
        case "object":
            return _object(name, setting)
        case "objects":
            return Annotated[list[_object(name, setting)], Field(max_length=setting.max_items or 200)]  # type: ignore[misc]


def _string(setting: Setting) -> Any:
    return Annotated[str, StringConstraints(max_length=int(setting.maximum or LONGEST_TEXT))]


def _object(name: str, setting: Setting) -> Any:
    return create_model(name, __base__=Body, **_fields_of(setting.fields)) if setting.fields else dict[str, Any]


def _short() -> StringConstraints:
    return StringConstraints(min_length=1, max_length=200)


def _check_tools(checked: Checked, where: str) -> None:
    stored = []
    for index, value in enumerate(checked.config["tools"]):
        tool, details = tools.checked(value, f"{where}.tools[{index}]")
        checked.details += details
        stored.append(tool)
        if not details and tool["type"] in tools.WITHOUT_EFFECT:
            checked.warnings.append(f"{where}.tools[{index}]: tools of type {tool['type']} have no effect yet")
    names = [tool["name"] for tool in stored if "name" in tool]
    for twice in sorted({name for name in names if names.count(name) > 1}):
        checked.details.append(f"{where}.tools: the name {twice} is used twice")
    checked.config["tools"] = stored


def _check_rules(checked: Checked, where: str) -> None:
    """A rule's pattern is compiled now, so that a call does not find out; how long it may run is the model's matter."""
    for index, rule in enumerate(checked.config.get("rules") or ()):
        if "when" not in rule:
            checked.details.append(f"{where}.rules[{index}].when: is required")
            continue
        if "call" in rule and not rule["call"].get("name"):
            checked.details.append(f"{where}.rules[{index}].call.name: is required")
        try:
            regex.compile(rule["when"])
        except regex.error as error:
            checked.details.append(f"{where}.rules[{index}].when: is no regular expression: {error}")
