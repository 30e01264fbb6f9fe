"""Where each command of a call stands: in its lane, on the floor, cut, waiting for something, or over. Pure.

`commands.py` decides what becomes of them; this module keeps them, and says who is next.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from trunkline.calls.running import Running
from trunkline.calls.verbs import UNSUCCESSFUL, Interrupt, Receipt, Status

KEPT = 5_000
"""Of so many commands the outcome is remembered: more than can be sent while one may still come a second time."""


@dataclass(slots=True)
class Standing:
    basis: str = "frames"
    queue: list[Running] = field(default_factory=list)
    """The speech lane: commands that wait for the floor."""
    current: Running | None = None
    """The speech command that has the floor."""
    cut: dict[str, Running] = field(default_factory=dict)
    """By utterance: commands that lost the floor to another; how much of them was heard is not known yet."""
    instants: list[Running] = field(default_factory=list)
    """Instant commands that wait: for the one they come `after`, or for the model's memory."""
    receipts: dict[str, Receipt] = field(default_factory=dict)
    """The last word on the commands that have had their outcome, the latest `KEPT` of them."""

    def status_of(self, command_id: str) -> Receipt | None:
        """The receipt as it stands now; None for a command never seen."""
        if (done := self.receipts.get(command_id)) is not None:
            return done
        run = self.find(command_id)
        if run is None:
            return None
        status = Status.ACCEPTED if run.started_at is None else Status.STARTED
        return run.receipt(status, self.basis)

    def find(self, command_id: str) -> Running | None:
        """A command that has no outcome yet."""
        runs = [self.current, *self.cut.values(), *self.queue, *self.instants]
        return next((r for r in runs if r is not None and r.command.id == command_id), None)

    def speaker(self, utterance: str) -> Running | None:
        """Whose words they are."""
        if self.current is not None and self.current.utterance == utterance:
            return self.current
        return self.cut.get(utterance)

    def join(self, run: Running) -> None:
        """Into the speech lane: behind all others, or behind those that may overtake too."""
        behind = [at for at, other in enumerate(self.queue) if not _overtakes(other)]
        self.queue.insert(behind[0] if behind and _overtakes(run) else len(self.queue), run)

    def next_up(self) -> Running | None:
        """Who takes the floor next. One that overtakes waits aside for the command that it comes after."""
        aside = [r for r in self.queue if _overtakes(r) and self.predecessor(r) is None]
        return next((r for r in self.queue if r not in aside), None)

    def predecessor(self, run: Running) -> bool | None:
        """True: nothing to wait for. False: it failed. None: not yet."""
        if run.command.after is None:
            return True
        receipt = self.receipts.get(run.command.after)
        if receipt is None:
            return None if self.find(run.command.after) is not None else False
        return receipt.status not in UNSUCCESSFUL

    def settle(self, run: Running, receipt: Receipt) -> None:
        """It has its outcome."""
        self.receipts[run.command.id] = receipt
        if len(self.receipts) > KEPT:
            del self.receipts[next(iter(self.receipts))]
        self._forget(run)

    def _forget(self, run: Running) -> None:
        if self.current is run:
            self.current = None
        self.cut = {utterance: r for utterance, r in self.cut.items() if r is not run}
        self.queue = [r for r in self.queue if r is not run]
        self.instants = [r for r in self.instants if r is not run]


def _overtakes(run: Running) -> bool:
    return run.command.interrupt is Interrupt.NOW
