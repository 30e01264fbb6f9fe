"""The tools of a language model as clients write them, in any of the four shapes, and the one shape they are stored in.

Stored: `{type: "function", name, description, parameters, …}`, `{type: "end_call"}`,
`{type: "transfer_call", destinations}`, `{type: "mcp", …}`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal, Union

from pydantic import AfterValidator, ConfigDict, Field, StringConstraints, ValidationError

from trunkline.web.body import Body, details_of, shown_as

MOST = 64
"""Tools of one model."""

Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_\-]{0,63}$")]
Target = Annotated[str, StringConstraints(pattern=r"^(\+[1-9][0-9]{1,14}|sip:[^\s<>\"]{1,250})$")]
_LINK = re.compile(r"https?://([^\s/?#@]+@)?([^\s/?#@:\[\]]+|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?([/?#]\S*)?")


def _link(text: str) -> str:
    if not _LINK.fullmatch(text):
        raise ValueError("must be a URL with a host, such as https://example.com/hook")
    return text


Link = Annotated[str, StringConstraints(max_length=2000), AfterValidator(_link), shown_as(pattern=f"^{_LINK.pattern}$")]
Text = Annotated[str, StringConstraints(max_length=2000)]
Parameters = Annotated[dict[str, Any], Field(description="a JSON Schema of the arguments")]
Url = Annotated[Link, Field(description="where the call is sent; it beats `server` and the assistant's `webhook_url`")]
IsAsync = Annotated[bool, Field(alias="async", description="nothing waits for the answer")]


class Server(Body):
    url: Link
    secret: Text | None = Field(None, description="shown to keys with the scope `full` only")


class FlatFunction(Body):
    """A function of your own, at a URL."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "type": "function",
                    "name": "find_slot",
                    "description": "Finds free appointments on a day",
                    "parameters": {"type": "object", "properties": {"day": {"type": "string"}}},
                    "url": "https://example.com/tools/find-slot",
                }
            ]
        }
    )

    type: Literal["function"] = "function"
    name: Name = Field(description="unique among the model's tools")
    description: Text
    parameters: Parameters | None = None
    url: Url | None = None
    server: Server | None = None
    is_async: IsAsync = False
    async_response: Text | None = Field(None, description="the older spelling of `message`")
    message: Text | None = Field(None, description="what is said while the answer is waited for")


class Function(Body):
    name: Name
    description: Text | None = None
    parameters: Parameters | None = None


class NestedFunction(Body):
    """A function of your own, written as some vendors write it."""

    type: Literal["function"]
    function: Function
    server: Server | None = None
    is_async: IsAsync = False


class EndCall(Body):
    """Lets the model hang up."""

    type: Literal["end_call", "endCall"]


class Destination(Body):
    type: Literal["number"] = "number"
    number: Target = Field(description="E.164 with its plus, or a `sip:` address")
    description: Text = Field(description="when the model should choose it")
    message: Annotated[str, StringConstraints(max_length=1000)] | None = Field(
        None, description="what is said before the transfer"
    )


class TransferCall(Body):
    """Lets the model transfer the call."""

    type: Literal["transfer_call", "transferCall"]
    destinations: list[Destination] = Field(min_length=1, max_length=50)


class Mcp(Body):
    """Tools of an MCP server."""

    type: Literal["mcp"]
    mcp_server_id: Annotated[str, StringConstraints(min_length=1, max_length=64)]
    allowed_tools: list[Name] = Field(default_factory=list, max_length=25)
    required: bool = Field(True, description="no call without this server")


SHAPES: tuple[type[Body], ...] = (FlatFunction, NestedFunction, EndCall, TransferCall, Mcp)
"""Every way to write a tool."""

AnyTool = Union[FlatFunction, NestedFunction, EndCall, TransferCall, Mcp]  # noqa: UP007

BUILT_IN: dict[str, type[Body]] = {
    "end_call": EndCall,
    "endCall": EndCall,
    "transfer_call": TransferCall,
    "transferCall": TransferCall,
    "mcp": Mcp,
}

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
        return _stored(model.model_validate({"type": kind, **value})), []
    except ValidationError as error:
        return {}, details_of(error, at)


def without_secret(tool: Mapping[str, Any]) -> dict[str, Any]:
    """A stored tool as those see it who may not read secrets."""
    server = tool.get("server")
    return {**tool, "server": {**server, "secret": None}} if isinstance(server, dict) else dict(tool)


def _stored(tool: Body) -> dict[str, Any]:
    fields = tool.model_dump(by_alias=True, exclude_none=True)
    match tool:
        case EndCall():
            return {"type": "end_call"}
        case TransferCall():
            return {**fields, "type": "transfer_call"}
        case NestedFunction():
            return {"type": "function", **_without(fields, "function"), "description": "", **fields["function"]}
        case _:
            return fields


def _without(fields: Mapping[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in fields.items() if key != name}
