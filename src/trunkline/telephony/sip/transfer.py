"""A blind transfer: one REFER and the subscription it makes (RFC 3515, RFC 6665). Pure: messages in, facts out."""

from __future__ import annotations

import re
from enum import StrEnum, auto

from trunkline.calls.leg import Fact, TransferAnswered, TransferFailed, TransferRang

_STATUS = re.compile(rb"\s*SIP/2\.0 ([1-6][0-9]{2})(?: ([^\r\n]*))?")


class State(StrEnum):
    ASKED = auto()  # REFER sent
    ACCEPTED = auto()  # 202: the far end tries
    DONE = auto()


class Transfer:
    """`deadline` is when a target that nobody reported on is given up; after the outcome every input does nothing."""

    __slots__ = ("_rang", "deadline", "state")

    def __init__(self, now: int, ring_ms: int) -> None:
        self.state = State.ASKED
        self.deadline: int | None = now + ring_ms
        self._rang = 0

    def accepted(self) -> None:
        if self.state is State.ASKED:
            self.state = State.ACCEPTED

    def refused(self, code: int, phrase: str) -> list[Fact]:
        """The far end did not take the REFER."""
        return self._finish(TransferFailed(code, phrase))

    def notified(self, subscription: str, body: bytes) -> list[Fact]:
        """A NOTIFY; it may come before the 202 (RFC 6665 §4.1.2.4)."""
        match = _STATUS.match(body[:256])
        code = int(match[1]) if match else 0
        phrase = (match[2] or b"").decode("utf-8", "replace").strip() if match else ""
        if 200 <= code < 300:
            return self._finish(TransferAnswered())
        if code >= 300:
            return self._finish(TransferFailed(code, phrase))
        if subscription.partition(";")[0].strip().lower() == "terminated":
            return self._finish(TransferFailed(408, "the far end stopped reporting"))
        if code > 100 and code != self._rang and self.state is not State.DONE:
            self._rang = code
            return [TransferRang(code)]
        return []

    def hung_up(self) -> list[Fact]:
        """The far end's BYE. After an accepted REFER it means that it no longer needs us; otherwise nothing."""
        return self._finish(TransferAnswered(confirmed=False)) if self.state is State.ACCEPTED else []

    def waited(self, now: int) -> list[Fact]:
        if self.deadline is None or now < self.deadline:
            return []
        return self._finish(TransferFailed(408, "no answer from the target"))

    def abandon(self) -> None:
        self.state, self.deadline = State.DONE, None

    def _finish(self, fact: Fact) -> list[Fact]:
        if self.state is State.DONE:
            return []
        self.abandon()
        return [fact]
