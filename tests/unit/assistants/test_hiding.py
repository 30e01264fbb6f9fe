from __future__ import annotations

from typing import Any

from trunkline.assistants.hiding import without_secrets

TOOL: dict[str, Any] = {"type": "function", "name": "f", "server": {"url": "https://example.com", "secret": "s3"}}


def test_secrets_are_null_and_all_else_is_there() -> None:
    config = {"name": "Ann", "webhook_secret": "s1", "llm_config": {"provider": "sandbox", "tools": [TOOL]}}
    shown = without_secrets(config)
    tool = {**TOOL, "server": {"url": "https://example.com", "secret": None}}
    assert shown == {"name": "Ann", "webhook_secret": None, "llm_config": {"provider": "sandbox", "tools": [tool]}}
    assert config["webhook_secret"] == "s1"
    assert TOOL["server"]["secret"] == "s3"


def test_what_has_no_secrets_is_shown_as_it_is() -> None:
    parts: list[dict[str, Any]] = [
        {},
        {"first_message": "Hi."},
        {"llm_config": None},
        {"llm_config": {"temperature": 1}},
        {"llm_config": {"tools": [{"type": "end_call"}, "no tool"]}},
    ]
    assert [without_secrets(part) for part in parts] == parts
