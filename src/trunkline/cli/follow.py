"""One live call followed in a thread of its own: its events are printed and kept as they come, and can be waited for."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Any

from trunkline.cli import paint
from trunkline.cli.remote import Refused, Remote

Events = Sequence[dict[str, Any]]


class Following:
    """Use as a context; leaving it waits for the call's last event, at most `within_s`."""

    def __init__(self, remote: Remote, call_id: str, within_s: float) -> None:
        self.events: list[dict[str, Any]] = []
        self.over = False
        self._changed = threading.Condition()
        self._within_s = within_s
        self._thread = threading.Thread(target=self._read, args=(remote, call_id), daemon=True)

    def __enter__(self) -> Following:
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._thread.join(self._within_s if error[0] is None else 0)

    def until(self, seen: Callable[[Events], bool], within_s: float = 15) -> bool:
        """Wait until what has been seen so far is enough, or the call is over; says whether it was enough."""
        with self._changed:
            self._changed.wait_for(lambda: self.over or seen(self.events), within_s)
            return seen(self.events)

    def count(self, kind: str) -> int:
        return sum(event["kind"] == kind for event in self.events)

    def receipt(self, command_id: str) -> dict[str, Any] | None:
        """The outcome of one command, once the journal has it."""
        for event in self.events:
            if event["kind"] == "command.finished" and event["data"]["id"] == command_id:
                return dict(event["data"])
        return None

    def _read(self, remote: Remote, call_id: str) -> None:
        try:
            for event in remote.follow(call_id):
                paint.event(event)
                with self._changed:
                    self.events.append(event)
                    self._changed.notify_all()
        except Refused as refused:
            paint.complain(str(refused))
        with self._changed:
            self.over = True
            self._changed.notify_all()
