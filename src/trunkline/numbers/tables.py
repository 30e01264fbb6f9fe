"""Registered phone numbers. A number is registered once in an installation: an inbound call must find one owner."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from trunkline.storage.columns import Table


class Number(Table):
    __tablename__ = "numbers"

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    org_id: Mapped[str] = mapped_column(ForeignKey("organizations.id"), index=True)
    phone_number: Mapped[str] = mapped_column(String(32), unique=True)
    """E.164 with its plus."""
    name: Mapped[str | None] = mapped_column(String(200))
    assistant_id: Mapped[str | None] = mapped_column(ForeignKey("assistants.id"), index=True)
    transfer_trunk_id: Mapped[str | None] = mapped_column(String(64))
    workflow_id: Mapped[str | None] = mapped_column(String(64))
    source: Mapped[str | None] = mapped_column(String(64))
    """Where the number came from: whoever imported it says so."""
    is_active: Mapped[bool]
    reserved_for_org_id: Mapped[str | None] = mapped_column(ForeignKey("organizations.id"), index=True)
    """A child organization: the pool serves it alone with this number."""
    last_used_at: Mapped[datetime | None]
    """When it was last called from."""
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
