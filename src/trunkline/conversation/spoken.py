"""The ledger of one utterance: its text against the samples that speak it, and so what a listener has got of it. Pure.

The text is written in pieces as the model makes them; pieces are voiced in order. A word is heard when its last sample has
passed the listener's ear. Where the voice does not tell where its words are, they are laid along the samples in proportion.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal

from trunkline.calls.talk import Heard
from trunkline.conversation.ports import SAMPLES_PER_MS, Word
from trunkline.conversation.pronunciation import Replacements, Spelling, spell

WORD_WEIGHT = 4
"""Every word takes as long as this many characters besides its own."""
PAUSE_WEIGHT = 5
"""And a mark that ends a clause as long as these."""
SAMPLES_PER_WEIGHT = 45 * SAMPLES_PER_MS
"""A typical voice, for a piece whose synthesis is not complete."""
MARGIN_WORDS = 2
"""Words laid in proportion are off by as much as this many typical words of the piece; by more beside a very long one."""
PAUSES = ".!?;:…,"
CLOSERS = "\"')]}»”’"


@dataclass(frozen=True, slots=True)
class Place:
    """A word: where it ends in the written text, and where it lies in the piece's samples."""

    upto: int
    start: int
    end: int


@dataclass(slots=True)
class Piece:
    spelling: Spelling
    start: int = 0
    """Samples of the utterance before it."""
    samples: int = 0
    complete: bool = False
    places: list[Place] = field(default_factory=list)
    cursor: int = 0
    """How much of the spoken form the places known so far account for."""

    @property
    def text(self) -> str:
        return self.spelling.written

    @property
    def end(self) -> int:
        return self.start + self.samples

    def align(self, words: Sequence[Word]) -> None:
        for word in words:
            self.cursor = _end_of_word(self.spelling.spoken, word.text, self.cursor)
            self.places.append(Place(self.spelling.written_upto(self.cursor), word.start, word.end))

    def by_alignment(self, aligned: bool) -> bool:
        """A voice that aligns may not have come to these words yet; one that then did not is taken like the others."""
        return bool(self.places) or (aligned and not self.complete)

    def laid_out(self, aligned: bool) -> list[Place]:
        """Its words as aligned by the voice, or in proportion to its samples."""
        return self.places if self.by_alignment(aligned) else self._in_proportion()

    def _in_proportion(self) -> list[Place]:
        words = _words(self.text)
        weights = [_weight(self.text[start:end]) for start, end in words]
        whole = sum(weights)
        samples = self.samples if self.complete else max(self.samples, whole * SAMPLES_PER_WEIGHT)
        places, passed = [], 0
        for (_, upto), weight in zip(words, weights, strict=True):
            places.append(Place(upto, samples * passed // whole, samples * (passed + weight) // whole))
            passed += weight
        return places

    def heard_upto(self, samples: int, aligned: bool) -> int:
        """How many characters of the text are heard when so many of its samples are."""
        if self.complete and samples >= self.samples:
            return len(self.text)
        heard = [place.upto for place in self.laid_out(aligned) if place.end <= samples]
        return heard[-1] if heard else 0

    def margin_ms(self, samples: int, aligned: bool) -> int:
        """How far that may be off."""
        if self.by_alignment(aligned) or (self.complete and samples >= self.samples):
            return 0
        places = self._in_proportion()
        typical = places[-1].end // len(places)
        uneven = max(abs(place.end - (at + 1) * typical) for at, place in enumerate(places))
        return max(MARGIN_WORDS * typical, typical + uneven) // SAMPLES_PER_MS


@dataclass(slots=True)
class Spoken:
    aligned: bool
    """Does the voice tell where its words are?"""
    replacements: Replacements = ()
    pieces: list[Piece] = field(default_factory=list)
    voicing: int = 0
    """The piece that the voice is at."""

    @property
    def text(self) -> str:
        return _join(piece.text for piece in self.pieces)

    @property
    def samples(self) -> int:
        return sum(piece.samples for piece in self.pieces)

    def write(self, text: str) -> Piece:
        """Another piece of text, to be voiced after the others."""
        piece = Piece(spell(text, self.replacements))
        self.pieces.append(piece)
        return piece

    def voiced(self, samples: int, words: Sequence[Word] = ()) -> None:
        """More samples of the piece that the voice is at; `words` count from the piece's first sample."""
        piece = self.pieces[self.voicing]
        if not piece.samples:
            piece.start = self.samples
        piece.samples += samples
        piece.align(words)

    def piece_done(self) -> None:
        piece = self.pieces[self.voicing]
        piece.complete = True
        self.voicing += 1

    def heard(self, samples: int) -> Heard:
        """What of it a listener has got after so many samples of the utterance."""
        got: list[str] = []
        missed: list[str] = []
        basis: Literal["alignment", "proportional"] = "alignment" if self.aligned else "proportional"
        margin = 0
        for piece in self.pieces:
            upto, passed = 0, samples - piece.start
            if piece.samples and passed > 0:
                upto, margin = piece.heard_upto(passed, self.aligned), piece.margin_ms(passed, self.aligned)
                basis = basis if piece.by_alignment(self.aligned) else "proportional"
            got.append(piece.text[:upto])
            missed.append(piece.text[upto:])
        return Heard(_join(got), samples // SAMPLES_PER_MS, _join(missed), basis, margin)

    def resume_at(self, samples: int) -> int:
        """The sample to go on from for a listener who was left after `samples`: where the first word not heard begins."""
        for piece in self.pieces:
            for place in piece.laid_out(self.aligned) if piece.samples else ():
                if piece.start + place.end > samples:
                    return min(samples, piece.start + place.start)
        return samples


def _join(texts: Iterable[str]) -> str:
    return " ".join(filter(None, (text.strip() for text in texts)))


def _words(text: str) -> list[tuple[int, int]]:
    found, at = [], 0
    for word in text.split():
        start = text.index(word, at)
        at = start + len(word)
        found.append((start, at))
    return found


def _weight(word: str) -> int:
    pause = PAUSE_WEIGHT if word.rstrip(CLOSERS)[-1:] in PAUSES else 0
    return WORD_WEIGHT + len(word) + pause


def _end_of_word(text: str, word: str, cursor: int) -> int:
    """Where `word` ends in `text` behind `cursor`, with the marks that follow it; a vendor may spell it otherwise."""
    at = text.find(word, cursor)
    rest = text[cursor:].split()
    if at < 0 or text[cursor:at].strip():
        at, word = (text.index(rest[0], cursor), rest[0]) if rest else (len(text), "")
    end = at + len(word)
    while end < len(text) and not text[end].isspace() and not text[end].isalnum():
        end += 1
    return end
