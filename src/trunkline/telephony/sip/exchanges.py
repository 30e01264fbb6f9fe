"""The transactions that one dialog has going, found by branch and method, with the earliest of their deadlines. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from trunkline.telephony.sip.message import Headers, Request, Response, answer_address
from trunkline.telephony.sip.party import Party
from trunkline.telephony.sip.transaction import (
    ClientTransaction,
    Deliver,
    Effect,
    Expired,
    InviteClientTransaction,
    InviteServerTransaction,
    Send,
    ServerTransaction,
    State,
    Wake,
)
from trunkline.telephony.sip.uri import Hop
from trunkline.telephony.sip.wallet import Tried

MAX_OPEN = 64
"""Requests of theirs that one dialog remembers at a time; beyond, the eldest is forgotten."""


@dataclass(frozen=True, slots=True)
class Ask:
    """A request of ours as it was meant, so that it can be asked again with credentials."""

    party: Party
    method: str
    extra: Headers = ()
    body: bytes = b""
    tried: Tried = ()


@dataclass(frozen=True, slots=True)
class Transmit:
    data: bytes
    hop: Hop


@dataclass(frozen=True, slots=True)
class Heard:
    """A response to something that we asked."""

    ask: Ask
    response: Response


@dataclass(frozen=True, slots=True)
class Unanswered:
    """Nobody answered what we asked."""

    ask: Ask


@dataclass(frozen=True, slots=True)
class Unacknowledged:
    """Our answer to a re-INVITE was never acknowledged (RFC 3261 §13.3.1.4: the session is to be ended)."""


Outcome = Transmit | Heard | Unanswered | Unacknowledged


@dataclass(frozen=True, slots=True)
class _Asked:
    machine: ClientTransaction
    ask: Ask
    hop: Hop


@dataclass(frozen=True, slots=True)
class _Answering:
    machine: ServerTransaction
    cseq: int
    hop: Hop


class Exchanges:
    __slots__ = ("_answering", "_asked")

    def __init__(self) -> None:
        self._asked: dict[tuple[str, str], _Asked] = {}
        self._answering: dict[tuple[str, str], _Answering] = {}

    @property
    def deadline(self) -> int | None:
        every = [one.machine.deadline for one in self._asked.values()]
        every += [one.machine.deadline for one in self._answering.values()]
        return min((at for at in every if at is not None), default=None)

    def asking(self, method: str) -> bool:
        """Is a request of ours of this method still without its final answer?"""
        return any(
            one.ask.method == method and one.machine.state in (State.CALLING, State.PROCEEDING)
            for one in self._asked.values()
        )

    def ask(self, now: int, ask: Ask, request: Request, hop: Hop) -> list[Outcome]:
        machine = InviteClientTransaction(request) if request.method == "INVITE" else ClientTransaction(request)
        asked = _Asked(machine, ask, hop)
        self._asked[request.via.branch, request.method] = asked
        return self._of_client(asked, machine.start(now))

    def responded(self, now: int, response: Response) -> list[Outcome] | None:
        """A response arrived. None if it belongs to nothing that we asked (or no longer)."""
        asked = self._asked.get((response.via.branch, response.cseq_method))
        return None if asked is None else self._of_client(asked, asked.machine.handle(now, response))

    def repeated(self, now: int, request: Request) -> list[Outcome] | None:
        """A request arrived. None if it is a new one."""
        answering = self._answering.get((request.via.branch, request.method))
        return None if answering is None else self._of_server(answering, answering.machine.handle(now, request))

    def acknowledged(self, now: int, ack: Request) -> bool:
        """An ACK arrived. True if it is the first one of a re-INVITE that we answered."""
        return any(
            isinstance(one.machine, InviteServerTransaction) and one.cseq == ack.cseq and one.machine.acknowledged(now)
            for one in self._answering.values()
        )

    def answer(self, now: int, request: Request, response: Response, source: Hop) -> list[Outcome]:
        """Answer a new request of theirs."""
        machine = InviteServerTransaction() if request.method == "INVITE" else ServerTransaction()
        answering = _Answering(machine, request.cseq, answer_address(request, source))
        while len(self._answering) >= MAX_OPEN:
            del self._answering[next(iter(self._answering))]
        self._answering[request.via.branch, request.method] = answering
        return self._of_server(answering, machine.answer(now, response))

    def wake(self, now: int) -> list[Outcome]:
        outcomes: list[Outcome] = []
        for asked in [one for one in self._asked.values() if _due(one.machine.deadline, now)]:
            outcomes += self._of_client(asked, asked.machine.handle(now, Wake()))
        for answering in [one for one in self._answering.values() if _due(one.machine.deadline, now)]:
            outcomes += self._of_server(answering, answering.machine.handle(now, Wake()))
        self._asked = {key: one for key, one in self._asked.items() if not one.machine.over}
        self._answering = {key: one for key, one in self._answering.items() if not one.machine.over}
        return outcomes

    def _of_client(self, asked: _Asked, effects: list[Effect]) -> list[Outcome]:
        outcomes: list[Outcome] = []
        for effect in effects:
            match effect:
                case Send(data):
                    outcomes.append(Transmit(data, asked.hop))
                case Deliver(response):
                    outcomes.append(Heard(asked.ask, response))
                case Expired():
                    outcomes.append(Unanswered(asked.ask))
        return outcomes

    def _of_server(self, answering: _Answering, effects: list[Effect]) -> list[Outcome]:
        outcomes: list[Outcome] = []
        for effect in effects:
            match effect:
                case Send(data):
                    outcomes.append(Transmit(data, answering.hop))
                case Expired():
                    outcomes.append(Unacknowledged())
        return outcomes


def _due(deadline: int | None, now: int) -> bool:
    return deadline is not None and deadline <= now
