"""Numbers, campaigns with their leads, usage, tickets; what organizations and calls say besides."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0002"
down_revision = "0001"

moment = sa.DateTime(timezone=True)
json = sa.JSON().with_variant(JSONB(), "postgresql")


def upgrade() -> None:
    op.add_column("organizations", sa.Column("content_retention_days", sa.Integer(), nullable=True))
    op.add_column("organizations", sa.Column("metadata_retention_days", sa.Integer(), nullable=True))
    op.create_index(op.f("ix_organizations_parent_org_id"), "organizations", ["parent_org_id"])
    _calls()
    _numbers()
    _campaigns()
    _leads()
    _usage()
    _tickets()


def _calls() -> None:
    op.add_column("calls", sa.Column("chosen_by", sa.String(length=32), nullable=False, server_default=""))
    op.add_column("calls", sa.Column("assistant_name", sa.String(length=200), nullable=True))
    op.add_column("calls", sa.Column("business_name", sa.String(length=200), nullable=True))
    op.add_column("calls", sa.Column("metadata", json, nullable=False, server_default="{}"))
    op.add_column("calls", sa.Column("messages", json, nullable=True))
    op.add_column("calls", sa.Column("sandbox", json, nullable=True))
    on_postgres = op.get_bind().dialect.name == "postgresql"
    op.execute(_FROM_THE_PLAN_ON_POSTGRES if on_postgres else _FROM_THE_PLAN_ON_SQLITE)
    for name, columns in _LISTS.items():
        op.drop_index(name, "calls")
        op.create_index(name, "calls", columns)


_LISTS = {
    "ix_calls_org_created": ["org_id", "created_at", "id"],
    "ix_calls_org_status_created": ["org_id", "status", "created_at", "id"],
}
"""With the id a page is found in the index alone, however deep it lies."""

_FROM_THE_PLAN_ON_SQLITE = """
update calls set assistant_name = json_extract(plan, '$.assistant.name'),
    business_name = json_extract(plan, '$.assistant.business_name'),
    metadata = coalesce(json_extract(plan, '$.metadata'), '{}')
"""
_FROM_THE_PLAN_ON_POSTGRES = """
update calls set assistant_name = plan->'assistant'->>'name', business_name = plan->'assistant'->>'business_name',
    metadata = coalesce(plan->'metadata', '{}'::jsonb)
