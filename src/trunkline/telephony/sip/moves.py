"""The vocabulary of a dialog: what can happen to it, what it asks for, its states and every legal move. Pure data."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum, auto

from trunkline.calls.leg import Fact
from trunkline.telephony.sip.exchanges import Transmit
from trunkline.telephony.sip.message import Request, Response
from trunkline.telephony.sip.sdp import Agreement
from trunkline.telephony.sip.transaction import Wake
from trunkline.telephony.sip.uri import Hop

# ---- inputs ----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Dial:
    """Send the INVITE."""


@dataclass(frozen=True, slots=True)
class HangUp:
    """End it in the way its state needs."""


@dataclass(frozen=True, slots=True)
class Refer:
    target: str
    ring_ms: int


@dataclass(frozen=True, slots=True)
class AbandonTransfer:
    """Whatever becomes of the REFER no longer matters."""


@dataclass(frozen=True, slots=True)
class Hold:
    held: bool


@dataclass(frozen=True, slots=True)
class Received:
    message: Request | Response
    source: Hop


Input = Dial | HangUp | Refer | AbandonTransfer | Hold | Received | Wake

# ---- effects (besides `Transmit`) ------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Tell:
    fact: Fact


@dataclass(frozen=True, slots=True)
class UseMedia:
    agreement: Agreement


Effect = Transmit | Tell | UseMedia

# ---- states ----------------------------------------------------------------------------


class State(StrEnum):
    IDLE = auto()
    CALLING = auto()  # INVITE sent, nothing heard
    PROCEEDING = auto()  # a provisional response came
    GIVING_UP = auto()  # to be cancelled, but nothing was heard yet and §9.1 forbids the CANCEL until then
    CANCELLING = auto()  # CANCEL sent
    CONFIRMED = auto()
    ENDING = auto()  # BYE sent
    OVER = auto()


S = State

NEXT: dict[State, dict[str, State]] = {
    S.IDLE: {"dial": S.CALLING, "hang_up": S.OVER},
    S.CALLING: {
        "1xx": S.PROCEEDING,
        "2xx": S.CONFIRMED,
        "challenge": S.CALLING,
        "failure": S.OVER,
        "silence": S.OVER,
        "hang_up": S.GIVING_UP,
    },
    S.PROCEEDING: {
        "1xx": S.PROCEEDING,
        "2xx": S.CONFIRMED,
        "challenge": S.CALLING,
        "failure": S.OVER,
        "hang_up": S.CANCELLING,
    },
    S.GIVING_UP: {"1xx": S.CANCELLING, "2xx": S.ENDING, "failure": S.OVER, "silence": S.OVER},
    S.CANCELLING: {"2xx": S.ENDING, "failure": S.OVER, "silence": S.OVER},
    S.CONFIRMED: {"bye": S.OVER, "hang_up": S.ENDING, "unusable": S.ENDING, "broken": S.OVER},
    S.ENDING: {"bye": S.OVER, "bye_answered": S.OVER, "silence": S.OVER},
    S.OVER: {},
}
"""Every legal move. Hanging up while the far end answers (CANCEL crossing 200) is the cell GIVING_UP or CANCELLING × 2xx."""
