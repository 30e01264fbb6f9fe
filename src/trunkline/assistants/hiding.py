"""A configuration, or a part of one, as those see it who may not read its secrets. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from trunkline.assistants import tools


def without_secrets(config: Mapping[str, Any]) -> dict[str, Any]:
    shown = dict(config)
    if "webhook_secret" in shown:
        shown["webhook_secret"] = None
    model = shown.get("llm_config")
    if isinstance(model, dict) and isinstance(model.get("tools"), list):
        shown["llm_config"] = {
            **model,
            "tools": [tools.without_secret(tool) if isinstance(tool, dict) else tool for tool in model["tools"]],
        }
    return shown
