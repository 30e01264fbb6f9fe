"""Strict JSON bodies: read within bounds, parse without leniency, validate with every offending field named.

What the standard parser lets through (duplicate keys, NaN, numbers no other program can hold, NUL, lone surrogates, endless
depth) is refused here, so that nothing behind this file has to think of it.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections import Counter
from collections.abc import Iterable
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.requests import ClientDisconnect, Request

from trunkline.errors import BadRequest, TooLarge, WrongContentType

MAX_BYTES = 1024 * 1024
MAX_DEPTH = 32
MAX_DETAILS = 50
LONGEST_NAME = 100
"""Of a field's name in an error: clients choose the names of fields that there are not."""

_UNFIT = re.compile("[\0\ud800-\udfff]")
_NAMES_A_FIELD = re.compile(r"[a-z_.]+(, [a-z_.]+)*: ")
_INT64 = 2**63
_EXACT = 2**53

E164 = r"^\+[1-9][0-9]{1,14}$"
DESTINATION = r"^(\+[1-9][0-9]{1,14}|sip:.+)$"

Model = TypeVar("Model", bound="Body")


class Body(BaseModel):
    """Base of every request body: an unknown field is an error (a typo must not be ignored), types are not coerced."""

    model_config = ConfigDict(extra="forbid", strict=True)


def shown_as(**schema: Any) -> Any:
    """What the document says of a value that is checked by code: `Annotated[str, AfterValidator(…), shown_as(pattern=…)]`."""
    return Field(json_schema_extra=schema)


async def read(request: Request) -> dict[str, Any]:
    """The request's body as a JSON object. Raises WrongContentType, TooLarge or BadRequest."""
    kind = request.headers.get("content-type", "").split(";")[0].strip().lower()
    if kind != "application/json":
        raise WrongContentType("Content-Type must be application/json")
    if request.headers.get("content-encoding", "identity").strip().lower() not in ("", "identity"):
        raise WrongContentType("Content-Encoding is not supported: send the body as it is")
    return parse(await _bytes_of(request))


def parse(raw: bytes) -> dict[str, Any]:
    """A JSON object from its bytes. Raises BadRequest saying what is wrong with it, TooLarge."""
    if len(raw) > MAX_BYTES:
        raise TooLarge(f"the body must not be larger than {MAX_BYTES} bytes")
    try:
        text = raw.decode("utf-8")
        value = json.loads(
            text,
            object_pairs_hook=_unique,
            parse_constant=_refuse_constant,
            parse_float=_finite,
            parse_int=_bounded,
        )
    except UnicodeDecodeError as error:
        raise BadRequest("the body is not UTF-8") from error
    except RecursionError as error:
        raise BadRequest(f"the body is nested deeper than {MAX_DEPTH}") from error
    except ValueError as error:
        raise BadRequest(f"the body is not valid JSON: {error}") from error
    if text.count("[") + text.count("{") > MAX_DEPTH and _depth(value) > MAX_DEPTH:
        raise BadRequest(f"the body is nested deeper than {MAX_DEPTH}")
    if "\\u" in text and any(_UNFIT.search(string) for string in _strings(value)):
        raise BadRequest("the body contains a NUL character or a lone surrogate")
    if not isinstance(value, dict):
        raise BadRequest("the body must be a JSON object")
    return value


def validated(model: type[Model], value: Any, at: str = "") -> Model:
    """`value` as `model`. Raises BadRequest with one detail per offending field, named from `at` on."""
    try:
        return model.model_validate(value)
    except ValidationError as error:
        raise BadRequest("The request body is invalid", details=details_of(error, at)) from error


def details_of(error: ValidationError, at: str = "") -> list[str]:
    """`llm_config.temperature: must be …`, one per offending field."""
    problems = error.errors(include_url=False, include_context=False, include_input=False)
    return [_detail(path(item["loc"], at), _phrase(item["type"], item["msg"])) for item in problems[:MAX_DETAILS]]


def path(location: Iterable[str | int], at: str = "") -> str:
    """`("messages", 0, "role")` as `messages[0].role`."""
    text = at
    for part in location:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            name = part if len(part) <= LONGEST_NAME else f"{part[:LONGEST_NAME]}…"
            text += f".{name}" if text else name
    return text


def canonical_hash(value: Any) -> str:
    """Equal for two bodies that are the same JSON: key order, spacing, escapes and `1.0` for `1` make no difference."""
    text = json.dumps(_plain(value), sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()


async def _bytes_of(request: Request) -> bytes:
    declared = request.headers.get("content-length", "0")
    if declared.isascii() and declared.isdigit() and int(declared) > MAX_BYTES:
        raise TooLarge(f"the body must not be larger than {MAX_BYTES} bytes")
    raw = bytearray()
    try:
        async for chunk in request.stream():
            raw += chunk
            if len(raw) > MAX_BYTES:
                raise TooLarge(f"the body must not be larger than {MAX_BYTES} bytes")
    except ClientDisconnect as error:
        raise BadRequest("the body ended early") from error
    return bytes(raw)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) != len(pairs):
        twice = next(name for name, count in Counter(name for name, _ in pairs).items() if count > 1)
        raise ValueError(f"duplicate key {twice[:64]!r}")
    return result


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


def _finite(digits: str) -> float:
    """45.0 is an integer in JSON."""
    number = float(digits)
    if not math.isfinite(number):
        raise ValueError("a number is out of range")
    return int(number) if number.is_integer() and abs(number) < _EXACT else number


def _bounded(digits: str) -> int:
    if len(digits) > 20 or not -_INT64 <= int(digits) < _INT64:
        raise ValueError("a number is out of range")
    return int(digits)


def _depth(value: Any) -> int:
    """Level by level, so that depth costs no stack."""
    depth, level = 0, [value]
    while level and depth <= MAX_DEPTH:
        containers = [item for item in level if isinstance(item, dict | list)]
        level = [child for item in containers for child in (item.values() if isinstance(item, dict) else item)]
        depth += 1 if containers else 0
    return depth


def _strings(value: Any) -> Iterable[str]:
    rest = [value]
    while rest:
        item = rest.pop()
        if isinstance(item, str):
            yield item
        elif isinstance(item, list):
            rest += item
        elif isinstance(item, dict):
            rest += item.keys()
            rest += item.values()


def _plain(value: Any) -> Any:
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    return value


def _detail(where: str, phrase: str) -> str:
    """A check over several fields says itself which one it is about: `endpointing_max_delay: must not be …`."""
    if _NAMES_A_FIELD.match(phrase):
        return f"{where}.{phrase}" if where else phrase
    return f"{where or 'body'}: {phrase}"


def _phrase(kind: str, message: str) -> str:
    match kind:
        case "extra_forbidden":
            return "unknown field"
        case "missing":
            return "is required"
        case "value_error":
            return message.removeprefix("Value error, ")
        case _:
            return message[:1].lower() + message[1:]
