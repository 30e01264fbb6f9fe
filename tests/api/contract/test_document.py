"""The OpenAPI document: old names are marked in it, the seed's example and every code stand in it, and reading it costs nothing."""

from __future__ import annotations

from api_world import ECHO
from contract_client import Api, got


def test_reading_the_document_needs_no_key_and_is_not_counted(api: Api) -> None:
    before = int(api.get("/calls").headers["X-RateLimit-Remaining"])
    assert got(api.get("http://test/openapi.json", {"Authorization": ""}))["openapi"].startswith("3.1")
    assert int(api.get("/calls").headers["X-RateLimit-Remaining"]) == before - 1


def test_old_names_are_marked(api: Api) -> None:
    document = got(api.get("http://test/openapi.json"))
    operations = [
        operation
        for path, methods in document["paths"].items()
        if "/agents" in path or path.endswith("/account")
        for operation in methods.values()
        if isinstance(operation, dict)
    ]
    assert operations and all(operation["deprecated"] for operation in operations)
    marks = [
        properties[name].get("deprecated")
        for schema in document["components"]["schemas"].values()
        if "destination" in (properties := schema.get("properties", {}))
        for name in ("agent_id", "agent", "agent_config")
        if name in properties
    ]
    assert marks and all(marks)


def test_the_seeds_own_example_stands_in_it(api: Api) -> None:
    text = api.get("http://test/openapi.json").text
    assert "The customer has been verified as John Smith, account #12345" in text
    assert ECHO in text or "destination" in text


def test_every_code_of_the_contract_stands_in_it(api: Api) -> None:
    document = api.get("http://test/openapi.json").text
    for code in (
        "invalid_request", "unauthorized", "insufficient_credits", "scope_missing", "policy_blocked", "not_found",
        "no_available_number", "provider_unavailable", "call_not_in_progress", "too_many_commands", "rate_limit_exceeded",
        "idempotency_key_reused", "recording_not_ready", "campaigns_not_running", "no_capacity",
    ):  # fmt: skip
        assert code in document, code
