"""A jitter buffer for 8 kHz µ-law: packets in as they come, 20 ms frames out, one per tick. Pure; the ticks are its clock.

Reorders, hides losses by repeating the last frame ever more softly, and keeps a delay that follows the network between
40 and 200 ms: it grows at once when a packet comes too late, and shrinks a frame at a time, in silence where it can.
Sequence numbers and SSRCs of the stream as a whole (loss, RFC 3550 jitter) are `telephony/sip/rtcp.py`'s.
"""

from __future__ import annotations

from dataclasses import dataclass

from trunkline.audio.g711 import linear_to_ulaw, ulaw_to_linear

FRAME = 160
SILENCE = b"\xff" * FRAME
START_FRAMES = 2
"""The delay at the start, and the least: 40 ms."""
MOST_FRAMES = 10
"""The longest delay: 200 ms."""
WINDOW = 100
"""Frames over which the least margin is taken before the delay shrinks: 2 s."""
PATIENCE = 100
"""Frames to wait for a quiet one before a loud one is dropped."""
JUMP = 8_000
"""Samples. A timestamp this far from what is expected is another stream, once the next packet confirms it."""
QUIET = 600
"""Linear amplitude under which a frame may be dropped or repeated without being missed."""
DECAY = (1.0, 0.6, 0.35, 0.15)
"""Loudness of each repetition of the last frame; then silence."""


@dataclass(slots=True)
class Counts:
    """What became of the packets and frames, since the start."""

    received: int = 0
    late: int = 0
    """Came after their turn and could not be used."""
    duplicate: int = 0
    concealed: int = 0
    """Frames that were made up because their packet was not there."""
    dropped: int = 0
    """Frames left out to shorten the delay."""
    resyncs: int = 0


