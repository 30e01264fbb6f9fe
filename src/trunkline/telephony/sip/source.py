"""Whose media packets are taken (design section 9): a pure rule that keeps strangers out and follows the far end about.

From the address in use any SSRC is taken: re-INVITEs and music on hold change it. Another address is taken only right
after an SDP if its host is the one that the SDP named, or after a silence; and only once it has sent three packets in a
row, which random bytes do not.
"""

from __future__ import annotations

from trunkline.telephony.sip.uri import Hop

AFTER_SDP_MS = 2_000
SILENCE_MS = 1_500
PROBATION = 3


class MediaSource:
    __slots__ = ("_candidate", "_heard_at", "_row", "_sdp_at", "_ssrc", "_told", "address", "ssrc")

    def __init__(self) -> None:
        self.address: Hop | None = None
        """The address in use: packets are taken from it and sent to it."""
        self.ssrc: int | None = None
        self._told: Hop | None = None
        self._sdp_at = 0
        self._heard_at: int | None = None
        self._candidate: Hop | None = None
        self._ssrc = 0
        self._row = (0, 0)  # of the candidate: the sequence number expected next, and how many came in a row

    def told(self, now: int, address: Hop) -> None:
        """An SDP named the far end's address."""
        if address != self._told:
            self.address = self._told = address
            self._heard_at = None
        self._sdp_at = now
        self._candidate = None

    def admit(self, now: int, source: Hop, ssrc: int, sequence: int) -> bool:
        """Is this packet the far end's? True may have changed `address` or `ssrc`."""
        if source != self.address and not self._moves(now, source, ssrc, sequence):
            return False
        self.address, self.ssrc, self._heard_at = source, ssrc, now
        return True

    def _moves(self, now: int, source: Hop, ssrc: int, sequence: int) -> bool:
        if self._told is None or not self._may_move(now, source):
            return False
        expected, count = self._row
        in_row = source == self._candidate and ssrc == self._ssrc and sequence == expected
        count = count + 1 if in_row else 1
        self._candidate, self._ssrc = source, ssrc
        self._row = ((sequence + 1) & 0xFFFF, count)
        return count >= PROBATION

    def _may_move(self, now: int, source: Hop) -> bool:
        assert self._told is not None
        if source[0] == self._told[0] and now - self._sdp_at <= AFTER_SDP_MS:
            return True
        return now - max(self._heard_at or 0, self._sdp_at) >= SILENCE_MS
