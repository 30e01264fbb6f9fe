"""What the assistant says, put to work: exact words and replies become utterances, one piece of work at a time.

Owns the running work, the promise whose reply it is, and the model's tools. Failures go to `Trouble` and come out as facts.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

from trunkline import ids
from trunkline.calls.leg import Noted, Tell
from trunkline.calls.talk import Ended, Heard, ToolCalled, Words
from trunkline.conversation.context import TalkConfig
from trunkline.conversation.memory import Memory
from trunkline.conversation.mouth import Mouth
from trunkline.conversation.playout import CutBy, Utterance
from trunkline.conversation.ports import LanguageModel, ToolCall
from trunkline.conversation.reply import Failure, Request, recite, reply
from trunkline.conversation.trouble import Trouble
from trunkline.conversation.voice import Voice

Spawn = Callable[[Coroutine[Any, Any, None]], "asyncio.Task[None]"]

REFUSALS = 2
"""How often in a row the model may ask for a tool in vain before its turn is over."""


@dataclass(frozen=True, slots=True)
class Promise:
    """The utterance that the next reply will be."""

    utterance: str
    source: str = "reply"
    interruptible: bool = True
    told: bool = False
    """A command waits for it: its end is told even if it never begins."""


class Speaker:
    def __init__(
        self,
        config: TalkConfig,
        llm: LanguageModel,
        voice: Voice,
        mouth: Mouth,
        memory: Memory,
        trouble: Trouble,
        tell: Tell,
    ) -> None:
        self._config, self._llm, self._voice, self._mouth, self._memory = config, llm, voice, mouth, memory
        self._trouble, self._tell = trouble, tell
        self.spawn: Spawn | None = None
        self._work: asyncio.Task[None] | None = None
        self._promise: Promise | None = None
        self._refused = False
        self._refusals = 0

    # ---- exact words ------------------------------------------------------------------------

    def say(self, words: Words, promised: bool, resumable: bool = False) -> None:
        utterance = self._utterance(words.utterance, words.source, words.interruptible, promised, resumable)
        utterance.exact = True
        self._mouth.start(utterance)
        if not self._voice.recall(utterance, words.text):
            self._start(self._recite(utterance, words.text))

    async def _recite(self, utterance: Utterance, text: str) -> None:
        self._done(utterance, await recite(utterance, text, self._voice))

    # ---- replies ----------------------------------------------------------------------------

    def promise(self, promise: Promise) -> None:
        """The next reply will be this one. An earlier promise that is not kept yet is taken back."""
        self.take_back("command")
        self._promise = promise

    def take_back(self, by: CutBy) -> None:
        """The promised reply will not come."""
        promise, self._promise = self._promise, None
        if promise is not None and promise.told:
            self._tell(Ended(promise.utterance, promise.source, Heard(), by))

    def think(self, turn: int) -> None:
        """Ask the model with everything it should know now, and speak what it writes. A request under way is forgotten."""
        self.forget()
        promise = self._promise or Promise(ids.new("utt"))
        utterance = self._utterance(
            promise.utterance, promise.source, promise.interruptible, promise.told, resumable=True
        )
        self._mouth.start(utterance)
        messages = self._memory.messages(self._mouth.sent)
        self._tell(Noted("model.asked", {"turn": turn, "messages": len(messages)}))
        self._start(self._reply(utterance, Request(messages, self._config.toolbox.tools, self._config.first_token_s)))

    async def _reply(self, utterance: Utterance, request: Request) -> None:
        self._refused = False
        failure = await reply(utterance, request, self._llm, self._voice, self._called)
        self._refusals = self._refusals + 1 if self._refused and not utterance.spoken.text else 0
        if failure is None:
            self._trouble.worked("llm")
        self._done(utterance, failure)

    def _called(self, call: ToolCall) -> None:
        arguments, reason = self._config.toolbox.allow(call)
        if arguments is None:
            self._refused = True
            self._memory.called(call, f"Refused: {reason}. Answer without this tool.")
            self._tell(Noted("tool.refused", {"id": call.id, "name": call.name, "reason": reason}))
        else:
            self._memory.called(call, "Started.")
            self._tell(ToolCalled(ids.new("cmd"), call.name, arguments))

    @property
    def must_ask_again(self) -> bool:
        """The last reply was nothing but a tool that it may not use: it has been told so, and may try again."""
        return 0 < self._refusals <= REFUSALS

    def kept(self, utterance: Utterance) -> None:
        """If this was the promised reply, it has come."""
        if self._promise is not None and self._promise.utterance == utterance.id:
            self._promise = None

    # ---- the work ------------------------------------------------------------------------------

    def stop(self, by: CutBy) -> None:
        """Whatever is audible or being made of our words ends here."""
        self._cancel()
        if self._mouth.current is not None:
            self.kept(self._mouth.current)
        self.take_back(by)
        self._mouth.cut(by)

    def forget(self) -> None:
        """A request of which nothing has been heard is dropped without a word; its promise stands."""
        self._cancel()
        self._mouth.forget()

    def _cancel(self) -> None:
        if self._work is not None:
            self._work.cancel()
            self._work = None

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        assert self.spawn is not None, "the conversation has not begun"
        self._work = self.spawn(work)

    def _utterance(self, id: str, source: str, interruptible: bool, promised: bool, resumable: bool) -> Utterance:
        return Utterance(id, source, self._voice.ledger(), interruptible, resumable, promised)

    def _done(self, utterance: Utterance, failure: Failure | None) -> None:
        """All there will be of it is with the mouth."""
        self._work = None
        utterance.failed = failure is not None
        if failure is None:
            if utterance.audio:
                self._trouble.worked("tts")
        else:
            self._tell(self._trouble.failed(failure.block, failure.error))
        utterance.complete = True