class JitterBuffer:
    """`push` each audio packet, `pull` once per 20 ms. Timestamps and sequence numbers may wrap."""

    __slots__ = (
        "_cursor",
        "_highest",
        "_last",
        "_least",
        "_misses",
        "_newest",
        "_packets",
        "_played",
        "_seen",
        "_stray",
        "_surplus",
        "_waited",
        "_window",
        "counts",
    )

    def __init__(self) -> None:
        self.counts = Counts()
        self.resync()
        self.counts.resyncs = 0

    @property
    def delay_ms(self) -> int:
        """How far the newest packet is ahead of what is played."""
        return max(0, self._newest - self._cursor) // 8 if self._packets else 0

    def resync(self) -> None:
        """Forget the stream: the next packet begins another one (a new SSRC, or a jump)."""
        self.counts.resyncs += 1
        self._packets: dict[int, bytes] = {}
        self._cursor = 0  # the timestamp that the next frame begins with
        self._newest = -1  # the highest timestamp pushed; -1 before the first packet
        self._played = -1  # the highest timestamp whose real audio was played
        self._highest = 0  # the highest sequence number, extended beyond 16 bits
        self._seen = 0  # bit n: sequence number `highest - n` has been seen
        self._stray: int | None = None  # the sequence number that would confirm a jump
        self._last = SILENCE
        self._misses = len(DECAY)
        self._least = MOST_FRAMES * FRAME
        self._window = 0
        self._surplus = 0
        self._waited = 0

    def push(self, sequence: int, timestamp: int, payload: bytes) -> None:
        """Take in one packet of µ-law."""
        if not payload:
            return
        self.counts.received += 1
        if self._newest < 0:
            self._begin(sequence, timestamp)
        elif abs(self._extended(timestamp) - self._cursor) > JUMP:
            if sequence != self._stray:
                self._stray = (sequence + 1) & 0xFFFF
                return
            self.resync()
            self._begin(sequence, timestamp)
        elif self._is_duplicate(sequence):
            self.counts.duplicate += 1
            return
        self._place(self._extended(timestamp), payload)

    def pull(self) -> bytes:
        """The next 20 ms."""
        if self._newest < 0:
            return SILENCE
        self._shrink()
        at = self._cursor
        self._cursor = at + FRAME
        payload = self._packets.pop(at, None)
        if payload is not None and len(payload) == FRAME:
            self._played, self._last, self._misses = at, payload, 0
            return payload
        return self._pieced(at, payload)

    # ---- putting packets in

    def _begin(self, sequence: int, timestamp: int) -> None:
        self._newest = timestamp
        self._cursor = timestamp - START_FRAMES * FRAME
        self._played = self._cursor - JUMP
        self._highest, self._seen = sequence, 1

    def _extended(self, timestamp: int) -> int:
        """The timestamp beyond its 32 bits, nearest to the newest one."""
        return self._newest + _signed(timestamp - self._newest, 32)

    def _is_duplicate(self, sequence: int) -> bool:
        ahead = _signed(sequence - self._highest, 16)
        if ahead > 0:
            self._highest = sequence
            self._seen = ((self._seen << ahead) | 1) & 0xFFFF_FFFF_FFFF_FFFF if ahead < 64 else 1
            return False
        bit = 1 << -ahead
        if ahead <= -64 or not self._seen & bit:
            self._seen |= bit if ahead > -64 else 0
            return False
        return True

    def _place(self, at: int, payload: bytes) -> None:
        margin = at - self._cursor
        if margin < 0:
            if at <= self._played or self._newest - at > MOST_FRAMES * FRAME:
                self.counts.late += 1
                return
            self._cursor, margin = (
                at,
                0,
            )  # nothing after it has been played: play it now, and everything later from here
        elif margin > MOST_FRAMES * FRAME:
            self._skip_to(at - MOST_FRAMES * FRAME)
        self._stray = None
        self._packets[at] = payload
        self._newest = max(self._newest, at)
        self._least = min(self._least, margin)

    def _skip_to(self, at: int) -> None:
        """Too much is waiting: what was to be played before `at` is left out."""
        for timestamp in [known for known in self._packets if known < at]:
            del self._packets[timestamp]
            self.counts.dropped += 1
        self._cursor = at

    # ---- taking frames out

    def _pieced(self, at: int, payload: bytes | None) -> bytes:
        """A frame whose packet is missing, or of another length than 20 ms."""
        end, position, made = at + FRAME, at, []
        while position < end:
            if payload is None:
                upto = min((known for known in self._packets if position < known < end), default=end)
                made.append(self._concealed()[: upto - position])
                position = upto
            else:
                self._played = position
                if len(payload) > end - position:
                    self._packets.setdefault(end, payload[end - position :])
                    payload = payload[: end - position]
                made.append(payload)
                position += len(payload)
                self._misses = 0
            payload = self._packets.pop(position, None) if position < end else None
        frame = b"".join(made)
        if not self._misses:
            self._last = frame
        return frame

    def _concealed(self) -> bytes:
        if self._misses >= len(DECAY):
            return SILENCE
        frame = self._last.translate(_SOFTER[self._misses])
        self._misses += 1
        self.counts.concealed += 1
        return frame

    def _shrink(self) -> None:
        """If for a whole window every packet came early, the delay is longer than it need be."""
        self._window += 1
        if self._window >= WINDOW:
            self._surplus = self._least // FRAME - START_FRAMES if self._packets else 0
            self._window, self._waited, self._least = 0, 0, MOST_FRAMES * FRAME
        if self._surplus <= 0:
            return
        self._waited += 1
        payload = self._packets.get(self._cursor)
        if payload is not None and len(payload) == FRAME and (_quiet(payload) or self._waited >= PATIENCE):
            del self._packets[self._cursor]
            self._cursor += FRAME
            self._played = self._cursor - FRAME
            self.counts.dropped += 1
            self._surplus -= 1
            self._waited = 0


def _signed(difference: int, bits: int) -> int:
    """A difference of counters that wrap, as the nearest signed number."""
    half = 1 << (bits - 1)
    return (difference + half) % (1 << bits) - half


def _quiet(payload: bytes) -> bool:
    return not payload.translate(None, _SOFT)


def _linear() -> list[int]:
    samples = ulaw_to_linear(bytes(range(256)))
    return [int.from_bytes(samples[at : at + 2], "little", signed=True) for at in range(0, 512, 2)]


def _table(loudness: float) -> bytes:
    return linear_to_ulaw(b"".join(int(value * loudness).to_bytes(2, "little", signed=True) for value in _linear()))


_SOFT = bytes(code for code, value in enumerate(_linear()) if abs(value) < QUIET)
_SOFTER = tuple(_table(loudness) for loudness in DECAY)
