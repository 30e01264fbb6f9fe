"""The sandbox's modem voice: words as bursts of tones that a program can hear exactly, and the receiver of them.

Frequency-shift keying as in Bell 202 (mark 1 200 Hz, space 2 200 Hz, 1 200 bits a second), so that a 20 ms frame carries
exactly 24 bits. A word with its punctuation is a burst:

    sync 16 bits | header 8 | length 8 | UTF-8 text | CRC-16 (CCITT) of header, length and text

    header:  first-of-utterance 1 | word goes on 1 | goes on from the burst before 1 | sequence 3 | repeat 2

A burst fills whole frames (mark tone before it), so its last sample is the last of a frame: whoever got that frame has the
word, whoever got one frame less has not. A slot is the burst three times, spread with mark tone over 400 ms or more; slots
of a clause follow each other without a gap, and only between clauses is there silence. A word of more than 58 bytes is
split over several slots. Not here: what a far end or a speech-to-text makes of the words.
"""

from __future__ import annotations

import binascii
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from trunkline.audio.g711 import level_db, samples_to_ulaw, ulaw_to_samples

RATE = 8_000
FRAME = 160
BITS_PER_FRAME = 24
MARK_HZ, SPACE_HZ = 1_200, 2_200
LEVEL = 0.3

SLOT_FRAMES = 20
REPEATS = 3
APART_FRAMES = 6
"""Bursts of a slot begin at least so far apart: one gap on the line should not cost two of them."""
CLAUSE_GAP_FRAMES = 10
CLAUSE_ENDS = tuple(".!?;:…")
CLOSERS = "\"')]}»”’"
TEXT_MAX = 58
"""Bytes of text in a burst; with sync, header, length and check a burst is at most 64 bytes."""

SYNC = "0010110111010100"
OVERHEAD_BITS = 48
FIRST, GOES_ON, CONTINUES = 0x80, 0x40, 0x20

QUIET_DB = -50.0
RESET_FRAMES = 8
"""After this many silent frames in a row (160 ms) a burst that was half received is forgotten."""
REPEAT_WITHIN = 5 * RATE
"""Repeats of a burst come at most so many samples after it, even if the line falls silent for a while between them."""

PHASES = 20
"""Where a bit may begin, in thirds of a sample: three bits are twenty samples."""
PATIENCE_FRAMES = 12
"""Frames of energy without a good burst before the receiver doubts where bits begin; within our own slots they are fewer."""
FIRST_PATIENCE_FRAMES = 4


@dataclass(frozen=True, slots=True)
class ModemWord:
    text: str
    start: int
    end: int
    """The sample where the word's first burst ends: a listener who has got this far has got the word."""


@dataclass(frozen=True, slots=True)
class Modulated:
    audio: bytes
    words: tuple[ModemWord, ...]


@dataclass(frozen=True, slots=True)
class Decoded:
    text: str
    at_sample: int
    """The first sample after the burst that gave the word away, counted from the receiver's first frame."""
    ok: bool
    """False: at least one word between the one before and this one was not received."""
    from_sample: int
    """Where its slot began, on a line without holes; whatever sounds before it is no part of it."""


def modulate(text: str, first: bool = True, sequence: int = 0) -> Modulated:
    """Speak `text`. `first`: its first word begins an utterance; else `sequence` says how many bursts went before."""
    spoken = list(modulate_words(text, first, sequence))
    return Modulated(b"".join(one.audio for one in spoken), tuple(word for one in spoken for word in one.words))


def modulate_words(text: str, first: bool = True, sequence: int = 0) -> Iterator[Modulated]:
    """The same word by word, as it is made: each with its slots and the silence after it."""
    frames = 0
    texts = text.split()
    for number, word in enumerate(texts):
        start = frames * FRAME
        bits, heard_bits = "", 0
        for part, flags in _parts(word.encode("utf-8", errors="replace")):
            heard_bits = len(bits) + _burst_bits(part)
            bits += _slot(flags | (FIRST if first else 0), sequence, part)
            first, sequence = False, sequence + 1
        gap = CLAUSE_GAP_FRAMES if number + 1 < len(texts) and ends_clause(word) else 0
        frames += len(bits) // BITS_PER_FRAME + gap
        end = start + heard_bits // BITS_PER_FRAME * FRAME
        yield Modulated(_tones(bits) + b"\xff" * (gap * FRAME), (ModemWord(word, start, end),))


def ends_clause(word: str) -> bool:
    """Is there silence after this word, if another one follows?"""
    return word.rstrip(CLOSERS).endswith(CLAUSE_ENDS)


def _parts(word: bytes) -> list[tuple[bytes, int]]:
    """The word cut to what fits in a burst, each part with its flags."""
    cuts = range(0, len(word), TEXT_MAX)
    return [
        (word[at : at + TEXT_MAX], (GOES_ON if at + TEXT_MAX < len(word) else 0) | (CONTINUES if at else 0))
        for at in cuts
    ]


