"""What a request of the far end inside our dialog means and how it is answered (RFC 3261 §12.2.2, §8.2). Pure, stateless."""

from __future__ import annotations

import re
from dataclasses import dataclass

from trunkline.telephony.sip.message import Headers, Request
from trunkline.telephony.sip.party import ALLOW
from trunkline.telephony.sip.sdp import Agreement, BadSdp, Description, agree, parse

_SIGNAL = re.compile(rb"(?im)^\s*Signal\s*=\s*([0-9*#A-D])\s*$")


@dataclass(frozen=True, slots=True)
class Situation:
    """What the answer depends on."""

    local_tag: str
    remote_tag: str
    remote_cseq: int
    up: bool
    """The dialog is confirmed and not being ended by us."""
    glare: bool
    """A re-INVITE of ours is under way (§14.2)."""
    referred: bool
    """We have sent a REFER, so a NOTIFY belongs to it."""


@dataclass(frozen=True, slots=True)
class Byed: ...


@dataclass(frozen=True, slots=True)
class Notified:
    subscription: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Pressed:
    digits: str


@dataclass(frozen=True, slots=True)
class Reoffered:
    """A re-INVITE with an offer, to be answered in the 200."""

    offered: Description
    agreement: Agreement


@dataclass(frozen=True, slots=True)
class AskedForOffer:
    """A re-INVITE without SDP: our 200 makes the offer, their ACK the answer (§14.2, RFC 3264 §5)."""


Meaning = Byed | Notified | Pressed | Reoffered | AskedForOffer


@dataclass(frozen=True, slots=True)
class Verdict:
    code: int
    phrase: str
    extra: Headers = ()
    meaning: Meaning | None = None


def judge(request: Request, situation: Situation) -> Verdict:
    """How to answer a new request (not an ACK, not a retransmission) whose Call-ID is ours."""
    if request.to_tag != situation.local_tag or request.from_tag != situation.remote_tag or not situation.remote_tag:
        return Verdict(481, "Call/Transaction Does Not Exist")
    if request.cseq < situation.remote_cseq:  # §12.2.2
        return Verdict(500, "Out of Order", (("Retry-After", "1"),))
    if unsupported := request.listed("Require"):
        return Verdict(420, "Bad Extension", (("Unsupported", ", ".join(unsupported)),))
    match request.method:
        case "BYE":
            return Verdict(200, "OK", meaning=Byed())
        case "INVITE":
            return _reinvite(request, situation)
        case "NOTIFY":
            return _notify(request, situation)
        case "INFO":
            digits = "".join(match.decode() for match in _SIGNAL.findall(request.body[:256]))
            return Verdict(200, "OK", meaning=Pressed(digits) if digits else None)
        case "OPTIONS":
            return Verdict(200, "OK", (("Allow", ALLOW), ("Accept", "application/sdp")))
        case "CANCEL":  # a re-INVITE is answered at once: there is never one left to cancel
            return Verdict(481, "Call/Transaction Does Not Exist")
        case _:
            return Verdict(405, "Method Not Allowed", (("Allow", ALLOW),))


def _reinvite(request: Request, situation: Situation) -> Verdict:
    if not situation.up:
        return Verdict(481, "Call/Transaction Does Not Exist")
    if situation.glare:
        return Verdict(491, "Request Pending")
    if not request.body:
        return Verdict(200, "OK", meaning=AskedForOffer())
    try:
        offered = parse(request.body)
    except BadSdp as error:
        return Verdict(400, "Bad SDP", (("Warning", f'399 trunkline "{_plain(str(error))}"'),))
    agreement = agree(offered)
    if agreement is None:
        return Verdict(488, "Not Acceptable Here")
    return Verdict(200, "OK", meaning=Reoffered(offered, agreement))


def _notify(request: Request, situation: Situation) -> Verdict:
    if request.get("Event").partition(";")[0].strip().lower() != "refer":
        return Verdict(489, "Bad Event", (("Allow-Events", "refer"),))
    if not situation.referred:
        return Verdict(481, "Subscription Does Not Exist")
    return Verdict(200, "OK", meaning=Notified(request.get("Subscription-State"), request.body))


def _plain(text: str) -> str:
    return "".join(
        character for character in text if character.isascii() and character.isprintable() and character != '"'
    )
