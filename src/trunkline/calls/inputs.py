"""What a call's machines take as input besides the facts that legs and talks tell. Pure data.

`lifecycle.py` takes Start, HangUp, Transfer and Wake; `commands.py` takes Ask, Opened, Closing, Over and Wake.
"""

from __future__ import annotations

from dataclasses import dataclass

from trunkline.calls.endings import EndReason
from trunkline.calls.leg import Fact, TransferFailed
from trunkline.calls.verbs import Command


@dataclass(frozen=True, slots=True)
class Wake(Fact):
    """The deadline we asked for has come."""


@dataclass(frozen=True, slots=True)
class Start(Fact): ...


@dataclass(frozen=True, slots=True)
class HangUp(Fact):
    reason: EndReason
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Transfer(Fact):
    target: str
    ring_ms: int
    mode: str


NO_ANSWER = TransferFailed(408, "no_answer")
"""What a transfer comes to that nobody tells about in time."""


@dataclass(frozen=True, slots=True)
class Ask(Fact):
    command: Command


@dataclass(frozen=True, slots=True)
class Opened(Fact):
    """The call was answered: there is somebody to speak to."""


@dataclass(frozen=True, slots=True)
class Closing(Fact):
    """The call is being hung up, for whatever reason."""


@dataclass(frozen=True, slots=True)
class Over(Fact):
    """The call has ended."""
