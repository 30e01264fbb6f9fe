"""One-line faults in the pure machines that decide a call. The suite of each must notice every one of them.

A fault is `(file, line as it is, line as it would be wrong)`; `test_mutation.py` applies them one at a time to a copy.
"""

from __future__ import annotations

Fault = tuple[str, str, str]

LIFECYCLE = "calls/lifecycle.py"
COMMANDS = "calls/commands.py"
OUTCOMES = "calls/outcomes.py"
RUNNING = "calls/running.py"
CALL = "calls/call.py"

SUITES = {
    LIFECYCLE: ("unit/calls/test_lifecycle.py", "unit/calls/test_call.py"),
    COMMANDS: ("unit/calls/test_commands.py", "unit/calls/test_call.py"),
    OUTCOMES: ("unit/calls/test_commands.py", "unit/calls/test_call.py"),
    RUNNING: ("unit/calls/test_commands.py", "unit/calls/test_call.py"),
    CALL: ("unit/calls/test_call.py",),
}

FAULTS: tuple[Fault, ...] = (
    (LIFECYCLE, "Wake: S.ENDED}", "Rang: S.ENDED}"),
    (LIFECYCLE, "TransferFailed: S.TALKING", "TransferFailed: S.ENDED"),
    (LIFECYCLE, "TransferAnswered: S.HANGING_UP", "TransferAnswered: S.TALKING"),
    (LIFECYCLE, "MediaStopped: S.HANGING_UP,", ""),
    (LIFECYCLE, "Rang: S.RINGING,", ""),
    (LIFECYCLE, "if self.reason is None:", "if True:"),
    (LIFECYCLE, "return self.answered_at + self.patience.talking", "return now + self.patience.talking"),
    (LIFECYCLE, "return now + ring_ms + self.patience.transfer_margin", "return now + ring_ms"),
    (LIFECYCLE, "return [AbandonTransfer(), ResumeTalk()]", "return [ResumeTalk()]"),
    (LIFECYCLE, "return [*self._stop_talk(came_from), Release()]", "return [Release()]"),
    (LIFECYCLE, "isinstance(input, Wake | LegLost)", "isinstance(input, Wake)"),
    (LIFECYCLE, "came_from in (S.TALKING, S.TRANSFERRING)", "came_from is S.TALKING"),
    (LIFECYCLE, "return [PauseTalk(), Refer(target, ring_ms, mode)]", "return [Refer(target, ring_ms, mode)]"),
    (LIFECYCLE, "return EndReason.NO_ANSWER, \"\"", "return EndReason.TRUNK_ERROR, \"\""),
    (COMMANDS, "if self.status_of(command.id) is not None:", "if False:"),
    (COMMANDS, "self.queue.insert(ahead, run)", "self.queue.insert(0, run)"),
    (COMMANDS, "if command.verb is Verb.END and not command.text else", "if command.verb is Verb.END else"),
    (COMMANDS, "if self.muted and command.verb in (Verb.SAY, Verb.INJECT):", "if self.muted:"),
    (COMMANDS, "self.current or self.queue or self._busy(command)", "self._busy(command)"),
    (COMMANDS, "if self.current.committed:", "if False:"),
    (COMMANDS, "if verdict is None or self.held:", "if verdict is None:"),
    (COMMANDS, "if self._busy(command) and not preempts:", "if self._busy(command):"),
    (COMMANDS, "now - run.blocked_since < CALLER_WAIT_MS", "now - run.blocked_since <= CALLER_WAIT_MS"),
    (COMMANDS, "run.talked_over = True\n        return", "return"),
    (COMMANDS, "self.floor.thinking and command.verb is not Verb.INJECT", "self.floor.thinking"),
    (COMMANDS, "self.cut[self.current.utterance] = self.current", "pass"),
    (COMMANDS, "not self.floor.caller:\n            effects", "self.floor.caller:\n            effects"),
    (COMMANDS, "effects.append(Hush())", "pass"),
    (COMMANDS, "if command.target == \"assistant\" else self.muted", "if True else self.muted"),
    (COMMANDS, "if target.phase is not Phase.WAITING:", "if False:"),
    (COMMANDS, "run is not None and run.first_audio_at is None:", "run is not None:"),
    (COMMANDS, "run.deadline = since + ms + GRACE_MS", "run.deadline = since + ms"),
    (COMMANDS, "if run is None or run.phase is not Phase.SPEAKING:", "if run is None:"),
    (COMMANDS, "is OnInterrupt.REPEAT and not run.repeated:", "is OnInterrupt.REPEAT:"),
    (COMMANDS, "self.closing = True\n        by_model", "by_model"),
    (COMMANDS, "by_model = command.source == \"model\"", "by_model = False"),
    (COMMANDS, "if isinstance(fact, TransferFailed):", "if False:"),
    (COMMANDS, "and now >= r.not_after]", "and now > r.not_after]"),
    (COMMANDS, "if run_.acts:", "if False:"),
    (COMMANDS, "return receipt.status not in UNSUCCESSFUL", "return True"),
    (COMMANDS, "run.heard, run.cut_short = fact.heard, bool(fact.cut_by)", "run.cut_short = bool(fact.cut_by)"),
    (COMMANDS, "self.forbids(command.destination) is not None:", "False:"),
    (COMMANDS, "and run.command.source == \"model\" and", "and"),
    (OUTCOMES, "case \"failure\" if not run.acts:", "case \"failure\":"),
    (OUTCOMES, "case \"end\":\n            return Nothing()", "case \"end\":\n            return Outcome(Status.HEARD)"),
    (OUTCOMES, "is OnInterrupt.ABORT:", "is OnInterrupt.PROCEED:"),
    (OUTCOMES, "return Act() if run.acts else words_heard(run)", "return words_heard(run)"),
    (OUTCOMES, "if run.started_at is None:", "if False:"),
    (OUTCOMES, "run.command.verb is Verb.SAY and run.cut_short", "False"),
    (OUTCOMES, "if run.phase is Phase.ACTING:", "if False:"),
    (RUNNING, "return self.command.interruptible and not self.repeated", "return self.command.interruptible"),
    (RUNNING, "self.phase is Phase.ACTING or (", "("),
    (RUNNING, "return self.accepted_at + self.command.ttl_ms", "return self.command.ttl_ms"),
    (CALL, "self.last_lively = now\n        match", "match"),
    (CALL, "or self.lanes.held or somebody_speaks", "or somebody_speaks"),
    (CALL, "or self.lanes.held or somebody_speaks", "or self.lanes.held"),
    (CALL, "EndReason.CANCELLED if queued else reason", "reason"),
    (CALL, "followed += self._steer(now, TransferFailed(408, \"no_answer\"))", "pass"),
    (CALL, "followed += self._steer(now, Closing())", "pass"),
    (CALL, "followed += self._steer(now, Over())", "pass"),
    (CALL, "case VendorFailed(fatal=True):", "case VendorFailed():"),
    (CALL, "text or self.end_call_message", "text"),
)
