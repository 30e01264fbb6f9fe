"""Digits from the caller's keypad, gathered until the caller has finished typing. Pure."""

from __future__ import annotations

from dataclasses import dataclass

PAUSE_MS = 1_500
"""Without another digit for this long, the caller has finished."""


@dataclass(slots=True)
class Keypad:
    pressed: str = ""
    due: int | None = None
    """When the digits pressed so far are complete."""

    def press(self, now: int, digits: str) -> list[str]:
        """What is complete with these digits: `#` ends an input and is no part of it, unless it stands alone."""
        complete = []
        for digit in digits:
            if digit == "#":
                complete.append(self.pressed or "#")
                self.pressed = ""
            else:
                self.pressed += digit
        self.due = now + PAUSE_MS if self.pressed else None
        return complete

    def wake(self) -> str:
        pressed, self.pressed, self.due = self.pressed, "", None
        return pressed
