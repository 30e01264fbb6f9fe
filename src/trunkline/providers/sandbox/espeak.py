"""One espeak-ng child per worker, shared by all calls that speak with the human voice of the sandbox.

espeak-ng is GPL-3, so it lives in a process of its own (`espeak_child.py`) and is spoken to over pipes: a JSON line
`{id, voice, text}` per request, and answers of kind, id, length (1, 4, 4 bytes, little-endian) and payload. Requests are carried
out in order, a thousand times faster than speech. A child that died is replaced at the next request; the child dies with us.
"""

from __future__ import annotations

import asyncio
import importlib.util
import json
import os
import struct
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from trunkline.conversation.ports import VendorBroke, VendorError, VendorRefused, VendorTimeout
from trunkline.providers.sandbox.alignment import Event

RATE = 22_050
ANSWER, EVENT = struct.Struct("<BII"), struct.Struct("<Biii")
SOUND, DONE, REFUSED = 1, 2, 3
PROGRAM = Path(__file__).with_name("espeak_child.py")
SILENT_SECONDS = 10.0
"""A child that says nothing for so long while asked is stuck, and is replaced."""


@dataclass(frozen=True, slots=True)
class Sound:
    """16-bit samples at `RATE`, and the events that came with them."""

    samples: bytes
    events: tuple[Event, ...]


class EspeakProcess:
    """Owned by whoever makes it; `close` ends the child."""

    def __init__(self) -> None:
        self._child: _Child | None = None
        self._starting = asyncio.Lock()
        self._requests = 0

    @property
    def pid(self) -> int | None:
        """The child's process id, if there is one."""
        return self._child.pid if self._child and self._child.alive else None

    async def synthesize(self, text: str, voice: str) -> AsyncIterator[Sound]:
        """Raises VendorError."""
        child = await self._living_child()
        self._requests += 1
        number = self._requests
        answers = child.ask(number, text, voice)
        try:
            while True:
                answer = await self._next(child, answers)
                if answer is None:
                    return
                if isinstance(answer, VendorError):
                    raise answer
                yield answer
        finally:
            child.forget(number)

    async def close(self) -> None:
        """End the child and see it gone."""
        child, self._child = self._child, None
        if child:
            child.end()
            await child.gone.wait()

    async def _next(self, child: _Child, answers: Answers) -> Sound | VendorError | None:
        try:
            async with asyncio.timeout(SILENT_SECONDS):
                return await answers.get()
        except TimeoutError:
            child.end()
            raise VendorTimeout("espeak-ng does not answer") from None

    async def _living_child(self) -> _Child:
        async with self._starting:
            if self._child is None or not self._child.alive:
                if importlib.util.find_spec("espeakng_loader") is None:
                    raise VendorRefused("the espeak voice is not installed: it needs the extra `voices`")
                command = (sys.executable, "-P", str(PROGRAM), str(os.getpid()))
                try:
                    _, child = await asyncio.get_running_loop().subprocess_exec(_Child, *command, stderr=None)
                except OSError as error:
                    raise VendorBroke(f"espeak-ng does not start: {error}") from error
                self._child = child
            return self._child


Answers = asyncio.Queue[Sound | VendorError | None]


class _Child(asyncio.SubprocessProtocol):
    """The parent's end of the pipes: whose answer is whose."""

    def __init__(self) -> None:
        self.alive = False
        self.gone = asyncio.Event()
        self._waiting: dict[int, Answers] = {}
        self._unread = bytearray()

    @property
    def pid(self) -> int:
        return self._transport.get_pid()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.SubprocessTransport, transport)
        self.alive = True

    def pipe_data_received(self, fd: int, data: bytes | str) -> None:
        self._unread += cast(bytes, data)
        while len(self._unread) >= ANSWER.size:
            kind, number, length = ANSWER.unpack_from(self._unread)
            end = ANSWER.size + length
            if len(self._unread) < end:
                return
            payload = bytes(self._unread[ANSWER.size : end])
            del self._unread[:end]
            if answers := self._waiting.get(number):
                answers.put_nowait(_answer(kind, payload))

    def process_exited(self) -> None:
        self.alive = False
        for answers in self._waiting.values():
            answers.put_nowait(VendorBroke("espeak-ng ended"))
        self._transport.close()
        self.gone.set()

    def ask(self, number: int, text: str, voice: str) -> Answers:
        answers = self._waiting[number] = Answers()
        if not self.alive:
            answers.put_nowait(VendorBroke("espeak-ng ended"))
            return answers
        line = json.dumps({"id": number, "voice": voice, "text": text.replace("\0", " ")}) + "\n"
        cast(asyncio.WriteTransport, self._transport.get_pipe_transport(0)).write(line.encode())
        return answers

    def forget(self, number: int) -> None:
        self._waiting.pop(number, None)

    def end(self) -> None:
        self.alive = False
        self._transport.close()


def _answer(kind: int, payload: bytes) -> Sound | VendorError | None:
    if kind == DONE:
        return None
    if kind == REFUSED:
        return VendorRefused(payload.decode())
    (count,) = struct.unpack_from("<I", payload)
    sound_at = 4 + count * EVENT.size
    told = (EVENT.unpack_from(payload, at) for at in range(4, sound_at, EVENT.size))
    events = tuple(Event(kind, max(0, position - 1), sample) for kind, position, _, sample in told)
    return Sound(payload[sound_at:], events)
