"""A worker's SIP socket: datagrams in and out, each to its dialog by Call-ID, and the dialogs' clocks. A shell.

Owns no decision about a call. Malformed datagrams are dropped and counted by kind; requests outside any dialog get the
answer that `stray` gives. `Attached` drives one `Dialog`; it lives on after its leg until the last retransmission is done.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections import Counter
from collections.abc import Callable

from trunkline import ids
from trunkline.telephony.sip.dialog import Dialog
from trunkline.telephony.sip.exchanges import Transmit
from trunkline.telephony.sip.message import (
    BadHeader,
    Malformed,
    Request,
    Response,
    answer_address,
    parse,
    respond,
    serialise,
)
from trunkline.telephony.sip.moves import Effect, Input, Received
from trunkline.telephony.sip.party import ALLOW
from trunkline.telephony.sip.transaction import Wake
from trunkline.telephony.sip.uri import Hop

BURST = 64
"""Datagrams read in one wake-up, so that a flood cannot hold the loop."""
MAX_RESOLVED = 256


class Endpoint:
    """One per worker. `Endpoint.open(address)` inside a running loop; `close()` at the end."""

    def __init__(self, sock: socket.socket) -> None:
        self._loop = asyncio.get_running_loop()
        self._socket = sock
        self._attached: dict[str, Attached] = {}
        self._resolved: dict[Hop, Hop] = {}
        self._looking: set[asyncio.Task[None]] = set()
        self._tag = ids.new("tag")
        self.bound: Hop = sock.getsockname()[:2]
        self.dropped: Counter[str] = Counter()
        """Datagrams that went nowhere, by kind; the kinds are few and fixed."""
        self._loop.add_reader(sock.fileno(), self._readable)

    @classmethod
    def open(cls, address: str, port: int = 0) -> Endpoint:
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        sock = socket.socket(family, socket.SOCK_DGRAM)
        try:
            sock.setblocking(False)
            sock.bind((address, port))
        except OSError:
            sock.close()
            raise
        return cls(sock)

    @property
    def dialogs(self) -> int:
        """How many dialogs are up or still being wound up."""
        return len(self._attached)

    def attach(self, dialog: Dialog, perform: Callable[[Effect], None]) -> Attached:
        """Drive this dialog; what it asks for besides sending goes to `perform`."""
        attached = Attached(self, dialog, perform)
        self._attached[dialog.party.call_id] = attached
        return attached

    def detach(self, call_id: str) -> None:
        self._attached.pop(call_id, None)

    def address_towards(self, hop: Hop) -> Hop:
        """Our own address as that far end sees it, where the socket is bound to every interface."""
        host, port = self.bound
        if not ipaddress.ip_address(host).is_unspecified:
            return host, port
        with socket.socket(self._socket.family, socket.SOCK_DGRAM) as probe:
            probe.connect(hop)
            return probe.getsockname()[0], port

    async def resolve(self, hop: Hop) -> Hop:
        """The numeric address of a hop. Raises `OSError` where there is none."""
        if _is_numeric(hop[0]):
            return hop
        if hop not in self._resolved:
            found = await self._loop.getaddrinfo(*hop, family=self._socket.family, type=socket.SOCK_DGRAM)
            while len(self._resolved) >= MAX_RESOLVED:
                del self._resolved[next(iter(self._resolved))]
            self._resolved[hop] = str(found[0][4][0]), hop[1]
        return self._resolved[hop]

    def transmit(self, data: bytes, hop: Hop) -> None:
        if _is_numeric(hop[0]):
            self._send(data, hop)
        elif hop in self._resolved:
            self._send(data, self._resolved[hop])
        else:
            looking = self._loop.create_task(self._look_up_and_send(data, hop))
            self._looking.add(looking)
            looking.add_done_callback(self._looking.discard)

    def close(self) -> None:
        """Stop at once: what is under way is left to the far ends' own timers."""
        for attached in list(self._attached.values()):
            attached.forget()
        for looking in self._looking:
            looking.cancel()
        if self._socket.fileno() >= 0:
            self._loop.remove_reader(self._socket.fileno())
            self._socket.close()

    async def _look_up_and_send(self, data: bytes, hop: Hop) -> None:
        try:
            self._send(data, await self.resolve(hop))
        except OSError:
            self.dropped["unresolved"] += 1  # the transaction will time out

    def _send(self, data: bytes, hop: Hop) -> None:
        try:
            self._socket.sendto(data, hop)
        except OSError:
            self.dropped["unsendable"] += 1  # retransmission or the transaction's time-out deals with it

    def _readable(self) -> None:
        for _ in range(BURST):
            try:
                data, address = self._socket.recvfrom(65_536)
            except BlockingIOError:
                return
            except OSError:  # an ICMP error that an earlier datagram of ours caused
                continue
            self._receive(data, (address[0], address[1]))

    def _receive(self, data: bytes, source: Hop) -> None:
        if not data.strip(b"\r\n\0"):  # a keep-alive (RFC 5626 §3.5.1)
            return
        try:
            message = parse(data)
        except Malformed as error:
            self.dropped[type(error).__name__] += 1
            return
        attached = self._attached.get(message.call_id)
        if attached is not None:
            attached.feed(Received(message, source))
        elif isinstance(message, Request):
            self._answer_stray(message, source)
        else:
            self.dropped["stray response"] += 1

    def _answer_stray(self, request: Request, source: Hop) -> None:
        response = stray(request, self._tag)
        if response is None:
            return
        try:
            self.transmit(serialise(response), answer_address(request, source))
        except BadHeader:
            self.dropped["BadHeader"] += 1


class Attached:
    """One dialog and its clock."""

    def __init__(self, endpoint: Endpoint, dialog: Dialog, perform: Callable[[Effect], None]) -> None:
        self._endpoint = endpoint
        self._dialog = dialog
        self._perform = perform
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None

    def feed(self, input: Input) -> None:
        """Give the dialog an input and do what it asks for."""
        for effect in self._dialog.handle(int(self._loop.time() * 1_000), input):
            match effect:
                case Transmit(data, hop):
                    self._endpoint.transmit(data, hop)
                case _:
                    self._perform(effect)
        self._set_timer()

    def forget(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._endpoint.detach(self._dialog.party.call_id)

    def _set_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        deadline = self._dialog.deadline
        if deadline is not None:
            self._timer = self._loop.call_at(deadline / 1_000 + 0.001, self._wake)
        elif self._dialog.over:
            self.forget()

    def _wake(self) -> None:
        self._timer = None
        self.feed(Wake())


def stray(request: Request, tag: str) -> Response | None:
    """The answer to a request that belongs to no dialog of ours (RFC 3261 §8.2, §11.2, §12.2.2)."""
    match request.method:
        case "ACK":
            return None
        case "OPTIONS":
            return respond(request, 200, "OK", tag, (("Allow", ALLOW), ("Accept", "application/sdp")))
        case "INVITE" if not request.to_tag:
            return respond(request, 404, "Not Found", tag)
        case "BYE" | "CANCEL" | "INFO" | "NOTIFY" | "INVITE":
            return respond(request, 481, "Call/Transaction Does Not Exist", tag)
        case _:
            return respond(request, 405, "Method Not Allowed", tag, (("Allow", ALLOW),))


def _is_numeric(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
