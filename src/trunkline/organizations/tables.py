"""Organizations and their API keys. A key is stored as a SHA-256 hash; its text is shown once."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from trunkline.storage.columns import Table


class Organization(Table):
    __tablename__ = "organizations"

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    name: Mapped[str] = mapped_column(String(200))
    parent_org_id: Mapped[str | None] = mapped_column(ForeignKey("organizations.id"), index=True)
    minutes_balance: Mapped[float | None]
    """Null: unlimited."""
    content_retention_days: Mapped[int | None]
    """How long transcripts and recordings are kept. Null: for ever."""
    metadata_retention_days: Mapped[int | None]
    """How long numbers and events are kept. Null: for ever."""
    created_at: Mapped[datetime]


class ApiKey(Table):
    __tablename__ = "api_keys"

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    org_id: Mapped[str] = mapped_column(ForeignKey("organizations.id"), index=True)
    name: Mapped[str] = mapped_column(String(200))
    prefix: Mapped[str] = mapped_column(String(16))
    """The first characters, to tell keys apart in a list."""
    hash: Mapped[str] = mapped_column(String(64), unique=True)
    scopes: Mapped[list[Any]]
    created_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
