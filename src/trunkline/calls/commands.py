"""The commands of one call: their two lanes, their order, and each one's single outcome.

Speech commands (say, triggered inject-context, end-call, transfer) share one first-in-first-out lane and take the floor
one at a time; instant commands do not wait for speech. Pure: `Lanes.handle(now, input)` takes a command, a fact told by
the talk or the leg, or the clock, and returns effects. It decides when words are spoken, never how.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from trunkline.calls.effects import (
    Accepted,
    Answer,
    Effect,
    EndCall,
    Finished,
    HoldLine,
    Hush,
    Know,
    Mute,
    Press,
    Speak,
    Started,
    TellModel,
    TransferCall,
)
from trunkline.calls.endings import EndReason
from trunkline.calls.inputs import Ask, Closing, Opened, Over, Wake
from trunkline.calls.leg import Fact, TransferAnswered, TransferFailed
from trunkline.calls.outcomes import (
    Act,
    Listen,
    Outcome,
    call_over,
    failed_transfer,
    not_carried_out,
    receipt,
    transferred,
    words_ended,
    words_lost,
)
from trunkline.calls.running import CALLER_WAIT_MS, FIRST_WORD_MS, GRACE_MS, Phase, Running, expected_ms
from trunkline.calls.standing import Standing
from trunkline.calls.talk import Began, Ended, Floor, Heard, Known, Measured, Progressed, Words
from trunkline.calls.verbs import Command, Interrupt, OnInterrupt, OverCaller, Status, Verb


@dataclass(slots=True)
class Lanes(Standing):
    modes: frozenset[str] = frozenset({"auto", "blind"})
    """The transfer modes that this call's leg knows."""
    forbids: Callable[[str], str | None] = lambda _: None
    """The dialing policy: the rule that forbids a destination, or None."""
    floor: Floor = field(default_factory=lambda: Floor(assistant=False, thinking=False, caller=False))
    open: bool = False
    closing: bool = False
    muted: bool = False
    held: bool = False

    # ---- inputs ------------------------------------------------------------------------

    def handle(self, now: int, input: Fact) -> list[Effect]:
        return self._take(now, input) + self._advance(now)

    @property
    def deadline(self) -> int | None:
        """When `Wake` is due."""
        waiting = [*self.queue, *self.instants]
        times = [r.not_after for r in waiting if r.phase is Phase.WAITING]
        head = self.next_up()
        times += [head.blocked_since + CALLER_WAIT_MS] if head and head.blocked_since is not None else []
        times += [self.current.deadline] if self.current and self.current.deadline is not None else []
        return min(times, default=None)

    def state(self) -> dict[str, Any]:
        """For GET /calls/{id}/state."""
        return {
            "current": self.current and {"command_id": self.current.command.id, "type": self.current.command.verb},
            "queue": [{"command_id": r.command.id, "type": r.command.verb} for r in [*self.queue, *self.instants]],
            "muted": self.muted,
            "on_hold": self.held,
            "ending": self.closing or bool(self.current and self.current.committed),
        }

    def _take(self, now: int, input: Fact) -> list[Effect]:
        match input:
            case Ask(command):
                return self._accept(now, command)
            case Floor():
                self.floor = input
            case Began(utterance):
                self._on_air(now, utterance)
            case Measured(utterance, ms):
                self._measured(now, utterance, ms)
            case Progressed(utterance, heard):
                self._progressed(now, utterance, heard)
            case Ended():
                return self._ended(now, input)
            case Known(command, turn):
                return self._known(now, command, turn)
            case TransferAnswered() | TransferFailed():
                return self._transferred(now, input)
            case Opened():
                self.open = True
            case Closing():
                return self._close(now)
            case Over():
                return self._over(now)
            case Wake():
                return self._wake(now)
        return []

    # ---- acceptance ----------------------------------------------------------------------

    def _accept(self, now: int, command: Command) -> list[Effect]:
        if self.status_of(command.id) is not None:
            return []  # a repeat of the same command: it is carried out once
        run = Running(command, now, command.id)
        accepted: list[Effect] = [Accepted(command, run.not_after)]
        if (refusal := self._refusal(command)) is not None:
            return accepted + self._refuse(run, refusal, now)
        if not command.speaks:
            self.instants.append(run)
        else:
            self.join(run)
        return accepted

    def _refusal(self, command: Command) -> str | None:
        if self.closing:
            return "already_ending"
        if not self.open:
            return None if command.verb is Verb.END and not command.text else "not_in_progress"
        if command.verb is Verb.TRANSFER and command.mode not in self.modes:
            return "mode_unavailable"
        if command.verb is Verb.TRANSFER and self.forbids(command.destination) is not None:
            return "policy_blocked"
        if not command.speaks:
            return None
        if self.muted and command.verb in (Verb.SAY, Verb.INJECT):
            return "muted"
        if command.interrupt is Interrupt.NOW and self.current is not None and self.current.committed:
            return self.current.why_committed
        if command.interrupt is Interrupt.REFUSE and (self.current or self.queue or self._busy(command)):
            return "assistant_speaking"
        if command.over_caller is OverCaller.REFUSE and self.floor.caller:
            return "caller_speaking"
        return None

    # ---- what can start, starts -------------------------------------------------------------

    def _advance(self, now: int) -> list[Effect]:
        effects: list[Effect] = []
        if self.current is not None and self.current.phase is Phase.LISTENING and not self.floor.caller:
            effects += self._after_the_caller(now, self.current)
        for run in [r for r in self.instants if r.phase is Phase.WAITING]:
            if (verdict := self.predecessor(run)) is True:
                effects += self._perform(now, run)
            elif verdict is False:
                effects += self._refuse(run, "predecessor_failed", now)
        while (head := self.next_up()) is not None and (step := self._try_head(now, head)) is not None:
            effects += step
        return effects

    def _try_head(self, now: int, run: Running) -> list[Effect] | None:
        """Start the first command of the lane, or refuse it; None while it has to wait."""
        verdict = self.predecessor(run)
        blocked_since, run.blocked_since = run.blocked_since, None
        if verdict is None or (self.held and run.command.verb not in (Verb.END, Verb.TRANSFER)):
            return None
        if verdict is False:
            return self._refuse(run, "predecessor_failed", now)
        command, preempts = run.command, run.command.interrupt is Interrupt.NOW
        if self.current is not None:
            if not preempts:
                return None
            if self.current.committed:
                return self._refuse(run, self.current.why_committed, now)
        if self._busy(command) and not preempts:
            if command.interrupt is Interrupt.REFUSE:
                return self._refuse(run, "assistant_speaking", now)
            return None
        if self.floor.caller and self.open:
            if command.over_caller is OverCaller.REFUSE:
                return self._refuse(run, "caller_speaking", now)
            run.blocked_since = now if blocked_since is None else blocked_since
            if command.over_caller is OverCaller.WAIT and now - run.blocked_since < CALLER_WAIT_MS:
                return None
            run.talked_over = True
        return self._start(now, run)

    def _busy(self, command: Command) -> bool:
        """Is the assistant in the way? A trigger does not wait for a thinking model: it restarts that one request."""
        return self.floor.assistant or (self.floor.thinking and command.verb is not Verb.INJECT)

    def _start(self, now: int, run: Running) -> list[Effect]:
        command = run.command
        effects: list[Effect] = [*self._supersede(now), Started(command)]
        self.queue.remove(run)
        self.current, run.started_at, run.phase = run, now, Phase.SPEAKING
        if command.verb is Verb.INJECT:
            run.deadline = now + FIRST_WORD_MS
            return [*effects, Answer(run.utterance, command.text, command.interruptible)]
        if command.text and not (self.muted or self.held):
            return [*effects, self._speak(now, run)]
        if self.floor.assistant or self.floor.thinking:
            effects.append(Hush())
        return effects + self._act(now, run)

    def _supersede(self, now: int) -> list[Effect]:
        """Whoever has the floor loses it, and has an outcome once it is known what was heard."""
        loser = self.current
        if loser is None:
            return []
        if loser.phase is Phase.LISTENING:
            return self._finish(loser, words_lost(loser, "superseded"), now)
        self.cut[loser.utterance] = loser
        return []

    def _speak(self, now: int, run: Running) -> Effect:
        run.phase, run.deadline = Phase.SPEAKING, now + expected_ms(run.command.text)
        return Speak(Words(run.utterance, run.command.verb, run.command.text, run.interruptible))

    def _perform(self, now: int, run: Running) -> list[Effect]:
        command = run.command
        run.started_at, run.phase = now, Phase.ACTING
        started: list[Effect] = [Started(command)]
        match command.verb:
            case Verb.INJECT:
                return [*started, Know(command.id, command.text)]
            case Verb.CANCEL:
                return started + self._cancel(now, run)
            case Verb.MUTE | Verb.UNMUTE:
                muted = command.verb is Verb.MUTE
                self.muted = muted if command.target == "assistant" else self.muted
                effect: Effect = Mute(command.target, muted)
            case Verb.HOLD | Verb.RESUME:
                self.held = command.verb is Verb.HOLD
                effect = HoldLine(self.held)
            case _:
                effect = Press(command.digits)
        return [*started, effect, *self._finish(run, Outcome(Status.DONE), now)]

    def _cancel(self, now: int, run: Running) -> list[Effect]:
        target = self.find(run.command.target)
        if target is None:
            known = run.command.target in self.receipts
            return self._refuse(run, "already_finished" if known else "unknown_command", now)
        if target.phase is not Phase.WAITING:
            return self._refuse(run, "already_started", now)
        return self._refuse(target, "cancelled", now) + self._finish(run, Outcome(Status.DONE), now)

    # ---- what became of it ------------------------------------------------------------------

    def _on_air(self, now: int, utterance: str) -> None:
        run = self.speaker(utterance)
        if run is not None and run.first_audio_at is None:
            run.first_audio_at = now
            run.deadline = None if run.command.verb is Verb.INJECT else now + expected_ms(run.command.text)

    def _measured(self, now: int, utterance: str, ms: int) -> None:
        run = self.speaker(utterance)
        if run is not None and run.phase is Phase.SPEAKING:
            since = now if run.first_audio_at is None or run.repeated else run.first_audio_at
            run.deadline = since + ms + GRACE_MS

    def _progressed(self, now: int, utterance: str, heard: Heard) -> None:
        if (run := self.speaker(utterance)) is None:
            return
        run.heard = heard
        if run.deadline is not None and run.phase is Phase.SPEAKING:
            run.deadline = max(run.deadline, now + expected_ms(heard.unheard))

    def _ended(self, now: int, fact: Ended) -> list[Effect]:
        if (run := self.cut.get(fact.utterance)) is not None:
            run.heard, run.cut_short = fact.heard, True
            return self._finish(run, words_lost(run, "superseded"), now)
        run = self.speaker(fact.utterance)
        if run is None or run.phase is not Phase.SPEAKING:
            return []
        run.heard, run.cut_short = fact.heard, bool(fact.cut_by)
        match words_ended(run, fact, self._why_cut()):
            case Outcome() as outcome:
                return self._finish(run, outcome, now)
            case Act():
                return self._act(now, run)
            case Listen():
                run.phase, run.deadline = Phase.LISTENING, now + CALLER_WAIT_MS
        return []

    def _why_cut(self) -> str:
        """Why a command's words were cut, if it was none of the caller's doing."""
        return "call_ended" if self.closing else "held" if self.held else "muted" if self.muted else "superseded"

    def _after_the_caller(self, now: int, run: Running) -> list[Effect]:
        if self.closing:
            run.deadline = None
            return []
        if run.command.on_interrupt is OnInterrupt.REPEAT and not run.repeated:
            run.repeated, run.utterance = True, f"{run.command.id}:again"
            return [self._speak(now, run)]
        return self._act(now, run)

    def _act(self, now: int, run: Running) -> list[Effect]:
        command = run.command
        run.phase, run.deadline = Phase.ACTING, None
        if command.verb is Verb.TRANSFER:
            return [TransferCall(command.destination, command.timeout_seconds * 1_000, command.mode)]
        self.closing = True
        by_model = command.source == "model"
        return [EndCall(EndReason.ASSISTANT_HANGUP if by_model else EndReason.END_CALL_COMMAND)]

    def _transferred(self, now: int, fact: TransferAnswered | TransferFailed) -> list[Effect]:
        run = self.current
        if run is None or run.command.verb is not Verb.TRANSFER or run.phase is not Phase.ACTING:
            return []
        outcome = transferred(run, fact)
        effects = self._finish(run, outcome, now)
        if isinstance(fact, TransferFailed):
            effects.append(self._tell_model(failed_transfer(run.command.destination, outcome.reason, fact.code)))
        return effects

    def _known(self, now: int, command_id: str, turn: int) -> list[Effect]:
        run = next((r for r in self.instants if r.command.id == command_id), None)
        return self._finish(run, Outcome(Status.DONE, turn=turn), now) if run is not None else []

    # ---- the clock, and the end -----------------------------------------------------------------

    def _wake(self, now: int) -> list[Effect]:
        effects: list[Effect] = []
        for run in [r for r in [*self.queue, *self.instants] if r.phase is Phase.WAITING and now >= r.not_after]:
            effects += self._finish(run, Outcome(Status.EXPIRED, "ttl"), now)
        run_ = self.current
        if run_ is None or run_.deadline is None or now < run_.deadline:
            return effects
        if run_.phase is Phase.LISTENING:
            run_.talked_over = True
            return effects + self._after_the_caller(now, run_)
        run_.cut_short = True
        if run_.acts:
            return [*effects, Hush(), *self._act(now, run_)]
        return [*effects, Hush(), *self._finish(run_, Outcome(Status.FAILED, "vendor_timeout"), now)]

    def _close(self, now: int) -> list[Effect]:
        """Nothing starts any more. What has started ends with its words, or with the call."""
        self.closing = True
        if self.current is not None:
            self.current.deadline = None
        return self._end([r for r in [*self.instants, *self.queue] if r.phase is Phase.WAITING], now)

    def _over(self, now: int) -> list[Effect]:
        self.closing = True
        current = [self.current] if self.current is not None else []
        return self._end([*current, *self.cut.values(), *self.instants, *self.queue], now)

    def _end(self, runs: Sequence[Running], now: int) -> list[Effect]:
        """With the call."""
        return [effect for run in runs for effect in self._finish(run, call_over(run), now)]

    def _refuse(self, run: Running, reason: str, now: int) -> list[Effect]:
        return self._finish(run, Outcome(Status.REFUSED, reason), now)

    def _finish(self, run: Running, outcome: Outcome, now: int) -> list[Effect]:
        done = receipt(run, outcome, self.basis, now)
        self.settle(run, done)
        if outcome.status is Status.REFUSED and run.command.source == "model" and not self.closing:
            return [Finished(done), self._tell_model(not_carried_out(run.command, outcome.reason))]
        return [Finished(done)]

    def _tell_model(self, content: str) -> Effect:
        """It answers at once: who waits for the assistant waits for that, too."""
        if not (self.muted or self.held):
            self.floor = replace(self.floor, thinking=True)
        return TellModel(content, speak=True)