def _burst_bits(text: bytes) -> int:
    """The length of a burst with the mark tone before it: whole frames."""
    return -(-(OVERHEAD_BITS + 8 * len(text)) // BITS_PER_FRAME) * BITS_PER_FRAME


def _apart_bits(text: bytes) -> int:
    """From the beginning of a burst to that of its repeat."""
    return max(_burst_bits(text), APART_FRAMES * BITS_PER_FRAME)


def _samples(bits: int) -> int:
    return bits * FRAME // BITS_PER_FRAME


def _slot(flags: int, sequence: int, text: bytes) -> str:
    """The bits of one slot: mark tone to fill the frame and the burst, three times over, mark tone after each."""
    width, apart = _burst_bits(text), _apart_bits(text)
    bursts = ""
    for repeat in range(REPEATS):
        body = bytes([flags | sequence % 8 << 2 | repeat, len(text)]) + text
        body += binascii.crc_hqx(body, 0xFFFF).to_bytes(2, "big")
        bursts += (SYNC + f"{int.from_bytes(body, 'big'):0{8 * len(body)}b}").rjust(width, "1").ljust(apart, "1")
    return bursts.ljust(SLOT_FRAMES * BITS_PER_FRAME, "1")


def _tones(bits: str) -> bytes:
    """The bits as µ-law; the phase runs on from bit to bit."""
    keyed = np.frombuffer(bits.encode(), dtype=np.uint8) == ord("1")
    steps = np.where(keyed, 2 * np.pi * MARK_HZ / RATE, 2 * np.pi * SPACE_HZ / RATE)
    bit_of_sample = np.arange(len(bits) // BITS_PER_FRAME * FRAME) * BITS_PER_FRAME // FRAME
    return samples_to_ulaw((LEVEL * np.sin(np.cumsum(steps[bit_of_sample]))).astype(np.float32))


class Demodulator:
    """Receives frames of 20 ms and gives each word as soon as the frame that completes it is in. Cheap on silence.

    It expects bits to begin where frames begin, as our own voice sends them; audio that was cut elsewhere is heard from
    the second burst of its first word on, when the receiver has found where bits begin.
    """

    def __init__(self) -> None:
        self._frames = 0
        self._quiet = RESET_FRAMES
        self._window = np.zeros(REACH + FRAME, dtype=np.float32)
        self._bits = ""
        self._searched = 0
        self._opened: list[int] = []
        self._phase = 0
        self._proven_phase = 0
        self._unproven = PATIENCE_FRAMES - FIRST_PATIENCE_FRAMES
        self._words = _Words()

    @property
    def quiet_frames(self) -> int:
        """How many frames in a row were silent up to now."""
        return self._quiet

    def feed(self, frame: bytes) -> list[Decoded]:
        self._frames += 1
        if level_db(frame) >= QUIET_DB:
            self._quiet = 0
            self._unproven += 1
        else:
            self._quiet += 1
            if self._quiet == RESET_FRAMES:
                self._reset()
            if self._quiet >= RESET_FRAMES:
                return []
        window = self._window
        window[:REACH] = window[FRAME:]
        window[REACH:] = ulaw_to_samples(frame)
        if self._unproven > PATIENCE_FRAMES:
            self._find_phase()
        self._bits += (_balance(window[_WINDOWS[self._phase]]) > 0).tobytes().translate(_DIGITS).decode("ascii")
        return self._read()

    def _reset(self) -> None:
        self._forget_bits()
        self._window[:] = 0
        self._phase = self._proven_phase
        self._unproven = PATIENCE_FRAMES - FIRST_PATIENCE_FRAMES

    def _forget_bits(self) -> None:
        self._bits = ""
        self._searched = 0
        self._opened.clear()

    def _read(self) -> list[Decoded]:
        """Look for bursts that begin, and finish those whose last bit is in."""
        bits = self._bits
        at = bits.find(SYNC, self._searched)
        while at >= 0:
            self._opened.append(at)
            at = bits.find(SYNC, at + 1)
        self._searched = max(0, len(bits) - len(SYNC) + 1)
        decoded: list[Decoded] = []
        waiting: list[int] = []
        for start in self._opened:
            end = _end(bits, start)
            if end is None or end > len(bits):
                waiting.append(start)
            elif body := _checked(bits[start + len(SYNC) : end]):
                self._proven_phase, self._unproven = self._phase, 0
                at_sample = self._frames * FRAME - (len(bits) - end) * FRAME // BITS_PER_FRAME
                decoded += self._words.take(body, at_sample)
        self._opened = waiting
        self._drop_read_bits()
        return decoded

    def _drop_read_bits(self) -> None:
        read = min([self._searched, *self._opened])
        if read > BITS_PER_FRAME:
            self._bits = self._bits[read:]
            self._searched -= read
            self._opened = [start - read for start in self._opened]

    def _find_phase(self) -> None:
        """Where do bits begin? Where the tone changes: over a frame such places are whole bits apart."""
        keyed = _balance(self._window[_EVERY_WINDOW]) > 0
        changes = np.flatnonzero(keyed[1:] != keyed[:-1])
        if len(changes) < MIN_CHANGES:
            return
        mean = complex(np.mean(_TURN_OF_CHANGE[changes]))
        if abs(mean) < MIN_AGREEMENT:
            return
        phase = round(float(np.angle(mean)) / (2 * np.pi) * PHASES) % PHASES
        apart = abs(phase - self._phase)
        if min(apart, PHASES - apart) > PHASE_TOLERANCE:
            self._phase = phase
            self._forget_bits()


def _end(bits: str, start: int) -> int | None:
    """Where the burst that begins at `start` ends; `start` if it is none; None when its length is not in yet."""
    length_at = start + len(SYNC) + 8
    if length_at + 8 > len(bits):
        return None
    length = int(bits[length_at : length_at + 8], 2)
    return start + OVERHEAD_BITS + 8 * length if 0 < length <= TEXT_MAX else start


def _checked(bits: str) -> bytes:
    """Header, length and text if the check fits, else nothing."""
    if not bits:
        return b""
    body = int(bits, 2).to_bytes(len(bits) // 8, "big")
    return body[:-2] if binascii.crc_hqx(body, 0xFFFF) == 0 else b""


class _Words:
    """Bursts to words: repeats are dropped, the parts of a long word joined, missing ones noticed."""

    def __init__(self) -> None:
        self._last: tuple[int, bytes, int, int] | None = None
        self._part = b""
        self._from = 0
        self._expected = 0
        self._missed = False

    def take(self, body: bytes, at_sample: int) -> list[Decoded]:
        header, text = body[0], body[2:]
        if self._is_repeat(header, text, at_sample):
            return []
        sequence = header >> 2 & 7
        if header & FIRST:
            self._part, self._missed = b"", False
        elif sequence != self._expected:
            self._part, self._missed = b"", True
        self._expected = (sequence + 1) % 8
        if header & CONTINUES and not self._part:
            return []
        if not self._part:
            self._from = at_sample - _samples(_burst_bits(text) + (header & 3) * _apart_bits(text))
        self._part += text
        return [] if header & GOES_ON else self._finish(at_sample)

    def _is_repeat(self, header: int, text: bytes, at_sample: int) -> bool:
        """The same burst with a higher repeat number, not too late for a line that stalls. Else it is a new word."""
        last, self._last = self._last, (header & ~3, text, header & 3, at_sample)
        if last is None or last[:2] != self._last[:2]:
            return False
        return header & 3 > last[2] and at_sample - last[3] <= REPEAT_WITHIN

    def _finish(self, at_sample: int) -> list[Decoded]:
        word, self._part = self._part, b""
        missed, self._missed = self._missed, False
        try:
            return [Decoded(word.decode("utf-8"), at_sample, not missed, self._from)]
        except UnicodeDecodeError:
            self._missed = True
            return []


Floats = NDArray[np.float32]

REACH = 7
"""Samples of the frame before that the first bit of a frame may need: a bit is 6 2/3 samples, heard in 7."""
MIN_CHANGES, MIN_AGREEMENT, PHASE_TOLERANCE = 6, 0.7, 3


def _windows(ends: NDArray[np.int64]) -> NDArray[np.int64]:
    """For each end (in samples of the frame) the places in the receiver's window of the seven samples before it."""
    return ends[:, None] + np.arange(REACH)


def _bit_ends(phase: int) -> NDArray[np.int64]:
    """Where the 24 bits that end within a frame end, if bits begin `phase` thirds of a sample after the frame does."""
    first = phase - PHASES if phase else 0
    return -(-(PHASES * np.arange(1, BITS_PER_FRAME + 1) + first) // 3)


def _balance(windows: Floats) -> Floats:
    """How much more mark than space there is in each window of seven samples."""
    tones: Floats = np.matmul(windows, _TONES)
    balance: Floats = np.matmul(tones * tones, _MARK_LESS_SPACE)
    return balance


_WINDOWS = [_windows(_bit_ends(phase)) for phase in range(PHASES)]
_EVERY_WINDOW = _windows(np.arange(1, FRAME + 1))
_ANGLES = 2 * np.pi * np.arange(REACH)[:, None] * np.array([MARK_HZ, MARK_HZ, SPACE_HZ, SPACE_HZ]) / RATE
_TONES: Floats = np.where(np.arange(4) % 2, np.sin(_ANGLES), np.cos(_ANGLES)).astype(np.float32)
_MARK_LESS_SPACE: Floats = np.array([1, 1, -1, -1], dtype=np.float32)
_TURN_OF_CHANGE = np.exp(2j * np.pi * (np.arange(FRAME - 1) - 2.0) * 3 / PHASES)
_DIGITS = b"01" + bytes(254)
