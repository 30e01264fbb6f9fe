"""The one place where errors become answers: `{error, message, details?, code}`, whatever went wrong and wherever."""

from __future__ import annotations

from typing import Any

import structlog
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict, Field
from pydantic.json_schema import SkipJsonSchema
from sqlalchemy.exc import DataError, IntegrityError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Match

from trunkline.errors import BadRequest, Conflict, MethodNotAllowed, NotFound, Problem, Unavailable
from trunkline.storage.engine import AWAY
from trunkline.web.body import path
from trunkline.web.limits import headers_of

log = structlog.get_logger(__name__)

DATABASE_RETRY_S = 2


class ProblemBody(BaseModel):
    """What every error answer holds."""

    model_config = ConfigDict(extra="forbid")

    error: str = Field(description="the short human phrase")
    message: str = Field(description="what is wrong, in a sentence")
    details: list[str] | SkipJsonSchema[None] = Field(
        None, description="one per offending field: `llm_config.temperature: …`"
    )
    code: str = Field(description="the machine name")
    retry_after: int | SkipJsonSchema[None] = Field(None, description="seconds, as in the header `Retry-After`")


def install(app: FastAPI) -> None:
    app.add_exception_handler(Problem, _problem)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    for away in AWAY:
        app.add_exception_handler(away, _database_away)
    app.add_exception_handler(DataError, _unfit)
    app.add_exception_handler(IntegrityError, _raced)
    app.add_exception_handler(Exception, _unexpected)


def body_of(problem: Problem) -> dict[str, Any]:
    body: dict[str, Any] = {"error": problem.phrase, "message": problem.message, "code": problem.code}
    if problem.details:
        body["details"] = problem.details
    if problem.retry_after is not None:
        body["retry_after"] = problem.retry_after
    return body


def render(problem: Problem) -> JSONResponse:
    headers = {}
    if problem.retry_after is not None:
        headers["Retry-After"] = str(problem.retry_after)
    if problem.status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    return JSONResponse(body_of(problem), problem.status, headers)


async def _problem(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, Problem)
    return render(error)


async def _invalid(_: Request, error: Exception) -> JSONResponse:
    """A path or query parameter that FastAPI has refused."""
    assert isinstance(error, RequestValidationError)
    details = [f"{path(item['loc'][1:])}: {item['msg'][:1].lower()}{item['msg'][1:]}" for item in error.errors()]
    return render(BadRequest("A parameter is invalid", details=details))


async def _http(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    match error.status_code:
        case 404:
            return render(NotFound("No such URL: the API is below /api/v1, and /docs shows it"))
        case 405:
            answer = render(MethodNotAllowed())
            answer.headers["Allow"] = ", ".join(sorted(_allowed(request)))
            return answer
        case status:
            body = {"error": str(error.detail), "message": str(error.detail), "code": "http_error"}
            return JSONResponse(body, status, error.headers)


def _allowed(request: Request) -> set[str]:
    """RFC 9110 §15.5.6: every method of this URL, of whichever route."""
    tried = ("GET", "POST", "PATCH", "PUT", "DELETE")
    scopes = [{**request.scope, "method": method} for method in tried]
    return {
        scope["method"]
        for scope in scopes
        if any(route.matches(scope)[0] is Match.FULL for route in request.app.routes)
    }


async def _database_away(_: Request, error: Exception) -> JSONResponse:
    return render(database_away(error))


def database_away(error: Exception) -> Unavailable:
    log.warning("database away", error=str(error.__cause__ or error))
    return Unavailable("The database is not available", retry_after=DATABASE_RETRY_S)


async def _unfit(request: Request, error: Exception) -> JSONResponse:
    """PostgreSQL refuses what no row can hold. An id with a NUL is nobody's."""
    if any("\0" in str(value) for value in request.path_params.values()):
        return render(NotFound("Nothing has this id"))
    return render(BadRequest("A value in the request is not valid"))


async def _raced(_: Request, error: Exception) -> JSONResponse:
    """Routes check first; what the database still refuses was changed by another request in between."""
    log.info("raced", error=str(error.__cause__ or error))
    return render(Conflict("Another request has changed this at the same moment; try again"))


async def _unexpected(request: Request, error: Exception) -> JSONResponse:
    log.error("unexpected error", path=request.url.path, method=request.method, exc_info=error)
    answer = render(Problem("Something went wrong on our side"))
    if (taken := request.scope.get("state", {}).get("taken")) is not None:
        answer.headers.update(headers_of(taken))
    return answer
