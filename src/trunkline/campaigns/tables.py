"""Campaigns and their leads. How many leads a campaign has in which state is counted, not stored."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from trunkline.storage.columns import Table


class Campaign(Table):
    __tablename__ = "campaigns"

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    org_id: Mapped[str] = mapped_column(ForeignKey("organizations.id"), index=True)
    name: Mapped[str] = mapped_column(String(200))
    assistant_id: Mapped[str | None] = mapped_column(ForeignKey("assistants.id", ondelete="SET NULL"), index=True)
    """Null only once the campaign is over and its assistant has been deleted."""
    status: Mapped[str] = mapped_column(String(16))
    system_message_template: Mapped[str | None] = mapped_column(Text)
    schedule_start_time: Mapped[str] = mapped_column(String(8))
    schedule_end_time: Mapped[str] = mapped_column(String(8))
    timezone: Mapped[str] = mapped_column(String(64))
    number_ids: Mapped[list[Any]]
    max_concurrency: Mapped[int | None]
    calls_per_minute: Mapped[int | None]
    days_of_week: Mapped[list[Any]]
    retry: Mapped[dict[str, Any]]
    """`{max_attempts, delay_seconds, on}`."""
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class Lead(Table):
    __tablename__ = "leads"
    __table_args__ = (
        Index("ix_leads_campaign_place", "campaign_id", "place"),
        Index("ix_leads_campaign_status", "campaign_id", "status"),
        Index("ix_leads_campaign_phone", "campaign_id", "phone_number"),
    )

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    org_id: Mapped[str] = mapped_column(String(64))
    campaign_id: Mapped[str] = mapped_column(ForeignKey("campaigns.id", ondelete="CASCADE"))
    place: Mapped[int]
    """Its place on the list, from 1."""
    phone_number: Mapped[str] = mapped_column(String(32))
    variables: Mapped[dict[str, Any]]
    timezone: Mapped[str | None] = mapped_column(String(64))
    assistant_override: Mapped[dict[str, Any]]
    """Empty: none."""
    status: Mapped[str] = mapped_column(String(16))
    skip_reason: Mapped[str | None] = mapped_column(String(64))
    call_id: Mapped[str | None] = mapped_column(String(64))
    attempts: Mapped[int]
    last_attempt_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
