"""Persons written in a JSON file: who answers at a sandbox number, and what they do and when. Pure.

    {"+15005550100": [
      {"into_speech_ms": 1240, "say": "Wait a moment."},
      {"when_heard": "Goodbye", "delay_ms": 200, "hang_up": true}]}

A step has one moment (`at_ms`, `into_speech_ms` with `stretch`, `when_heard` with `delay_ms`) and one thing to do, from
`DEEDS`. Not here: what a step is at run time (`people.py`), and what doing it means (`farend.py`).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from trunkline.audio.tones import beep
from trunkline.telephony.sandbox.farend import (
    Act,
    Behaviour,
    Corrupt,
    HangUp,
    Hush,
    Play,
    Press,
    Say,
    Stall,
    StopSending,
)
from trunkline.telephony.sandbox.lines import is_sandbox
from trunkline.telephony.sandbox.people import At, IntoSpeech, ScriptedPerson, Step, WhenHeard

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Kind:
    name: str
    fits: Callable[[Any], bool]


TEXT = Kind("a text", lambda value: isinstance(value, str) and value != "")
NUMBER = Kind("a whole number from 0", lambda value: type(value) is int and value >= 0)
TRUE = Kind("true", lambda value: value is True)

DEEDS: Mapping[str, tuple[Kind, Callable[[Any], Act]]] = {
    "say": (TEXT, Say),
    "press": (TEXT, Press),
    "noise_ms": (NUMBER, lambda ms: Play(beep(ms))),
    "stall_ms": (NUMBER, Stall),
    "corrupt_frames": (NUMBER, Corrupt),
    "hush": (TRUE, lambda _: Hush()),
    "hang_up": (TRUE, lambda _: HangUp()),
    "stop_sending": (TRUE, lambda _: StopSending()),
}
MOMENTS: Mapping[str, tuple[Kind, str]] = {
    "at_ms": (NUMBER, ""),
    "into_speech_ms": (NUMBER, "stretch"),
    "when_heard": (TEXT, "delay_ms"),
}
"""How a moment is written, and the number that may stand beside it."""


def read(text: str) -> dict[str, Callable[[], Behaviour]]:
    """Who answers at which number; each call finds its person at the first step. Raises ValueError naming what is wrong."""
    written = json.loads(text)
    if not isinstance(written, dict):
        raise ValueError("a script is an object: number → steps")
    return {number: partial(ScriptedPerson, *_steps(number, steps)) for number, steps in written.items()}


def _steps(number: str, written: Any) -> list[Step]:
    if not is_sandbox(number):
        raise ValueError(f"{number}: is no sandbox number")
    if not isinstance(written, list):
        raise ValueError(f"{number}: its steps are a list")
    return [_step(f"{number}, step {place}", step) for place, step in enumerate(written, 1)]


def _step(where: str, written: Any) -> Step:
    if not isinstance(written, dict):
        raise ValueError(f"{where}: is an object")
    moment, deed = _one_of(MOMENTS, written, where), _one_of(DEEDS, written, where)
    beside = MOMENTS[moment][1]
    if strange := sorted(set(written) - {moment, deed, beside}):
        raise ValueError(f"{where}: {strange[0]} is not for {moment} and {deed}")
    do = DEEDS[deed][1](_checked(written[deed], DEEDS[deed][0], f"{where}: {deed}"))
    when = _checked(written[moment], MOMENTS[moment][0], f"{where}: {moment}")
    match moment:
        case "at_ms":
            return At(when, do)
        case "into_speech_ms":
            return IntoSpeech(when, do, _checked(written.get(beside, 1), NUMBER, f"{where}: {beside}"))
        case _:
            return WhenHeard(when, do, _checked(written.get(beside, 0), NUMBER, f"{where}: {beside}"))


def _one_of(known: Mapping[str, Any], written: Json, where: str) -> str:
    found = [name for name in known if name in written]
    if len(found) != 1:
        raise ValueError(f"{where}: needs exactly one of {', '.join(known)}")
    return found[0]


def _checked(value: Any, kind: Kind, where: str) -> Any:
    if not kind.fits(value):
        raise ValueError(f"{where} is {kind.name}")
    return value
