"""For tests of sandbox lines: calls to them, and what their far ends noted."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

from leg_calls import Placed, living

from trunkline.calls.leg import Answered, Noted
from trunkline.telephony.sandbox.exchange import Exchange
from trunkline.telephony.sandbox.farend import Behaviour, FarEnd
from trunkline.telephony.sandbox.leg import Sandbox, SandboxLeg
from trunkline.telephony.sandbox.lines import Lines, Treatment

LINE = "+15005550008"


def lines(who: Callable[[], Behaviour] | Treatment, number: str = LINE) -> Lines:
    return Lines({number: who})


class SandboxCall(Placed[SandboxLeg]):
    @property
    def far(self) -> FarEnd:
        assert self.leg.far_end is not None
        return self.leg.far_end

    def noted(self, kind: str) -> list[Mapping[str, Any]]:
        return [fact.data for _, fact in self.told if isinstance(fact, Noted) and fact.kind == kind]

    def heard(self) -> list[str | None]:
        return [data["text"] for data in self.noted("sandbox.heard")]


@asynccontextmanager
async def call(number: str = LINE, at: Lines | None = None, **settings: Any) -> AsyncIterator[SandboxCall]:
    """A call to a sandbox line, for the length of the block."""
    sandbox = Sandbox(at or Lines(), Exchange(), **settings)
    async with living(SandboxCall(lambda tell: sandbox.leg(number, tell))) as placed:
        yield placed


@asynccontextmanager
async def answered(number: str = LINE, at: Lines | None = None, **settings: Any) -> AsyncIterator[SandboxCall]:
    async with call(number, at, **settings) as placed:
        await placed.until(Answered)
        yield placed
