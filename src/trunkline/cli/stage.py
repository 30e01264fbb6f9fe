"""Where the calls of a demo are placed, judged and kept; `scenes.py` says what is asked of each."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from trunkline.cli import paint, show, truth
from trunkline.cli.follow import Events, Following
from trunkline.cli.remote import Refused, Remote

END_WITHIN_S = 20
STORED_WITHIN_S = 5

Stretches = Sequence[Mapping[str, Any]]


class Stage:
    def __init__(self, remote: Remote, keep: Path) -> None:
        self.remote = remote
        self.keep = keep
        self.recordings: list[Path] = []
        self.problems: list[str] = []
        self.calls = 0
        self.utterances = 0

    @property
    def verdict(self) -> str:
        return (
            f"{self.calls} calls, {self.utterances} utterances: every word told as heard is a word the far end decoded"
        )

    @contextmanager
    def call(
        self,
        title: str,
        name: str,
        destination: str,
        assistant: Mapping[str, Any],
        decoded: Callable[[], Stretches] | None = None,
    ) -> Iterator[Steered]:
        """A call from its placing to its end; afterwards it is judged and its recording kept.

        `decoded` tells what the far end heard where the API cannot, because the far end is not the sandbox's.
        """
        paint.heading(f"{title}  ({destination})")
        placed = self.remote.place({"destination": destination, "assistant": assistant})
        with Following(self.remote, placed["call_id"], END_WITHIN_S) as following:
            yield Steered(self, placed["call_id"], following)
        call = self._stored(placed["call_id"])
        self._close(name, call, following, decoded() if decoded else (call.get("sandbox") or {}).get("heard") or ())

    def _close(self, name: str, call: Mapping[str, Any], following: Following, decoded: Stretches) -> None:
        paint.say(f"\nTranscript, as heard, of {call['id']}: {call['status']} ({call['end_reason']})")
        for line in show.transcript(following.events):
            paint.say(f"  {line}")
        self.calls += 1
        if not following.over:
            self.problems.append(f"{name}: the call did not end")
        if any(stretch["text"] is not None for stretch in decoded):
            self.utterances += following.count("speech.ended")
            self.problems += [f"{name}: {said}" for said in truth.disagreements(following.events, decoded)]
        path = self.keep / f"{name}.wav"
        self.remote.save_recording(call["id"], path)
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
        """Send a command, print its receipt as the API answers it, and give back the command's id."""
        answer = self.stage.remote.command(self.call_id, {"type": what, **body}, wait)
        self._print(show.answer_line(answer, what))
        return str(answer["command_id"])

    def ask_in_vain(self, what: str, **body: Any) -> None:
        """Send a command that the API must refuse, and print what it says."""
        try:
            answer = self.stage.remote.command(self.call_id, {"type": what, **body})
        except Refused as refused:
            self._print(f"{what}: HTTP {refused.status} {refused}")
        else:
            self.stage.problems.append(f"{what} should have been refused: {answer}")

    def receipt(self, command_id: str) -> None:
        """Print the receipt of a command that nobody waited for, once it has its outcome."""
        self.expect("its outcome", lambda _: self.following.receipt(command_id) is not None)
        self._print(show.receipt_line(self.following.receipt(command_id) or {"status": "unknown"}))

    def expect(self, what: str, seen: Callable[[Events], bool], within_s: float = 15) -> None:
        if not self.following.until(seen, within_s):
            self.stage.problems.append(f"{self.call_id}: {what} did not happen")

    def greeted(self) -> None:
        self.expect("the greeting", lambda events: any(_spoken(event) == "greeting" for event in events))

    def replied_to(self, times: int = 1) -> None:
        """Until the far end has said something in turn, so many times since the call began."""
        self.expect("a reply", lambda events: sum(event["kind"] == "caller.said" for event in events) >= times)

    def heard_partly(self, command_id: str) -> None:
        """Until some of a command's words have been heard."""
        self.expect("its first words", lambda events: any(_partly(event, command_id) for event in events))

    @staticmethod
    def _print(line: str) -> None:
        paint.say(f"{'':10}→ {line}", paint.BOLD)


def _spoken(event: Mapping[str, Any]) -> str:
    return str(event["data"]["source"]) if event["kind"] == "speech.ended" else ""


def _partly(event: Mapping[str, Any], command_id: str) -> bool:
    data = event["data"]
    return event["kind"] == "speech.heard" and data["utterance"] == command_id and bool(data["heard_text"])
