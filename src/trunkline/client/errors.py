"""What goes wrong between a client and the API, drawn as a tree. Pure.

    TrunklineError
    ├── BadRequest 400
    ├── Unauthorized 401
    ├── PaymentRequired 402
    ├── Forbidden 403
    ├── NotFound 404
    ├── Conflict 409
    ├── TooManyRequests 429
    ├── ServerFailed 5xx
    └── NotReached         no answer at all, or none that is Trunkline's

`code` is the machine name (docs/reference/errors.md); other statuses are a plain TrunklineError.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

NO_STATUS = 0


class TrunklineError(Exception):
    """The API did not do it."""

    def __init__(self, status: int, body: Mapping[str, Any], retry_after: float | None = None) -> None:
        self.status = status
        self.body = body
        self.code = str(body.get("code") or "")
        self.phrase = str(body.get("error") or f"HTTP {status}")
        self.message = str(body.get("message") or self.phrase)
        self.details = [str(detail) for detail in body.get("details") or ()]
        """One per offending field, such as `llm_config.temperature: …`."""
        self.retry_after = retry_after
        """Seconds after which the API wants to be asked again."""
        super().__init__(": ".join([self.message, "; ".join(self.details)]) if self.details else self.message)


class BadRequest(TrunklineError):
    """400: what was sent is not valid; `details` name the fields."""


class Unauthorized(TrunklineError):
    """401: no key, or none that is known."""


class PaymentRequired(TrunklineError):
    """402: the organization has no minutes left."""


class Forbidden(TrunklineError):
    """403: the key's scopes, or the dialing policy, do not allow it."""


class NotFound(TrunklineError):
    """404: nothing with this id in this organization."""


class Conflict(TrunklineError):
    """409: something stands in the way; `code` says what."""


class TooManyRequests(TrunklineError):
    """429: after the repeats that were allowed."""


class ServerFailed(TrunklineError):
    """5xx: after the repeats that were allowed."""


class NotReached(TrunklineError):
    """No answer at all, or none that is Trunkline's."""

    def __init__(self, why: str) -> None:
        super().__init__(NO_STATUS, {"error": "Trunkline was not reached", "message": why, "code": "not_reached"})


BY_STATUS: Mapping[int, type[TrunklineError]] = {
    400: BadRequest,
    401: Unauthorized,
    402: PaymentRequired,
    403: Forbidden,
    404: NotFound,
    409: Conflict,
    429: TooManyRequests,
}


def of(status: int, body: object, retry_after: float | None = None) -> TrunklineError:
    """The error of an answer. `body` is what the answer held, whatever it was."""
    kind = BY_STATUS.get(status, ServerFailed if status >= 500 else TrunklineError)
    return kind(status, body if isinstance(body, Mapping) else {}, retry_after)
