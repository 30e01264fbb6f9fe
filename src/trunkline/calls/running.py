"""One command on its way: from acceptance to its single outcome, and the receipt that tells of it. Pure.

What happens to a command is decided in `commands.py`; this module only remembers it and renders it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum, auto
from typing import Any

from trunkline.calls.talk import Heard
from trunkline.calls.verbs import Command, Receipt, Status, Verb

MS_PER_CHARACTER, MS_PER_DIGIT, MS_PER_SYLLABLE_SIGN = 120, 600, 400
"""A slow voice; only until the voice has said how long the words really are. Digits and East Asian signs are whole
syllables or more."""
SYLLABLE_SIGNS_FROM = "\u2e80"
GRACE_MS = 5_000
"""How much longer than their own length words may take."""
FIRST_WORD_MS = 20_000
"""How long a triggered answer may take to become audible; the conversation's own deadlines are shorter."""

CALLER_WAIT_MS = 10_000
"""How long the caller's speech holds up a command that waits for it."""


class Phase(StrEnum):
    WAITING = auto()  # accepted; in its lane
    SPEAKING = auto()  # its words, or the answer it asked for, have been given to the voice
    LISTENING = auto()  # its words were interrupted; the caller finishes first
    ACTING = auto()  # hanging up, transferring, or being put into the model's memory


@dataclass(slots=True)
class Running:
    command: Command
    accepted_at: int
    utterance: str
    phase: Phase = Phase.WAITING
    started_at: int | None = None
    first_audio_at: int | None = None
    deadline: int | None = None
    """When its present phase has taken too long."""
    blocked_since: int | None = None
    """Since when only the caller's speech has been in its way."""
    heard: Heard | None = None
    talked_over: bool = False
    repeated: bool = False
    cut_short: bool = False
    """Were its words not heard to their end?"""

    @property
    def not_after(self) -> int:
        return self.accepted_at + self.command.ttl_ms

    @property
    def acts(self) -> bool:
        """Does something follow its words?"""
        return self.command.verb in (Verb.END, Verb.TRANSFER) or self.command.end_after

    @property
    def committed(self) -> bool:
        """Can nothing take the floor from it any more? An action under way, or an uninterruptible goodbye."""
        return self.phase is Phase.ACTING or (self.acts and not self.interruptible)

    @property
    def why_committed(self) -> str:
        """The reason for refusing those who want its floor all the same."""
        transferring = self.command.verb is Verb.TRANSFER and self.phase is Phase.ACTING
        return "transfer_in_progress" if transferring else "already_ending"

    @property
    def interruptible(self) -> bool:
        return self.command.interruptible and not self.repeated

    def receipt(self, status: Status, basis: str, reason: str | None = None, now: int | None = None) -> Receipt:
        """`now` is given when the status is final."""
        heard, spoken = self.heard, bool(self.command.speaks and self.started_at is not None and self.heard)
        return Receipt(
            id=self.command.id,
            verb=self.command.verb,
            status=status,
            reason=reason,
            accepted_at=self.accepted_at,
            started_at=self.started_at,
            first_audio_at=self.first_audio_at,
            finished_at=now,
            heard_text=heard.text if heard else None,
            heard_ms=heard.ms if heard else None,
            unheard_text=self._unheard(),
            talked_over=self.talked_over,
            basis=basis if spoken else None,
            text_basis=heard.text_basis if heard else None,
            margin_ms=heard.margin_ms if heard else None,
        )

    def _unheard(self) -> str | None:
        if self.heard is not None:
            return self.heard.unheard
        has_words = self.command.verb in (Verb.SAY, Verb.END, Verb.TRANSFER) and self.command.text
        return self.command.text if has_words else None

    def answer(self, status: str) -> Mapping[str, Any]:
        return {"status": status, "heard_text": self.heard.text if self.heard else ""}


def expected_ms(text: str) -> int:
    """How long these words may take at most, as far as one can tell from the text."""
    return sum(_ms_of(character) for character in text) + GRACE_MS


def _ms_of(character: str) -> int:
    if character.isdigit():
        return MS_PER_DIGIT
    return MS_PER_SYLLABLE_SIGN if character >= SYLLABLE_SIGNS_FROM else MS_PER_CHARACTER
