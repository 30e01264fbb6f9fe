"""Where the words of a text are in its speech, from what espeak-ng tells while it speaks. Positions are its own samples.

It tells the beginning of what it takes for words ("$3.50" is four) and the end of clauses, pause included. A word here is what
stands between spaces, and it ends where the next begins or where the sound before a pause ends.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

WORD, CLAUSE_END = 1, 5
"""Kinds of events, numbered as in espeak-ng's `espeak_EVENT_TYPE`."""


@dataclass(frozen=True, slots=True)
class Event:
    kind: int
    position: int
    """The character of the text, counted from 0."""
    sample: int


@dataclass(frozen=True, slots=True)
class WordAt:
    text: str
    start: int
    end: int


class Alignment:
    def __init__(self, text: str) -> None:
        found = list(re.finditer(r"\S+", text))
        self._texts = [match.group() for match in found]
        self._begins = [match.start() for match in found]
        self._told = 0
        self._start: int | None = None
        self._paused_at: int | None = None

    def feed(self, events: Sequence[Event], loud_until: int) -> list[WordAt]:
        """The words that have ended. `loud_until`: the sample after the last audible one before these events."""
        words: list[WordAt] = []
        for event in events:
            if event.kind == WORD:
                words += self._begin(max(0, bisect_right(self._begins, event.position) - 1), event.sample)
            elif event.kind == CLAUSE_END and self._start is not None and self._paused_at is None:
                self._paused_at = max(self._start, min(event.sample, loud_until))
        return words

    def finish(self, loud_until: int) -> list[WordAt]:
        """The rest: nothing more will be said."""
        if self._start is None:
            self._start = loud_until
        return self._close(len(self._texts), max(self._start, loud_until))

    def _begin(self, number: int, sample: int) -> list[WordAt]:
        if number < self._told or not self._texts:
            return []
        if self._start is None:
            words = self._close(number, sample) if number else []
        elif number == self._told:
            self._paused_at = None
            return []
        else:
            words = self._close(number, sample)
        self._told, self._start, self._paused_at = number, sample, None
        return words

    def _close(self, until: int, sample: int) -> list[WordAt]:
        """The current word ends here or where it paused; those after it that were never begun have no length."""
        start = sample if self._start is None else self._start
        end = sample if self._paused_at is None else self._paused_at
        words = [WordAt(text, start, end) for text in self._texts[self._told : self._told + 1]]
        words += [WordAt(text, end, end) for text in self._texts[self._told + 1 : until]]
        self._told = until
        return words
