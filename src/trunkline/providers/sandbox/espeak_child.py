"""The program that runs espeak-ng in a process of its own: requests as JSON lines in, sound and events out, until end of input.

Run as a file by `espeak.py`, which describes the answers; it imports nothing of Trunkline, and Trunkline nothing of espeak-ng's.
"""

from __future__ import annotations

import ctypes
import json
import os
import signal
import struct
import sys
from typing import Any

import espeakng_loader

ANSWER, EVENT = struct.Struct("<BII"), struct.Struct("<Biii")
SOUND, DONE, REFUSED = 1, 2, 3
SYNCHRONOUS, BUFFER_MS, DONT_EXIT = 2, 60, 0x8000
UTF8, BY_CHARACTER = 1, 1
PR_SET_PDEATHSIG = 1


class Id(ctypes.Union):
    _fields_ = [("number", ctypes.c_int), ("name", ctypes.c_char_p), ("string", ctypes.c_char * 8)]


class Event(ctypes.Structure):
    """`espeak_EVENT` of speak_lib.h."""

    _fields_ = [
        ("type", ctypes.c_int),
        ("unique_identifier", ctypes.c_uint),
        ("text_position", ctypes.c_int),
        ("length", ctypes.c_int),
        ("audio_position", ctypes.c_int),
        ("sample", ctypes.c_int),
        ("user_data", ctypes.c_void_p),
        ("id", Id),
    ]


Callback = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.POINTER(Event))


class Espeak:
    def __init__(self) -> None:
        self._library = ctypes.CDLL(espeakng_loader.get_library_path())
        data = espeakng_loader.get_data_path().encode()
        self.rate: int = self._library.espeak_Initialize(SYNCHRONOUS, BUFFER_MS, data, DONT_EXIT)
        self._callback = Callback(self._spoken)
        self._library.espeak_SetSynthCallback(self._callback)
        self._request = 0
        self._voice = ""

    def speak(self, request: dict[str, Any]) -> None:
        self._request = request["id"]
        if request["voice"] != self._voice:
            if self._library.espeak_SetVoiceByName(request["voice"].encode()) != 0:
                answer(REFUSED, self._request, f"no voice {request['voice']!r}".encode())
                return
            self._voice = request["voice"]
        text = request["text"].encode(errors="replace") + b"\0"
        self._library.espeak_Synth(text, len(text), 0, BY_CHARACTER, 0, UTF8, None, None)
        answer(DONE, self._request, b"")

    def _spoken(self, samples: Any, count: int, events: Any) -> int:
        packed = b""
        number = 0
        while events[number].type != 0:
            event = events[number]
            packed += EVENT.pack(event.type, event.text_position, event.length, event.sample)
            number += 1
        sound = ctypes.string_at(samples, 2 * count) if samples and count > 0 else b""
        answer(SOUND, self._request, struct.pack("<I", number) + packed + sound)
        return 0


def answer(kind: int, request: int, payload: bytes) -> None:
    sys.stdout.buffer.write(ANSWER.pack(kind, request, len(payload)) + payload)
    sys.stdout.buffer.flush()


def main(parent: int) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        return
    espeak = Espeak()
    for line in sys.stdin.buffer:
        espeak.speak(json.loads(line))


if __name__ == "__main__":
    main(int(sys.argv[1]))
