"""Is it there, can it work, how does it fare: `/health`, `/ready`, `/metrics`, for those who keep the machine running."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import Any

from fastapi import Request, Response
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from trunkline import __version__, clock
from trunkline.bus import messages
from trunkline.bus.port import Bus
from trunkline.storage.engine import Database

BEAT_S = 5.0
"""A worker not heard of for this long is not counted on for new calls."""

BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)


@dataclass(frozen=True, slots=True)
class Beat:
    at: float
    calls: int
    late_p50_ms: float
    late_p99_ms: float


@dataclass(slots=True)
class Beats:
    """Which workers have been heard of lately, how many calls they hold, and how late their ticks are."""

    heard: dict[str, Beat] = field(default_factory=dict)

    async def beat(self, payload: bytes) -> None:
        message = messages.unpack(payload)
        if message.get("draining"):
            self.heard.pop(message["worker"], None)
        else:
            self.heard[message["worker"]] = Beat(
                clock.monotonic(),
                len(message.get("calls", ())),
                message.get("late_p50_ms", 0.0),
                message.get("late_ms", 0.0),
            )

    def workers(self) -> int:
        self._forget()
        return len(self.heard)

    def calls(self) -> int:
        self._forget()
        return sum(beat.calls for beat in self.heard.values())

    def late_ms(self, quantile: str) -> float:
        """Of the worker whose ticks are the latest."""
        self._forget()
        late = [beat.late_p99_ms if quantile == "0.99" else beat.late_p50_ms for beat in self.heard.values()]
        return max(late, default=0.0)

    def _forget(self) -> None:
        since = clock.monotonic() - BEAT_S
        self.heard = {worker: beat for worker, beat in self.heard.items() if beat.at >= since}


class Metrics:
    """Counted here and read by Prometheus; one registry per application, so that two can live in one process."""

    def __init__(self, beats: Beats) -> None:
        self.registry = CollectorRegistry()
        labels = ["method", "route", "status"]
        self.requests = Counter("trunkline_http_requests", "HTTP requests", labels, registry=self.registry)
        self.seconds = Histogram(
            "trunkline_http_seconds", "Time to answer", ["method", "route"], registry=self.registry, buckets=BUCKETS
        )
        workers = Gauge("trunkline_workers", "Workers heard of in the last seconds", registry=self.registry)
        workers.set_function(beats.workers)
        calls = Gauge("trunkline_live_calls", "Calls that those workers hold", registry=self.registry)
        calls.set_function(beats.calls)
        late = Gauge(
            "trunkline_tick_late_ms", "Lateness of the latest worker's ticks", ["quantile"], registry=self.registry
        )
        for quantile in ("0.5", "0.99"):
            late.labels(quantile).set_function(partial(beats.late_ms, quantile))


@dataclass(frozen=True, slots=True)
class Vitals:
    database: Database
    bus: Bus
    beats: Beats
    metrics: Metrics

    async def database_check(self) -> dict[str, Any]:
        began = clock.monotonic()
        try:
            async with self.database.reading() as session:
                await session.execute(text("select 1"))
        except (SQLAlchemyError, OSError):
            return {"status": "error", "latency_ms": None}
        return {"status": "ok", "latency_ms": round((clock.monotonic() - began) * 1000, 2)}


class Metered:
    """Counts and times every HTTP request under the route's own path, so that ids do not become labels."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self.app = app
        self.metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        began, status = clock.monotonic(), 500

        async def noting(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self.app(scope, receive, noting)
        finally:
            route = getattr(scope.get("route"), "path", "(none)")
            self.metrics.requests.labels(scope["method"], route, status).inc()
            self.metrics.seconds.labels(scope["method"], route).observe(clock.monotonic() - began)


async def get_health(request: Request) -> dict[str, Any]:
    """The process answers."""
    check = await _vitals(request).database_check()
    return {
        "status": "ok" if check["status"] == "ok" else "degraded",
        "timestamp": clock.iso(clock.wall()),
        "version": __version__,
        "checks": {"database": check},
    }


async def get_ready(request: Request, response: Response) -> dict[str, Any]:
    """200 if a call could be placed now: database, bus and at least one worker are there. Else 503."""
    vitals = _vitals(request)
    checks = {
        "database": await vitals.database_check(),
        "bus": {"status": "ok" if vitals.bus.connected else "error"},
        "workers": {"status": "ok" if vitals.beats.workers() else "error", "count": vitals.beats.workers()},
    }
    ready = all(check["status"] == "ok" for check in checks.values())
    response.status_code = 200 if ready else 503
    return {"status": "ready" if ready else "not ready", "timestamp": clock.iso(clock.wall()), "checks": checks}


async def get_metrics(request: Request) -> Response:
    """For Prometheus."""
    return Response(generate_latest(_vitals(request).metrics.registry), media_type=CONTENT_TYPE_LATEST)


def _vitals(request: Request) -> Vitals:
    vitals: Vitals = request.app.state.vitals
    return vitals
