"""One row per call that was answered, written in the transaction that records its ending."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from trunkline.storage.columns import Table


class UsageRow(Table):
    __tablename__ = "usage"
    __table_args__ = (
        Index("ix_usage_org_created", "org_id", "created_at"),
        Index("ix_usage_payer_created", "payer_org_id", "created_at"),
    )

    call_id: Mapped[str] = mapped_column(ForeignKey("calls.id"), primary_key=True)
    org_id: Mapped[str] = mapped_column(ForeignKey("organizations.id"))
    payer_org_id: Mapped[str] = mapped_column(ForeignKey("organizations.id"))
    """Who is billed: the organization itself, or the parent it is a child of."""
    call_type: Mapped[str] = mapped_column(String(16))
    """`phone` or `web`."""
    phone_number: Mapped[str | None] = mapped_column(String(255))
    """The person's."""
    assistant_name: Mapped[str | None] = mapped_column(String(200))
    business_name: Mapped[str | None] = mapped_column(String(200))
    duration_seconds: Mapped[float]
    created_at: Mapped[datetime]
    """When the call was placed."""
