"""Words as the voice must be given them: literal replacements before synthesis, and the way back to what was written. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

Replacements = Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Spelling:
    """One text in its two forms. `replaced` are the stretches that differ: written from, written to, spoken to."""

    written: str
    spoken: str
    replaced: tuple[tuple[int, int, int], ...] = ()

    def written_upto(self, spoken: int) -> int:
        """How much of the written form the first `spoken` characters stand for; a replaced stretch counts when whole."""
        shift = 0
        for start, end, spoken_end in self.replaced:
            if spoken < spoken_end:
                return min(spoken - shift, start)
            shift = spoken_end - end
        return spoken - shift


def spell(text: str, replacements: Replacements) -> Spelling:
    """Replace from left to right, the longest `from` first where several fit; what was replaced is not replaced again."""
    if not replacements:
        return Spelling(text, text)
    longest_first = sorted((r for r in replacements if r[0]), key=lambda r: -len(r[0]))
    spoken, at, length = [], 0, 0
    replaced = []
    while at < len(text):
        old, new = next(((old, new) for old, new in longest_first if text.startswith(old, at)), (text[at], text[at]))
        if old != new:
            replaced.append((at, at + len(old), length + len(new)))
        spoken.append(new)
        at += len(old)
        length += len(new)
    return Spelling(text, "".join(spoken), tuple(replaced))
