"""SIP URIs and the addresses that hold them (RFC 3261 §19.1, §20.10). Pure: where a URI leads is `hop`, not a look-up."""

from __future__ import annotations

import re
from dataclasses import dataclass

MAX_URI = 1_024
DEFAULT_PORT = 5_060

Hop = tuple[str, int]
"""Where a message goes next: host and port."""

_URI = re.compile(
    r"""(?P<scheme>sips?):
        (?:(?P<user>[^\s<>"@;?:]+(?:[;?][^\s<>"@]*)?)(?::[^\s<>"@]*)?@)?
        (?P<host>\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?\.?)
        (?::(?P<port>[0-9]{1,5}))?
        (?P<params>(?:;[^\s<>"?]*)?)
        (?:\?(?P<headers>[^\s<>"]*))?""",
    re.VERBOSE,
)
_PARAMETER = re.compile(r';\s*([A-Za-z0-9_.!%*+`\'~-]+)\s*(?:=\s*("(?:[^"\\]|\\.)*"|[^\s;,"<>]*))?\s*')


class BadUri(ValueError):
    """The text is not a SIP URI that we accept"""


@dataclass(frozen=True, slots=True)
class Uri:
    host: str
    user: str = ""
    port: int | None = None
    parameters: tuple[tuple[str, str], ...] = ()
    headers: str = ""
    scheme: str = "sip"

    @property
    def hop(self) -> Hop:
        return self.host.strip("[]"), self.port or DEFAULT_PORT

    def has(self, parameter: str) -> bool:
        return any(name == parameter for name, _ in self.parameters)

    def __str__(self) -> str:
        user = f"{self.user}@" if self.user else ""
        port = f":{self.port}" if self.port else ""
        parameters = "".join(f";{name}={value}" if value else f";{name}" for name, value in self.parameters)
        headers = f"?{self.headers}" if self.headers else ""
        return f"{self.scheme}:{user}{self.host}{port}{parameters}{headers}"


@dataclass(frozen=True, slots=True)
class Address:
    """A name-addr or addr-spec with its parameters: From, To, Contact, Route, Refer-To."""

    uri: str
    """As written; `parse_uri` reads it where it is a SIP URI."""
    parameters: tuple[tuple[str, str], ...] = ()

    @property
    def tag(self) -> str:
        return next((value for name, value in self.parameters if name == "tag"), "")


def parse_uri(text: str) -> Uri:
    """Read a `sip:` or `sips:` URI. A password in it is dropped (RFC 3261 §19.1.1 advises against it)."""
    match = _URI.fullmatch(text) if len(text) <= MAX_URI and text.isprintable() else None
    if match is None:
        raise BadUri(f"not a SIP URI: {text[:80]!r}")
    port = int(match["port"]) if match["port"] else None
    if port is not None and not 0 < port < 65_536:
        raise BadUri(f"no such port: {port}")
    parts = [part.partition("=") for part in match["params"].split(";") if part]
    return Uri(
        host=match["host"],
        user=match["user"] or "",
        port=port,
        parameters=tuple((name.lower(), value) for name, _, value in parts),
        headers=match["headers"] or "",
        scheme=match["scheme"],
    )


def parse_address(text: str) -> Address:
    """Read one element of From, To, Contact or Record-Route; the display name is not kept."""
    opening = _outside_quotes(text, "<")
    if opening < 0:  # RFC 3261 §20.10: without brackets every parameter belongs to the header
        uri, semicolon, rest = text.partition(";")
        return Address(uri.strip(), parameters(semicolon + rest))
    closing = text.find(">", opening)
    if closing < 0:
        raise BadUri("an address without its closing bracket")
    return Address(text[opening + 1 : closing].strip(), parameters(text[closing + 1 :]))


def parameters(text: str) -> tuple[tuple[str, str], ...]:
    """Read `;name=value` pairs up to the first thing that is none."""
    found: list[tuple[str, str]] = []
    position = len(text) - len(text.lstrip())
    while match := _PARAMETER.match(text, position):
        found.append((match[1].lower(), (match[2] or "").strip('"')))
        position = match.end()
    return tuple(found)


def split_list(text: str) -> list[str]:
    """Cut a header value at its commas, those inside quotes and brackets apart (RFC 3261 §7.3.1)."""
    parts, start, quoted, inside = [], 0, False, False
    for index, character in enumerate(text):
        if character == '"' and not (quoted and text[index - 1] == "\\"):
            quoted = not quoted
        elif quoted:
            continue
        elif character in "<>":
            inside = character == "<"
        elif character == "," and not inside:
            parts.append(text[start:index].strip())
            start = index + 1
    return [part for part in [*parts, text[start:].strip()] if part]


def _outside_quotes(text: str, wanted: str) -> int:
    quoted = False
    for index, character in enumerate(text):
        if character == '"' and not (quoted and text[index - 1] == "\\"):
            quoted = not quoted
        elif character == wanted and not quoted:
            return index
    return -1
