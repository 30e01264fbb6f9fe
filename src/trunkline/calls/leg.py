"""The first socket of a call: a `Leg`, one connection to one far end.

A leg tells what happened to it as facts (past tense) through the `tell` it was made with; it never decides what the
call does about them. Adapters: `telephony/sandbox`, `telephony/sip`. The other socket is `talk.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

FRAME_MS = 20
FRAME = 160
"""Bytes of one frame: 20 ms of 8 kHz µ-law, one byte a sample (RFC 3551 §4.5.14)."""

SILENCE = b"\xff" * FRAME
"""One frame of µ-law silence."""


class Fact:
    """Something that happened. Legs and talks tell facts; the call's machines take them as inputs."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Noted(Fact):
    """Worth a line in the journal and nothing else; `kind` is in the table of `events.py`."""

    kind: str
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Rang(Fact):
    """The far end said that it rings, or anything provisional beyond 100."""

    code: int = 180


@dataclass(frozen=True, slots=True)
class Answered(Fact):
    """Media flows both ways from here."""


@dataclass(frozen=True, slots=True)
class Refused(Fact):
    """The call was never answered. `code` is the SIP status code that says why (486 busy, 404, 603, ...)."""

    code: int
    phrase: str = ""


@dataclass(frozen=True, slots=True)
class RemoteHungUp(Fact):
    """The far end ended an answered call."""


@dataclass(frozen=True, slots=True)
class Released(Fact):
    """The far end confirmed our BYE or CANCEL: nothing of this leg is left on the wire."""


@dataclass(frozen=True, slots=True)
class LegLost(Fact):
    """The leg broke: transport error, no response, protocol error. Nobody's decision."""

    reason: str = ""


@dataclass(frozen=True, slots=True)
class MediaStopped(Fact):
    """Nothing has arrived from the far end for the leg's media timeout while it was not on hold."""


@dataclass(frozen=True, slots=True)
class DigitsPressed(Fact):
    """Keypad digits from the far end, in order (RFC 4733)."""

    digits: str


@dataclass(frozen=True, slots=True)
class TransferRang(Fact):
    """The target of the transfer is being rung; `code` is what the NOTIFY carried (RFC 3515 §2.4.5)."""

    code: int


@dataclass(frozen=True, slots=True)
class TransferAnswered(Fact):
    """The target took the call: the far end no longer needs us. `confirmed`: it was said, not inferred from a BYE."""

    confirmed: bool = True


@dataclass(frozen=True, slots=True)
class TransferFailed(Fact):
    """The target did not take the call, or the far end refused to be transferred; the far end is still ours."""

    code: int
    reason: str = ""


Tell = Callable[[Fact], None]


class Line(Protocol):
    """The part of a leg that a `Talk` may use: how much of what was sent has passed the far end's ear."""

    @property
    def basis(self) -> str:
        """How `passed` is known: `frames` (the far end took them), `mark` (it said so) or `rtp_estimate`."""
        ...

    def passed(self) -> int:
        """How many of the frames sent so far have been played to the person, counted from the answer, never falling."""
        ...

    def clear(self) -> int:
        """Take back what was sent and has not been played. Returns how many of the last frames will never be played."""
        ...


class Leg(Line, Protocol):
    """One connection to one far end, for the whole of its life. `send` and `receive` are called once per 20 ms tick."""

    async def dial(self) -> None:
        """Place the call and keep the leg until it is over or this task is cancelled. Tells `Rang`, `Answered`, ..."""
        ...

    async def release(self) -> None:
        """End the leg in the way its state needs (CANCEL, BYE) after the last word has arrived; tells `Released`."""
        ...

    async def refer(self, target: str, ring_ms: int) -> None:
        """Hand the far end to `target`; tells `TransferRang`, then `TransferAnswered` or `TransferFailed`."""
        ...

    def abandon_transfer(self) -> None:
        """Stop waiting for the target; the far end stays with us."""
        ...

    def hold(self, held: bool) -> None:
        """Put the far end on hold, or take it back. While held, `MediaStopped` is not told."""
        ...

    def press(self, digits: str) -> None:
        """Send keypad digits (RFC 4733 event durations; `,` is a pause of 500 ms)."""
        ...

    def receive(self) -> bytes:
        """The next frame from the far end; silence where nothing arrived."""
        ...

    def send(self, frame: bytes) -> None:
        """Send one frame to the far end."""
        ...
