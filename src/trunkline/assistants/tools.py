"""The tools of a language model as clients write them, in any of the four shapes, and the one shape they are stored in.

Stored: `{type: "function", name, description, parameters, …}`, `{type: "end_call"}`,
`{type: "transfer_call", destinations}`, `{type: "mcp", …}`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints, ValidationError

from trunkline.web.body import Body, details_of

Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_\-]{0,63}$")]
Target = Annotated[str, StringConstraints(pattern=r"^(\+[1-9][0-9]{1,14}|sip:[^\s<>\"]{1,250})$")]
Link = Annotated[str, StringConstraints(pattern=r"^https?://[^\s]{1,2000}$")]
Text = Annotated[str, StringConstraints(max_length=2000)]


class Server(Body):
    url: Link
    secret: Text | None = None


class FlatFunction(Body):
    type: Literal["function"] = "function"
    name: Name
    description: Text
    parameters: dict[str, Any] | None = None
    url: Link | None = None
    server: Server | None = None
    is_async: bool = Field(False, alias="async")
    async_response: Text | None = None
    message: Text | None = None


class Function(Body):
    name: Name
    description: Text | None = None
    parameters: dict[str, Any] | None = None


class NestedFunction(Body):
    type: Literal["function"]
    function: Function
    server: Server | None = None
    is_async: bool = Field(False, alias="async")


class EndCall(Body):
    type: Literal["end_call", "endCall"]


class Destination(Body):
    type: Literal["number"] = "number"
    number: Target
    description: Text
    message: Annotated[str, StringConstraints(max_length=1000)] | None = None


class TransferCall(Body):
    type: Literal["transfer_call", "transferCall"]
    destinations: list[Destination] = Field(min_length=1, max_length=50)


class Mcp(Body):
    type: Literal["mcp"]
    mcp_server_id: Annotated[str, StringConstraints(min_length=1, max_length=64)]
    allowed_tools: list[Name] = Field(default_factory=list, max_length=25)
    required: bool = True


BUILT_IN: dict[str, type[Body]] = {
    "end_call": EndCall,
    "endCall": EndCall,
    "transfer_call": TransferCall,
    "transferCall": TransferCall,
    "mcp": Mcp,
}

SHAPES: tuple[type[Body], ...] = (FlatFunction, NestedFunction, EndCall, TransferCall, Mcp)
"""Every way to write a tool."""

WITHOUT_EFFECT = ("function", "mcp")


def checked(value: Any, at: str) -> tuple[dict[str, Any], list[str]]:
    """A tool in its stored shape, and what is wrong with it."""
    if not isinstance(value, dict):
        return {}, [f"{at}: must be an object"]
    kind = value.get("type", "function")
    if kind != "function" and (not isinstance(kind, str) or kind not in BUILT_IN):
        return {}, [f"{at}.type: must be one of function, end_call, transfer_call, mcp"]
    model = BUILT_IN.get(kind) or (NestedFunction if "function" in value else FlatFunction)
    try:
        return _stored(model.model_validate(value)), []
    except ValidationError as error:
        return {}, details_of(error, at)


def _stored(tool: Body) -> dict[str, Any]:
    fields = tool.model_dump(by_alias=True, exclude_none=True)
    match tool:
        case EndCall():
            return {"type": "end_call"}
        case TransferCall():
            return {**fields, "type": "transfer_call"}
        case NestedFunction():
            return {"type": "function", **_without(fields, "function"), **fields["function"]}
        case _:
            return fields


def _without(fields: Mapping[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in fields.items() if key != name}
