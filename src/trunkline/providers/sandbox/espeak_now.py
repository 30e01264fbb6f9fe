"""The human voice for those who cannot wait: a sandbox far end asks for a sentence and needs its audio in the same instant.

Blocking on purpose, with a child of its own: a short sentence takes a few milliseconds, and what was said once is kept. The
assistants' voice, which must not block, is `espeak.py`.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from functools import lru_cache

import numpy as np

from trunkline.audio.g711 import samples_to_ulaw
from trunkline.audio.wav import resample
from trunkline.providers.sandbox.espeak import ANSWER, DONE, EVENT, PROGRAM, RATE, SOUND

KEPT = 256
FRAME = 160
COUNT_BYTES = 4


class EspeakNow:
    """Use it as a function: text to 8 kHz µ-law, whole frames. `close` ends the child. Raises OSError if it has ended."""

    def __init__(self, voice: str = "en-us") -> None:
        self._voice = voice
        command = (sys.executable, "-P", str(PROGRAM), str(os.getpid()))
        self._child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self._kept = lru_cache(KEPT)(self._speak)

    def __call__(self, text: str) -> bytes:
        return self._kept(text)

    def close(self) -> None:
        self._child.kill()
        self._child.communicate()

    def _speak(self, text: str) -> bytes:
        assert self._child.stdin is not None
        line = json.dumps({"id": 1, "voice": self._voice, "text": text.replace("\0", " ")}) + "\n"
        self._child.stdin.write(line.encode())
        self._child.stdin.flush()
        samples = b""
        while (answer := self._answer())[0] != DONE:
            kind, payload = answer
            if kind != SOUND:
                raise OSError(payload.decode())
            samples += payload[COUNT_BYTES + int.from_bytes(payload[:COUNT_BYTES], "little") * EVENT.size :]
        audio = samples_to_ulaw(resample(np.frombuffer(samples, np.int16), RATE))
        return audio + b"\xff" * (-len(audio) % FRAME)

    def _answer(self) -> tuple[int, bytes]:
        assert self._child.stdout is not None
        head = self._child.stdout.read(ANSWER.size)
        if len(head) < ANSWER.size:
            raise OSError("espeak-ng ended")
        kind, _, length = ANSWER.unpack(head)
        return kind, self._child.stdout.read(length)
