"""What answers hold, for the OpenAPI document: each route's answer is described by a model, which renders nothing.

A test holds every answer of every API test against its model, field by field.
"""

from __future__ import annotations

from typing import Any

import orjson
from pydantic import BaseModel, ConfigDict
from starlette.responses import Response


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
