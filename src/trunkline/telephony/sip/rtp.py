"""The media of one call on the wire: a pair of UDP sockets, RTP and RTCP. A shell around `packet`, `source`, `rtcp`, `digits`
and `audio/jitter.py`.

Raw non-blocking sockets with `add_reader` instead of asyncio's datagram endpoints, which cost two and a half times as much.
`send` and `receive` are called once per 20 ms tick by the call's ticker; nothing here has a timer of its own.
"""

from __future__ import annotations

import asyncio
import random
import socket
from collections.abc import Callable
from typing import Any

from trunkline.audio.g711 import alaw_to_ulaw, ulaw_to_alaw
from trunkline.audio.jitter import JitterBuffer
from trunkline.telephony.sip import digits, packet, rtcp
from trunkline.telephony.sip.sdp import PCMA, PCMU, Agreement
from trunkline.telephony.sip.source import MediaSource
from trunkline.telephony.sip.uri import Hop

TRIES = 100
"""Port pairs to try before giving up."""
MAX_PACKET = 2_048
EXPEDITED = 0xB8
"""DSCP EF: voice (RFC 4594 §4.1)."""


Pair = tuple[socket.socket, socket.socket]
"""For RTP and RTCP."""


class NoPort(OSError):
    """No free pair of RTP ports"""


