"""What leaves for the wire, frame by frame, and which of it has passed the listener's ear. Pure counting.

Frames of the line are numbered as `Line.passed` counts them: frames that were taken back have no number. Everything that is
cut is settled here, once what of it was heard is known; what that means for the conversation is `mouth.py`'s.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from trunkline.calls.leg import FRAME, FRAME_MS, SILENCE
from trunkline.calls.talk import Heard
from trunkline.conversation.spoken import Spoken

CutBy = Literal["", "caller", "command", "failure", "end"]

CUT_PATIENCE = 1_000 // FRAME_MS
"""Ticks that the last frames of cut words may take to pass."""
PATIENCE = 3_000 // FRAME_MS
"""Ticks that the last frames of finished words may take to pass."""


@dataclass(slots=True)
class Stretch:
    """Frames sent without a gap: the line's number of the first, the sample it began with, how many."""

    line: int
    sample: int
    frames: int


@dataclass(slots=True, eq=False)
class Utterance:
    """Words of ours, from the moment they are asked for to the moment we know what of them was heard."""

    id: str
    source: str
    spoken: Spoken
    interruptible: bool = True
    resumable: bool = False
    promised: bool = False
    """Its end must be told even if it never began: a command waits for it."""
    exact: bool = False
    """Words given by somebody, not a reply of the model."""
    audio: bytearray = field(default_factory=bytearray)
    complete: bool = False
    failed: bool = False
    began: bool = False
    at: int = 0
    """The next sample to send."""
    stretches: list[Stretch] = field(default_factory=list)
    cut_by: CutBy = ""

    @property
    def all_sent(self) -> bool:
        return self.complete and self.at >= len(self.audio)

    @property
    def line_end(self) -> int:
        """The number of the frame behind its last one."""
        return self.stretches[-1].line + self.stretches[-1].frames if self.stretches else 0

    def add(self, audio: bytes) -> None:
        self.audio += audio

    def frame(self, line: int) -> bytes | None:
        """Its next frame, to be frame number `line`; None where the voice has not come so far."""
        left = len(self.audio) - self.at
        if left < FRAME and not (self.complete and left > 0):
            return None
        last = self.stretches[-1] if self.stretches else None
        if last is not None and last.line + last.frames == line and last.sample + last.frames * FRAME == self.at:
            last.frames += 1
        else:
            self.stretches.append(Stretch(line, self.at, 1))
        frame = bytes(self.audio[self.at : self.at + FRAME])
        self.at += FRAME
        return frame.ljust(FRAME, SILENCE[:1])

    def passed(self, frames: int) -> int:
        """Its samples that have passed when so many frames of the line have."""
        upto = [s.sample + min(frames - s.line, s.frames) * FRAME for s in self.stretches if s.line < frames]
        return min(max(upto, default=0), len(self.audio))

    def take_back(self, line: int) -> None:
        """Frames from number `line` on will never be played."""
        for stretch in self.stretches:
            stretch.frames = max(0, min(stretch.frames, line - stretch.line))
        self.stretches = [stretch for stretch in self.stretches if stretch.frames]

    def heard(self, frames: int) -> Heard:
        return self.spoken.heard(self.passed(frames))


@dataclass(slots=True)
class Leaving:
    """Cut words whose last frames are still on their way."""

    utterance: Utterance
    until: int
    """Settle it when this many frames have been sent, whatever has passed."""


@dataclass(slots=True)
class Playout:
    sent: int = 0
    """Frames sent and not taken back, silence too."""
    current: Utterance | None = None
    paused: bool = False
    leaving: list[Leaving] = field(default_factory=list)

    def next(self) -> bytes | None:
        """The next frame to send; None is a frame of silence."""
        line, self.sent = self.sent, self.sent + 1
        return None if self.current is None or self.paused else self.current.frame(line)

    def take_back(self, dropped: int) -> None:
        """The last `dropped` frames will never be played."""
        self.sent -= dropped
        for utterance in [*(leaving.utterance for leaving in self.leaving), *([self.current] if self.current else [])]:
            utterance.take_back(self.sent)

    def pause(self) -> None:
        self.paused = True

    def resume(self, passed: int) -> None:
        """Go on where the first word begins that was not heard."""
        self.paused = False
        if self.current is not None:
            self.current.at = self.current.spoken.resume_at(self.current.passed(passed))

    def cut(self, by: CutBy) -> Utterance | None:
        """Stop the present words for good. Nothing is cut of words that are wholly on their way."""
        utterance, self.current, self.paused = self.current, None, False
        if utterance is not None:
            whole = utterance.all_sent and utterance.passed(self.sent) >= len(utterance.audio)
            utterance.cut_by = by if not whole else "failure" if utterance.failed else ""
            self.leaving.append(Leaving(utterance, self.sent + CUT_PATIENCE))
        return utterance

    def settled(self, passed: int) -> list[Utterance]:
        """Utterances of which it is known now what was heard, in the order in which they were spoken."""
        done = [one for one in self.leaving if passed >= one.utterance.line_end or self.sent >= one.until]
        self.leaving = [one for one in self.leaving if one not in done]
        over = [one.utterance for one in done]
        current = self.current
        if current is not None and current.all_sent and not self.paused:
            lost = passed < current.line_end
            if not lost or self.sent >= current.line_end + PATIENCE:
                current.cut_by = "failure" if lost or current.failed else ""
                over.append(current)
                self.current = None
        return over
