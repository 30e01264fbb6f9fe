"""Four shapes of tools, and the one they are stored in."""

from __future__ import annotations

from typing import Any

import pytest

from trunkline.assistants import tools

SERVER = {"url": "https://x.example", "secret": "s"}
STORED = [
    (
        {"name": "f", "description": "d", "url": "https://x.example", "async_response": "One moment."},
        {
            "type": "function",
            "name": "f",
            "description": "d",
            "url": "https://x.example",
            "async": False,
            "async_response": "One moment.",
        },
    ),
    (
        {
            "type": "function",
            "function": {"name": "f", "parameters": {"default": None}},
            "server": SERVER,
            "async": True,
        },
        {
            "type": "function",
            "name": "f",
            "description": "",
            "parameters": {"default": None},
            "server": SERVER,
            "async": True,
        },
    ),
    ({"type": "endCall"}, {"type": "end_call"}),
    (
        {"type": "transferCall", "destinations": [{"number": "+15005550001", "description": "d"}]},
        {
            "type": "transfer_call",
            "destinations": [{"type": "number", "number": "+15005550001", "description": "d"}],
        },
    ),
    (
        {"type": "mcp", "mcp_server_id": "m"},
        {"type": "mcp", "mcp_server_id": "m", "allowed_tools": [], "required": True},
    ),
]


@pytest.mark.parametrize(("written", "stored"), STORED)
def test_each_shape_is_stored_in_one_which_is_stored_as_it_is(written: dict[str, Any], stored: dict[str, Any]) -> None:
    assert tools.checked(written, "t") == (stored, [])
    assert tools.checked(stored, "t") == (stored, [])


@pytest.mark.parametrize(
    ("written", "detail"),
    [
        ("end_call", "t: must be an object"),
        ({"type": ["end_call"]}, "t.type: must be one of"),
        ({"name": "f"}, "t.description: is required"),
        ({"name": "1f", "description": ""}, "t.name: "),
        ({"name": "f\n", "description": ""}, "t.name: "),
        ({"name": "f", "description": "", "url": "ftp://x"}, "t.url: "),
        ({"type": "end_call", "x": 1}, "t.x: unknown field"),
        ({"type": "transfer_call", "destinations": []}, "t.destinations: "),
        ({"type": "transfer_call", "destinations": [{"number": "1", "description": ""}]}, "t.destinations[0].number: "),
        ({"type": "mcp", "mcp_server_id": "m", "allowed_tools": ["a"] * 26}, "t.allowed_tools: "),
    ],
)
def test_what_is_no_tool_is_named(written: Any, detail: str) -> None:
    _, details = tools.checked(written, "t")
    assert details[0].startswith(detail)


def test_a_tool_without_its_secret_is_otherwise_the_same() -> None:
    assert tools.without_secret({"name": "f", "server": SERVER}) == {
        "name": "f",
        "server": {"url": "https://x.example", "secret": None},
    }
    assert tools.without_secret({"type": "end_call"}) == {"type": "end_call"}
