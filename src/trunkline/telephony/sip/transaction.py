"""SIP transactions over UDP (RFC 3261 §17, as corrected by RFC 6026): four pure machines with one deadline each.

`handle(now, input)` takes a message or `Wake` and returns what must be done; `now` is milliseconds on any steady clock.
After each input the owner re-reads `deadline`, and drops the machine once `over` is true.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum, auto

from trunkline.telephony.sip.message import Request, Response, serialise

T1 = 500
"""The round trip that is assumed, and the first retransmission interval."""
T2 = 4_000
"""The longest retransmission interval of anything but an INVITE."""
T4 = 5_000
"""How long a message may stay in the network."""
PATIENCE = 64 * T1
"""Timers B, F, H, J, L and M."""
LINGER_INVITE = 32_000
"""Timer D."""


class Effect:
    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Send(Effect):
    data: bytes


@dataclass(frozen=True, slots=True)
class Deliver(Effect):
    """A response for the transaction's user."""

    response: Response


@dataclass(frozen=True, slots=True)
class Expired(Effect):
    """No final response came (client), or our final response was never acknowledged (server)."""


@dataclass(frozen=True, slots=True)
class Wake:
    """The deadline has come."""


class State(StrEnum):
    CALLING = auto()  # sent, nothing heard: INVITE's Calling, other requests' Trying
    PROCEEDING = auto()
    COMPLETED = auto()  # a final response was passed; what is repeated is absorbed
    ACCEPTED = auto()  # a 2xx to INVITE was passed; further ones are passed too (RFC 6026)
    CONFIRMED = auto()  # our final response was acknowledged
    OVER = auto()


S = State

NEXT: dict[str, dict[State, dict[str, State]]] = {
    "invite client": {
        S.CALLING: {"1xx": S.PROCEEDING, "2xx": S.ACCEPTED, "failure": S.COMPLETED, "expired": S.OVER},
        S.PROCEEDING: {"1xx": S.PROCEEDING, "2xx": S.ACCEPTED, "failure": S.COMPLETED},
        S.COMPLETED: {"failure": S.COMPLETED, "expired": S.OVER},
        S.ACCEPTED: {"2xx": S.ACCEPTED, "expired": S.OVER},
    },
    "client": {
        S.CALLING: {"1xx": S.PROCEEDING, "2xx": S.COMPLETED, "failure": S.COMPLETED, "expired": S.OVER},
        S.PROCEEDING: {"1xx": S.PROCEEDING, "2xx": S.COMPLETED, "failure": S.COMPLETED, "expired": S.OVER},
        S.COMPLETED: {"expired": S.OVER},
    },
    "invite server": {
        S.PROCEEDING: {"request": S.PROCEEDING, "2xx": S.ACCEPTED, "failure": S.COMPLETED},
        S.COMPLETED: {"request": S.COMPLETED, "ack": S.CONFIRMED, "expired": S.OVER},
        S.ACCEPTED: {"request": S.ACCEPTED, "ack": S.CONFIRMED, "expired": S.OVER},
        S.CONFIRMED: {"expired": S.OVER},
    },
    "server": {
        S.PROCEEDING: {"request": S.PROCEEDING, "2xx": S.COMPLETED, "failure": S.COMPLETED},
        S.COMPLETED: {"request": S.COMPLETED, "expired": S.OVER},
    },
}
"""Every legal move. An input that is not in its row is a stray and does nothing."""


class Transaction:
    """What the four machines share: the table, and two clocks of which the earlier is the deadline."""

    __slots__ = ("_data", "_ends_at", "_interval", "_repeat_at", "state")

    kind: str

    def __init__(self, state: State) -> None:
        self.state = state
        self._data = b""
        self._interval = T1
        self._repeat_at: int | None = None
        self._ends_at: int | None = None

    @property
    def over(self) -> bool:
        return self.state is S.OVER

    @property
    def deadline(self) -> int | None:
        return min((at for at in (self._repeat_at, self._ends_at) if at is not None), default=None)

    def _move(self, input: str) -> bool:
        to = NEXT[self.kind].get(self.state, {}).get(input)
        if to is None:
            return False
        self.state = to
        return True

    def _repeat(self, now: int, longest: int | None) -> list[Effect]:
        """Send once more, and double the wait (timers A, E and G)."""
        self._interval *= 2
        if longest is not None:
            self._interval = min(self._interval, longest)
        self._repeat_at = now + self._interval
        return [Send(self._data)]

    def _rest(self, until: int | None) -> None:
        """Repeat nothing more, and end then."""
        self._repeat_at, self._ends_at = None, until

    def _expire(self) -> bool:
        self._rest(None)
        return self._move("expired")


