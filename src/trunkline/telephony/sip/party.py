"""Who talks to whom in a dialog: tags, targets, route set, CSeq; and requests made from it (RFC 3261 §12.2.1.1). Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace

from trunkline.telephony.sip.message import Headers, Request, Response
from trunkline.telephony.sip.uri import BadUri, Hop, Uri, parse_address, parse_uri

ALLOW = "INVITE, ACK, CANCEL, BYE, OPTIONS, INFO, NOTIFY"
USER_AGENT = "Trunkline"
MAX_ROUTES = 16


@dataclass(frozen=True, slots=True)
class Party:
    """One dialog, early or confirmed, as seen from our end. A fork of an INVITE makes another one with another tag."""

    call_id: str
    local_uri: str
    local_tag: str
    remote_uri: str
    contact: str
    """Our own Contact URI."""
    sent_by: str
    """Our `host:port` in Via."""
    target: str
    """The remote target: what the next request is addressed to."""
    remote_tag: str = ""
    routes: tuple[str, ...] = ()

    def joined(self, response: Response) -> Party:
        """The dialog that this 1xx or 2xx to our INVITE makes (§12.1.2). A route set that cannot be read is left out."""
        routes = tuple(reversed(response.listed("Record-Route")))
        readable = len(routes) <= MAX_ROUTES and all(_readable(route) for route in routes)
        return replace(self.refreshed(response), remote_tag=response.to_tag, routes=routes if readable else ())

    def refreshed(self, message: Request | Response) -> Party:
        """The same dialog with the remote target that a message carries (§12.2); an unreadable one changes nothing."""
        contacts = message.listed("Contact")
        if not contacts or not _readable(contacts[0]):
            return self
        return replace(self, target=parse_address(contacts[0]).uri)

    @property
    def hop(self) -> Hop:
        """Where the next request goes: the first route, else the target."""
        return self._first_route().hop if self.routes else parse_uri(self.target).hop

    @property
    def request_uri(self) -> str:
        """The target, or the first route where that is a strict router (§12.2.1.1)."""
        return str(self._first_route()) if self._strict else self.target

    def request(self, method: str, cseq: int, branch: str, extra: Headers, body: bytes = b"") -> Request:
        routes = (*self.routes[1:], f"<{self.target}>") if self._strict else self.routes
        tag = f";tag={self.remote_tag}" if self.remote_tag else ""
        headers = [
            ("Via", f"SIP/2.0/UDP {self.sent_by};rport;branch={branch}"),
            ("Max-Forwards", "70"),
            *[("Route", route) for route in routes],
            ("From", f"<{self.local_uri}>;tag={self.local_tag}"),
            ("To", f"<{self.remote_uri}>{tag}"),
            ("Call-ID", self.call_id),
            ("CSeq", f"{cseq} {method}"),
            ("Contact", f"<{self.contact}>"),
            ("Allow", ALLOW),
            ("User-Agent", USER_AGENT),
            *extra,
        ]
        return Request(method, self.request_uri, tuple(headers), body)

    @property
    def _strict(self) -> bool:
        return bool(self.routes) and not self._first_route().has("lr")

    def _first_route(self) -> Uri:
        return parse_uri(parse_address(self.routes[0]).uri)


def _readable(address: str) -> bool:
    try:
        parse_uri(parse_address(address).uri)
    except BadUri:
        return False
    return True
