"""The dialog of one outbound call, from INVITE to BYE (RFC 3261 §12–15, RFC 3515). Pure: `handle(now, input)` returns effects.

Owns what is said when. Retransmissions are `transaction.py`'s, credentials `wallet.py`'s, the REFER `transfer.py`'s;
requests of the far end inside the dialog are `incoming.py`'s. Sockets and clocks are in `endpoint.py`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from trunkline.calls.leg import (
    Answered,
    DigitsPressed,
    Fact,
    LegLost,
    Rang,
    Refused,
    Released,
    RemoteHungUp,
    TransferFailed,
)
from trunkline.telephony.sip.digest import Credentials
from trunkline.telephony.sip.exchanges import Ask, Exchanges, Heard, Outcome, Transmit, Unacknowledged, Unanswered
from trunkline.telephony.sip.incoming import (
    AskedForOffer,
    Byed,
    Notified,
    Pressed,
    Reoffered,
    Situation,
    judge,
)
from trunkline.telephony.sip.message import Request, Response, respond, serialise
from trunkline.telephony.sip.moves import (
    NEXT,
    AbandonTransfer,
    Dial,
    Effect,
    HangUp,
    Hold,
    Input,
    Received,
    Refer,
    State,
    Tell,
    UseMedia,
)
from trunkline.telephony.sip.party import Party
from trunkline.telephony.sip.sdp import Agreement, BadSdp, Local, agree, answer, offer, parse
from trunkline.telephony.sip.transaction import PATIENCE, Wake, cancel
from trunkline.telephony.sip.transfer import Transfer
from trunkline.telephony.sip.uri import Hop
from trunkline.telephony.sip.wallet import Tried, Wallet

S = State


class Dialog:
    __slots__ = (
        "_acks",
        "_cancelled_until",
        "_cseq",
        "_fresh",
        "_held",
        "_hop",
        "_invite",
        "_local",
        "_offered",
        "_out",
        "_remote_cseq",
        "_version",
        "_wallet",
        "exchanges",
        "party",
        "state",
        "transfer",
    )

    def __init__(
        self, party: Party, hop: Hop, local: Local, credentials: Credentials | None, fresh: Callable[[], str]
    ) -> None:
        """`hop` is where the INVITE goes; `fresh` makes a new random token each time."""
        self.state = S.IDLE
        self.party = party
        self.exchanges = Exchanges()
        self.transfer: Transfer | None = None
        self._remote_cseq = -1
        self._offered: int | None = None  # the CSeq of the re-INVITE whose ACK will carry the answer to our offer
        self._hop = hop
        self._local = local
        self._wallet = Wallet(credentials, fresh)
        self._fresh = fresh
        self._cseq = 0
        self._version = 1
        self._held = False
        self._invite: Request | None = None
        self._cancelled_until: int | None = None
        self._acks: dict[tuple[int, str], Transmit] = {}
        self._out: list[Effect] = []

    @property
    def deadline(self) -> int | None:
        """When the outside must call back with `Wake`; re-read after each input. None once over and forgotten."""
        transfer = self.transfer.deadline if self.transfer else None
        every = (self.exchanges.deadline, transfer, self._cancelled_until)
        return min((at for at in every if at is not None), default=None)

    @property
    def over(self) -> bool:
        return self.state is S.OVER

    def handle(self, now: int, input: Input) -> list[Effect]:
        """What must be done about it. Inputs that the state does not know do nothing."""
        self._out = []
        match input:
            case Received(message, source):
                self._receive(now, message, source)
            case Wake():
                self._wake(now)
            case Dial() if self._move("dial"):
                self._ask_invite(now)
            case HangUp():
                self._hang_up(now)
            case Refer(target, ring_ms):
                self._refer(now, target, ring_ms)
            case AbandonTransfer() if self.transfer:
                self.transfer.abandon()
            case Hold(held) if self.state is S.CONFIRMED and held is not self._held:
                self._held = held
                if not self.exchanges.asking("INVITE"):
                    self._ask_invite(now)
        return self._out

    # ---- asking

    def _ask(self, now: int, ask: Ask) -> Request:
        self._cseq += 1
        credentials = self._wallet.headers(ask.method, ask.party.request_uri)
        branch = f"z9hG4bK{self._fresh()}"
        request = ask.party.request(ask.method, self._cseq, branch, (*ask.extra, *credentials), ask.body)
        hop = self._hop if not ask.party.remote_tag else ask.party.hop
        self._perform(now, self.exchanges.ask(now, ask, request, hop))
        return request

    def _ask_invite(self, now: int, tried: Tried = ()) -> None:
        """The first INVITE, or a re-INVITE: both carry our offer."""
        body = offer(self._local, self._version, "sendonly" if self._held else "sendrecv")
        self._version += 1
        extra = (("Content-Type", "application/sdp"),)
        self._invite = self._ask(now, Ask(self.party, "INVITE", extra, body, tried))

    def _hang_up(self, now: int) -> None:
        if not self._move("hang_up"):
            return
        match self.state:
            case S.CANCELLING:
                self._cancel(now)
            case S.ENDING:
                self._ask(now, Ask(self.party, "BYE"))
            case S.OVER:
                self._tell(Released())

    def _cancel(self, now: int) -> None:
        assert self._invite is not None
        self._cancelled_until = now + PATIENCE
        ask = Ask(self.party, "CANCEL")
        self._perform(now, self.exchanges.ask(now, ask, cancel(self._invite), self._hop))

    def _refer(self, now: int, target: str, ring_ms: int) -> None:
        if self.state is not S.CONFIRMED:
            self._tell(TransferFailed(481, "there is no call to transfer"))
            return
        self.transfer = Transfer(now, ring_ms)
        extra = (("Refer-To", f"<{target}>"), ("Referred-By", f"<{self.party.local_uri}>"))
        self._ask(now, Ask(self.party, "REFER", extra))

    # ---- hearing answers

    def _heard(self, now: int, ask: Ask, response: Response) -> None:
        tried = self._wallet.learn(response, ask.tried)
        first = ask.method == "INVITE" and not ask.party.remote_tag
        if tried is not None and (not first or self._move("challenge")):
            self._ask_again(now, ask, tried)
        elif first:
            self._heard_invite(now, response)
        elif response.code < 200:
            return
        elif ask.method == "INVITE":
            self._heard_reinvite(now, response)
        elif ask.method == "REFER" and self.transfer:
            self._heard_refer(response)
        elif ask.method == "BYE" and ask.party.remote_tag == self.party.remote_tag and self._move("bye_answered"):
            self._tell(Released())

    def _ask_again(self, now: int, ask: Ask, tried: Tried) -> None:
        if ask.method == "INVITE":
            self._ask_invite(now, tried)
        else:
            self._ask(now, replace(ask, tried=tried))

    def _heard_invite(self, now: int, response: Response) -> None:
        if response.code < 200:
            self._progressed(now, response)
        elif response.code < 300:
            self._accepted(now, response)
        else:
            wanted = self.state in (S.GIVING_UP, S.CANCELLING)
            if self._move("failure"):
                self._cancelled_until = None
                self._tell(Released() if wanted else Refused(response.code, response.phrase))

    def _progressed(self, now: int, response: Response) -> None:
        if not self._move("1xx"):
            return
        if self.state is S.CANCELLING:
            self._cancel(now)
        elif response.code > 100:
            if (early := _agreed(response.body)) is not None:
                self._out.append(UseMedia(early))
            self._tell(Rang(response.code))

    def _accepted(self, now: int, response: Response) -> None:
        """A 2xx to the first INVITE: the first one makes the dialog, another tag's is a fork to be ended (§13.2.2.4)."""
        known = self._acks.get((response.cseq, response.to_tag))
        if known is not None:
            self._out.append(known)
        elif self._move("2xx"):
            self.party = self.party.joined(response)
            self._cancelled_until = None
            self._acknowledge(now, self.party, response)
            agreement = _agreed(response.body)
            if self.state is S.ENDING:
                self._ask(now, Ask(self.party, "BYE"))
            elif agreement is None:
                self._tell(Refused(488, "no codec in common"))
                self._move("unusable")
                self._ask(now, Ask(self.party, "BYE"))
            else:
                self._out.append(UseMedia(agreement))
                self._tell(Answered())
        else:
            fork = replace(self.party, routes=()).joined(response)
            self._acknowledge(now, fork, response)
            self._ask(now, Ask(fork, "BYE"))

    def _heard_reinvite(self, now: int, response: Response) -> None:
        known = self._acks.get((response.cseq, response.to_tag))
        if known is not None:
            self._out.append(known)
            return
        if response.code < 300:
            self.party = self.party.refreshed(response)
            self._acknowledge(now, self.party, response)
            if (agreement := _agreed(response.body)) is not None:
                self._out.append(UseMedia(agreement))
        elif response.code in (408, 481):  # §12.2.1.2
            self._break(now, f"re-INVITE: {response.code} {response.phrase}")

    def _acknowledge(self, now: int, party: Party, response: Response) -> None:
        """ACK a 2xx: outside any transaction, with the credentials of its INVITE (§13.2.2.4, §22.1)."""
        assert self._invite is not None
        credentials = [pair for pair in self._invite.headers if pair[0] in ("Authorization", "Proxy-Authorization")]
        request = party.request("ACK", response.cseq, f"z9hG4bK{self._fresh()}", tuple(credentials))
        ack = Transmit(serialise(request), party.hop)
        self._acks[response.cseq, response.to_tag] = ack
        self._out.append(ack)

    def _heard_refer(self, response: Response) -> None:
        assert self.transfer is not None
        if response.code < 300:
            self.transfer.accepted()
        else:
            self._tell(*self.transfer.refused(response.code, response.phrase))

    def _unanswered(self, now: int, ask: Ask) -> None:
        match ask.method:
            case "INVITE" if ask.party.remote_tag:
                self._break(now, "re-INVITE was not answered")
            case "INVITE" if self._move("silence"):
                self._tell(LegLost("no response to INVITE"))
            case "BYE" if ask.party.remote_tag == self.party.remote_tag and self._move("silence"):
                self._tell(LegLost("no response to BYE"))
            case "REFER" if self.transfer:
                self._tell(*self.transfer.refused(408, "no response to REFER"))

    def _break(self, now: int, reason: str) -> None:
        """The far end is no longer following; say goodbye without waiting for an answer."""
        if self._move("broken"):
            self._ask(now, Ask(self.party, "BYE"))
            self._tell(LegLost(reason))

    def _wake(self, now: int) -> None:
        self._perform(now, self.exchanges.wake(now))
        if self.transfer:
            self._tell(*self.transfer.waited(now))
        if self._cancelled_until is not None and now >= self._cancelled_until:  # §9.1
            self._cancelled_until = None
            if self._move("silence"):
                self._tell(LegLost("no final response after CANCEL"))

    # ---- hearing requests

    def _receive(self, now: int, message: Request | Response, source: Hop) -> None:
        match message:
            case Response():
                outcomes = self.exchanges.responded(now, message)
                if outcomes is not None:
                    self._perform(now, outcomes)
            case Request("ACK"):
                if self.exchanges.acknowledged(now, message) and message.cseq == self._offered:
                    self._offered = None
                    if (agreement := _agreed(message.body)) is not None:
                        self._out.append(UseMedia(agreement))
            case Request():
                repeated = self.exchanges.repeated(now, message)
                if repeated is not None:
                    self._perform(now, repeated)
                else:
                    self._requested(now, message, source)

    def _requested(self, now: int, request: Request, source: Hop) -> None:
        verdict = judge(request, self._situation)
        body, extra = b"", verdict.extra
        match verdict.meaning:
            case Reoffered(offered, agreement):
                body = answer(self._local, self._version, offered, self._held)
                self._out.append(UseMedia(agreement))
            case AskedForOffer():
                body = offer(self._local, self._version, "sendonly" if self._held else "sendrecv")
                self._offered = request.cseq
        if body:
            self._version += 1
            self.party = self.party.refreshed(request)
            extra = (*extra, ("Contact", f"<{self.party.contact}>"), ("Content-Type", "application/sdp"))
        reply = respond(request, verdict.code, verdict.phrase, self.party.local_tag, extra)
        self._perform(now, self.exchanges.answer(now, request, replace(reply, body=body), source))
        if verdict.code not in (481, 500):
            self._remote_cseq = request.cseq
        match verdict.meaning:
            case Byed():
                self._byed()
            case Notified(subscription, body) if self.transfer:
                self._tell(*self.transfer.notified(subscription, body))
            case Pressed(digits):
                self._tell(DigitsPressed(digits))

    @property
    def _situation(self) -> Situation:
        return Situation(
            local_tag=self.party.local_tag,
            remote_tag="" if self.over else self.party.remote_tag,
            remote_cseq=self._remote_cseq,
            up=self.state is S.CONFIRMED,
            glare=self.exchanges.asking("INVITE"),
            referred=self.transfer is not None,
        )

    def _byed(self) -> None:
        ending = self.state is S.ENDING
        if not self._move("bye"):
            return
        handed_over = self.transfer.hung_up() if self.transfer else []
        if self.transfer:
            self.transfer.abandon()
        self._tell(*(handed_over or [Released() if ending else RemoteHungUp()]))

    # ---- small things

    def _move(self, input: str) -> bool:
        to = NEXT[self.state].get(input)
        if to is None:
            return False
        self.state = to
        return True

    def _tell(self, *facts: Fact) -> None:
        self._out += [Tell(fact) for fact in facts]

    def _perform(self, now: int, outcomes: list[Outcome]) -> None:
        """Do what the transactions ask for."""
        for outcome in outcomes:
            match outcome:
                case Transmit():
                    self._out.append(outcome)
                case Heard(ask, response):
                    self._heard(now, ask, response)
                case Unanswered(ask):
                    self._unanswered(now, ask)
                case Unacknowledged():
                    self._break(now, "our answer to a re-INVITE was not acknowledged")


def _agreed(body: bytes) -> Agreement | None:
    try:
        return agree(parse(body)) if body else None
    except BadSdp:
        return None
