"""From what a client wrote to the configuration a call uses: defaults, the three modes of placing, the merge, warnings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import orjson
from pydantic import ValidationError

from trunkline.assistants import blocks
from trunkline.assistants.blocks import NAMES
from trunkline.assistants.schemas import AssistantBody, AssistantConfig, TransientBody
from trunkline.errors import BadRequest, ProviderUnavailable, TooLarge
from trunkline.providers import catalogue
from trunkline.providers.catalogue import Block
from trunkline.web.body import MAX_BYTES, MAX_DETAILS, details_of

Config = dict[str, Any]
Model = TypeVar("Model", bound=AssistantConfig)

MERGED = ("stt_config", "llm_config", "tts_config", "speech_config")
"""Blocks of an override that merge with the saved ones, one level deep; everything else replaces."""

WITHOUT_EFFECT = (
    "notification_email",
    "notification_emails",
    "autonomous_silence_handling",
    "voicemail_detection",
    "voicemail_message",
    "webhook_url",
    "webhook_secret",
    "webhook_events",
    "analysis_plan",
    "speech_config.background_audio",
    "speech_config.silence",
)
"""Fields that are checked, stored and returned, and that nothing acts upon yet."""


@dataclass(frozen=True, slots=True)
class Resolution:
    config: Config
    warnings: list[str]


def saved(raw: Mapping[str, Any]) -> Resolution:
    """A saved assistant, what it does not say filled in. Raises BadRequest, TooLarge."""
    body, details = _parsed(AssistantBody, raw, "")
    config = _dumped(body) if body is not None else dict(raw)
    if "llm_config" not in raw:
        config["llm_config"] = dict(catalogue.DEFAULT_LLM)
    if not _listens_itself(config):
        for name, default in (("stt_config", catalogue.DEFAULT_STT), ("tts_config", catalogue.DEFAULT_TTS)):
            if config.get(name) is None:
                config[name] = dict(default)
    return _resolved(config, details, "")


def changed(stored: Mapping[str, Any], patch: Mapping[str, Any]) -> Resolution:
    """A saved assistant with fields replaced: what `saved` would have made of all of it together. Raises as it does."""
    return saved({**stored, **patch})


def transient(raw: Mapping[str, Any], at: str = "assistant") -> Resolution:
    """An assistant for one call, which must say whom it listens, thinks and speaks with. Raises BadRequest."""
    body, details = _parsed(TransientBody, raw, at)
    config = _dumped(body) if body is not None else dict(raw)
    if "llm_config" not in raw:
        config.pop("llm_config", None)
        details.append(f"{at}.llm_config: is required")
    elif not _listens_itself(config):
        details += [f"{at}.{name}: is required" for name in ("stt_config", "tts_config") if name not in _given(raw)]
    return _resolved(config, details, at)


def hybrid(base: Mapping[str, Any], override: Mapping[str, Any], at: str = "assistant_override") -> Resolution:
    """A saved assistant with parts replaced. Raises BadRequest."""
    return transient(merged(base, override), at)


def merged(base: Mapping[str, Any], override: Mapping[str, Any]) -> Config:
    result = dict(base)
    for name, value in override.items():
        old: Any = base.get(name)
        result[name] = {**old, **value} if name in MERGED and _fits(old, value) else value
    if _listens_itself(result):
        for name in ("stt_config", "tts_config"):
            if name not in override:
                result.pop(name, None)
    return result


def warnings_of(config: Mapping[str, Any], at: str = "") -> list[str]:
    """What a configuration says that nothing acts upon yet."""
    return [f"{_at(at, path)}: has no effect yet" for path in WITHOUT_EFFECT if _set(config, path)]


def warnings_of_saved(config: Mapping[str, Any]) -> list[str]:
    """What saving an assistant has warned of, as the catalogue has it now."""
    found = []
    for block, name in NAMES.items():
        value: Mapping[str, Any] = config.get(name) or {}
        if (provider := catalogue.find(block, str(value.get("provider")))) is not None:
            found += blocks.warnings_of(provider, value, name)
    return [*found, *warnings_of(config)]


def require_available(config: Mapping[str, Any], at: str = "") -> None:
    """Raises ProviderUnavailable naming each block whose provider no call can use."""
    wanted: dict[Block, Any] = {block: config.get(name) for block, name in NAMES.items()}
    why = [reason for block, value in wanted.items() if value and (reason := blocks.unavailable(block, value, at))]
    if why:
        raise ProviderUnavailable("This assistant needs a provider that is not available here", details=why)


def _resolved(config: Config, details: list[str], at: str) -> Resolution:
    """The blocks, checked, and the warnings."""
    warnings: list[str] = []
    realtime = _listens_itself(config)
    for block, name in NAMES.items():
        if not isinstance(config.get(name), dict):  # it is not there, or `details` says already what it is instead
            config.pop(name, None)
            continue
        if realtime and block != "llm":
            warnings.append(f"{_at(at, name)}: ignored, the model listens and speaks itself")
            del config[name]
            continue
        checked = blocks.check(block, config[name], at)
        config[name] = checked.config
        details += checked.details
        warnings += checked.warnings
    if details:
        raise BadRequest("The assistant is invalid", details=list(dict.fromkeys(details))[:MAX_DETAILS])
    warnings += warnings_of(config, at)
    if config.get("max_duration_seconds") is None:
        config["max_duration_seconds"] = 600
    if len(orjson.dumps(config)) > MAX_BYTES:
        raise TooLarge(f"an assistant must not be larger than {MAX_BYTES} bytes")
    return Resolution(config, warnings)


def _listens_itself(config: Mapping[str, Any]) -> bool:
    llm = config.get("llm_config")
    return isinstance(llm, dict) and blocks.is_realtime(llm)


def _parsed(model: type[Model], raw: Mapping[str, Any], at: str) -> tuple[Model | None, list[str]]:
    try:
        return model.model_validate(dict(raw)), []
    except ValidationError as error:
        return None, details_of(error, at)


def _dumped(body: AssistantConfig) -> Config:
    """Everything but what is null by default and is null."""
    defaults = type(body).model_fields
    dumped = body.model_dump(by_alias=True)
    return {name: value for name, value in dumped.items() if value is not None or defaults[name].default is not None}


def _given(raw: Mapping[str, Any]) -> frozenset[str]:
    return frozenset(name for name, value in raw.items() if value is not None)


def _fits(old: Any, new: Any) -> bool:
    """Two blocks merge unless the new one names another provider."""
    return (
        isinstance(old, dict)
        and isinstance(new, dict)
        and new.get("provider", old.get("provider")) == old.get("provider")
    )


def _set(config: Mapping[str, Any], path: str) -> bool:
    value: Any = config
    for part in path.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    if isinstance(value, dict) and "enabled" in value:
        return bool(value["enabled"])
    return bool(value)


def _at(at: str, name: str) -> str:
    return f"{at}.{name}" if at else name
