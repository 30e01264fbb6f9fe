"""A typed client of Trunkline's public API, on httpx. It knows the wire and nothing else of ours.

    with Trunkline("tl_live_…", "http://127.0.0.1:8080") as trunkline:
        placed = trunkline.calls.place({"destination": "+15005550001", "assistant_id": "asst_…"})

`operations.py` and `types.py` are generated from the OpenAPI document (`scripts/sdk generate`). Every operation is described
once, as a `Request`; what is to be done with it is written once too (`flows.py`), and `clients.py` does it, waiting or awaiting.
"""

from trunkline.client.clients import AsyncTrunkline, Trunkline
from trunkline.client.errors import (
    BadRequest,
    Conflict,
    Forbidden,
    NotFound,
    NotReached,
    PaymentRequired,
    ServerFailed,
    TooManyRequests,
    TrunklineError,
    Unauthorized,
)

__all__ = [
    "AsyncTrunkline",
    "BadRequest",
    "Conflict",
    "Forbidden",
    "NotFound",
    "NotReached",
    "PaymentRequired",
    "ServerFailed",
    "TooManyRequests",
    "Trunkline",
    "TrunklineError",
    "Unauthorized",
]
