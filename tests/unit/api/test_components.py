"""What becomes of models as named schemas."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import Field

from trunkline.api.components import REFERENCE, components, references
from trunkline.web.answers import Answer
from trunkline.web.body import Body


class Ring(Body):
    """Somebody to ring."""

    bell: str = Field(description="which one")
    assistant: dict[str, Any] | None = None
    assistant_override: dict[str, Any] | None = None
    metadata: dict[str, Any] = Field(default_factory=dict)


class Rung(Answer):
    assistant_id: str
    agent_id: str


@pytest.fixture(scope="module")
def schemas() -> dict[str, Any]:
    return components([Ring, Rung], {Ring: {"old_bell": "bell"}})


def test_free_objects_that_are_assistants_say_so(schemas: dict[str, Any]) -> None:
    fields = schemas["Ring"]["properties"]
    assert fields["assistant"]["anyOf"] == [{"$ref": f"{REFERENCE}TransientBody"}, {"type": "null"}]
    assert fields["assistant_override"]["anyOf"][0] == {"$ref": f"{REFERENCE}AssistantOverride"}
    assert fields["metadata"]["additionalProperties"] is True


def test_old_names_stand_beside_the_new_and_are_marked(schemas: dict[str, Any]) -> None:
    fields = schemas["Ring"]["properties"]
    assert fields["old_bell"] == {"type": "string", "description": "The old name of `bell`."}
    assert schemas["Rung"]["properties"]["agent_id"]["deprecated"] is True
    assert "deprecated" not in schemas["Rung"]["properties"]["assistant_id"]
    assert schemas["Ring"]["required"] == ["bell"]


def test_a_block_is_told_apart_by_its_provider_wherever_it_stands(schemas: dict[str, Any]) -> None:
    whole = schemas["SttConfig"]
    assert whole["discriminator"]["propertyName"] == "provider"
    assert [option["$ref"] for option in whole["oneOf"]] == list(whole["discriminator"]["mapping"].values())
    assert {"$ref": f"{REFERENCE}SttConfig"} in schemas["TransientBody"]["properties"]["stt_config"]["anyOf"]


def test_a_transient_assistant_must_name_its_model(schemas: dict[str, Any]) -> None:
    assert schemas["TransientBody"]["required"] == ["llm_config"]
    assert "required" not in schemas["AssistantOverride"]


def test_a_part_of_a_block_has_the_fields_of_every_provider_and_needs_none(schemas: dict[str, Any]) -> None:
    part = schemas["TtsConfigPart"]
    names = {name for target in references(schemas["TtsConfig"]["oneOf"]) for name in schemas[target]["properties"]}
    assert set(part["properties"]) == names
    assert "required" not in part
    assert set(part["properties"]["provider"]["enum"]) == set(schemas["TtsConfig"]["discriminator"]["mapping"])
    assert all("default" not in field for field in part["properties"].values())


def test_what_providers_have_alike_is_there_once(schemas: dict[str, Any]) -> None:
    assert [name for name in schemas if name.endswith("Messages")] == ["LlmConfigMessages"]


def test_every_reference_leads_somewhere(schemas: dict[str, Any]) -> None:
    assert {name for name in references(schemas) if name not in schemas} == set()
