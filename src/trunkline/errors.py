"""Every error a client can meet, drawn as a tree. The docstring is the short human phrase, `code` the machine name.

    Problem
    ├── BadRequest 400            invalid_request
    │   ├── NotInProgress         call_not_in_progress
    │   └── ProviderUnavailable   provider_unavailable
    ├── Unauthorized 401          unauthorized
    ├── PaymentRequired 402       insufficient_credits
    ├── Forbidden 403             forbidden
    │   ├── ScopeMissing          scope_missing
    │   └── PolicyBlocked         policy_blocked
    ├── NotFound 404              not_found
    ├── MethodNotAllowed 405      method_not_allowed
    ├── Conflict 409              conflict
    │   ├── KeyReused             idempotency_key_reused
    │   ├── NoAvailableNumber     no_available_number
    │   ├── RecordingNotReady     recording_not_ready
    │   ├── InUse                 in_use
    │   └── CampaignsNotRunning   campaigns_not_running
    ├── TooLarge 413              body_too_large
    ├── WrongContentType 415      unsupported_media_type
    ├── TooMany 429               rate_limit_exceeded
    │   └── TooManyCommands       too_many_commands
    └── Unavailable 503           unavailable
        └── NoCapacity            no_capacity

One handler (`web/problems.py`) renders them as `{error, message, details?, code}`.
"""

from __future__ import annotations

from collections.abc import Sequence


class Problem(Exception):
    """Something went wrong"""

    status = 500
    code = "internal_error"

    def __init__(self, message: str = "", *, details: Sequence[str] = (), retry_after: int | None = None) -> None:
        self.phrase = (type(self).__doc__ or "").strip()
        self.message = message or self.phrase
        self.details = list(details)
        self.retry_after = retry_after
        super().__init__(self.message)


class BadRequest(Problem):
    """Invalid request"""

    status, code = 400, "invalid_request"


class NotInProgress(BadRequest):
    """Call is not in progress"""

    code = "call_not_in_progress"


class ProviderUnavailable(BadRequest):
    """Provider is not available here"""

    code = "provider_unavailable"


class Unauthorized(Problem):
    """Invalid API key"""

    status, code = 401, "unauthorized"


class PaymentRequired(Problem):
    """Insufficient credits"""

    status, code = 402, "insufficient_credits"


class Forbidden(Problem):
    """Forbidden"""

    status, code = 403, "forbidden"


class ScopeMissing(Forbidden):
    """The key lacks the scope for this"""

    code = "scope_missing"


class PolicyBlocked(Forbidden):
    """The dialing policy forbids this destination"""

    code = "policy_blocked"


class NotFound(Problem):
    """Not found"""

    status, code = 404, "not_found"


class MethodNotAllowed(Problem):
    """Method not allowed"""

    status, code = 405, "method_not_allowed"


class Conflict(Problem):
    """Conflict"""

    status, code = 409, "conflict"


class KeyReused(Conflict):
    """The idempotency key was used with another body"""

    code = "idempotency_key_reused"


class NoAvailableNumber(Conflict):
    """No number to call from"""

    code = "no_available_number"


class RecordingNotReady(Conflict):
    """The recording is not ready"""

    code = "recording_not_ready"


class InUse(Conflict):
    """Something still uses this"""

    code = "in_use"


class CampaignsNotRunning(Conflict):
    """Campaigns do not run here yet"""

    code = "campaigns_not_running"


class TooLarge(Problem):
    """The request body is too large"""

    status, code = 413, "body_too_large"


class WrongContentType(Problem):
    """The Content-Type is not application/json"""

    status, code = 415, "unsupported_media_type"


class TooMany(Problem):
    """Too many requests"""

    status, code = 429, "rate_limit_exceeded"


class TooManyCommands(TooMany):
    """Too many commands are queued on this call"""

    code = "too_many_commands"


class Unavailable(Problem):
    """Temporarily unavailable"""

    status, code = 503, "unavailable"


class NoCapacity(Unavailable):
    """No worker has a free slot"""

    code = "no_capacity"
