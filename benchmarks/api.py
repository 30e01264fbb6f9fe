"""Placing and listing calls over HTTP with 100 000 calls in the table, on SQLite and on PostgreSQL.

    .venv/bin/python benchmarks/api.py [sqlite] [postgresql] [--calls N]

`trunkline serve` on a database filled beforehand: each call with 14 events, a prompt of 2 000 characters and a transcript of
eight turns; a tenth of the calls is another organization's. Calls are placed to a sandbox line that is busy, so that what is
measured is placing. Latencies are the client's, who is on the same machine.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

import httpx
import orjson
import psycopg

from trunkline.cli.server import serving
from trunkline.organizations.store import create_organization
from trunkline.storage.engine import Database
from trunkline.storage.migrate import upgrade
from trunkline.testing import postgres

BUSY = "+15005550002"
ASSISTANT = {
    "name": "Reception",
    "business_name": "Baker Street Dental",
    "stt_config": {"provider": "sandbox", "model": "modem", "language": "en"},
    "llm_config": {
        "provider": "sandbox",
        "model": "echo",
        "messages": [{"role": "system", "content": "You answer the phone of a dentist. " * 57}],
    },
    "tts_config": {"provider": "sandbox", "voice_id": "modem"},
    "first_message": "Hello, this is Baker Street Dental.",
    "max_duration_seconds": 600,
}
CHUNK = 2_000
ENDINGS = (("ended", "user_hangup"), ("ended", "assistant_hangup"), ("failed", "busy"), ("transferred", "transferred"))
LISTS = (
    ("GET /calls", {}),
    ("… limit=20", {"limit": 20}),
    ("… status=failed", {"status": "failed"}),
    ("… status=connecting", {"status": "connecting"}),
    ("… start_date, end_date: one day", {"start_date": "2026-05-01", "end_date": "2026-05-02"}),
    ("… status and dates", {"status": "ended", "start_date": "2026-05-01", "end_date": "2026-05-20"}),
    ("… offset=50000", {"offset": 50_000}),
)
READS, PLACES, AT_ONCE = 150, 400, 16
FIRST_DAY = datetime(2026, 2, 1, tzinfo=UTC)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("databases", nargs="*", default=["sqlite", "postgresql"])
    parser.add_argument("--calls", type=int, default=100_000)
    asked = parser.parse_args()
    for kind in asked.databases:
        with ExitStack() as stack:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            (folder / "data").mkdir()
            url = f"sqlite+aiosqlite:///{folder / 'data/trunkline.db'}"
            if kind == "postgresql":
                url = stack.enter_context(postgres.serving(durable=True)).url()
            took = fill(url, asked.calls)
            print(
                f"\n## {kind}, {asked.calls} calls (filled in {took:.0f} s), load {os.getloadavg()[0]:.1f}\n",
                flush=True,
            )
            settings = {"TRUNKLINE_DATABASE_URL": url, "TRUNKLINE_RATE_LIMIT_PER_MINUTE": "0", "TRUNKLINE_WORKERS": "1",
                        "TRUNKLINE_MAX_LATE_MS": "1000", "TRUNKLINE_MAX_CALLS": "500"}  # fmt: skip
            remote = stack.enter_context(serving(folder, settings))
            headers = {"Authorization": f"Bearer {remote.key}"}
            limits = httpx.Limits(max_connections=AT_ONCE, max_keepalive_connections=AT_ONCE)
            with httpx.Client(base_url=f"{remote.url}/api/v1", headers=headers, timeout=60, limits=limits) as http:
                measure(http)


def measure(http: httpx.Client) -> None:
    print("| request | p50 ms | p99 ms | per second | budget p99 |")
    print("|---|---|---|---|---|")
    for name, parameters in LISTS:
        total = http.get("/calls", params=parameters).raise_for_status().json()["pagination"]["total"]
        tell(f"{name} ({total})", *timed(lambda p=parameters: http.get("/calls", params=p), READS, 1), budget="50")
    tell("GET /calls, 4 clients", *timed(lambda: http.get("/calls"), READS, 4))
    body = {"destination": BUSY, "assistant": ASSISTANT}
    tell("POST /calls, one client", *timed(lambda: http.post("/calls", json=body), PLACES // 4, 1))
    tell(f"POST /calls, {AT_ONCE} clients", *timed(lambda: http.post("/calls", json=body), PLACES, AT_ONCE))


def timed(ask: Any, times: int, at_once: int) -> tuple[list[float], float]:
    def one(_: int) -> float:
        began = time.perf_counter()
        answer = ask()
        if not answer.is_success:
            raise SystemExit(f"{answer.status_code}: {answer.text}")
        return (time.perf_counter() - began) * 1_000

    with ThreadPoolExecutor(at_once) as pool:
        list(pool.map(one, range(at_once)))
        began = time.perf_counter()
        return list(pool.map(one, range(times))), time.perf_counter() - began


def tell(name: str, took_ms: Sequence[float], all_s: float, budget: str = "") -> None:
    p99 = statistics.quantiles(took_ms, n=100)[98]
    rate = len(took_ms) / all_s
    print(f"| {name} | {statistics.median(took_ms):.1f} | {p99:.1f} | {rate:.0f} | {budget} |", flush=True)


# ---- filling -----------------------------------------------------------------------------------


def fill(url: str, calls: int) -> float:
    began = time.perf_counter()
    mine, other = asyncio.run(_prepared(url))
    rows = _calls(calls, mine, other)
    if url.startswith("sqlite"):
        _into_sqlite(url.partition(":///")[2], rows)
    else:
        _into_postgres(url, rows)
    return time.perf_counter() - began


async def _prepared(url: str) -> tuple[str, str]:
    await upgrade(url)
    database = Database(url)
    try:
        async with database.writing() as session:
            mine = await create_organization(session, "Mine")
            await asyncio.sleep(0.01)  # the oldest gets the key of the server that is started on it
            return mine.id, (await create_organization(session, "Other")).id
    finally:
        await database.close()


def _calls(count: int, mine: str, other: str) -> Iterator[tuple[dict[str, Any], list[dict[str, Any]]]]:
    step = timedelta(days=280) / count
    events = [
        {"at_ms": at_ms, "kind": kind, "data": orjson.dumps(data).decode()} for at_ms, kind, data in _conversation()
    ]
    empty, messages = "{}", orjson.dumps(_messages()).decode()
    for n in range(count):
        created = FIRST_DAY + n * step
        status, reason = ENDINGS[n % len(ENDINGS)]
        org, call_id = (other if n % 10 == 9 else mine), f"call_{n:032x}"
        plan = {"call_id": call_id, "org_id": org, "destination": BUSY, "caller_id": "+15005550000",
                "assistant": ASSISTANT, "metadata": {"order": n}}  # fmt: skip
        row = {
            "id": call_id, "org_id": org, "direction": "outbound", "destination": BUSY, "caller_id": "+15005550000",
            "chosen_by": "sandbox", "plan": orjson.dumps(plan).decode(), "warnings": "[]", "status": status,
            "end_reason": reason, "worker": "w1", "epoch": 1, "last_sequence": len(events), "claimed_at": created,
            "answered_at": created, "ended_at": created + timedelta(seconds=40), "duration_seconds": 40.0,
            "transfer": empty, "assistant_name": "Reception", "business_name": "Baker Street Dental",
            "metadata": '{"order": 1}', "messages": messages, "sandbox": '{"heard": [], "said": []}',
            "created_at": created, "updated_at": created,
        }  # fmt: skip
        yield row, [{"call_id": call_id, "sequence": i + 1, **event} for i, event in enumerate(events)]


def _conversation() -> Iterator[tuple[int, str, dict[str, Any]]]:
    yield 0, "claimed", {"worker": "w1", "epoch": 1, "at": "2026-02-01T00:00:00Z"}
    yield 600, "answered", {}
    for turn in range(4):
        at_ms = 1_000 + turn * 8_000
        yield at_ms, "speech.started", {"utterance": f"u{turn}", "source": "reply"}
        yield at_ms + 3_000, "speech.ended", {"utterance": f"u{turn}", "heard_text": _messages()[turn * 2]["content"]}
        yield at_ms + 6_000, "caller.said", {"text": _messages()[turn * 2 + 1]["content"]}


def _messages() -> list[dict[str, str]]:
    said = "Certainly. I can offer you Tuesday at ten or Thursday at a quarter past two, whichever suits you better."
    return [{"role": role, "content": said} for _ in range(4) for role in ("assistant", "user")]


def _into_sqlite(path: str, rows: Iterator[tuple[dict[str, Any], list[dict[str, Any]]]]) -> None:
    connection = sqlite3.connect(path)
    while chunk := list(islice(rows, CHUNK)):
        for table, values in _tables(chunk):
            columns = ", ".join(f'"{name}"' for name in values[0])
            places = ", ".join("?" for _ in values[0])
            plain = [tuple(_plain(value) for value in row.values()) for row in values]
            connection.executemany(f"insert into {table} ({columns}) values ({places})", plain)
        connection.commit()
    connection.execute("analyze")
    connection.close()


def _plain(value: Any) -> Any:
    """As SQLAlchemy writes moments into SQLite."""
    return value.strftime("%Y-%m-%d %H:%M:%S.%f") if isinstance(value, datetime) else value


def _into_postgres(url: str, rows: Iterator[tuple[dict[str, Any], list[dict[str, Any]]]]) -> None:
    with psycopg.connect(url.replace("+psycopg", "")) as connection:
        while chunk := list(islice(rows, CHUNK)):
            for table, values in _tables(chunk):
                columns = ", ".join(f'"{name}"' for name in values[0])
                with connection.cursor().copy(f"copy {table} ({columns}) from stdin") as copy:  # type: ignore[arg-type]
                    for row in values:
                        copy.write_row(list(row.values()))
            connection.commit()
        connection.autocommit = True
        connection.execute("vacuum analyze")


def _tables(
    chunk: Sequence[tuple[dict[str, Any], list[dict[str, Any]]]],
) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    yield "calls", [row for row, _ in chunk]
    yield "events", [event for _, events in chunk for event in events]


if __name__ == "__main__":
    sys.exit(main())
