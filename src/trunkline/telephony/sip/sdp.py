"""Session descriptions (RFC 8866, RFC 3264): the one audio stream of a call, G.711 and RFC 4733 events. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

PCMU, PCMA, EVENTS = 0, 8, 101
MAX_LINES = 512

_ADDRESS = re.compile(r"IN IP[46] ([0-9A-Fa-f.:]{2,45})(?:/.*)?")
_MEDIA = re.compile(r"(\S{1,32}) ([0-9]{1,5})(?:/[0-9]+)? (\S{1,32})((?: \S{1,32})*)")
_RTPMAP = re.compile(r"rtpmap:([0-9]{1,3}) ([^/\s]+)/([0-9]+)(?:/.*)?")
_RTCP = re.compile(r"rtcp:([0-9]{1,5})(?: .*)?")
_MIRROR = {"sendrecv": "sendrecv", "sendonly": "recvonly", "recvonly": "sendonly", "inactive": "inactive"}


class BadSdp(ValueError):
    """The description cannot be read"""


@dataclass(frozen=True, slots=True)
class Stream:
    """One `m=` line with what belongs to it."""

    kind: str
    port: int
    transport: str
    formats: tuple[str, ...]
    address: str = ""
    events: int | None = None
    """The payload type of telephone-event at 8 kHz."""
    direction: str = "sendrecv"
    rtcp_port: int | None = None


@dataclass(frozen=True, slots=True)
class Description:
    streams: tuple[Stream, ...]


@dataclass(frozen=True, slots=True)
class Agreement:
    """What both sides will do: where our media goes and what it looks like."""

    address: str
    port: int
    rtcp_port: int
    payload: int
    events: int | None
    sends: bool = True
    """The far end will send to us."""
    listens: bool = True
    """The far end wants to hear us."""


@dataclass(frozen=True, slots=True)
class Local:
    """Our end of the stream."""

    address: str
    port: int
    session: int
    """The session id of the `o=` line: the same for the whole call."""


def parse(body: bytes) -> Description:
    text = body.decode("utf-8", "replace")
    lines = text.replace("\r\n", "\n").split("\n")
    if len(lines) > MAX_LINES:
        raise BadSdp("too many lines")
    if not lines[0].startswith("v=0"):
        raise BadSdp("no v=0")
    blocks: list[list[str]] = [[]]
    for line in lines:
        if line.startswith("m="):
            blocks.append([])
        blocks[-1].append(line.rstrip())
    session = _attributes(blocks[0], Stream("", 0, "", ()))
    return Description(tuple(_stream(block, session) for block in blocks[1:]))


def agree(description: Description) -> Agreement | None:
    """The agreement that an answer to our offer, or an offer to us, makes possible; None without a common codec."""
    chosen = _audio(description)
    if chosen is None or not description.streams[chosen].address:  # a host name there is not worth a look-up
        return None
    stream = description.streams[chosen]
    payload = next(int(format) for format in stream.formats if format in ("0", "8"))
    reachable = stream.address not in ("0.0.0.0", "::")  # RFC 3264 §8.4: the old way to say hold
    return Agreement(
        address=stream.address,
        port=stream.port,
        rtcp_port=stream.rtcp_port or min(stream.port + 1, 65_535),
        payload=payload,
        events=stream.events,
        sends=stream.direction in ("sendrecv", "sendonly") and reachable,
        listens=stream.direction in ("sendrecv", "recvonly") and reachable,
    )


def offer(local: Local, version: int, direction: str = "sendrecv") -> bytes:
    """Everything that we can do."""
    return _write(local, version, [_audio_lines(local.port, (PCMU, PCMA), EVENTS, direction)])


def answer(local: Local, version: int, offered: Description, held: bool = False) -> bytes:
    """Our answer to an offer that `agree` found acceptable: its m= lines in its order, all but one refused (RFC 3264 §6)."""
    chosen = _audio(offered)
    blocks: list[list[str]] = []
    for index, stream in enumerate(offered.streams):
        if index != chosen:
            formats = " ".join(stream.formats) or "0"
            blocks.append([f"m={stream.kind} 0 {stream.transport} {formats}"])
            continue
        payload = next(int(format) for format in stream.formats if format in ("0", "8"))
        direction = _MIRROR[stream.direction]
        if held:
            direction = "sendonly" if direction in ("sendrecv", "sendonly") else "inactive"
        blocks.append(_audio_lines(local.port, (payload,), stream.events, direction))
    return _write(local, version, blocks)


def _audio(description: Description) -> int | None:
    for index, stream in enumerate(description.streams):
        usable = stream.kind == "audio" and stream.transport == "RTP/AVP" and stream.port
        if usable and ("0" in stream.formats or "8" in stream.formats):
            return index
    return None


def _stream(block: list[str], session: Stream) -> Stream:
    match = _MEDIA.fullmatch(block[0][2:])
    if match is None or int(match[2]) > 65_535:
        raise BadSdp(block[0][:60])
    start = Stream(
        kind=match[1],
        port=int(match[2]),
        transport=match[3],
        formats=tuple(match[4].split()),
        address=session.address,
        direction=session.direction,
    )
    return _attributes(block[1:], start)


def _attributes(lines: list[str], stream: Stream) -> Stream:
    address, events, direction, rtcp_port = stream.address, stream.events, stream.direction, stream.rtcp_port
    for line in lines:
        kind, value = line[:2], line[2:]
        if kind == "c=" and (match := _ADDRESS.fullmatch(value)):
            address = match[1]
        elif kind == "a=" and value in _MIRROR:
            direction = value
        elif kind == "a=" and (match := _RTPMAP.fullmatch(value)):
            if match[2].lower() == "telephone-event" and match[3] == "8000" and int(match[1]) < 128:
                events = int(match[1]) if match[1] in stream.formats else events
        elif kind == "a=" and (match := _RTCP.fullmatch(value)) and 0 < int(match[1]) < 65_536:
            rtcp_port = int(match[1])
    return Stream(stream.kind, stream.port, stream.transport, stream.formats, address, events, direction, rtcp_port)


def _audio_lines(port: int, payloads: tuple[int, ...], events: int | None, direction: str) -> list[str]:
    names = {PCMU: "PCMU", PCMA: "PCMA"}
    every = [*payloads, *([events] if events is not None else [])]
    lines = [f"m=audio {port} RTP/AVP {' '.join(map(str, every))}"]
    lines += [f"a=rtpmap:{payload} {names[payload]}/8000" for payload in payloads]
    if events is not None:
        lines += [f"a=rtpmap:{events} telephone-event/8000", f"a=fmtp:{events} 0-15"]
    return [*lines, "a=ptime:20", f"a={direction}"]


def _write(local: Local, version: int, blocks: list[list[str]]) -> bytes:
    family = "IP6" if ":" in local.address else "IP4"
    head = [
        "v=0",
        f"o=- {local.session} {version} IN {family} {local.address}",
        "s=-",
        f"c=IN {family} {local.address}",
        "t=0 0",
    ]
    return ("\r\n".join(head + [line for block in blocks for line in block]) + "\r\n").encode()
