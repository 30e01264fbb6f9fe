"""What the routes for those who keep the machine running answer."""

from __future__ import annotations

from typing import Literal

from pydantic import ConfigDict, Field
from pydantic.config import JsonDict

from trunkline.web.answers import Answer

_AT = "2026-01-12T09:30:00.000Z"
_DATABASE: JsonDict = {"status": "ok", "latency_ms": 0.42}

Status = Literal["ok", "error"]


class DatabaseCheck(Answer):
    status: Status
    latency_ms: float | None = Field(description="of one question; null where there was no answer")


class BusCheck(Answer):
    status: Status


class WorkersCheck(Answer):
    status: Status
    count: int = Field(description="workers heard of in the last seconds")


class HealthChecks(Answer):
    database: DatabaseCheck


class ReadyChecks(Answer):
    database: DatabaseCheck
    bus: BusCheck
    workers: WorkersCheck


class HealthAnswer(Answer):
    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"status": "ok", "timestamp": _AT, "version": "1.0.0", "checks": {"database": _DATABASE}}]
        }
    )

    status: Literal["ok", "degraded"] = Field(description="`degraded`: this process answers, but a check has failed")
    timestamp: str
    version: str
    checks: HealthChecks


class ReadyAnswer(Answer):
    """With the status 200 if a call could be placed now, else with 503."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "status": "ready",
                    "timestamp": _AT,
                    "checks": {
                        "database": _DATABASE,
                        "bus": {"status": "ok"},
                        "workers": {"status": "ok", "count": 2},
                    },
                }
            ]
        }
    )

    status: Literal["ready", "not ready"]
    timestamp: str
    checks: ReadyChecks
