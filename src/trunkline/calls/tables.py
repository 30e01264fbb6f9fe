"""Rows made from journals, and the rows that exist before a journal does.

A call's row is inserted by `placing.py`; from then on only the recorder changes it. A command's row is inserted by
`control.py`; its status and receipt are the recorder's.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from trunkline.storage.columns import Json, Table


class CallRow(Table):
    __tablename__ = "calls"
    __table_args__ = (
        Index("ix_calls_org_created", "org_id", "created_at", "id"),
        Index("ix_calls_org_status_created", "org_id", "status", "created_at", "id"),
        Index("ix_calls_status_worker", "status", "worker"),
    )

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    org_id: Mapped[str] = mapped_column(ForeignKey("organizations.id"))
    direction: Mapped[str] = mapped_column(String(16), default="outbound")
    destination: Mapped[str] = mapped_column(String(255))
    caller_id: Mapped[str] = mapped_column(String(255))
    number_id: Mapped[str | None] = mapped_column(String(64))
    chosen_by: Mapped[str] = mapped_column(String(32), default="")
    """How the number to call from was found, such as `request`."""
    assistant_id: Mapped[str | None] = mapped_column(String(64))
    plan: Mapped[dict[str, Any]]
    """The `Plan` as sent to the worker; its `assistant` is the resolved configuration."""
    assistant_name: Mapped[str | None] = mapped_column(String(200))
    business_name: Mapped[str | None] = mapped_column(String(200))
    meta: Mapped[dict[str, Any]] = mapped_column("metadata", default=dict)
    """What a list shows of the plan, which may be long and is not read for it."""
    warnings: Mapped[list[Any]] = mapped_column(default=list)
    status: Mapped[str] = mapped_column(String(32))
    end_reason: Mapped[str | None] = mapped_column(String(32))
    error: Mapped[str | None] = mapped_column(Text)
    worker: Mapped[str | None] = mapped_column(String(64))
    epoch: Mapped[int] = mapped_column(BigInteger, default=0)
    last_sequence: Mapped[int] = mapped_column(default=0)
    """The last event applied to this row: what makes the recorder idempotent."""
    claimed_at: Mapped[datetime | None]
    """Zero of the call's own clock."""
    answered_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    duration_seconds: Mapped[float | None]
    transfer: Mapped[dict[str, Any]] = mapped_column(default=dict)
    """`{state, destination, …}` of the last transfer, or empty."""
    recording: Mapped[str | None] = mapped_column(String(255))
    messages: Mapped[list[Any] | None] = mapped_column(Json)
    """The transcript of a call that is over; of a live one it is made from the events."""
    sandbox: Mapped[dict[str, Any] | None] = mapped_column(Json)
    """What the far end of a sandbox line heard and said; as `messages`."""
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class EventRow(Table):
    __tablename__ = "events"

    call_id: Mapped[str] = mapped_column(ForeignKey("calls.id"), primary_key=True)
    sequence: Mapped[int] = mapped_column(primary_key=True)
    at_ms: Mapped[int]
    kind: Mapped[str] = mapped_column(String(32))
    data: Mapped[dict[str, Any]]


class CommandRow(Table):
    __tablename__ = "commands"
    __table_args__ = (
        UniqueConstraint("call_id", "sequence"),
        Index("ix_commands_status_not_after", "status", "not_after_ms"),
    )

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    org_id: Mapped[str] = mapped_column(String(64))
    call_id: Mapped[str] = mapped_column(ForeignKey("calls.id"))
    key_id: Mapped[str] = mapped_column(String(64))
    """The API key that sent it."""
    sequence: Mapped[int]
    """Its place among the call's commands, from 1."""
    command: Mapped[dict[str, Any]]
    not_after_ms: Mapped[int] = mapped_column(BigInteger)
    status: Mapped[str] = mapped_column(String(16))
    receipt: Mapped[dict[str, Any]] = mapped_column(default=dict)
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class TicketRow(Table):
    """Leave to watch and steer one call from a browser, for a short time. The ticket's text is never stored."""

    __tablename__ = "tickets"

    hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    org_id: Mapped[str] = mapped_column(String(64))
    call_id: Mapped[str] = mapped_column(ForeignKey("calls.id"))
    key_id: Mapped[str] = mapped_column(String(64))
    """The API key that asked for it."""
    scopes: Mapped[list[Any]]
    expires_at: Mapped[datetime] = mapped_column(index=True)
