"""Short ways to write a play for a call's pure machines: what happens at which moment, and what is done about it."""

from __future__ import annotations

from typing import Any

from trunkline.calls.commands import Lanes
from trunkline.calls.effects import Effect, Finished, Speak, Started
from trunkline.calls.inputs import Ask, Opened, Over, Wake
from trunkline.calls.leg import Fact
from trunkline.calls.talk import Began, Ended, Floor, Heard
from trunkline.calls.verbs import Command, Receipt, Verb

QUIET = Floor(assistant=False, thinking=False, caller=False)
CALLER = Floor(assistant=False, thinking=False, caller=True)
THINKING = Floor(assistant=False, thinking=True, caller=False)
ASSISTANT = Floor(assistant=True, thinking=False, caller=False)
BOTH = Floor(assistant=True, thinking=False, caller=True)


def say(id: str = "c1", text: str = "Hello there.", **options: Any) -> Command:
    return Command(id=id, verb=Verb.SAY, text=text, **options)


def inject(id: str = "c1", text: str = "VIP", **options: Any) -> Command:
    return Command(id=id, verb=Verb.INJECT, text=text, **options)


def end(id: str = "c1", text: str = "Goodbye.", **options: Any) -> Command:
    return Command(id=id, verb=Verb.END, text=text, **{"interruptible": False, **options})


def transfer(id: str = "c1", text: str = "One moment.", **options: Any) -> Command:
    options = {"interruptible": False, "destination": "+15005550010", **options}
    return Command(id=id, verb=Verb.TRANSFER, text=text, **options)


def instant(verb: Verb, id: str = "c1", **options: Any) -> Command:
    return Command(id=id, verb=verb, **options)


def heard(text: str = "Hello there.", ms: int = 800, unheard: str = "") -> Heard:
    return Heard(text, ms, unheard)


class Stage:
    """Lanes with their clock; remembers every effect."""

    def __init__(self, opened: bool = True, **options: Any) -> None:
        self.lanes = Lanes(**options)
        self.now = 0
        self.all: list[Effect] = []
        if opened:
            self.feed(Opened())

    def at(self, now: int) -> Stage:
        self.now = now
        return self

    def feed(self, fact: Fact) -> list[Effect]:
        effects = self.lanes.handle(self.now, fact)
        self.all += effects
        return effects

    def ask(self, command: Command) -> list[Effect]:
        return self.feed(Ask(command))

    def wake(self) -> list[Effect]:
        """Let the time of the deadline come."""
        assert self.lanes.deadline is not None
        self.now = self.lanes.deadline
        return self.feed(Wake())

    def began(self, utterance: str = "c1") -> list[Effect]:
        return self.feed(Began(utterance, "say"))

    def ended(self, utterance: str = "c1", what: Heard | None = None, cut_by: Any = "") -> list[Effect]:
        return self.feed(Ended(utterance, "say", what or heard(), cut_by))

    def over(self) -> list[Effect]:
        return self.feed(Over())

    def receipt(self, id: str = "c1") -> Receipt:
        receipt = self.lanes.status_of(id)
        assert receipt is not None
        return receipt

    def outcome(self, id: str = "c1") -> tuple[str, str | None]:
        receipt = self.receipt(id)
        return receipt.status, receipt.reason


def kinds(effects: list[Effect]) -> list[str]:
    return [type(effect).__name__ for effect in effects]


def started(effects: list[Effect]) -> list[str]:
    return [e.command.id for e in effects if isinstance(e, Started)]


def spoken(effects: list[Effect]) -> list[str]:
    return [e.words.utterance for e in effects if isinstance(e, Speak)]


def outcomes(effects: list[Effect]) -> list[tuple[str, str, str | None]]:
    return [(e.receipt.id, str(e.receipt.status), e.receipt.reason) for e in effects if isinstance(e, Finished)]
