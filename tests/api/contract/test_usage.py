"""Usage: one entry per call that was paid for, in pages, with a sum of all."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from contract_client import Api, got, page, refused

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
