from __future__ import annotations

import pytest

from trunkline.assistants.schemas import AssistantBody
from trunkline.cli import assistants
from trunkline.web.body import validated


@pytest.mark.parametrize(
    "assistant",
    [assistants.echo("Hello."), assistants.ruled([{"when": "gate", "say": "Gate 12."}], "Hello.", voice="espeak")],
    ids=["echo", "ruled"],
)
def test_an_assistant_for_trying_things_out_is_one_that_the_api_takes(assistant: dict[str, object]):
    assert validated(AssistantBody, {"name": "demo", **assistant}).name == "demo"


def test_an_assistant_needs_nothing_but_the_sandbox():
    assistant = assistants.echo("Hello.")
    blocks = [assistant[name] for name in ("stt_config", "llm_config", "tts_config")]
    assert {block["provider"] for block in blocks} == {"sandbox"}
    assert assistant["first_message"] == "Hello."
