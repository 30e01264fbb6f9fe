"""What a call asks of the outside: imperative, and none returns anything. Outcomes come back as inputs. Pure data.

`run.py` is the only module that performs them; `chronicle.py` says which are written to the journal.
"""

from __future__ import annotations

from dataclasses import dataclass

from trunkline.calls.endings import EndReason
from trunkline.calls.talk import Words
from trunkline.calls.verbs import Command, Receipt


class Effect:
    __slots__ = ()


# ---- on the line ----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Dial(Effect): ...


@dataclass(frozen=True, slots=True)
class Release(Effect):
    """End the leg: BYE, CANCEL, close the stream: the leg knows which."""


@dataclass(frozen=True, slots=True)
class Refer(Effect):
    target: str
    ring_ms: int
    mode: str


@dataclass(frozen=True, slots=True)
class AbandonTransfer(Effect): ...


@dataclass(frozen=True, slots=True)
class Press(Effect):
    digits: str


@dataclass(frozen=True, slots=True)
class HoldLine(Effect):
    """What it means for the conversation is `PauseTalk` and `ResumeTalk`."""

    held: bool


# ---- in the conversation --------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class StartTalk(Effect): ...


@dataclass(frozen=True, slots=True)
class StopTalk(Effect): ...


@dataclass(frozen=True, slots=True)
class PauseTalk(Effect):
    """The line is on hold, or a transfer under way: nothing is heard, asked or spoken."""


@dataclass(frozen=True, slots=True)
class ResumeTalk(Effect): ...


@dataclass(frozen=True, slots=True)
class Speak(Effect):
    words: Words


@dataclass(frozen=True, slots=True)
class Answer(Effect):
    utterance: str
    content: str
    interruptible: bool


@dataclass(frozen=True, slots=True)
class Know(Effect):
    command: str
    content: str


@dataclass(frozen=True, slots=True)
class TellModel(Effect):
    content: str
    speak: bool


@dataclass(frozen=True, slots=True)
class Hush(Effect): ...


@dataclass(frozen=True, slots=True)
class Mute(Effect):
    target: str
    muted: bool


@dataclass(frozen=True, slots=True)
class PassDigits(Effect):
    """Keypad digits from the caller go to the model."""

    digits: str


# ---- in the record --------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Accepted(Effect):
    command: Command
    not_after_ms: int


@dataclass(frozen=True, slots=True)
class Started(Effect):
    command: Command


@dataclass(frozen=True, slots=True)
class Finished(Effect):
    receipt: Receipt


@dataclass(frozen=True, slots=True)
class Finish(Effect):
    """The call is over."""

    reason: EndReason
    answered_ms: int | None
    confirmed: bool
    """The far end confirmed the release."""
    detail: str = ""


# ---- from one machine of the call to the other; never seen outside ----------------------


@dataclass(frozen=True, slots=True)
class EndCall(Effect):
    reason: EndReason


@dataclass(frozen=True, slots=True)
class TransferCall(Effect):
    target: str
    ring_ms: int
    mode: str
