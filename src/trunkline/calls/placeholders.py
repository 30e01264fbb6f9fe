"""`{{name}}` in what an assistant says and is told, filled from the variables of one call. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

_PLACEHOLDER = re.compile(r"\{\{\s*([A-Za-z_][A-Za-z0-9_.\-]{0,63})\s*\}\}")


def filled(text: str, variables: Mapping[str, str], unknown: set[str]) -> str:
    """`text` with its placeholders replaced; names without a variable are added to `unknown` and left as they are."""

    def value(match: re.Match[str]) -> str:
        name = match[1]
        if name not in variables:
            unknown.add(name)
            return match[0]
        return variables[name]

    return _PLACEHOLDER.sub(value, text)


def filled_config(config: Mapping[str, Any], variables: Mapping[str, str], unknown: set[str]) -> dict[str, Any]:
    """An assistant's configuration with its greetings and its model's messages filled."""
    result = dict(config)
    if isinstance(result.get("first_message"), str):
        result["first_message"] = filled(result["first_message"], variables, unknown)
    speech = result.get("speech_config")
    if isinstance(speech, dict) and isinstance(speech.get("first_message_outbound"), str):
        outbound = filled(speech["first_message_outbound"], variables, unknown)
        result["speech_config"] = {**speech, "first_message_outbound": outbound}
    model = result.get("llm_config")
    if isinstance(model, dict) and model.get("messages"):
        messages = [{**m, "content": filled(m["content"], variables, unknown)} for m in model["messages"]]
        result["llm_config"] = {**model, "messages": messages}
    return result


def greeting(config: Mapping[str, Any]) -> str:
    """What an outbound call is greeted with: its own sentence if it has one, or '' (the assistant waits)."""
    speech = config.get("speech_config") or {}
    return speech.get("first_message_outbound") or config.get("first_message") or ""
