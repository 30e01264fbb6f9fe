"""Language models of the sandbox: one that repeats what it was told and one that follows written rules. Both stream.

They answer what has not been answered yet: the last user message, and the last system or tool message after it, unless an
assistant message follows them. Where nothing fits they say nothing: an empty reply, after which the caller has the floor.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import regex  # type: ignore[import-untyped]

from trunkline.conversation.ports import Message, Tool, ToolCall, VendorBroke, VendorRefused

BETWEEN_WORDS_SECONDS = 0.005
NOT_ECHOED = ("You said", "I heard")
"""What other echoes begin with: without this two of them would never stop."""
WHEN_MAX = 200
MATCH_SECONDS = 0.02


@dataclass(frozen=True, slots=True)
class Unanswered:
    user: str | None
    told: str | None
    """The content of the last system or tool message, if it is newer than the user's."""


def unanswered(messages: Sequence[Message]) -> Unanswered:
    """What a reply has to be about."""
    told: str | None = None
    for message in reversed(messages):
        match message.role:
            case "assistant":
                return Unanswered(None, told)
            case "user":
                return Unanswered(message.content, told)
            case _ if told is None:
                told = message.content
    return Unanswered(None, told)


class EchoMind:
    """Says "You said: …" to a user and "I was told: …" to an instruction it has to answer."""

    async def reply(self, messages: Sequence[Message], tools: Sequence[Tool]) -> AsyncIterator[str | ToolCall]:
        new = unanswered(messages)
        if new.user and not new.user.lstrip().startswith(NOT_ECHOED):
            async for piece in _word_by_word(f"You said: {new.user}"):
                yield piece
        if new.told:
            async for piece in _word_by_word(f" I was told: {new.told}" if new.user else f"I was told: {new.told}"):
                yield piece


@dataclass(frozen=True, slots=True)
class Rule:
    """When the pattern is found: wait, say, call, fail, whichever of these there are, in this order."""

    when: regex.Pattern[str]
    say: str = ""
    call: tuple[str, Mapping[str, Any]] | None = None
    delay_ms: int = 0
    fail: bool = False

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Rule:
        """Raises VendorRefused when the pattern is missing, too long or none, or when the call has no name."""
        when, call = config.get("when"), config.get("call")
        if not isinstance(when, str) or len(when) > WHEN_MAX:
            raise VendorRefused(f"rules: when is a regular expression of at most {WHEN_MAX} characters")
        if call and not call.get("name"):
            raise VendorRefused("rules: call needs the name of a tool")
        try:
            pattern = regex.compile(when)
        except regex.error as error:
            raise VendorRefused(f"rules: when is no regular expression: {error}") from error
        return cls(
            when=pattern,
            say=config.get("say") or "",
            call=(call["name"], call.get("arguments") or {}) if call else None,
            delay_ms=config.get("delay_ms") or 0,
            fail=bool(config.get("fail")),
        )

    def fits(self, text: str) -> bool:
        try:
            return self.when.search(text, timeout=MATCH_SECONDS) is not None
        except TimeoutError:
            raise VendorRefused(f"rules: {self.when.pattern!r} takes too long on {text!r}") from None


class RulesMind:
    """The first rule that fits the user's words decides; failing that, the first that fits what it was told."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        self._rules = tuple(rules)
        self._calls = 0

    async def reply(self, messages: Sequence[Message], tools: Sequence[Tool]) -> AsyncIterator[str | ToolCall]:
        new = unanswered(messages)
        rule = self._first_that_fits(new.user) or self._first_that_fits(new.told)
        if rule is None:
            return
        if rule.delay_ms:
            await asyncio.sleep(rule.delay_ms / 1_000)
        async for piece in _word_by_word(rule.say):
            yield piece
        if rule.call:
            self._calls += 1
            name, arguments = rule.call
            yield ToolCall(f"sandbox_{self._calls}", name, arguments)
        if rule.fail:
            raise VendorBroke("the rule says that the model fails here")

    def _first_that_fits(self, text: str | None) -> Rule | None:
        if text is None:
            return None
        return next((rule for rule in self._rules if rule.fits(text)), None)


async def _word_by_word(text: str) -> AsyncIterator[str]:
    for word in regex.findall(r"\s*\S+", text):
        await asyncio.sleep(BETWEEN_WORDS_SECONDS)
        yield word
