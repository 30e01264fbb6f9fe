"""Turns as they are counted: which one the conversation is at, and the caller's words of it, told once they stand."""

from __future__ import annotations

from trunkline.calls.leg import Tell
from trunkline.calls.talk import CallerSaid
from trunkline.conversation.memory import Memory


class Exchange:
    """A turn is opened by a request to the model and closed by the first sound of the answer, or by there being none.

    While it is open it may be asked again with more words; only the last of them are told.
    """

    def __init__(self, memory: Memory, tell: Tell) -> None:
        self._memory, self._tell = memory, tell
        self.turn = 0
        self.is_open = False
        self._untold: CallerSaid | None = None
        self._told: CallerSaid | None = None

    def asked(self, text: str) -> None:
        """The model is asked; `text` is everything the caller said, empty if it was not the caller who let it be asked."""
        self.turn += not self.is_open
        self.is_open = True
        if text:
            self._memory.caller_said(text, self.turn)
            self._untold = CallerSaid(text, self.turn)

    def stand(self) -> None:
        """Something else comes first: what the caller said until now is told, though it will be asked again."""
        if self._untold is not None and self._untold != self._told:
            self._tell(self._untold)
            self._told = self._untold
        self._untold = None

    def close(self) -> None:
        self.stand()
        self.is_open = False

    def unanswered(self, text: str) -> None:
        """The line is gone: the caller's last words, asked or not."""
        if text:
            self._untold = CallerSaid(text, self.turn + (not self.is_open))
        self.close()
