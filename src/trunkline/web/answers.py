"""What answers hold, for the OpenAPI document: each route's answer is described by a model, which renders nothing.

A test holds every answer of every API test against its model, field by field.
"""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Answer(BaseModel):
    """Base of every description of an answer. A field without a default is always there."""

    model_config = ConfigDict(extra="forbid")


class Pagination(Answer):
    total: int
    limit: int
    offset: int


class Success(Answer):
    """What deleting answers."""

    success: bool
