"""What becomes of a command: the single outcome that each course of its words and its action leads to. Pure.

`commands.py` decides when a command starts and asks here what follows once its words are over, its transfer has been
answered, or the call has ended.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from trunkline.calls.leg import TransferAnswered, TransferFailed
from trunkline.calls.running import Phase, Running
from trunkline.calls.talk import Ended
from trunkline.calls.verbs import Command, OnInterrupt, Receipt, Status, Verb


@dataclass(frozen=True, slots=True)
class Outcome:
    status: Status
    reason: str | None = None
    turn: int | None = None
    answer: str | None = None
    """Triggered inject-context: how its answer ended."""
    action: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Act:
    """Hang up, or transfer, now."""


@dataclass(frozen=True, slots=True)
class Listen:
    """Let the caller finish first."""


@dataclass(frozen=True, slots=True)
class Nothing:
    """The call's own end will decide."""


Next = Outcome | Act | Listen | Nothing


def words_ended(run: Running, fact: Ended, by_command: str) -> Next:
    """What follows when an utterance is over. `by_command` is the reason if one of our own commands cut it."""
    match fact.cut_by:
        case "end":
            return Nothing()
        case "command":
            return words_lost(run, by_command)
        case "failure" if not run.acts:
            return Outcome(Status.FAILED, "vendor_failed")
        case "caller" if not run.acts or run.command.on_interrupt is OnInterrupt.ABORT:
            return words_lost(run, "caller")
        case "caller":
            return Listen()
        case _:
            return Act() if run.acts else words_heard(run)


def words_heard(run: Running) -> Outcome:
    if run.command.verb is Verb.INJECT:
        return Outcome(Status.DONE, answer="heard")
    return Outcome(Status.HEARD)


def words_lost(run: Running, reason: str) -> Outcome:
    if run.command.verb is Verb.INJECT:
        return Outcome(Status.DONE, reason, answer="interrupted")
    return Outcome(Status.INTERRUPTED, reason)


def transferred(run: Running, fact: TransferAnswered | TransferFailed) -> Outcome:
    to = run.command.destination
    if isinstance(fact, TransferAnswered):
        action = {"type": "transfer", "status": "done", "destination": to, "confirmed": fact.confirmed}
        return Outcome(Status.DONE, action=action)
    why = fact.reason or f"SIP {fact.code}"
    action = {"type": "transfer", "status": "failed", "destination": to, "code": fact.code}
    return Outcome(Status.FAILED, why, action=action)


def call_over(run: Running) -> Outcome:
    """The call has ended. What had started was interrupted, what had not failed; a hang-up of its own was the point."""
    if run.started_at is None:
        return Outcome(Status.FAILED, "call_ended")
    if run.phase is not Phase.ACTING or run.command.verb in (Verb.TRANSFER, Verb.INJECT):
        return words_lost(run, "call_ended") if run.command.speaks else Outcome(Status.INTERRUPTED, "call_ended")
    if run.command.verb is Verb.SAY and run.cut_short:
        return Outcome(Status.INTERRUPTED)
    return Outcome(Status.HEARD if run.command.verb is Verb.SAY else Status.DONE)


def receipt(run: Running, outcome: Outcome, basis: str, now: int) -> Receipt:
    action = outcome.action
    if run.command.end_after:
        action = {"type": "end", "status": _end_action(run, outcome.status)}
    return replace(
        run.receipt(outcome.status, basis, outcome.reason, now),
        turn=outcome.turn,
        action=action,
        answer=run.answer(outcome.answer) if outcome.answer is not None else None,
    )


def _end_action(run: Running, status: Status) -> str:
    if run.phase is Phase.ACTING:
        return "done"
    return "failed" if status is Status.FAILED else "not_taken"


def failed_transfer(to: str, why: str | None, code: int) -> str:
    """What the model is told when a transfer has failed."""
    return f"The transfer to {to} failed: {why} ({code}). The caller is still on the line with you: tell them."


def not_carried_out(command: Command, why: str | None) -> str:
    """What the model is told when its own request was refused."""
    return f"Your {command.verb} was not carried out: {why}. The caller is still on the line with you: go on."
