"""Our words on their way to the caller: starts, cuts and ends utterances, tells their facts and keeps the model's memory true.

One utterance at a time; what is cut goes on being counted behind the next one until it is known what of it was heard.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from trunkline.calls.leg import FRAME_MS, Line, Tell
from trunkline.calls.talk import Began, Ended, Heard, Measured, Progressed
from trunkline.conversation.memory import Memory
from trunkline.conversation.playout import CutBy, Playout, Utterance
from trunkline.conversation.ports import SAMPLES_PER_MS

PROGRESS_FRAMES = 200 // FRAME_MS


@dataclass(frozen=True, slots=True)
class Listener:
    """Who is told about utterances inside the conversation."""

    began: Callable[[Utterance], None]
    over: Callable[[Utterance, Heard, bool], None]
    """Its end has been told, with what was heard. True: nothing else has taken its place."""


class Mouth:
    def __init__(self, line: Line, tell: Tell, memory: Memory, listener: Listener) -> None:
        self._line, self._tell, self._memory, self._listener = line, tell, memory, listener
        self._playout = Playout()
        self._ticks = 0
        self._progress: tuple[Utterance, str] | None = None
        self._unmeasured: Utterance | None = None

    @property
    def current(self) -> Utterance | None:
        """Prepared, audible, paused, or wholly sent and not yet heard to its end."""
        return self._playout.current

    @property
    def paused(self) -> bool:
        return self._playout.paused

    @property
    def sent(self) -> int:
        return self._playout.sent

    def start(self, utterance: Utterance) -> None:
        assert self._playout.current is None, "one utterance at a time"
        self._playout.current = self._unmeasured = utterance

    def frame(self) -> bytes | None:
        """The next frame to send; told on the way: what has begun, what was heard, what is over."""
        self._settle(self._line.passed())
        frame = self._playout.next()
        utterance = self._playout.current
        if frame is not None and utterance is not None and not utterance.began:
            utterance.began = True
            self._listener.began(utterance)
            self._memory.began(utterance)
            self._tell(Began(utterance.id, utterance.source))
        if utterance is not None and utterance is self._unmeasured and utterance.began and utterance.complete:
            self._unmeasured = None
            self._tell(Measured(utterance.id, len(utterance.audio) // SAMPLES_PER_MS))
        return frame

    # ---- stopping ------------------------------------------------------------------------

    def pause(self) -> bool:
        """Fall silent, and keep the rest. False: nothing was left to say, so it is over."""
        utterance = self._stop()
        if utterance is not None and not utterance.heard(self._playout.sent).unheard and utterance.complete:
            self._playout.cut("caller")
            return False
        self._playout.pause()
        return True

    def resume(self) -> None:
        self._playout.resume(self._line.passed())

    def cut(self, by: CutBy) -> None:
        """Stop for good. Its end is told when it is known what was heard."""
        by = "caller" if self.paused else by
        if self._stop() is not None:
            self._playout.cut(by)

    def forget(self) -> None:
        """Drop words that nobody has heard anything of, and say nothing about them."""
        self._playout.current, self._playout.paused = None, False

    def close(self) -> None:
        """The line is gone: tell of everything that had begun what was heard of it by now."""
        passed = self._line.passed()
        self._settle(passed)
        if self._playout.current is not None and not self._playout.current.began:
            self.forget()
        current = self._playout.cut("end")
        for utterance in [leaving.utterance for leaving in self._playout.leaving]:
            if utterance is current and passed < utterance.line_end:
                utterance.cut_by = "end"
            self._end(utterance, passed, alone=False)
        self._playout.leaving = []

    def _stop(self) -> Utterance | None:
        utterance = self._playout.current
        if utterance is not None and utterance.began:
            self._playout.take_back(self._line.clear())
        return utterance

    # ---- what was heard ----------------------------------------------------------------------

    def _settle(self, passed: int) -> None:
        self._ticks += 1
        if self._ticks % PROGRESS_FRAMES == 0:
            self._report(passed)
        if self._playout.leaving or (self._playout.current and self._playout.current.all_sent):
            for utterance in self._playout.settled(passed):
                self._end(utterance, passed, alone=self._playout.current is None)

    def _report(self, passed: int) -> None:
        utterance = self._playout.current
        if utterance is None or not utterance.began:
            return
        heard = utterance.heard(passed)
        if heard.text and self._progress != (utterance, heard.text):
            self._progress = utterance, heard.text
            self._tell(Progressed(utterance.id, heard))

    def _end(self, utterance: Utterance, passed: int, alone: bool) -> None:
        heard = utterance.heard(passed)
        self._memory.over(utterance, heard.text)
        if utterance.began or utterance.promised:
            self._tell(Ended(utterance.id, utterance.source, heard, utterance.cut_by))
        self._listener.over(utterance, heard, alone)
