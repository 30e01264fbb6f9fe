"""`stt_config`, `llm_config`, `tts_config`: checked against what the catalogue says about the provider they name.

One model per provider is made from the catalogue's table, so that a provider's fields are written down in one place.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints, ValidationError, create_model

from trunkline.assistants import patterns, tools
from trunkline.providers import catalogue
from trunkline.providers.catalogue import Block, Provider, Setting
from trunkline.web.body import Body, details_of

LONGEST_TEXT = 2000
MOST_ITEMS = 200

NAMES: dict[Block, str] = {"stt": "stt_config", "llm": "llm_config", "tts": "tts_config"}


@dataclass(slots=True)
class Checked:
    """A block as it will be stored, and what there is to say about it."""

    config: dict[str, Any] = field(default_factory=dict)
    details: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def is_realtime(llm_config: Mapping[str, Any]) -> bool:
    provider = catalogue.llm(str(llm_config.get("provider")))
    return provider is not None and provider.kind == "realtime"


def check(block: Block, value: Any, at: str = "") -> Checked:
    """`at`: where the assistant is in the body, such as `assistant`."""
    where = f"{at}.{NAMES[block]}" if at else NAMES[block]
    if not isinstance(value, dict):
        return Checked(details=[f"{where}: must be an object"])
    name = value.get("provider")
    if name is None:
        return Checked(details=[f"{where}.provider: is required"])
    provider = catalogue.find(block, name) if isinstance(name, str) else None
    if provider is None:
        return Checked(details=[f"{where}.provider: unknown provider; known: {', '.join(catalogue.names(block))}"])
    try:
        fields = _model(block, provider.name).model_validate({**value, "provider": provider.name})
    except ValidationError as error:
        return Checked(details=details_of(error, where))
    checked = Checked(fields.model_dump(exclude_none=True), warnings=warnings_of(provider, value, where))
    checked.details += _misfits(checked.config, catalogue.settings_of(block, provider), where)
    if block == "llm":
        _check_tools(checked, where)
        _check_rules(checked, where)
    return checked


@cache
def block_models(block: Block) -> dict[str, type[Body]]:
    """Every name of every provider of a block, aliases too, and its block as the document shows it."""
    models = {}
    for name in (*catalogue.names(block), *catalogue.ALIASES[block]):
        provider = catalogue.find(block, name)
        assert provider is not None
        fields: dict[str, Any] = {"provider": (Literal[name], ...)}
        if block == "llm":
            fields["tools"] = (Annotated[list[tools.AnyTool], Field(max_length=tools.MOST)], [])
        models[name] = create_model(_title(block, name), __base__=_model(block, provider.name), **fields)
    return models


def unavailable(block: Block, config: Mapping[str, Any], at: str = "") -> str | None:
    """Why no call can be placed with this block, naming the setting; None if one can."""
    provider = catalogue.find(block, str(config.get("provider")))
    where = f"{at}.{NAMES[block]}" if at else NAMES[block]
    if provider is not None and provider.status == "known":
        return f"{where}.provider: {provider.name} is known but not available here"
    if provider is not None and _lacks(provider, config.get("model")) and provider.closed:
        return f"{where}.model: {provider.name} has no {config['model']}"
    return None


def warnings_of(provider: Provider, value: Mapping[str, Any], where: str) -> list[str]:
    warnings = []
    if provider.status == "known":
        warnings.append(
            f"{where}.provider: {provider.name} is known but not available here; no call can be placed with it"
        )
    if _lacks(provider, model := value.get("model")):
        then = "; no call can be placed with it" if provider.closed else "; it is used as it is"
        then = then if provider.status == "implemented" else ""
        warnings.append(f"{where}.model: {model} is not in the catalogue of {provider.name}{then}")
    return warnings


def _lacks(provider: Provider, model: Any) -> bool:
    return bool(provider.models) and isinstance(model, str) and model not in provider.models


@cache
def _model(block: Block, name: str) -> type[Body]:
    provider = catalogue.TABLES[block][name]
    title = _title(block, name)
    fields = _fields_of(catalogue.settings_of(block, provider), title)
    return create_model(title, __base__=Body, provider=(str, ...), **fields)


def _fields_of(settings: Mapping[str, Setting], title: str) -> dict[str, Any]:
    return {name: _field(f"{title}{_camel(name)}", setting) for name, setting in settings.items()}


def _field(title: str, setting: Setting) -> Any:
    kind = _type(title, setting)
    extra: dict[str, Any] = {"x-suggested": list(setting.suggested)} if setting.suggested else {}
    about = "; ".join(filter(None, (setting.about, _condition(setting))))
    info = Field(description=about or None, deprecated=setting.deprecated or None, json_schema_extra=extra or None)
    if setting.required and setting.unless is None:
        return Annotated[kind, info], ...
    if setting.default is not None:
        return Annotated[kind, info], setting.default
    return Annotated[kind | None, info], None


def _condition(setting: Setting) -> str:
    if setting.unless is None:
        return ""
    other, values = setting.unless
    otherwise = ", required otherwise" if setting.required else ""
    return f"not taken where `{other}` is one of {', '.join(f'`{value}`' for value in values)}{otherwise}"


def _type(title: str, setting: Setting) -> Any:
    items = Field(min_length=setting.min_items, max_length=setting.max_items or MOST_ITEMS)
    match setting.type:
        case "string" | "integer" if setting.choices:
            return Literal[setting.choices]
        case "string":
            return _string(setting)
        case "integer":
            return Annotated[int, Field(ge=setting.minimum, le=setting.maximum)]
        case "number":
            return Annotated[float, Field(ge=setting.minimum, le=setting.maximum)]
        case "boolean":
            return bool
        case "strings":
            return Annotated[list[_string(setting)], items]  # type: ignore[misc]
        case "object":
            return _object(title, setting)
        case "objects":
            return Annotated[list[_object(title, setting)], items]  # type: ignore[misc]


def _string(setting: Setting) -> Any:
    shortest = None if setting.minimum is None else int(setting.minimum)
    return Annotated[str, StringConstraints(min_length=shortest, max_length=int(setting.maximum or LONGEST_TEXT))]


def _object(title: str, setting: Setting) -> Any:
    if not setting.fields:
        return dict[str, Any]
    return create_model(title, __base__=Body, **_fields_of(setting.fields, title))


def _title(block: Block, name: str) -> str:
    return f"{block.capitalize()}Config{_camel(name)}"


def _camel(name: str) -> str:
    return "".join(part[:1].upper() + part[1:] for part in name.split("_"))


def _misfits(config: Mapping[str, Any], settings: Mapping[str, Setting], where: str) -> Iterator[str]:
    """What each field may be depends, for some, on a field beside it."""
    for name, setting in settings.items():
        value = config.get(name)
        if setting.unless is not None:
            other, values = setting.unless
            if config.get(other) not in values:
                if setting.required and value is None:
                    yield f"{where}.{name}: is required where {other} is {config.get(other)}"
            elif value is not None:
                yield f"{where}.{name}: is not taken where {other} is {config.get(other)}"
        if setting.fields and isinstance(value, dict):
            yield from _misfits(value, setting.fields, f"{where}.{name}")
        if setting.fields and isinstance(value, list):
            for index, item in enumerate(value):
                yield from _misfits(item, setting.fields, f"{where}.{name}[{index}]")


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
    """A rule's pattern is compiled now, so that a call does not find out."""
    for index, rule in enumerate(checked.config.get("rules") or ()):
        if (wrong := patterns.wrong_with(rule["when"])) is not None:
            checked.details.append(f"{where}.rules[{index}].when: {wrong}")