class ClientTransaction(Transaction):
    """A request of ours other than INVITE and ACK (§17.1.2)."""

    __slots__ = ("request",)

    kind = "client"

    def __init__(self, request: Request) -> None:
        super().__init__(S.CALLING)
        self.request = request

    def start(self, now: int) -> list[Effect]:
        self._data = serialise(self.request)
        self._repeat_at, self._ends_at = now + T1, now + PATIENCE
        return [Send(self._data)]

    def handle(self, now: int, input: Response | Wake) -> list[Effect]:
        match input:
            case Response(code) if self._move(_class(code)):
                return self._hear(now, input)
            case Wake() if self._ends_at is not None and now >= self._ends_at:
                unanswered = self.state in (S.CALLING, S.PROCEEDING)
                return [Expired()] if self._expire() and unanswered else []
            case Wake() if self._repeat_at is not None and now >= self._repeat_at:
                return self._repeat(now, self._longest)
            case _:
                return []

    @property
    def _longest(self) -> int | None:
        return T2

    def _hear(self, now: int, response: Response) -> list[Effect]:
        if response.code < 200:
            self._interval = T2  # §17.1.2.2: once it is being worked on, timer E is T2
            self._repeat_at = now + T2
        else:
            self._rest(now + T4)
        return [Deliver(response)]


class InviteClientTransaction(ClientTransaction):
    """An INVITE of ours (§17.1.1). It acknowledges failures itself; the ACK of a 2xx is the dialog's (§13.2.2.4)."""

    __slots__ = ("_ack", "_final")

    kind = "invite client"

    def __init__(self, request: Request) -> None:
        super().__init__(request)
        self._ack = b""
        self._final = False

    @property
    def _longest(self) -> int | None:
        return None

    def _hear(self, now: int, response: Response) -> list[Effect]:
        if response.code < 200:
            self._rest(None)
            return [Deliver(response)]
        first, self._final = not self._final, True
        if response.code < 300:
            self._rest(now + PATIENCE if first else self._ends_at)  # timer M
            return [Deliver(response)]
        if not first:
            return [Send(self._ack)]
        self._ack = serialise(acknowledge(self.request, response))
        self._rest(now + LINGER_INVITE)
        return [Send(self._ack), Deliver(response)]


class ServerTransaction(Transaction):
    """A request of theirs other than INVITE (§17.2.2). `answer` is called once, by the dialog."""

    __slots__ = ()

    kind = "server"

    def __init__(self) -> None:
        super().__init__(S.PROCEEDING)

    def answer(self, now: int, response: Response) -> list[Effect]:
        self._data = serialise(response)
        if self._move(_class(response.code)):
            self._settle(now)
        return [Send(self._data)]

    def handle(self, now: int, input: Request | Wake) -> list[Effect]:
        match input:
            case Wake() if self._ends_at is not None and now >= self._ends_at:
                unheard = self.kind == "invite server" and self.state in (S.COMPLETED, S.ACCEPTED)
                return [Expired()] if self._expire() and unheard else []
            case Wake() if self._repeat_at is not None and now >= self._repeat_at:
                return self._repeat(now, T2)
            case Request(method) if method != "ACK" and self._move("request"):
                return [Send(self._data)] if self._data else []
            case _:
                return []

    def _settle(self, now: int) -> None:
        self._rest(now + PATIENCE)  # timer J


class InviteServerTransaction(ServerTransaction):
    """A re-INVITE of theirs (§17.2.1). A 2xx is repeated until its ACK comes (§13.3.1.4), like a failure."""

    __slots__ = ()

    kind = "invite server"

    def acknowledged(self, now: int) -> bool:
        """The ACK came. True if it is the first one."""
        if not self._move("ack"):
            return False
        self._rest(now + T4)  # timer I
        return True

    def _settle(self, now: int) -> None:
        self._repeat_at, self._ends_at = now + T1, now + PATIENCE  # timers G and H


def acknowledge(invite: Request, response: Response) -> Request:
    """The ACK of a failure: of the same transaction, so with the INVITE's own Via (§17.1.1.3)."""
    return _beside(invite, "ACK", response.get("To"))


def cancel(invite: Request) -> Request:
    """The CANCEL of an INVITE: its own transaction, but with the INVITE's Via, target and CSeq number (§9.1)."""
    return _beside(invite, "CANCEL", invite.get("To"))


def _beside(invite: Request, method: str, to: str) -> Request:
    kept = [
        ("Via", invite.listed("Via")[0]),
        ("Max-Forwards", "70"),
        *[("Route", value) for value in invite.all("Route")],
        ("From", invite.get("From")),
        ("To", to),
        ("Call-ID", invite.call_id),
        ("CSeq", f"{invite.cseq} {method}"),
    ]
    return Request(method, invite.uri, tuple(kept))


def _class(code: int) -> str:
    if code < 200:
        return "1xx"
    return "2xx" if code < 300 else "failure"