"""


def _numbers() -> None:
    op.create_table(
        "numbers",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("org_id", sa.String(length=64), nullable=False),
        sa.Column("phone_number", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=True),
        sa.Column("assistant_id", sa.String(length=64), nullable=True),
        sa.Column("transfer_trunk_id", sa.String(length=64), nullable=True),
        sa.Column("workflow_id", sa.String(length=64), nullable=True),
        sa.Column("source", sa.String(length=64), nullable=True),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("reserved_for_org_id", sa.String(length=64), nullable=True),
        sa.Column("last_used_at", moment, nullable=True),
        sa.Column("created_at", moment, nullable=False),
        sa.Column("updated_at", moment, nullable=False),
        sa.ForeignKeyConstraint(["org_id"], ["organizations.id"], name=op.f("fk_numbers_org_id")),
        sa.ForeignKeyConstraint(["assistant_id"], ["assistants.id"], name=op.f("fk_numbers_assistant_id")),
        sa.ForeignKeyConstraint(
            ["reserved_for_org_id"], ["organizations.id"], name=op.f("fk_numbers_reserved_for_org_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_numbers")),
        sa.UniqueConstraint("phone_number", name=op.f("uq_numbers_phone_number")),
    )
    for column in ("org_id", "assistant_id", "reserved_for_org_id"):
        op.create_index(op.f(f"ix_numbers_{column}"), "numbers", [column])


def _campaigns() -> None:
    op.create_table(
        "campaigns",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("org_id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("assistant_id", sa.String(length=64), nullable=True),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("system_message_template", sa.Text(), nullable=True),
        sa.Column("schedule_start_time", sa.String(length=8), nullable=False),
        sa.Column("schedule_end_time", sa.String(length=8), nullable=False),
        sa.Column("timezone", sa.String(length=64), nullable=False),
        sa.Column("number_ids", json, nullable=False),
        sa.Column("max_concurrency", sa.Integer(), nullable=True),
        sa.Column("calls_per_minute", sa.Integer(), nullable=True),
        sa.Column("days_of_week", json, nullable=False),
        sa.Column("retry", json, nullable=False),
        sa.Column("created_at", moment, nullable=False),
        sa.Column("updated_at", moment, nullable=False),
        sa.ForeignKeyConstraint(["org_id"], ["organizations.id"], name=op.f("fk_campaigns_org_id")),
        sa.ForeignKeyConstraint(
            ["assistant_id"], ["assistants.id"], name=op.f("fk_campaigns_assistant_id"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_campaigns")),
    )
    for column in ("org_id", "assistant_id"):
        op.create_index(op.f(f"ix_campaigns_{column}"), "campaigns", [column])


def _leads() -> None:
    op.create_table(
        "leads",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("org_id", sa.String(length=64), nullable=False),
        sa.Column("campaign_id", sa.String(length=64), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("phone_number", sa.String(length=32), nullable=False),
        sa.Column("variables", json, nullable=False),
        sa.Column("timezone", sa.String(length=64), nullable=True),
        sa.Column("assistant_override", json, nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("skip_reason", sa.String(length=64), nullable=True),
        sa.Column("call_id", sa.String(length=64), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("last_attempt_at", moment, nullable=True),
        sa.Column("created_at", moment, nullable=False),
        sa.ForeignKeyConstraint(
            ["campaign_id"], ["campaigns.id"], name=op.f("fk_leads_campaign_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_leads")),
    )
    op.create_index("ix_leads_campaign_place", "leads", ["campaign_id", "place"])
    op.create_index("ix_leads_campaign_status", "leads", ["campaign_id", "status"])
    op.create_index("ix_leads_campaign_phone", "leads", ["campaign_id", "phone_number"])


def _usage() -> None:
    op.create_table(
        "usage",
        sa.Column("call_id", sa.String(length=64), nullable=False),
        sa.Column("org_id", sa.String(length=64), nullable=False),
        sa.Column("payer_org_id", sa.String(length=64), nullable=False),
        sa.Column("call_type", sa.String(length=16), nullable=False),
        sa.Column("phone_number", sa.String(length=255), nullable=True),
        sa.Column("assistant_name", sa.String(length=200), nullable=True),
        sa.Column("business_name", sa.String(length=200), nullable=True),
        sa.Column("duration_seconds", sa.Double(), nullable=False),
        sa.Column("created_at", moment, nullable=False),
        sa.ForeignKeyConstraint(["call_id"], ["calls.id"], name=op.f("fk_usage_call_id")),
        sa.ForeignKeyConstraint(["org_id"], ["organizations.id"], name=op.f("fk_usage_org_id")),
        sa.ForeignKeyConstraint(["payer_org_id"], ["organizations.id"], name=op.f("fk_usage_payer_org_id")),
        sa.PrimaryKeyConstraint("call_id", name=op.f("pk_usage")),
    )
    op.create_index("ix_usage_org_created", "usage", ["org_id", "created_at"])
    op.create_index("ix_usage_payer_created", "usage", ["payer_org_id", "created_at"])


def _tickets() -> None:
    op.create_table(
        "tickets",
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("org_id", sa.String(length=64), nullable=False),
        sa.Column("call_id", sa.String(length=64), nullable=False),
        sa.Column("key_id", sa.String(length=64), nullable=False),
        sa.Column("scopes", json, nullable=False),
        sa.Column("expires_at", moment, nullable=False),
        sa.ForeignKeyConstraint(["call_id"], ["calls.id"], name=op.f("fk_tickets_call_id")),
        sa.PrimaryKeyConstraint("hash", name=op.f("pk_tickets")),
    )
    op.create_index(op.f("ix_tickets_expires_at"), "tickets", ["expires_at"])
