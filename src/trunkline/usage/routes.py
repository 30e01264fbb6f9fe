"""The route of usage: which calls were billed, and how long they were."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Query, Request

from trunkline.clock import iso
from trunkline.storage.engine import Database
from trunkline.usage import store
from trunkline.usage.store import Lines
from trunkline.usage.tables import UsageRow
from trunkline.web.answers import JsonAnswer
from trunkline.web.caller import Reader
from trunkline.web.moments import Moment
from trunkline.web.paging import Paged


async def get_usage(
    request: Request,
    caller: Reader,
    page: Paged,
    start_date: Moment | None = None,
    end_date: Moment | None = None,
    include_children: Annotated[
        bool, Query(description="also the calls of children, which this organization pays")
    ] = False,
) -> JsonAnswer:
    """The calls that were billed, newest first, and what they come to."""
    lines = Lines(caller.org_id, include_children, start_date, end_date)
    database: Database = request.app.state.door.callers.database
    async with database.reading() as session:
        rows = await store.page(session, lines, page.limit, page.offset)
        total = await store.summary(session, lines)
    return JsonAnswer(
        {
            "logs": [_line_json(row) for row in rows],
            "pagination": page.pagination(total.calls),
            "summary": {
                "total_calls": total.calls,
                "total_duration_seconds": round(total.seconds),
                "total_duration_minutes": round(total.seconds / 60, 2),
            },
        }
    )


def _line_json(row: UsageRow) -> dict[str, Any]:
    return {
        "id": row.call_id,
        "duration_sec": round(row.duration_seconds),
        "call_type": row.call_type,
        "phone_number": row.phone_number,
        "agent_name": row.assistant_name,
        "assistant_name": row.assistant_name,
        "business_name": row.business_name,
        "created_at": iso(row.created_at),
        "org_id": row.org_id,
    }
