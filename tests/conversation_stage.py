"""A stage for conversations in virtual time: the shipped cascade, a scripted line and scripted vendors, one tick per 20 ms."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from trunkline.calls.leg import SILENCE, Fact, Noted
from trunkline.calls.talk import CallerSaid, Ended, Floor
from trunkline.conversation.cascade import Cascade
from trunkline.conversation.context import TalkConfig
from trunkline.conversation.ears import Ears
from trunkline.conversation.voice import Greetings
from trunkline.testing.vendors import (
    Codes,
    ScriptedGate,
    ScriptedGuard,
    ScriptedLine,
    ScriptedLlm,
    ScriptedStt,
    ScriptedTts,
)
from trunkline.testing.virtual import run

SOUND = b"\x10" * 160

F = TypeVar("F", bound=Fact)


class Stage:
    def __init__(
        self,
        config: TalkConfig,
        llm: ScriptedLlm,
        greetings: Greetings | None = None,
        line: dict[str, Any] | None = None,
        voice_first_s: float = 0.1,
        **tts: Any,
    ):
        self.codes = Codes()
        self.stt, self.llm, self.tts = ScriptedStt(), llm, ScriptedTts(self.codes, first_s=voice_first_s, **tts)
        self.line = ScriptedLine(self.codes, **(line or {}))
        self.facts: list[tuple[int, Fact]] = []
        self.now = 0
        self.sounding = False
        self.gate = ScriptedGate()
        self.greetings = greetings or Greetings()
        self.frames = 0
        self.talk = Cascade(
            config, self.stt, llm, self.tts, self.line, self.tell, Ears(self.gate, ScriptedGuard()), self.greetings
        )

    def tell(self, fact: Fact) -> None:
        self.facts.append((self.now, fact))

    async def run(self, ms: int) -> None:
        """Let so much time pass."""
        for _ in range(ms // 20):
            await asyncio.sleep(0.02)
            self.now += 20
            self.talk.hear(SOUND if self.sounding else SILENCE)
            self.line.send(self.talk.utter() or SILENCE)

    async def caller(self, text: str, ms: int = 400, final: bool = True) -> None:
        """The caller speaks for so long, and the words are known when he stops."""
        self.sounding = True
        await self.run(ms)
        self.sounding = False
        if text:
            self.stt.transcribe(text, final)
        await self.run(20)

    async def until(self, kind: type[F], count: int | None = None, limit_ms: int = 20_000) -> F:
        """Let time pass until the next such fact, or until there have been so many of them."""
        wanted = len(self.of(kind)) + 1 if count is None else count
        for _ in range(limit_ms // 20):
            if len(self.of(kind)) >= wanted:
                return self.of(kind)[wanted - 1]
            await self.run(20)
        raise AssertionError(f"no {kind.__name__} within {limit_ms} ms: {self.facts}")

    def of(self, kind: type[F]) -> list[F]:
        return [fact for _, fact in self.facts if isinstance(fact, kind)]

    def at(self, kind: type[Fact]) -> int:
        """When the first such fact was told."""
        return next(at for at, fact in self.facts if isinstance(fact, kind))

    def noted(self, kind: str) -> list[dict[str, Any]]:
        return [dict(fact.data) for fact in self.of(Noted) if fact.kind == kind]

    @property
    def floor(self) -> Floor:
        return self.of(Floor)[-1]

    @property
    def heard(self) -> str:
        return " ".join(self.line.heard())

    @property
    def remembered(self) -> list[tuple[str, str]]:
        return [(m.role, m.content) for m in self.talk._memory.messages(self.line.passed())]

    @property
    def caller_said(self) -> list[str]:
        return [fact.text for fact in self.of(CallerSaid)]

    @property
    def ends(self) -> list[tuple[str, str, str]]:
        return [(end.source, end.heard.text, end.cut_by) for end in self.of(Ended)]


Play = Callable[[Stage], Coroutine[Any, Any, None]]


def play(
    story: Play,
    scripts: Any = (),
    config: TalkConfig | None = None,
    prepare: bool = True,
    first_s: float = 0.3,
    **stage: Any,
) -> Stage:
    """Run one story from the answer on."""

    async def whole() -> Stage:
        set_up = Stage(config or TalkConfig(), ScriptedLlm(list(scripts) or [["Fine."]], first_s), **stage)
        if prepare:
            await set_up.talk.prepare()
        before = asyncio.all_tasks()
        talking = asyncio.get_running_loop().create_task(set_up.talk.converse())
        await asyncio.sleep(0)
        try:
            await story(set_up)
        finally:
            talking.cancel()
            await asyncio.gather(talking, return_exceptions=True)
            if not talking.cancelled() and talking.exception() is not None:
                raise talking.exception()  # type: ignore[misc]
            await asyncio.sleep(0)
        assert asyncio.all_tasks() == before, "tasks are left"
        return set_up

    return run(whole())
