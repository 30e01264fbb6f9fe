"""What answers hold, for the OpenAPI document: each route's answer is described by a model, which renders nothing.

A test holds every answer of every API test against its model, field by field.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import orjson
from pydantic import BaseModel, ConfigDict
from starlette.requests import Request
from starlette.responses import FileResponse, Response

_PART = re.compile(r"bytes=(?:([0-9]{1,15})-([0-9]{0,15})|-0*[1-9][0-9]{0,14})")


class Answer(BaseModel):
    """Base of every description of an answer. A field without a default is always there."""

    model_config = ConfigDict(extra="forbid")


class Pagination(Answer):
    total: int
    limit: int
    offset: int


class Success(Answer):
    """What deleting answers."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"success": True}]})

    success: bool


class JsonAnswer(Response):
    """A long answer, written at once: what is JSON already needs nobody to look at every value of it."""

    media_type = "application/json"

    def render(self, content: Any) -> bytes:
        return orjson.dumps(content)


def file_answer(request: Request, path: Path, media_type: str, name: str) -> FileResponse:
    """A file, or the one part of it that `Range` asks for. Any other `Range` is ignored, as RFC 9110 §14.2 allows."""
    if not _is_part(request.headers.get("range", ""), path.stat().st_size):
        request.scope["headers"] = [header for header in request.scope["headers"] if header[0] != b"range"]
    return FileResponse(path, media_type=media_type, filename=name)


def _is_part(asked: str, size: int) -> bool:
    match = _PART.fullmatch(asked)
    if match is None:
        return False
    first, last = match[1], match[2]
    return size > 0 and (first is None or (int(first) < size and (not last or int(first) <= int(last))))
