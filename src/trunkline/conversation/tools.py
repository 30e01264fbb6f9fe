"""The call's own tools, `end_call` and `transfer_call`: what the model is told of them, and which of its calls are allowed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from trunkline.conversation.ports import Tool, ToolCall

END_CALL, TRANSFER_CALL = "end_call", "transfer_call"
NAMES = {"end_call": END_CALL, "endCall": END_CALL, "transfer_call": TRANSFER_CALL, "transferCall": TRANSFER_CALL}
"""`type` of a tool, older spellings too."""

_SAY_FIRST = {"type": "string", "description": "What to say to the caller first."}


@dataclass(frozen=True, slots=True)
class Destination:
    target: str
    description: str = ""
    message: str = ""


@dataclass(frozen=True, slots=True)
class Toolbox:
    tools: tuple[Tool, ...] = ()
    destinations: tuple[Destination, ...] = ()

    def allow(self, call: ToolCall) -> tuple[Mapping[str, Any] | None, str]:
        """The arguments as the call should take them, or None and the reason why not."""
        if call.name not in {tool.name for tool in self.tools}:
            return None, "unknown_tool"
        message = _text(call.arguments.get("message"))
        if call.name == END_CALL:
            return ({"message": message} if message else {}), ""
        wanted = _text(call.arguments.get("destination")) or (
            self.destinations[0].target if len(self.destinations) == 1 else ""
        )
        found = next((d for d in self.destinations if wanted in (d.target, d.description) and wanted), None)
        if found is None:
            return None, "unknown_destination"
        return {"destination": found.target, "message": message or found.message}, ""


def toolbox(configured: Sequence[Mapping[str, Any]]) -> Toolbox:
    """From `llm_config.tools`; other tools than the call's own are not offered."""
    tools: dict[str, Tool] = {}
    destinations: list[Destination] = []
    for tool in configured:
        match NAMES.get(str(tool.get("type"))):
            case "end_call":
                tools[END_CALL] = _end_call(tool)
            case "transfer_call":
                destinations += [_destination(one) for one in tool.get("destinations") or ()]
    if destinations:
        tools[TRANSFER_CALL] = _transfer_call(destinations)
    return Toolbox(tuple(tools.values()), tuple(destinations))


def _end_call(tool: Mapping[str, Any]) -> Tool:
    description = _text(tool.get("description")) or "End the call, once everything has been said."
    return Tool(END_CALL, description, {"type": "object", "properties": {"message": _SAY_FIRST}})


def _transfer_call(destinations: Sequence[Destination]) -> Tool:
    lines = [f"{d.target}: {d.description}" if d.description else d.target for d in destinations]
    properties = {
        "destination": {"type": "string", "enum": [d.target for d in destinations], "description": "\n".join(lines)},
        "message": _SAY_FIRST,
    }
    parameters = {"type": "object", "properties": properties, "required": ["destination"]}
    return Tool(TRANSFER_CALL, "Hand the caller over to a person.", parameters)


def _destination(one: Mapping[str, Any]) -> Destination:
    target = _text(one.get("number")) or _text(one.get("uri"))
    return Destination(target, _text(one.get("description")), _text(one.get("message")))


def _text(value: object) -> str:
    return value.strip() if isinstance(value, str) else ""
