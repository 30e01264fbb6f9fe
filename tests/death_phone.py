"""A telephone in the test's own process: SIP and RTP on loopback with nothing of Trunkline's, and the arrival of every packet kept.

It goes on while the process that called it is frozen or dead, which is what makes it evidence. What it heard is decoded
with the sandbox's demodulator. `sip:NAME@…` answers at once; a NAME that begins with `rings` never answers.
"""

from __future__ import annotations

import re
import selectors
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from trunkline.audio.modem import Demodulator

FRAME_S, FRAME = 0.020, 160
SILENCE = b"\xff" * FRAME
Address = tuple[str, int]


@dataclass
class Line:
    """One call that came in."""

    name: str
    media: socket.socket
    far: Address
    packets: list[tuple[float, bytes]] = field(default_factory=list)
    """When each packet came, and its 20 ms of µ-law."""
    up: bool = False
    over_at: float | None = None
    """When BYE or CANCEL came."""
    answer: bytes = b""
    """The last answer to its INVITE, for when that is repeated."""
    invite: bytes = b""
    sent: int = 0

    def words(self, until: float = float("inf")) -> list[str]:
        """What arrived until then, as heard."""
        ear = Demodulator()
        frames = [payload for at, payload in list(self.packets) if at <= until]
        return [word.text for frame in frames for word in ear.feed(frame.ljust(FRAME, b"\xff"))]

    def since(self, moment: float) -> list[bytes]:
        return [payload for at, payload in list(self.packets) if at > moment]


class Phone:
    def __init__(self) -> None:
        self._sip = _bound()
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._sip, selectors.EVENT_READ)
        self._stop = threading.Event()
        self._calls: dict[str, Line] = {}
        self._thread = threading.Thread(target=self._run, name="phone")

    def uri(self, name: str) -> str:
        return f"sip:{name}@127.0.0.1:{self._sip.getsockname()[1]}"

    def calls(self, name: str) -> list[Line]:
        """Every call that came for this name; a repeated INVITE is no new call."""
        return [line for line in list(self._calls.values()) if line.name == name]

    def line(self, name: str) -> Line:
        (line,) = self.calls(name)
        return line

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        self._stop.set()
        self._thread.join()
        for line in self._calls.values():
            line.media.close()
        self._selector.close()
        self._sip.close()

    # ---- the thread --------------------------------------------------------------------

    def _run(self) -> None:
        due = time.monotonic()
        while not self._stop.is_set():
            for key, _ in self._selector.select(max(0.0, due - time.monotonic())):
                if key.data is None:
                    self._signalled()
                else:
                    self._heard(key.data)
            if time.monotonic() >= due:
                due = max(due + FRAME_S, time.monotonic() - 0.2)
                for line in self._calls.values():
                    if line.up:
                        _speak_silence(line)

    def _heard(self, line: Line) -> None:
        packet = line.media.recv(2048)
        if packet[1] & 0x7F == 0:  # RTP payload type 0: PCMU (RFC 3551 §6)
            line.packets.append((time.monotonic(), packet[12:]))

    def _signalled(self) -> None:
        data, address = self._sip.recvfrom(8192)
        method = data.split(b" ", 1)[0].decode()
        call_id = _header(data, "Call-ID")
        line = self._calls.get(call_id)
        if method == "INVITE":
            if line is None:
                line = self._calls[call_id] = self._ring(data, address)
            self._sip.sendto(line.answer, address)
        elif method == "ACK" or line is None:
            return
        else:
            line.up, line.over_at = False, line.over_at or time.monotonic()
            self._sip.sendto(_response(data, "200 OK"), address)
            if method == "CANCEL":
                line.answer = _response(line.invite, "487 Request Terminated")
                self._sip.sendto(line.answer, address)

    def _ring(self, invite: bytes, address: Address) -> Line:
        name = re.match(rb"INVITE sip:([^@]+)@", invite)
        port = re.search(rb"^m=audio (\d+)", invite, re.MULTILINE)
        assert name is not None and port is not None
        line = Line(name[1].decode(), _bound(), ("127.0.0.1", int(port[1])), invite=invite)
        self._selector.register(line.media, selectors.EVENT_READ, line)
        ringing = _response(invite, "180 Ringing")
        if line.name.startswith("rings"):
            line.answer = ringing
            return line
        self._sip.sendto(ringing, address)
        line.answer, line.up = _response(invite, "200 OK", self._contact(), _sdp(line.media.getsockname()[1])), True
        return line

    def _contact(self) -> str:
        return f"Contact: <{self.uri('phone')}>"


@contextmanager
def phone() -> Iterator[Phone]:
    one = Phone()
    one.start()
    try:
        yield one
    finally:
        one.close()


def _bound() -> socket.socket:
    made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
    made.bind(("127.0.0.1", 0))
    return made


def _speak_silence(line: Line) -> None:
    line.sent += 1
    head = bytes([0x80, 0]) + (line.sent & 0xFFFF).to_bytes(2, "big") + (line.sent * FRAME).to_bytes(4, "big") + b"dead"
    line.media.sendto(head + SILENCE, line.far)


def _header(message: bytes, name: str) -> str:
    found = re.search(rf"^{name}\s*:\s*(.*?)\r?$".encode(), message, re.MULTILINE | re.IGNORECASE)
    assert found is not None, message
    return found[1].decode()


def _response(request: bytes, status: str, contact: str = "", body: str = "") -> bytes:
    """RFC 3261 §8.2.6.2: Via, From, To, Call-ID and CSeq are the request's; the tag of To is ours."""
    vias = re.findall(rb"^Via\s*:\s*(.*?)\r?$", request, re.MULTILINE | re.IGNORECASE)
    to = _header(request, "To")
    lines = [
        f"SIP/2.0 {status}",
        *(f"Via: {via.decode()}" for via in vias),
        f"From: {_header(request, 'From')}",
        f"To: {to if 'tag=' in to else to + ';tag=phone'}",
        f"Call-ID: {_header(request, 'Call-ID')}",
        f"CSeq: {_header(request, 'CSeq')}",
        *([contact] if contact else []),
        *(["Content-Type: application/sdp"] if body else []),
        f"Content-Length: {len(body)}",
    ]
    return ("\r\n".join([*lines, "", ""]) + body).encode()


def _sdp(port: int) -> str:
    host = "IN IP4 127.0.0.1"
    lines = ["v=0", f"o=phone 1 1 {host}", "s=-", f"c={host}", "t=0 0", f"m=audio {port} RTP/AVP 0"]
    return "\r\n".join([*lines, "a=rtpmap:0 PCMU/8000", "a=ptime:20", ""])
