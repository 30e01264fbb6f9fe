"""The calls of the demo: what is asked of each, and in which order. `demo.py` sets the stage."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from trunkline.cli import paint, show, truth
from trunkline.cli.assistants import ruled
from trunkline.cli.follow import Events, Following
from trunkline.cli.remote import Remote

ECHO_LINE = "+15005550001"
BARGE_IN_LINE = "+15005550007"
SILENT_LINE = "+15005550008"
AGENT_LINE = "+15005550010"
END_WITHIN_S = 20
STORED_WITHIN_S = 5

Scene = Callable[["Stage"], None]


class Stage:
    """Where the calls of a demo are placed, judged and kept."""

    def __init__(self, remote: Remote, keep: Path) -> None:
        self.remote = remote
        self.keep = keep
        self.recordings: list[Path] = []
        self.problems: list[str] = []
        self.judged = 0
        self.calls = 0

    @property
    def verdict(self) -> str:
        return f"{self.calls} calls, {self.judged} utterances: every word told as heard is a word the far end decoded"

    @contextmanager
    def call(self, title: str, name: str, destination: str, assistant: Mapping[str, Any]) -> Iterator[Steered]:
        """A call from its placing to its end; afterwards it is judged and its recording kept."""
        paint.heading(f"{title}  ({destination})")
        placed = self.remote.place({"destination": destination, "assistant": assistant})
        with Following(self.remote, placed["call_id"], END_WITHIN_S) as following:
            yield Steered(self, placed["call_id"], following)
        self.calls += 1
        self._close(name, placed["call_id"], following)

    def _close(self, name: str, call_id: str, following: Following) -> None:
        call = self._stored(call_id)
        paint.say(f"\nTranscript, as heard, of {call_id}: {call['status']} ({call['end_reason']})")
        for line in show.transcript(following.events):
            paint.say(f"  {line}")
        if not following.over:
            self.problems.append(f"{name}: the call did not end")
        decoded = (call.get("sandbox") or {}).get("heard") or []
        if any(stretch["text"] is not None for stretch in decoded):
            self.judged += following.count("speech.ended")
            self.problems += [f"{name}: {said}" for said in truth.disagreements(following.events, decoded)]
        path = self.keep / f"{name}.wav"
        self.remote.save_recording(call_id, path)
        self.recordings.append(path)

    def _stored(self, call_id: str) -> dict[str, Any]:
        """The call's row: it follows its journal by a moment."""
        deadline = time.monotonic() + STORED_WITHIN_S
        while not (call := self.remote.call(call_id)).get("ended_at") and time.monotonic() < deadline:
            time.sleep(0.1)
        return call


class Steered:
    """One live call of a scene."""

    def __init__(self, stage: Stage, call_id: str, following: Following) -> None:
        self.stage = stage
        self.call_id = call_id
        self.following = following

    def ask(self, what: str, wait: str = "finished", **body: Any) -> str:
        """Send a command, print what the API answers, and give back the command's id."""
        answer = self.stage.remote.command(self.call_id, {"type": what, **body}, wait)
        paint.say(f"{'':10}→ {show.answer_line(answer, what)}", paint.BOLD)
        return str(answer["command_id"])

    def expect(self, what: str, seen: Callable[[Events], bool], within_s: float = 15) -> None:
        if not self.following.until(seen, within_s):
            self.stage.problems.append(f"{self.call_id}: {what} did not happen")

    def greeted(self) -> None:
        """Until the greeting has been heard and answered, or nobody answers it."""
        self.expect("the greeting", lambda events: _said(events, "greeting"))


def _said(events: Events, source: str) -> bool:
    return any(event["kind"] == "speech.ended" and event["data"]["source"] == source for event in events)


def _finished(command_id: str) -> Callable[[Events], bool]:
    return lambda events: any(e["kind"] == "command.finished" and e["data"]["id"] == command_id for e in events)


def steering(stage: Stage) -> None:
    """Every command once, one refusal, on a line that repeats what it hears."""
    rules = [{"when": "gate 12", "say": "Boarding is at gate 12."}]
    with stage.call("1a. Steering", "steering", ECHO_LINE, ruled(rules, "Trunkline calling.")) as call:
        call.greeted()
        call.ask("inject-context", content="The caller is called Ada.", trigger_response=False)
        call.ask("say", content="Your flight is on time.", over_caller="talk")
        call.ask("inject-context", content="The flight leaves from gate 12.", trigger_response=True, over_caller="talk")
        long = call.ask(
            "say", content="Please keep your passport ready at all times.", over_caller="talk", wait="started"
        )
        call.ask("say", content="This is refused.", interrupt="refuse")
        call.ask("say", content="One moment!", interrupt="now", over_caller="talk")
        call.expect("the outcome of what was cut", _finished(long))
        call.ask("end-call", message="Goodbye, Ada.", over_caller="talk")


def barge_in(stage: Stage) -> None:
    """A caller who interrupts whatever may be interrupted, one second into it."""
    with stage.call("1b. Interrupted", "barge-in", BARGE_IN_LINE, ruled([], "Hi.")) as call:
        call.greeted()
        call.ask("say", content="You will hear only the beginning of this sentence.")
        call.ask("say", content="But all of this one.", interruptible=False)
        call.ask("end-call", message="Goodbye.", over_caller="talk")


def transfer(stage: Stage) -> None:
    with stage.call("2. An announced transfer", "transfer", ECHO_LINE, ruled([], "Hi.")) as call:
        call.greeted()
        call.ask("transfer", destination=AGENT_LINE, message="I connect you.", over_caller="talk")


def human_voice(stage: Stage) -> None:
    assistant = ruled([], "Hello! This is Trunkline, speaking with a human voice.", voice="espeak")
    with stage.call("3. A voice to listen to", "voice", SILENT_LINE, assistant) as call:
        call.greeted()
        call.ask("end-call", message="This recording is the one to play. Goodbye!")


ON_SANDBOX: tuple[Scene, ...] = (steering, barge_in, transfer, human_voice)
ON_SIP: tuple[Scene, ...] = ()
