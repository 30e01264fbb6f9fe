"""Usage: one entry per call that was paid for, in pages, with a sum of all."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from api_world import ECHO
from calls_rows import running, until
from contract_client import Api, got, page, refused, serving, timestamp

from trunkline.calls.recorder import record
from trunkline.usage.store import charge

LOG_FIELDS = {"id", "duration_sec", "call_type", "phone_number", "agent_name", "business_name", "created_at"}
SUMMARY = {"total_calls", "total_duration_seconds", "total_duration_minutes"}


def test_usage_has_logs_a_pagination_and_a_summary(fresh: Api) -> None:
    body = got(fresh.get("/usage"))
    assert set(body) == {"logs", "pagination", "summary"}
    assert body["logs"] == []
    assert body["pagination"] == {"total": 0, "limit": 100, "offset": 0}
    assert set(body["summary"]) == SUMMARY
    assert set(body["summary"].values()) == {0}


def test_usage_is_paged_and_bounded_by_dates(api: Api) -> None:
    day = datetime.now(UTC)
    start, end = ((day + timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%S.000Z") for days in (-1, 1))
    answer = api.get(f"/usage?limit=5&offset=0&start_date={start}&end_date={end}")
    assert got(answer)["pagination"]["limit"] == 5
    page(answer, "logs")


@pytest.mark.parametrize("query", ["limit=0x", "limit=1001", "offset=-1", "start_date=yesterday", "end_date=5"])
def test_a_query_that_cannot_be_meant_is_400(api: Api, query: str) -> None:
    refused(api.get(f"/usage?{query}"), 400, "invalid_request", query.partition("=")[0])


def test_a_call_that_was_answered_is_a_log_and_counts_in_the_summary(tmp_path: Path) -> None:
    with serving(tmp_path) as api:
        api.world.worker.projecting = False
        saved = api.assistant(name="Ann", business_name="Ann's Garage")

        async def listed() -> bool:
            return bool((await api.world.client.get("/usage")).json()["pagination"]["total"] == 2)

        async def recorded() -> None:
            async with running(record(api.world.bus, api.world.database, charge)):
                for _ in range(2):
                    placed = await api.world.place({"destination": ECHO, "assistant_id": saved["id"]})
                    call_id = placed.json()["call_id"]
                    await api.world.worker.answer(call_id)
                    await api.world.worker.end(call_id)
                await until(listed)

        api.run(asyncio.wait_for(recorded(), 20))
        body = got(api.get("/usage?limit=1"))
        assert body["pagination"] == {"total": 2, "limit": 1, "offset": 0}
        (log,) = body["logs"]
        assert set(log) >= LOG_FIELDS
        assert (log["call_type"], log["agent_name"], log["business_name"]) == ("phone", "Ann", "Ann's Garage")
        assert log["phone_number"] == ECHO
        timestamp(log["created_at"])
        assert body["summary"]["total_calls"] == 2
        assert body["summary"]["total_duration_seconds"] == 3
        assert body["summary"]["total_duration_minutes"] == pytest.approx(0.05)
        assert got(api.get("/organizations"))["monthly_usage_minutes"] == pytest.approx(0.05, abs=0.01)
        assert page(api.get("/usage?end_date=2020-01-01T00:00:00.000Z"), "logs") == []
