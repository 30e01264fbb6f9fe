"""RTP packets (RFC 3550 §5.1): bytes ⇄ fields. Pure; one call per packet, so it is written to be cheap."""

from __future__ import annotations

import struct
from typing import NamedTuple

_HEADER = struct.Struct("!BBHII")
_PLAIN = 0x80  # version 2, no padding, no extension, no contributing sources


class Packet(NamedTuple):
    payload_type: int
    marker: bool
    sequence: int
    timestamp: int
    ssrc: int
    payload: bytes


def parse(data: bytes) -> Packet | None:
    """None for anything that is not an RTP packet with a payload."""
    if len(data) < 13:
        return None
    first, second, sequence, timestamp, ssrc = _HEADER.unpack_from(data)
    if first == _PLAIN:
        payload = data[12:]
    elif first >> 6 == 2:
        payload = _payload(data, first)
        if not payload:
            return None
    else:
        return None
    return Packet(second & 0x7F, second >= 0x80, sequence, timestamp, ssrc, payload)


def write(packet: Packet) -> bytes:
    second = packet.payload_type | (0x80 if packet.marker else 0)
    return _HEADER.pack(_PLAIN, second, packet.sequence, packet.timestamp, packet.ssrc) + packet.payload


def is_rtcp(data: bytes) -> bool:
    """Would this be RTCP where both share a port (RFC 5761 §4)?"""
    return len(data) >= 8 and 192 <= data[1] <= 223


def _payload(data: bytes, first: int) -> bytes:
    """With contributing sources, an extension or padding."""
    start = 12 + 4 * (first & 0x0F)
    if first & 0x10:
        if len(data) < start + 4:
            return b""
        start += 4 + 4 * int.from_bytes(data[start + 2 : start + 4], "big")
    end = len(data) - (data[-1] if first & 0x20 else 0)
    return data[start:end]
