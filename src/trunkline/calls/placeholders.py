"""`{{name}}` in what an assistant says and is told, filled from the variables of one call. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

LONGEST = 1024 * 1024
"""Characters that the variables of one call may fill in altogether: a short text can name a long value often."""

_BRACES = re.compile(r"\{\{([^{}]{1,80})\}\}")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.\-]{0,63}")


@dataclass(slots=True)
class Filling:
    """One call's variables, and what came of filling them in."""

    variables: Mapping[str, str]
    unknown: set[str] = field(default_factory=set)
    """Names that stand in the texts and have no value."""
    filled_in: int = 0
    """Characters, so far."""

    @property
    def is_too_long(self) -> bool:
        return self.filled_in > LONGEST

    def text(self, text: str) -> str:
        """`text` with its placeholders replaced, once: what a value holds is no placeholder.

        A name without a value is noted and left as it is. So are braces around what is neither a variable nor could be
        one: they are the text's own.
        """
        return _BRACES.sub(self._value, text)

    def _value(self, match: re.Match[str]) -> str:
        name = match[1].strip()
        if name not in self.variables:
            if _NAME.fullmatch(name):
                self.unknown.add(name)
            return match[0]
        self.filled_in += len(self.variables[name])
        return "" if self.is_too_long else self.variables[name]

    def config(self, config: Mapping[str, Any]) -> dict[str, Any]:
        """An assistant's configuration with its greetings and its model's messages filled."""
        result = dict(config)
        if isinstance(result.get("first_message"), str):
            result["first_message"] = self.text(result["first_message"])
        speech = result.get("speech_config")
        if isinstance(speech, dict) and isinstance(speech.get("first_message_outbound"), str):
            result["speech_config"] = {**speech, "first_message_outbound": self.text(speech["first_message_outbound"])}
        model = result.get("llm_config")
        if isinstance(model, dict) and model.get("messages"):
            messages = [{**message, "content": self.text(message["content"])} for message in model["messages"]]
            result["llm_config"] = {**model, "messages": messages}
        return result


def with_greeting(config: Mapping[str, Any], first_message: str) -> dict[str, Any]:
    """A configuration whose one greeting is `first_message`. Empty: the assistant waits to be spoken to."""
    result = {**config, "first_message": first_message}
    if speech := result.get("speech_config"):
        result["speech_config"] = {name: value for name, value in speech.items() if name != "first_message_outbound"}
    return result


def greeting(config: Mapping[str, Any]) -> str:
    """What an outbound call is greeted with: its own sentence if it has one, or '' (the assistant waits)."""
    speech = config.get("speech_config") or {}
    return speech.get("first_message_outbound") or config.get("first_message") or ""
