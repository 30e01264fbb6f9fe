"""A running Trunkline as the command line sees it: our own client, with errors as the lines to print."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

from trunkline.cli import show
from trunkline.client import NotReached, Trunkline, TrunklineError
from trunkline.client.clients import DEFAULT_URL

NOBODY = 502
EVENTS_AT_ONCE = 1000


class Refused(Exception):
    """The API did not do it; `lines` say why."""

    def __init__(self, status: int, lines: list[str]) -> None:
        super().__init__("\n".join(lines))
        self.status = status
        self.lines = lines


class Remote:
    """Bodies and answers are plain objects, as the terminal and its files have them."""

    def __init__(self, url: str, key: str) -> None:
        with _refusals():
            self.client = Trunkline(key, url)
        self.url, self.key = self.client.url, key

    @classmethod
    def from_environment(cls) -> Remote:
        key = os.environ.get("TRUNKLINE_KEY", "").strip()
        if not key:
            raise Refused(401, ["TRUNKLINE_KEY is not set: it holds your API key (`trunkline keys create` makes one)"])
        return cls(os.environ.get("TRUNKLINE_URL", DEFAULT_URL), key)

    def place(self, body: Mapping[str, Any]) -> dict[str, Any]:
        with _refusals():
            return _plain(self.client.calls.place(cast(Any, body)))

    def call(self, call_id: str) -> dict[str, Any]:
        with _refusals():
            return _plain(self.client.calls.get(call_id))

    def command(self, call_id: str, body: Mapping[str, Any], wait: str = "accepted") -> dict[str, Any]:
        with _refusals():
            return _plain(self.client.calls.control(call_id, cast(Any, body), wait=cast(Any, wait)))

    def events(self, call_id: str) -> list[dict[str, Any]]:
        """All events there are so far."""
        found: list[dict[str, Any]] = []
        with _refusals():
            while page := self._behind(call_id, found[-1]["sequence"] if found else 0):
                found += page
        return found

    def _behind(self, call_id: str, after: int) -> list[dict[str, Any]]:
        events = self.client.calls.list_events(call_id, after=after, limit=EVENTS_AT_ONCE)["events"]
        return [_plain(event) for event in events]

    def save_recording(self, call_id: str, path: Path) -> None:
        with _refusals():
            self.client.save_recording(call_id, path)

    def follow(self, call_id: str) -> Iterator[dict[str, Any]]:
        """Every event of a call from its first to its last, as they come."""
        with _refusals():
            for event in self.client.follow(call_id):
                yield _plain(event)


@contextmanager
def _refusals() -> Iterator[None]:
    try:
        yield
    except NotReached as error:
        raise Refused(NOBODY, [error.message]) from error
    except TrunklineError as error:
        raise Refused(error.status, show.problem_lines(error.body, error.status)) from error


def _plain(value: Any) -> dict[str, Any]:
    return dict(value)
