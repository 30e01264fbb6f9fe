"""`SipLeg`: a `Leg` on SIP and RTP. A shell that joins one dialog (signalling) with one `Media` (audio).

Owns the order of the two at the answer and at the end, and what of the audio has been heard. What is said on the wire is
`dialog.py`'s, the audio `rtp.py`'s.
"""

from __future__ import annotations

import asyncio
import secrets
from dataclasses import dataclass, field

from trunkline.calls.leg import (
    FRAME_MS,
    SILENCE,
    Answered,
    DigitsPressed,
    Fact,
    LegLost,
    MediaStopped,
    Noted,
    Released,
    Tell,
    TransferFailed,
)
from trunkline.telephony.sip.dialog import Dialog
from trunkline.telephony.sip.digest import Credentials
from trunkline.telephony.sip.endpoint import Attached, Endpoint
from trunkline.telephony.sip.moves import AbandonTransfer, Dial, Effect, HangUp, Hold, Input, Refer, UseMedia
from trunkline.telephony.sip.moves import Tell as Told
from trunkline.telephony.sip.party import Party
from trunkline.telephony.sip.rtp import Media
from trunkline.telephony.sip.sdp import Local
from trunkline.telephony.sip.uri import BadUri, Hop, Uri, parse_uri

STATISTICS_TICKS = 250
"""Media figures are noted every 5 s."""
MOST_LAG_MS = 2_000
"""However long the round trip is said to be, a word is not held back from the receipt for longer."""


@dataclass(frozen=True, slots=True)
class SipOptions:
    """What the operator's settings say about SIP."""

    caller: str = "sip:trunkline@127.0.0.1"
    username: str = ""
    password: str = field(default="", repr=False)
    far_buffer_ms: int = 120
    """The far end's jitter buffer, as assumed for receipts."""
    tail_ms: int = 250
    """Silence that goes out before BYE and REFER, so that the last word is not cut."""
    media_timeout_ms: int = 20_000
    rtp_ports: tuple[int, int] = (16_384, 32_766)


class SipLeg:
    def __init__(self, endpoint: Endpoint, target: str, options: SipOptions, tell: Tell) -> None:
        self._endpoint = endpoint
        self._target = target
        self._options = options
        self._tell = tell
        self._over = asyncio.Event()
        self._attached: Attached | None = None
        self._dialog: Dialog | None = None
        self._released = False
        self._media: Media | None = None
        self._answered = False
        self._held = False
        self._stopped = False
        self._sent = 0
        self._passed = 0
        self._ticks = 0

    @property
    def basis(self) -> str:
        return "rtp_estimate"

    def passed(self) -> int:
        round_trip = self._media.round_trip_ms if self._media else 0
        lag = min(round_trip // 2 + self._options.far_buffer_ms, MOST_LAG_MS)
        self._passed = max(self._passed, self._sent - -(-lag // FRAME_MS))
        return self._passed

    def clear(self) -> int:
        """Packets cannot be taken back."""
        return 0

    async def dial(self) -> None:
        try:
            target = parse_uri(self._target)
            hop = await self._endpoint.resolve(target.hop)
            if self._released:
                return
            attached = self._connect(target, hop)
        except (BadUri, OSError) as error:
            self._tell(LegLost(f"{self._target}: {error}"))
            return
        try:
            attached.feed(Dial())
            await self._over.wait()
        finally:
            self._finish()
            self._tell = _nobody
            attached.feed(HangUp())  # if this task was cancelled, the endpoint sees the BYE through on its own

    async def release(self) -> None:
        self._released = True
        if self._dialog is None or self._dialog.over:
            self._tell(Released())
            return
        if self._answered:
            await asyncio.sleep(self._options.tail_ms / 1_000)
        self._feed(HangUp())
        await self._over.wait()

    async def refer(self, target: str, ring_ms: int) -> None:
        try:
            refer_to = str(parse_uri(self._address_of(target)))
        except BadUri as error:
            self._tell(TransferFailed(400, str(error)))
            return
        await asyncio.sleep(self._options.tail_ms / 1_000)
        self._feed(Refer(refer_to, ring_ms))

    def abandon_transfer(self) -> None:
        self._feed(AbandonTransfer())

    def hold(self, held: bool) -> None:
        self._held = held
        self._feed(Hold(held))

    def press(self, digits: str) -> None:
        if self._media and self._answered:
            self._media.press(digits)

    def receive(self) -> bytes:
        media = self._media
        if media is None or not self._answered:
            return SILENCE
        self._ticks += 1
        if self._ticks % STATISTICS_TICKS == 0:
            self._tell(Noted("media.statistics", media.statistics()))
        if self._held or not media.expecting:
            media.wait()
        elif not self._stopped and media.silent_ms >= self._options.media_timeout_ms:
            self._stopped = True
            self._tell(MediaStopped())
        return media.receive()

    def send(self, frame: bytes) -> None:
        if self._media and self._answered:
            self._sent += 1
            self._media.send(frame)

    def _connect(self, target: Uri, hop: Hop) -> Attached:
        options, host_port = self._options, self._endpoint.address_towards(hop)
        host, port = host_port
        self._media = Media.open(host, options.rtp_ports, lambda keys: self._tell(DigitsPressed(keys)))
        written = f"[{host}]" if ":" in host else host
        party = Party(
            call_id=secrets.token_hex(16),
            local_uri=str(parse_uri(options.caller)),
            local_tag=secrets.token_hex(8),
            remote_uri=str(target),
            contact=str(Uri(written, parse_uri(options.caller).user, port)),
            sent_by=f"{written}:{port}",
            target=str(target),
        )
        credentials = Credentials(options.username, options.password) if options.username else None
        local = Local(host, self._media.port, secrets.randbits(31))
        self._dialog = Dialog(party, hop, local, credentials, lambda: secrets.token_hex(8))
        self._attached = self._endpoint.attach(self._dialog, self._perform)
        return self._attached

    def _address_of(self, target: str) -> str:
        """A plain number is reached through the far end that we talk to (RFC 3261 §19.1.6)."""
        if target.lower().startswith(("sip:", "sips:")):
            return target
        peer = parse_uri(self._target)
        return str(Uri(peer.host, target, peer.port, (("user", "phone"),)))

    def _feed(self, input: Input) -> None:
        if self._attached is not None:
            self._attached.feed(input)

    def _perform(self, effect: Effect) -> None:
        match effect:
            case UseMedia(agreement) if self._media:
                self._media.use(agreement)
            case Told(fact):
                self._pass_on(fact)

    def _pass_on(self, fact: Fact) -> None:
        assert self._dialog is not None
        if isinstance(fact, Answered) and self._media:
            self._answered = True
            self._media.flush()
        if self._dialog.over:
            self._finish()
        self._tell(fact)

    def _finish(self) -> None:
        """Close the media once, and note its last figures while somebody is still writing them down."""
        if self._media and not self._over.is_set():
            if self._answered:
                self._tell(Noted("media.statistics", self._media.statistics()))
            self._media.close()
        self._over.set()


def _nobody(fact: Fact) -> None:
    """Who listens to a leg whose call has gone."""
