"""RTCP for the one stream of a call (RFC 3550 §6, Appendix A): reception figures, reports out, reports in. Pure.

Moments are milliseconds on the shell's steady clock; the NTP timestamps in our reports are made from it (§4 allows that:
nobody synchronises our stream with another).
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

SENDER_REPORT, RECEIVER_REPORT, DESCRIPTION, GOODBYE = 200, 201, 202, 203
FIRST_MS, EVERY_MS = 1_000, 5_000
MOST_ROUND_TRIP_MS = 4_000
"""A round trip longer than this is a fault of somebody's clock."""

_MOD = 1 << 16
_SENDER = struct.Struct("!IIIIII")
_BLOCK = struct.Struct("!IB3sIIII")


@dataclass(frozen=True, slots=True)
class Sent:
    """What we have sent so far."""

    ssrc: int
    packets: int
    octets: int
    timestamp: int
    """The RTP timestamp of now."""


class Reception:
    """Counts the far end's packets (Appendix A.1, A.3, A.8)."""

    __slots__ = (
        "_base",
        "_cycles",
        "_earlier",
        "_expected_before",
        "_highest",
        "_received_before",
        "_transit",
        "jitter",
        "received",
        "ssrc",
    )

    def __init__(self) -> None:
        self._earlier = (0, 0)  # packets received and lost under SSRCs that came before this one
        self._start(0, 0)

    def _start(self, ssrc: int, sequence: int) -> None:
        self.ssrc = ssrc
        self.received = 0
        self.jitter = 0.0
        """In samples."""
        self._base = self._highest = sequence
        self._cycles = 0
        self._transit: int | None = None
        self._expected_before = self._received_before = 0

    def arrived(self, now: int, ssrc: int, sequence: int, timestamp: int) -> None:
        if not self.received or ssrc != self.ssrc:
            self._earlier = self.totals
            self._start(ssrc, sequence)
        ahead = (sequence - self._highest) % _MOD
        if 0 < ahead < _MOD // 2:
            self._cycles += _MOD if sequence < self._highest else 0
            self._highest = sequence
        self.received += 1
        transit = (now * 8 - timestamp) & 0xFFFF_FFFF
        if self._transit is not None:
            difference = (transit - self._transit + (1 << 31)) % (1 << 32) - (1 << 31)
            self.jitter += (abs(difference) - self.jitter) / 16
        self._transit = transit

    @property
    def expected(self) -> int:
        return self._cycles + self._highest - self._base + 1 if self.received else 0

    @property
    def lost(self) -> int:
        return max(0, self.expected - self.received)

    @property
    def totals(self) -> tuple[int, int]:
        """Packets received and lost over the whole call."""
        return self._earlier[0] + self.received, self._earlier[1] + self.lost

    @property
    def highest(self) -> int:
        return (self._cycles + self._highest) & 0xFFFF_FFFF

    def fraction_lost(self) -> int:
        """Of the packets since the last report, in 1/256."""
        expected, received = self.expected - self._expected_before, self.received - self._received_before
        self._expected_before, self._received_before = self.expected, self.received
        return min(255, (max(0, expected - received) << 8) // expected) if expected > 0 else 0


class Reports:
    """Makes our reports and reads theirs."""

    __slots__ = ("_cname", "_heard_at", "_heard_ntp", "due_at", "far_jitter_ms", "far_lost", "round_trip_ms")

    def __init__(self, now: int, cname: str) -> None:
        self._cname = cname.encode()[:255]
        self._heard_ntp = 0
        self._heard_at = 0
        self.due_at = now + FIRST_MS
        self.round_trip_ms: int | None = None
        """None until the far end has answered one of our reports."""
        self.far_lost = 0
        """Packets of ours that the far end says it missed."""
        self.far_jitter_ms = 0

    def write(self, now: int, sent: Sent, reception: Reception, goodbye: bool = False) -> bytes:
        """A compound packet: sender or receiver report, then SDES, then BYE at the end (§6.1)."""
        self.due_at = now + EVERY_MS
        block = self._block(now, reception) if reception.received else b""
        count = 1 if block else 0
        if sent.packets:
            ntp = _ntp(now)
            info = _SENDER.pack(
                sent.ssrc,
                ntp >> 32,
                ntp & 0xFFFF_FFFF,
                sent.timestamp,
                sent.packets & 0xFFFF_FFFF,
                sent.octets & 0xFFFF_FFFF,
            )
            report = _packet(SENDER_REPORT, count, info + block)
        else:
            report = _packet(RECEIVER_REPORT, count, struct.pack("!I", sent.ssrc) + block)
        item = bytes((1, len(self._cname))) + self._cname + b"\0"
        item += bytes(-len(item) % 4)
        source = struct.pack("!I", sent.ssrc)
        compound = report + _packet(DESCRIPTION, 1, source + item)
        return compound + (_packet(GOODBYE, 1, source) if goodbye else b"")

    def read(self, now: int, data: bytes, ours: int) -> bool:
        """Take in a compound packet. False if it is not RTCP; then nothing of what follows the fault was used."""
        position = 0
        while position < len(data):
            if len(data) - position < 4 or data[position] >> 6 != 2:
                return False
            length = 4 + 4 * int.from_bytes(data[position + 2 : position + 4], "big")
            if position + length > len(data):
                return False
            self._read_one(now, data[position : position + length], ours)
            position += length
        return bool(data)

    def _read_one(self, now: int, packet: bytes, ours: int) -> None:
        kind, count = packet[1], packet[0] & 0x1F
        if kind == SENDER_REPORT and len(packet) >= 28:
            self._heard_ntp, self._heard_at = int.from_bytes(packet[10:14], "big"), now
            position = 28
        elif kind == RECEIVER_REPORT:
            position = 8
        else:
            return
        for _ in range(count):
            if len(packet) < position + _BLOCK.size:
                return
            ssrc, _fraction, lost, _highest, jitter, last, delay = _BLOCK.unpack_from(packet, position)
            position += _BLOCK.size
            if ssrc == ours:
                self._reported(now, int.from_bytes(lost, "big", signed=True), jitter, (last, delay))

    def _reported(self, now: int, lost: int, jitter: int, echo: tuple[int, int]) -> None:
        self.far_lost, self.far_jitter_ms = max(0, lost), min(jitter, 80_000) // 8
        last, delay = echo
        if last:  # §6.4.1: now - LSR - DLSR, in 1/65536 s
            trip = ((_middle(now) - last - delay) & 0xFFFF_FFFF) * 1_000 >> 16
            if trip <= MOST_ROUND_TRIP_MS:
                self.round_trip_ms = trip

    def _block(self, now: int, reception: Reception) -> bytes:
        delay = ((now - self._heard_at) << 16) // 1_000 if self._heard_ntp else 0
        lost = min(reception.lost, 0x7F_FFFF).to_bytes(3, "big")
        fraction = reception.fraction_lost()
        jitter = int(reception.jitter) & 0xFFFF_FFFF
        return _BLOCK.pack(
            reception.ssrc, fraction, lost, reception.highest, jitter, self._heard_ntp, delay & 0xFFFF_FFFF
        )


def _packet(kind: int, count: int, body: bytes) -> bytes:
    return struct.pack("!BBH", 0x80 | count, kind, len(body) // 4) + body


def _ntp(now: int) -> int:
    """64 bits of seconds, the lower 32 of them a fraction."""
    return (now << 32) // 1_000 & 0xFFFF_FFFF_FFFF_FFFF


def _middle(now: int) -> int:
    return _ntp(now) >> 16 & 0xFFFF_FFFF
