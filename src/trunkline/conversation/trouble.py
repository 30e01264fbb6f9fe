"""When a vendor fails: is that told, is it apologised for, and can the conversation go on? Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from trunkline.calls.talk import VendorFailed

Block = Literal["stt", "llm", "tts"]

FATAL_FAILURES = 2
"""So many failures of one vendor in a row, and the conversation cannot go on."""


@dataclass(slots=True)
class Trouble:
    providers: Mapping[str, str]
    in_a_row: Counter[str] = field(default_factory=Counter)
    fatal: VendorFailed | None = None
    """Told when the apology for it is over."""

    def failed(self, block: Block, error: str, fatal: bool | None = None) -> VendorFailed:
        """The fact to tell at once; from here on `fatal` may be set. None: the count decides."""
        self.in_a_row[block] += 1
        fact = self.fact(block, error)
        if fatal or (fatal is None and self.in_a_row[block] >= FATAL_FAILURES):
            self.fatal = VendorFailed(block, fact.provider, error, fatal=True)
        return fact

    def fact(self, block: Block, error: str) -> VendorFailed:
        """Only worth a line: it will be tried again."""
        return VendorFailed(block, self.providers.get(block, ""), error, fatal=False)

    def worked(self, block: Block) -> None:
        self.in_a_row[block] = 0
