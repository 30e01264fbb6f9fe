"""Assistants for trying things out: no key, no network, only the sandbox's own vendors. Pure data."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

SANDBOX_PREFIX = "+1500555"


def echo(greeting: str, voice: str = "modem") -> dict[str, Any]:
    """It says "You said: X" to whatever it hears."""
    return _assistant({"provider": "sandbox", "model": "echo"}, greeting, voice)


def ruled(rules: Sequence[dict[str, Any]], greeting: str, voice: str = "modem") -> dict[str, Any]:
    """It answers what the first matching rule says."""
    return _assistant({"provider": "sandbox", "model": "rules", "rules": list(rules)}, greeting, voice)


def _assistant(llm: dict[str, Any], greeting: str, voice: str) -> dict[str, Any]:
    return {
        "first_message": greeting,
        "stt_config": {"provider": "sandbox", "model": "modem", "language": "en"},
        "llm_config": llm,
        "tts_config": {"provider": "sandbox", "voice_id": voice},
    }
