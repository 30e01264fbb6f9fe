"""The sandbox's numbers: which there are, how the network treats a call to each, and who is at the far end. A table."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from trunkline.audio import modem, wav
from trunkline.telephony.sandbox.farend import Behaviour, FarEnd, Voice
from trunkline.telephony.sandbox.people import Agent, BargesIn, Echo, HangsUp, Silent, Voicemail

RING_MS = 600
SET_UP_MS = 100
"""From the call's start to the first word of the network: ringing, or a refusal."""

_NUMBER = re.compile(r"\+1500555\d{4}")


@dataclass(frozen=True, slots=True)
class Answers:
    who: Callable[[], Behaviour]
    ring_ms: int = RING_MS


@dataclass(frozen=True, slots=True)
class Refuses:
    code: int
    """The SIP status that says why (RFC 3261 §21)."""
    phrase: str


@dataclass(frozen=True, slots=True)
class RingsForEver: ...


Treatment = Answers | Refuses | RingsForEver

TABLE: Mapping[str, Treatment] = {
    "+15005550001": Answers(Echo),
    "+15005550002": Refuses(486, "Busy Here"),
    "+15005550003": RingsForEver(),
    "+15005550004": Refuses(603, "Decline"),
    "+15005550005": Answers(Voicemail),
    "+15005550006": Answers(HangsUp),
    "+15005550007": Answers(BargesIn),
    "+15005550008": Answers(Silent),
    "+15005550009": Refuses(404, "Not Found"),
    "+15005550010": Answers(Agent),
    "+15005550011": RingsForEver(),
}
UNALLOCATED = Refuses(404, "Not Found")


def is_sandbox(number: str) -> bool:
    return _NUMBER.fullmatch(number) is not None


def modem_voice(text: str) -> bytes:
    return modem.modulate(text).audio


def wav_voice(file: bytes) -> Voice:
    """A voice that plays this WAV file whatever it is asked to say. Raises ValueError if it is none."""
    audio = wav.read(file)
    return lambda _: audio


class Lines:
    """The table, with a voice for its people. `overrides` put other treatments, or other people, at a number."""

    def __init__(
        self,
        overrides: Mapping[str, Treatment | Callable[[], Behaviour]] | None = None,
        voice: Voice = modem_voice,
    ) -> None:
        self._voice = voice
        self._overrides = {number: _as_treatment(line) for number, line in (overrides or {}).items()}

    def treatment(self, number: str) -> Treatment:
        return self._overrides.get(number) or TABLE.get(number, UNALLOCATED)

    def far_end(self, line: Answers) -> FarEnd:
        return FarEnd(line.who(), self._voice)


def _as_treatment(line: Treatment | Callable[[], Behaviour]) -> Treatment:
    return line if isinstance(line, Treatment) else Answers(line)
