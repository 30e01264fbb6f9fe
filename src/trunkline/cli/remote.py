"""A running Trunkline as the command line sees it: the public HTTP API and the live socket, nothing else.

Every answer that is not a success becomes `Refused`, which carries the lines to print.
"""

from __future__ import annotations

import json
import math
import os
import time
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
from websockets.exceptions import ConnectionClosed, InvalidHandshake
from websockets.sync.client import connect

from trunkline.cli import show

DEFAULT_URL = "http://127.0.0.1:8080"
TIMEOUT_S = 35
"""Longer than the longest `?wait=`."""
POLL_S = 0.3
PATIENCE_S = 15
"""How long a call that is followed may be out of reach: an api that died is back within seconds."""
EVENTS_AT_ONCE = 1000
NOBODY = 502


class Refused(Exception):
    """The API did not do it; `lines` say why."""

    def __init__(self, status: int, lines: list[str]) -> None:
        super().__init__("\n".join(lines))
        self.status = status
        self.lines = lines


class Remote:
    def __init__(self, url: str, key: str) -> None:
        self.url, self.key = url.rstrip("/"), key
        self._headers = {"Authorization": f"Bearer {key}"}
        self._http = httpx.Client(base_url=f"{self.url}/api/v1", headers=self._headers, timeout=TIMEOUT_S)

    @classmethod
    def from_environment(cls) -> Remote:
        key = os.environ.get("TRUNKLINE_KEY", "").strip()
        if not key:
            raise Refused(401, ["TRUNKLINE_KEY is not set: it holds your API key (`trunkline keys create` makes one)"])
        if not key.isascii():
            raise Refused(401, ["TRUNKLINE_KEY is not a key"])
        return cls(os.environ.get("TRUNKLINE_URL", DEFAULT_URL), key)

    def place(self, body: Mapping[str, Any]) -> dict[str, Any]:
        return self._ask("POST", "/calls", json=body)

    def call(self, call_id: str) -> dict[str, Any]:
        return self._ask("GET", _path(call_id))

    def command(self, call_id: str, body: Mapping[str, Any], wait: str = "accepted") -> dict[str, Any]:
        return self._ask("POST", _path(call_id, "control"), params={"wait": wait}, json=body)

    def events(self, call_id: str, after: int = 0) -> list[dict[str, Any]]:
        """All events there are behind `after`."""
        found: list[dict[str, Any]] = []
        while page := self._page(call_id, found[-1]["sequence"] if found else after)["events"]:
            found += page
        return found

    def save_recording(self, call_id: str, path: Path) -> None:
        with self._http.stream("GET", _path(call_id, "recording")) as answer:
            if not answer.is_success:
                answer.read()
                raise _refusal(answer)
            with path.open("wb") as file:
                for piece in answer.iter_bytes():
                    file.write(piece)

    def follow(self, call_id: str) -> Iterator[dict[str, Any]]:
        """Every event of a call from its first to its last, as they come: by the live socket, else by asking again."""
        last = 0
        try:
            for event in self._live(call_id):
                last = event["sequence"]
                yield event
        except (OSError, InvalidHandshake, ConnectionClosed):
            pass  # a proxy that knows no sockets, or a server that restarts: the journal is still there to be asked
        yield from self._poll(call_id, last)

    def _live(self, call_id: str) -> Iterator[dict[str, Any]]:
        address = self.url.replace("http", "ws", 1) + f"/api/v1{_path(call_id, 'live')}?after=0"
        with connect(address, additional_headers=self._headers, max_size=None) as socket:
            for text in socket:
                frame = json.loads(text)
                if frame.get("type") == "event":
                    yield frame

    def _poll(self, call_id: str, last: int) -> Iterator[dict[str, Any]]:
        reached = time.monotonic() if last else -math.inf
        while True:
            try:
                page = self._page(call_id, last)
            except Refused as refused:
                if refused.status < HTTPStatus.INTERNAL_SERVER_ERROR or time.monotonic() - reached > PATIENCE_S:
                    raise
                time.sleep(POLL_S)
                continue
            reached = time.monotonic()
            for event in page["events"]:
                last = event["sequence"]
                yield event
            if page["complete"] and not page["events"]:
                return
            if not page["events"]:
                time.sleep(POLL_S)

    def _page(self, call_id: str, after: int) -> dict[str, Any]:
        return self._ask("GET", _path(call_id, "events"), params={"after": after, "limit": EVENTS_AT_ONCE})

    def _ask(self, method: str, path: str, **more: Any) -> dict[str, Any]:
        try:
            answer = self._http.request(method, path, **more)
        except httpx.TransportError as error:
            raise Refused(NOBODY, [f"cannot reach {self.url}: {error}"]) from error
        if not answer.is_success:
            raise _refusal(answer)
        body = answer.json()
        if not isinstance(body, dict):
            raise Refused(NOBODY, [f"{self.url} does not answer as Trunkline does"])
        return body


def _path(call_id: str, *more: str) -> str:
    """Whatever was typed as an id stays one step of the path."""
    return "/".join(("/calls", quote(call_id, safe="") or "%20", *more))


def _refusal(answer: httpx.Response) -> Refused:
    try:
        body = answer.json()
    except ValueError:
        body = {}
    return Refused(answer.status_code, show.problem_lines(body if isinstance(body, dict) else {}, answer.status_code))
