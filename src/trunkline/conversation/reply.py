"""One reply of the model, from the request to the last piece given to the voice; and exact words on the same way.

Owns the two halves that run at once, writing and speaking, and what failed in them. Whose turn it is, what is done about a
failure and what was heard are decided elsewhere.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from trunkline.conversation.clauses import Clauses
from trunkline.conversation.playout import Utterance
from trunkline.conversation.ports import LanguageModel, Message, Tool, ToolCall, VendorError
from trunkline.conversation.voice import Voice, timely


@dataclass(frozen=True, slots=True)
class Failure:
    block: Literal["llm", "tts"]
    error: str


@dataclass(frozen=True, slots=True)
class Request:
    messages: Sequence[Message]
    tools: Sequence[Tool]
    deadline_s: float


async def recite(utterance: Utterance, text: str, voice: Voice) -> Failure | None:
    """Exact words."""
    clauses = Clauses()
    pieces = [*clauses.feed(text), *clauses.flush()]
    for piece in pieces:
        utterance.spoken.write(piece)
    try:
        for _ in pieces:
            await voice.speak(utterance)
    except VendorError as error:
        return Failure("tts", _why(error))
    return None


async def reply(
    utterance: Utterance, request: Request, llm: LanguageModel, voice: Voice, called: Callable[[ToolCall], None]
) -> Failure | None:
    """Ask the model and speak what it writes, from the first piece on. `called` is told of each tool as it comes."""
    written: asyncio.Queue[bool] = asyncio.Queue()
    async with asyncio.TaskGroup() as group:
        writing = group.create_task(_write(utterance, request, llm, called, written))
        speaking = group.create_task(_speak(utterance, voice, written))
        failure = await speaking
        if failure is not None:
            writing.cancel()
            return failure
        return await writing


async def _write(
    utterance: Utterance,
    request: Request,
    llm: LanguageModel,
    called: Callable[[ToolCall], None],
    written: asyncio.Queue[bool],
) -> Failure | None:
    """Puts True for each piece, False at the end."""
    clauses = Clauses()

    def write(pieces: Sequence[str]) -> None:
        for piece in pieces:
            utterance.spoken.write(piece)
            written.put_nowait(True)

    failure = None
    try:
        async for item in timely(llm.reply(request.messages, request.tools), request.deadline_s):
            if isinstance(item, ToolCall):
                write(clauses.flush())
                called(item)
            else:
                write(clauses.feed(item))
        write(clauses.flush())
    except VendorError as error:
        failure = Failure("llm", _why(error))
    written.put_nowait(False)
    return failure


async def _speak(utterance: Utterance, voice: Voice, written: asyncio.Queue[bool]) -> Failure | None:
    try:
        while await written.get():
            await voice.speak(utterance)
    except VendorError as error:
        return Failure("tts", _why(error))
    return None


def _why(error: VendorError) -> str:
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
