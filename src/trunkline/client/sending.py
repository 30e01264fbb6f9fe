"""One request on its way to its answer: its idempotency key, when it is sent again, and what its answer means. Pure.

Whoever carries it feeds back what came of each attempt: an answer, or None where the network failed.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Generic, TypeVar

from trunkline.client import errors
from trunkline.client.requests import Request

T = TypeVar("T")

RETRIES = 2
TIMEOUT_S = 35.0
"""Longer than the longest `wait=`."""
FIRST_PAUSE_S = 0.5
LONGEST_PAUSE_S = 30.0
"""An API that wants to be left alone for longer is not asked again."""
TOO_MANY = 429
SERVER_ERROR = 500
ALWAYS_SAFE = frozenset({"GET", "DELETE"})


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    """Their names in lower case."""
    content: bytes = b""


class Sending(Generic[T]):
    def __init__(self, request: Request[T], key: str, retries: int = RETRIES) -> None:
        """`key` is the idempotency key of a POST that has none."""
        needs_key = request.method == "POST" and request.idempotency_key is None
        self.request = replace(request, idempotency_key=key) if needs_key else request
        self.retries = retries
        self.attempts = 0

    def headers(self) -> dict[str, str]:
        headers = {"Content-Type": self.request.content_type} if self.request.body is not None else {}
        if self.request.idempotency_key is not None:
            headers["Idempotency-Key"] = self.request.idempotency_key
        return headers

    def content(self) -> bytes | None:
        match self.request.body:
            case None:
                return None
            case bytes() as raw:
                return raw
            case str() as text if self.request.content_type != "application/json":
                return text.encode()
            case body:
                return json.dumps(body, ensure_ascii=False, allow_nan=False).encode()

    def pause_s(self, answer: Answer | None, chance: float) -> float | None:
        """How long to wait before the next attempt; None: there is none. `chance` in [0, 1) spreads clients out."""
        self.attempts += 1
        if self.attempts > self.retries or not self._may_be_repeated(answer):
            return None
        told = None if answer is None else retry_after(answer)
        if told is not None:
            return told if told <= LONGEST_PAUSE_S else None
        return float(FIRST_PAUSE_S * 2 ** (self.attempts - 1) * (0.75 + chance / 2))

    def _may_be_repeated(self, answer: Answer | None) -> bool:
        if answer is not None and answer.status == TOO_MANY:
            return True  # whatever it was, it was not done
        if answer is not None and answer.status < SERVER_ERROR:
            return False
        return self.request.method in ALWAYS_SAFE or self.request.idempotency_key is not None

    def result(self, answer: Answer) -> T:
        """What the answer holds. Raises TrunklineError where it is an error."""
        if not 200 <= answer.status < 300:
            raise errors.of(answer.status, _json(answer), retry_after(answer))
        if not answer.content:
            return None  # type: ignore[return-value]  # 204: such an operation answers with None
        if not answer.headers.get("content-type", "").startswith("application/json"):
            return answer.content  # type: ignore[return-value]  # such an operation answers with bytes
        body: T = _json(answer)
        if body is None:
            raise errors.NotReached("what answers is not Trunkline: its answer is not JSON")
        return body


def retry_after(answer: Answer) -> float | None:
    """In seconds; the other form of the header, a date, is not one that Trunkline sends."""
    told = answer.headers.get("retry-after", "")
    return float(told) if told.isascii() and told.isdigit() else None


def _json(answer: Answer) -> Any:
    try:
        return json.loads(answer.content)
    except ValueError:
        return None
