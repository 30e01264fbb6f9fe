"""All that is ever said on the bus, by subject. Payloads are JSON with a version `v`; unknown fields are ignored.

`workers.place` (queue group `workers`), api to any worker: `{plan}`; reply `{taken: true, worker, epoch}` or
`{taken: false, why: "busy" | "late" | "claimed"}`.

`owners.<call_id>`, api to the worker that owns the call: `{ask: "command", epoch, not_after_ms, command}`; reply
`{receipt}`, the command's state right now; or `{ask: "state"}`; reply `{state}`.

`told.<call_id>`, owner (or whoever ended the call in its place) to whoever waits: `{events}` just made durable.

`workers.beat`, worker to monitors every 2 s: `{worker, pid, host, calls: [{org_id, call_id}], late_ms, late_p50_ms,
draining}`; how late its ticks are at the 99th percentile and the median.

`workers.roll`, from whoever has begun to listen to beats: `{}`; every worker beats at once.

`workers.lost`, supervisor to monitors: `{worker}`, whose process is gone.

log `calls.<org_id>.<call_id>`: `{first, events}`, a group of events appended at once, the first one's sequence.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson

VERSION = 1

LARGEST = 1_000_000
"""Bytes of a message that NATS carries as it is set up by itself: 1 MiB, with headers."""

PLACE = "workers.place"
PLACE_QUEUE = "workers"
BEAT = "workers.beat"
ROLL = "workers.roll"
LOST = "workers.lost"


def owner(call_id: str) -> str:
    return f"owners.{call_id}"


def told(call_id: str) -> str:
    return f"told.{call_id}"


def journal(org_id: str, call_id: str) -> str:
    return f"calls.{org_id}.{call_id}"


def call_of(log: str) -> tuple[str, str]:
    """(org_id, call_id) of a journal's log name."""
    _, org_id, call_id = log.split(".", 2)
    return org_id, call_id


def pack(message: Mapping[str, Any]) -> bytes:
    return orjson.dumps({"v": VERSION, **message})


def unpack(payload: bytes) -> dict[str, Any]:
    """Raises ValueError where it is not one of our messages."""
    message = orjson.loads(payload)
    if not isinstance(message, dict) or message.get("v") != VERSION:
        raise ValueError("not a message of this version")
    return message
