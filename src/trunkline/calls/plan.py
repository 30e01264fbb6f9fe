"""Everything a worker needs to know to make one call: fixed when it is accepted, sent once over the bus."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any


@dataclass(frozen=True, slots=True)
class Plan:
    call_id: str
    org_id: str
    destination: str
    """E.164, or a `sip:` URI."""
    caller_id: str
    """E.164, or the `sip:` URI that a `sip:` call comes from."""
    assistant: Mapping[str, Any]
    """The resolved configuration: the wire form of api.md B 4, defaults filled in, placeholders replaced."""
    ring_timeout_ms: int = 45_000
    max_duration_ms: int = 600_000
    first_message: str = ""
    not_after_ms: int = 0
    """Unix milliseconds after which nobody may start it: a person is never rung late."""
    metadata: Mapping[str, Any] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in _FIELDS}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Plan:
        return cls(**data)


_FIELDS = tuple(field.name for field in fields(Plan))
