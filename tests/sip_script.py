"""A dialog with its far end played by the test: what was sent can be read, and answered with a code."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from trunkline.calls.leg import Fact
from trunkline.telephony.sip.dialog import Dialog
from trunkline.telephony.sip.digest import Credentials
from trunkline.telephony.sip.exchanges import Transmit
from trunkline.telephony.sip.message import Headers, Request, Response, parse, respond, serialise
from trunkline.telephony.sip.moves import Input, Received, Tell, UseMedia
from trunkline.telephony.sip.party import Party
from trunkline.telephony.sip.sdp import Agreement, Local, offer
from trunkline.telephony.sip.transaction import Wake

FAR = ("192.0.2.9", 5060)
SDP = (("Content-Type", "application/sdp"),)
THEIR_OFFER = offer(Local("192.0.2.9", 4000, 9), 1)
REGISTERED = Credentials("alice", "s3cret")


def party(**changes: str) -> Party:
    plain = Party(
        call_id="call-1",
        local_uri="sip:alice@192.0.2.1",
        local_tag="ours",
        remote_uri="sip:bob@example.org",
        contact="sip:alice@192.0.2.1:5070",
        sent_by="192.0.2.1:5070",
        target="sip:bob@example.org",
    )
    return replace(plain, **changes)  # type: ignore[arg-type]


def tokens() -> Callable[[], str]:
    made: Iterator[int] = iter(range(1, 10_000))
    return lambda: f"t{next(made)}"


class Script:
    """`do` feeds an input at the present moment; `pass_time` moves it, waking the dialog whenever it asked to be."""

    def __init__(self, credentials: Credentials | None = None) -> None:
        self.now = 1_000
        self.dialog = Dialog(party(), FAR, Local("192.0.2.1", 7000, 5), credentials, tokens())
        self.sent: list[Request | Response] = []
        self.hops: list[tuple[str, int]] = []
        self.facts: list[Fact] = []
        self.media: list[Agreement] = []
        self._cseq = 100

    def do(self, input: Input) -> list[Request | Response]:
        """What was sent because of it."""
        before = len(self.sent)
        for effect in self.dialog.handle(self.now, input):
            match effect:
                case Transmit(data, hop):
                    self.sent.append(parse(data))
                    self.hops.append(hop)
                case Tell(fact):
                    self.facts.append(fact)
                case UseMedia(agreement):
                    self.media.append(agreement)
        return self.sent[before:]

    def pass_time(self, ms: int) -> None:
        until = self.now + ms
        while self.dialog.deadline is not None and self.dialog.deadline <= until:
            self.now = self.dialog.deadline
            self.do(Wake())
        self.now = until

    def asked(self, method: str) -> Request:
        """The last request of this method that we sent."""
        found = [message for message in self.sent if isinstance(message, Request) and message.method == method]
        assert found, f"no {method} among {[m.method if isinstance(m, Request) else m.code for m in self.sent]}"
        return found[-1]

    def count(self, method: str) -> int:
        return sum(isinstance(message, Request) and message.method == method for message in self.sent)

    def answer(
        self,
        code: int,
        phrase: str = "",
        extra: Headers = (),
        *,
        to: str = "INVITE",
        tag: str = "theirs",
        body: bytes = b"",
    ) -> list[Request | Response]:
        """The far end answers the last request of that method."""
        contact = (("Contact", "<sip:bob@192.0.2.9:5060>"),) if 100 < code < 300 else ()
        described = SDP if body else ()
        made = respond(self.asked(to), code, phrase, tag, (*contact, *described, *extra))
        return self.do(Received(self._through_the_wire(replace(made, body=body)), FAR))

    def accept(self) -> list[Request | Response]:
        return self.answer(200, "OK", body=THEIR_OFFER)

    def request(
        self, method: str, extra: Headers = (), body: bytes = b"", *, tag: str = "theirs", cseq: int | None = None
    ) -> list[Request | Response]:
        """The far end sends a new request inside the dialog."""
        if cseq is None:
            self._cseq += 1
            cseq = self._cseq
        headers = (
            ("Via", f"SIP/2.0/UDP 192.0.2.9:5060;branch=z9hG4bKfar{method}{cseq}"),
            ("From", f"<sip:bob@example.org>;tag={tag}"),
            ("To", "<sip:alice@192.0.2.1>;tag=ours"),
            ("Call-ID", "call-1"),
            ("CSeq", f"{cseq} {method}"),
            *extra,
        )
        request = Request(method, "sip:alice@192.0.2.1:5070", headers, body)
        return self.do(Received(self._through_the_wire(request), FAR))

    def notify(self, fragment: str, state: str = "active;expires=60") -> list[Request | Response]:
        return self.request("NOTIFY", (("Event", "refer"), ("Subscription-State", state)), fragment.encode())

    @staticmethod
    def _through_the_wire(message: Request | Response) -> Request | Response:
        return parse(serialise(message))


def code(messages: list[Request | Response]) -> int:
    """The one response among what was sent."""
    codes = [message.code for message in messages if isinstance(message, Response)]
    assert len(codes) == 1, codes
    return codes[0]


def methods(messages: list[Request | Response]) -> list[str]:
    return [message.method for message in messages if isinstance(message, Request)]