class Media:
    __slots__ = (
        "_agreement",
        "_control",
        "_dialler",
        "_events",
        "_heard_at",
        "_listener",
        "_loop",
        "_marker",
        "_on_digits",
        "_reports",
        "_sequence",
        "_socket",
        "_source",
        "_ssrc",
        "_timestamp",
        "buffer",
        "octets",
        "port",
        "reception",
        "rejected",
        "sent",
    )

    def __init__(self, pair: Pair, on_digits: Callable[[str], None]) -> None:
        self._loop = asyncio.get_running_loop()
        self._socket, self._control = pair
        self._on_digits = on_digits
        self.port: int = self._socket.getsockname()[1]
        self.buffer = JitterBuffer()
        self.reception = rtcp.Reception()
        self.sent = self.octets = self.rejected = 0
        self._heard_at = self._now()
        self._agreement: Agreement | None = None
        self._source = MediaSource()
        self._dialler, self._listener = digits.Dialler(), digits.Listener()
        self._ssrc, self._timestamp = random.getrandbits(32), random.getrandbits(32)
        self._sequence = random.getrandbits(15)  # RFC 3711 §3.3.1 advises against a start near the wrap
        self._marker = True
        self._events = 0  # the timestamp of the digit being sent
        self._reports = rtcp.Reports(self._now(), f"{random.getrandbits(64):016x}@trunkline")
        self._loop.add_reader(self._socket.fileno(), self._read)
        self._loop.add_reader(self._control.fileno(), self._control_readable)

    @classmethod
    def open(cls, address: str, ports: tuple[int, int], on_digits: Callable[[str], None]) -> Media:
        """Bind a free pair: an even port for RTP, the next one for RTCP. Raises `NoPort`."""
        low, high = ports
        for _ in range(TRIES):
            pair = _bind_pair(address, random.randrange(low + low % 2, high, 2))
            if pair is not None:
                return cls(pair, on_digits)
        raise NoPort(f"no free RTP port on {address} in {low}–{high}")

    def use(self, agreement: Agreement) -> None:
        """An SDP was agreed on: where to send, as what, and whose packets to take."""
        self._agreement = agreement
        self._source.told(self._now(), (agreement.address, agreement.port))
        self.wait()

    def flush(self) -> None:
        """Forget what has arrived (ring-back tones, say): what is played begins now."""
        self.buffer.resync()
        self.wait()

    def wait(self) -> None:
        """Silence up to now is nobody's fault."""
        self._heard_at = self._now()

    @property
    def silent_ms(self) -> int:
        """How long nothing has come from the far end, since the last `wait`."""
        return self._now() - self._heard_at

    @property
    def expecting(self) -> bool:
        """Has the far end agreed to send to us?"""
        return self._agreement is not None and self._agreement.sends

    @property
    def round_trip_ms(self) -> int:
        return self._reports.round_trip_ms or 0

    def press(self, keys: str) -> None:
        self._dialler.press(keys)

    def receive(self) -> bytes:
        return self.buffer.pull()

    def send(self, frame: bytes) -> None:
        """One tick: speech, or a digit in its place."""
        agreement = self._agreement
        self._timestamp = (self._timestamp + len(frame)) & 0xFFFF_FFFF
        if agreement is None or self._source.address is None:
            return
        now = self._now()
        if now >= self._reports.due_at:
            self._report(now)
        step = self._dialler.next()
        if not agreement.listens:
            self._marker = True
        elif step is not None and step.key and agreement.events is not None:
            self._send_event(step, agreement.events)
        else:
            if step is not None and step.key:
                frame = digits.tone(step)
            payload = frame if agreement.payload == PCMU else ulaw_to_alaw(frame)
            self._transmit(agreement.payload, self._timestamp, payload)

    def statistics(self) -> dict[str, Any]:
        received, lost = self.reception.totals
        counts = self.buffer.counts
        return {
            "sent": self.sent,
            "received": received,
            "lost": lost,
            "late": counts.late,
            "duplicate": counts.duplicate,
            "concealed": counts.concealed,
            "dropped": counts.dropped,
            "rejected": self.rejected,
            "jitter_ms": round(self.reception.jitter / 8, 1),
            "buffer_ms": self.buffer.delay_ms,
            "round_trip_ms": self._reports.round_trip_ms,
            "far_lost": self._reports.far_lost,
            "far_jitter_ms": self._reports.far_jitter_ms,
        }

    def close(self) -> None:
        if self._socket.fileno() < 0:
            return
        if self._agreement is not None and self._source.address is not None:
            self._report(self._now(), goodbye=True)
        for one in (self._socket, self._control):
            self._loop.remove_reader(one.fileno())
            one.close()

    # ---- out

    def _send_event(self, step: digits.Step, payload_type: int) -> None:
        if step.first:
            self._events, self._marker = self._timestamp, True
        self._transmit(payload_type, self._events, digits.event(step))

    def _transmit(self, payload_type: int, timestamp: int, payload: bytes) -> None:
        assert self._source.address is not None
        data = packet.write(packet.Packet(payload_type, self._marker, self._sequence, timestamp, self._ssrc, payload))
        self._marker = False
        self._sequence = (self._sequence + 1) & 0xFFFF
        self.sent += 1
        self.octets += len(payload)
        _send(self._socket, data, self._source.address)

    def _report(self, now: int, goodbye: bool = False) -> None:
        assert self._agreement is not None
        assert self._source.address is not None
        host, port = self._source.address
        told = (self._agreement.address, self._agreement.port)
        to = (host, self._agreement.rtcp_port if (host, port) == told else min(port + 1, 65_535))
        sent = rtcp.Sent(self._ssrc, self.sent, self.octets, self._timestamp)
        _send(self._control, self._reports.write(now, sent, self.reception, goodbye), to)

    # ---- in

    def _read(self) -> None:
        received = _receive(self._socket)
        if received is None:
            return
        data, source = received
        parsed = None if packet.is_rtcp(data) else packet.parse(data)
        now, before = self._now(), self._source.ssrc
        if parsed is None or not self._expected(parsed.payload_type):
            self.rejected += 1
            return
        payload_type, _, sequence, timestamp, ssrc, payload = parsed
        if not self._source.admit(now, source, ssrc, sequence):
            self.rejected += 1
            return
        if before is not None and before != ssrc:
            self.buffer.resync()
        self._heard_at = now
        self.reception.arrived(now, ssrc, sequence, timestamp)
        if payload_type == PCMU:
            self.buffer.push(sequence, timestamp, payload)
        elif payload_type == PCMA:
            self.buffer.push(sequence, timestamp, alaw_to_ulaw(payload))
        elif digit := self._listener.hear(ssrc, timestamp, payload):
            self._on_digits(digit)

    def _expected(self, payload_type: int) -> bool:
        """Was this payload type agreed on?"""
        agreement = self._agreement
        if agreement is None:
            return False
        return payload_type in (PCMU, PCMA) or (
            agreement.events is not None and payload_type in (digits.PAYLOAD, agreement.events)
        )

    def _control_readable(self) -> None:
        received = _receive(self._control)
        if received is None:
            return
        data, source = received
        theirs = self._source.address
        known = theirs is not None and source[0] == theirs[0]
        if not known or not self._reports.read(self._now(), data, self._ssrc):
            self.rejected += 1

    def _now(self) -> int:
        return int(self._loop.time() * 1_000)


def _bind_pair(address: str, port: int) -> Pair | None:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    pair = socket.socket(family, socket.SOCK_DGRAM), socket.socket(family, socket.SOCK_DGRAM)
    try:
        for one, number in zip(pair, (port, port + 1), strict=True):
            one.setblocking(False)
            one.bind((address, number))
            if family == socket.AF_INET:
                one.setsockopt(socket.IPPROTO_IP, socket.IP_TOS, EXPEDITED)
    except OSError:
        for one in pair:
            one.close()
        return None
    return pair


def _receive(source: socket.socket) -> tuple[bytes, Hop] | None:
    """One datagram per wake-up: a second look that finds nothing costs more than another wake-up now and then."""
    try:
        data, address = source.recvfrom(MAX_PACKET)
    except OSError:  # nothing there, or an ICMP error that some earlier packet of ours caused
        return None
    return data, (address[0], address[1])


def _send(through: socket.socket, data: bytes, to: Hop) -> None:
    """A full buffer or an unreachable network loses the packet, as networks do."""
    try:
        through.sendto(data, to)
    except OSError:
        return
