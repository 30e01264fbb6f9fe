"""Any assistant that the catalogue describes: what is stored of it is accepted again, unchanged, and shown as documented."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from trunkline.assistants import blocks, describing
from trunkline.assistants.answers import AssistantShown
from trunkline.assistants.resolving import changed, saved
from trunkline.assistants.schemas import AssistantConfig
from trunkline.errors import BadRequest

CATALOG = describing.catalog()
SHAPED = {"^https?": "https://x.example/a", "^[^@": "a@b.example"}
TOOLS: list[dict[str, Any]] = [
    {"name": "f", "description": "d", "parameters": {"default": None}, "server": {"url": "https://x.example"}},
    {"type": "function", "function": {"name": "g"}, "async": True},
    {"type": "endCall"},
    {"type": "transferCall", "destinations": [{"number": "+15005550001", "description": "d"}]},
    {"type": "mcp", "mcp_server_id": "m"},
]
NEVER = ("gdpr_mode", "recording_consent")
"""Refused in part, which no bound says."""


BETWEEN_FIELDS = ("is not taken where", "is required where", "must not be below", "is no regular expression")
"""What is said of fields that do not fit together, or of what no bound describes."""


def value(name: str, field: dict[str, Any]) -> st.SearchStrategy[Any]:
    if name == "tools":
        return st.lists(st.sampled_from(TOOLS), max_size=3, unique_by=str)
    one = _one(field)
    if field["type"].endswith("s"):
        one = st.lists(one, min_size=field.get("min_items", 0), max_size=min(3, field.get("max_items", 3)))
    return st.none() | one if field["nullable"] else one


def _one(field: dict[str, Any]) -> st.SearchStrategy[Any]:
    if field.get("choices"):
        return st.sampled_from(field["choices"])
    match field["type"].removesuffix("s"):
        case "object" if "fields" in field:
            return some(field["fields"])
        case "object":
            return st.just({"a": None, "b": [1, {"c": None}]})
        case "string" if "pattern" in field:
            return st.just(next(text for start, text in SHAPED.items() if field["pattern"].startswith(start)))
        case "string":
            alphabet = st.characters(codec="utf-8", exclude_characters="\0", categories=("L", "N"))
            longest = min(40, field.get("max_length", 40))
            text = st.text(alphabet, min_size=max(2, field.get("min_length", 0)), max_size=longest)
            return st.sampled_from(field["suggested"]) | text if field.get("suggested") else text
        case "integer":
            return st.integers(int(field.get("minimum", 0)), int(field.get("maximum", 10**6)))
        case "number":
            return st.floats(field["minimum"], field["maximum"], allow_nan=False)
        case "boolean":
            return st.booleans()
    raise AssertionError(field)


def some(fields: dict[str, Any]) -> st.SearchStrategy[dict[str, Any]]:
    """An object with what is required and any of the rest."""
    kept = {name: field for name, field in fields.items() if name not in NEVER}
    return st.fixed_dictionaries(
        {name: value(name, field) for name, field in kept.items() if field["required"]},
        optional={name: value(name, field) for name, field in kept.items() if not field["required"]},
    )


def block(kind: str) -> st.SearchStrategy[dict[str, Any]]:
    def of(name: str) -> st.SearchStrategy[dict[str, Any]]:
        return some(CATALOG[kind][name]["fields"]).map(lambda fields: {"provider": name, **fields})

    return st.sampled_from(list(CATALOG[kind])).flatmap(of)


def assistants() -> st.SearchStrategy[dict[str, Any]]:
    optional = {name: block(kind) for kind, name in blocks.NAMES.items()}
    return st.tuples(
        some(CATALOG["assistant"]),
        st.fixed_dictionaries({}, optional={**optional, "speech_config": some(CATALOG["speech_config"])}),
    ).map(lambda parts: {**parts[0], **parts[1]})


def shown(config: dict[str, Any]) -> dict[str, Any]:
    return {**dict.fromkeys(AssistantConfig.model_fields), **config}


def saved_or_refused(raw: dict[str, Any]) -> tuple[dict[str, Any] | None, list[str]]:
    try:
        return saved(raw).config, []
    except BadRequest as refused:
        return None, refused.details


@settings(max_examples=60, deadline=None)
@given(assistants())
def test_what_is_stored_of_any_assistant_is_accepted_again_and_unchanged(raw: dict[str, Any]) -> None:
    once, refused = saved_or_refused(raw)
    assert [detail for detail in refused if not any(words in detail for words in BETWEEN_FIELDS)] == []
    if once is None:
        return
    assert saved(once).config == once
    assert changed(once, {}).config == once
    assert changed(once, shown(once)).config == once
    AssistantShown.model_validate({**shown(once), "id": "", "created_at": "", "updated_at": ""})
