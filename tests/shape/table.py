"""The architecture: which rooms there are, who may import whom, who must be pure. `rules.py` reads the tree against it."""

from __future__ import annotations

PACKAGE = "trunkline"

KIT = frozenset({"errors", "ids", "clock", "config", "logs"})
"""Importable from anywhere; they import nothing of ours."""

ANYTHING = None

ROOMS: dict[str, frozenset[str] | None] = {
    "audio": frozenset(),
    "storage": frozenset(),
    "bus": frozenset(),
    "policy": frozenset(),
    "organizations": frozenset({"storage"}),
    "web": frozenset({"storage", "organizations"}),
    "calls": frozenset({"audio", "storage", "bus", "web", "policy"}),
    "conversation": frozenset({"calls", "audio"}),
    "telephony": frozenset({"calls", "audio"}),
    "providers": frozenset({"conversation", "audio"}),
    "assistants": frozenset({"storage", "web", "providers.catalogue"}),
    "numbers": frozenset({"storage", "web", "policy", "organizations", "assistants"}),
    "campaigns": frozenset({"storage", "web", "policy", "assistants", "numbers"}),
    "usage": frozenset({"storage", "web", "organizations", "calls"}),
    "accounts": frozenset({"storage", "web", "organizations", "numbers", "assistants", "calls", "usage"}),
    "client": frozenset(),
    "supervisor": frozenset({"bus"}),
    "api": ANYTHING,
    "cli": ANYTHING,
    "logs": frozenset(),
    "testing": ANYTHING,
    "wiring": ANYTHING,
}
"""A room may import itself, the kit, and these. `room.module` allows that one module."""

NARROWER: dict[str, frozenset[str]] = {
    "telephony/sandbox/farend.py": frozenset({"audio"}),
}
"""Single files held to less than their room: whatever they reach, however indirectly, lies in these rooms.

What a far end heard is only evidence if nothing but frames can reach it.
"""

API_SIDE = (
    "calls/tables.py", "calls/routes.py", "calls/schemas.py", "calls/store.py", "calls/placing.py", "calls/control.py",
    "calls/recorder.py", "calls/reading.py", "calls/waiting.py", "calls/rendering.py", "calls/answers.py",
    "calls/placeholders.py", "calls/monitor.py", "calls/sweeper.py", "calls/tickets.py",
)  # fmt: skip
WORKER_ROOMS = frozenset({"calls", "audio", "bus", "conversation", "providers", "telephony"})
"""What a worker process loads: these rooms without the files above. However indirectly, none of it reaches the web or
the database."""

NOT_IN_A_WORKER_ROOMS = frozenset(
    {"storage", "web", "api", "organizations", "assistants", "numbers", "campaigns", "usage", "accounts", "client"}
)
NOT_IN_A_WORKER = frozenset({"fastapi", "starlette", "uvicorn", "sqlalchemy", "alembic", "aiosqlite", "typer", "httpx"})

PURE = (
    "audio/*.py",
    "calls/verbs.py", "calls/events.py", "calls/plan.py", "calls/inputs.py", "calls/effects.py",
    "calls/lifecycle.py", "calls/commands.py", "calls/running.py", "calls/outcomes.py", "calls/endings.py", "calls/call.py",
    "calls/chronicle.py", "calls/projection.py",
    "conversation/turns.py", "conversation/spoken.py", "conversation/clauses.py",
    "policy/dialing.py", "organizations/keys.py", "supervisor/plan.py",
    "telephony/sip/message.py", "telephony/sip/uri.py", "telephony/sip/sdp.py", "telephony/sip/digest.py",
    "telephony/sip/transaction.py", "telephony/sip/dialog.py",
    "telephony/sandbox/farend.py",
    "bus/messages.py",
    "cli/show.py", "cli/truth.py",
)  # fmt: skip
"""These, and every module whose opening paragraph says "Pure.", are decisions and arithmetic: no waiting, no clock, no chance, no world. Each that does anything has a unit test of its own name."""

IMPURE = frozenset(
    {
        "asyncio", "threading", "multiprocessing", "subprocess", "selectors", "socket", "ssl", "time", "random", "secrets",
        "os", "shutil", "tempfile", "logging", "structlog", "sqlalchemy", "aiohttp", "httpx", "websockets", "nats", "uvloop",
        "fastapi", "uvicorn",
    }
)  # fmt: skip
IMPURE_CALLS = frozenset({"open", "input", "print"})

OUTERMOST = frozenset({"calls/run.py", "calls/worker.py", "calls/recorder.py", "web/problems.py"})
"""The shells of a call or a job, where one failure must not take the others with it: they may catch `Exception`."""

VENDORS = frozenset(
    {
        "twilio", "telnyx", "plivo", "deepgram", "openai", "elevenlabs", "mistral", "xai", "gladia", "inworld", "google",
    }
)  # fmt: skip
VENDOR_FILES = ("providers/*.py", "telephony/streams/*.py", "client/types.py")
"""Where the names of vendors and carriers may stand in code."""

MODULE_LINES, FUNCTION_LINES = 400, 50
GENERATED = frozenset({"client/operations.py", "client/types.py"})
"""As long as the API has operations and types; `scripts/sdk check` holds them to the document."""
