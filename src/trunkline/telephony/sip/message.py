"""SIP messages: bytes ⇄ `Request` and `Response` (RFC 3261 §7, §20). Pure and bounded; what a message means is not known here.

`parse` accepts one datagram and raises a `Malformed` for anything else. Header names are compared without case; compact
forms are spelled out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from trunkline.telephony.sip.uri import BadUri, Hop, parameters, parse_address, split_list

MAX_BYTES = 65_507
"""The largest UDP datagram."""
MAX_HEADERS = 128
MAX_LINE = 4_096

Headers = tuple[tuple[str, str], ...]


class Malformed(ValueError):
    """These bytes are not a SIP message"""


class NotSip(Malformed):
    """The first line is neither a request nor a status line of SIP/2.0"""


class TooLong(Malformed):
    """More bytes, headers or characters in a line than we read"""


class BadHeader(Malformed):
    """A header that cannot be read"""


class MissingHeader(Malformed):
    """A header that every message needs is missing, or is there twice"""


class Message:
    """What requests and responses share."""

    __slots__ = ()

    headers: Headers
    body: bytes

    def get(self, name: str) -> str:
        """The first value of a header; empty where there is none."""
        wanted = name.lower()
        return next((value for known, value in self.headers if known.lower() == wanted), "")

    def all(self, name: str) -> list[str]:
        """Every value of a header, one per line."""
        wanted = name.lower()
        return [value for known, value in self.headers if known.lower() == wanted]

    def listed(self, name: str) -> list[str]:
        """Every value of a header that may hold several, separated by commas."""
        return [part for value in self.all(name) for part in split_list(value)]

    @property
    def call_id(self) -> str:
        return self.get("Call-ID")

    @property
    def cseq(self) -> int:
        return int(self.get("CSeq").split()[0])

    @property
    def cseq_method(self) -> str:
        return self.get("CSeq").split()[1]

    @property
    def from_tag(self) -> str:
        return parse_address(self.get("From")).tag

    @property
    def to_tag(self) -> str:
        return parse_address(self.get("To")).tag

    @property
    def via(self) -> Via:
        """The topmost Via."""
        return parse_via(self.listed("Via")[0])


@dataclass(frozen=True, slots=True)
class Request(Message):
    method: str
    uri: str
    headers: Headers
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Response(Message):
    code: int
    phrase: str
    headers: Headers
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Via:
    transport: str
    sent_by: Hop
    branch: str
    rport: bool


_COMPACT = {
    "b": "Referred-By",
    "c": "Content-Type",
    "e": "Content-Encoding",
    "f": "From",
    "i": "Call-ID",
    "k": "Supported",
    "l": "Content-Length",
    "m": "Contact",
    "o": "Event",
    "r": "Refer-To",
    "s": "Subject",
    "t": "To",
    "u": "Allow-Events",
    "v": "Via",
    "x": "Session-Expires",
}
_TOKEN = re.compile(r"[A-Za-z0-9.!%*_+`'~-]+")
_STATUS = re.compile(r"SIP/2\.0 ([1-6][0-9]{2})(?: (.*))?")
_REQUEST = re.compile(r"([A-Za-z0-9.!%*_+`'~-]{1,32}) ([^\s]{1,1024}) SIP/2\.0")
_CSEQ = re.compile(r"([0-9]{1,10})[ \t]+([A-Za-z0-9.!%*_+`'~-]{1,32})")
_VIA = re.compile(r"SIP\s*/\s*2\.0\s*/\s*([A-Za-z]+)\s+(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9.-]+)(?:\s*:\s*([0-9]{1,5}))?")
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_ONCE = ("From", "To", "Call-ID", "CSeq")


def parse(data: bytes) -> Request | Response:
    """Read one datagram."""
    if len(data) > MAX_BYTES:
        raise TooLong(f"{len(data)} bytes")
    head, blank, rest = data.partition(b"\r\n\r\n")
    if not blank:
        raise NotSip("no empty line after the headers")
    try:
        lines = re.sub(r"\r\n[ \t]+", " ", head.decode("utf-8")).split("\r\n")
    except UnicodeDecodeError:
        raise BadHeader("headers are not UTF-8") from None
    if len(lines) > MAX_HEADERS + 1 or any(len(line) > MAX_LINE for line in lines):
        raise TooLong(f"{len(lines)} lines")
    headers = tuple(_header(line) for line in lines[1:])
    return _checked(_start(lines[0], headers, rest))


def serialise(message: Request | Response) -> bytes:
    """Write a message; Content-Length is made here and nowhere else."""
    match message:
        case Request(method, uri):
            first = f"{method} {uri} SIP/2.0"
        case Response(code, phrase):
            first = f"SIP/2.0 {code} {phrase}"
    fields = [f"{name}: {value}" for name, value in message.headers if name.lower() != "content-length"]
    for line in (first, *fields):
        if _CONTROL.search(line):
            raise BadHeader(f"a control character in {line[:40]!r}")
    head = "\r\n".join([first, *fields, f"Content-Length: {len(message.body)}", "", ""])
    return head.encode() + message.body


def parse_via(value: str) -> Via:
    match = _VIA.match(value)
    if match is None or int(match[3] or 0) > 65_535:
        raise BadHeader(f"Via: {value[:60]!r}")
    extra = dict(parameters(value[match.end() :]))
    return Via(
        match[1].upper(), (match[2].strip("[]"), int(match[3] or 5060)), extra.get("branch", ""), "rport" in extra
    )


def respond(request: Request, code: int, phrase: str, tag: str, extra: Iterable[tuple[str, str]] = ()) -> Response:
    """A response to a request (RFC 3261 §8.2.6): Via, From, To, Call-ID and CSeq are the request's own."""
    to = request.get("To")
    if not request.to_tag and code > 100:
        to = f"{to};tag={tag}"
    vias = tuple(("Via", value) for value in request.all("Via"))
    kept = (("From", request.get("From")), ("To", to), ("Call-ID", request.call_id), ("CSeq", request.get("CSeq")))
    return Response(code, phrase, (*vias, *kept, *extra))


def answer_address(request: Request, source: Hop) -> Hop:
    """Where a response to this request goes over UDP (RFC 3261 §18.2.2, RFC 3581 §4)."""
    via = request.via
    return source if via.rport else (source[0], via.sent_by[1])


def _header(line: str) -> tuple[str, str]:
    name, colon, value = line.partition(":")
    name = name.rstrip(" \t")
    if not colon or not _TOKEN.fullmatch(name) or _CONTROL.search(value):
        raise BadHeader(line[:60])
    return _COMPACT.get(name.lower(), name), value.strip()


def _start(line: str, headers: Headers, rest: bytes) -> Request | Response:
    if (status := _STATUS.fullmatch(line)) and not _CONTROL.search(line):
        return Response(int(status[1]), status[2] or "", headers, rest)
    if (request := _REQUEST.fullmatch(line)) and request[2].isprintable():
        return Request(request[1], request[2], headers, rest)
    raise NotSip(line[:60])


def _checked(message: Request | Response) -> Request | Response:
    """What every later reader may rely on: the headers of §8.1.1 are there once and can be read; the body is whole."""
    for name in _ONCE:
        if len(message.all(name)) != 1:
            raise MissingHeader(name)
    if not message.listed("Via"):
        raise MissingHeader("Via")
    cseq = _CSEQ.fullmatch(message.get("CSeq"))
    if cseq is None or int(cseq[1]) >= 1 << 31:  # RFC 3261 §8.1.1.5
        raise BadHeader("CSeq")
    if isinstance(message, Request) and cseq[2] != message.method:
        raise BadHeader("CSeq names another method")
    if not message.call_id:
        raise MissingHeader("Call-ID")
    try:
        _ = message.via, message.from_tag, message.to_tag
    except BadUri as error:
        raise BadHeader(str(error)) from None
    return _cut(message)


def _cut(message: Request | Response) -> Request | Response:
    """RFC 3261 §18.3: over UDP what follows the announced length is dropped, and a message cut short is refused."""
    length = message.get("Content-Length")
    if not length:
        return message
    if not (length.isascii() and length.isdigit() and len(length) < 7):
        raise BadHeader("Content-Length")
    if int(length) > len(message.body):
        raise BadHeader("the body is shorter than announced")
    return replace(message, body=message.body[: int(length)])
