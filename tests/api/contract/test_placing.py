"""Placing calls: the modes and how they combine, what is checked before anything rings, and what the answer tells."""

from __future__ import annotations

from typing import Any

import pytest
from api_world import ECHO, SANDBOX
from contract_client import MESSAGES, NOBODY, Api, got, refused, same, timestamp, warned

CALL_FIELDS = {
    "id",
    "caller_phone",
    "assistant_phone",
    "status",
    "direction",
    "end_reason",
    "error",
    "started_at",
    "ended_at",
    "duration_seconds",
    "summary",
    "analysis_result",
    "messages",
    "room_name",
    "recording_url",
    "agent_id",
    "number_id",
    "agent_name",
    "business_name",
    "phone_number",
    "created_at",
    "updated_at",
}


def used(api: Api, call_id: str) -> dict[str, Any]:
    """The resolved configuration of a call."""
    shown: dict[str, Any] = got(api.get(f"/calls/{call_id}?include=assistant"))["assistant"]
    return shown


# ---- the answer ----------------------------------------------------------------------------------


def test_the_answer_has_the_references_fields_and_ours_beside_them(api: Api) -> None:
    answer = got(api.place(assistant=SANDBOX), 201)
    assert set(answer) == {"success", "call_id", "status", "call", "number", "warnings"}
    assert (answer["success"], answer["status"], answer["warnings"]) == (True, "dialing", [])
    assert isinstance(answer["call_id"], str)
    assert set(answer["number"]) == {"id", "phone_number", "chosen_by"}
    assert set(answer["call"]) >= CALL_FIELDS
    assert answer["call"]["id"] == answer["call_id"]
    assert answer["call"]["status"] == "dialing"
    timestamp(answer["call"]["created_at"])


def test_calls_and_calls_outbound_are_the_same_operation(api: Api) -> None:
    for path in ("/calls", "/calls/outbound"):
        answer = got(api.post(path, {"destination": ECHO, "assistant": SANDBOX}), 201)
        assert got(api.get(f"/calls/{answer['call_id']}"))["id"] == answer["call_id"]


def test_an_idempotency_key_makes_a_repeat_the_same_call(api: Api) -> None:
    body = {"destination": ECHO, "assistant": SANDBOX}
    before = len(api.world.worker.asked)
    ids = {
        got(api.post(path, body, {"Idempotency-Key": "order 12345"}), 201)["call_id"]
        for path in ("/calls/outbound", "/calls", "/calls/outbound")
    }
    assert len(ids) == 1
    assert len(api.world.worker.asked) == before + 1
    other = {**body, "first_message": "Hello."}
    refused(api.post("/calls/outbound", other, {"Idempotency-Key": "order 12345"}), 409, "idempotency_key_reused")
    assert len(api.world.worker.asked) == before + 1
    assert got(api.post("/calls/outbound", body, {"Idempotency-Key": "order 12346"}), 201)["call_id"] not in ids


# ---- modes ---------------------------------------------------------------------------------------


def test_a_mode_is_required(api: Api) -> None:
    refused(api.place(), 400, "invalid_request")
    refused(api.place(assistant_override={"first_message": "Hi."}), 400, "invalid_request")


def test_a_destination_is_required(api: Api) -> None:
    refused(api.post("/calls/outbound", {"assistant": SANDBOX}), 400, "invalid_request", "destination")


@pytest.mark.parametrize("other", ["assistant_id", "assistant_override"])
def test_modes_exclude_each_other_and_the_refusal_names_both(api: Api, other: str) -> None:
    value = api.assistant()["id"] if other == "assistant_id" else {"first_message": "Hi."}
    body = refused(api.place(assistant=SANDBOX, **{other: value}), 400, "invalid_request")
    assert "assistant" in str(body["details"]) and other in str(body["details"])


def test_an_unknown_assistant_is_404(api: Api) -> None:
    refused(api.place(assistant_id=NOBODY), 404)
    refused(api.place(assistant_id=NOBODY, assistant_override={"first_message": "Hi."}), 404)


def test_a_key_of_an_override_replaces_the_saved_one(api: Api) -> None:
    plan = {"structured_data_plan": {"enabled": False, "schema": {}, "messages": []}, "min_messages_threshold": 9}
    saved = api.assistant(
        business_name="Old", max_duration_seconds=300, webhook_events=["tool-calls"], analysis_plan=plan
    )
    override = {"max_duration_seconds": 60, "webhook_events": ["status-update"], "analysis_plan": None}
    call_id = got(api.place(assistant_id=saved["id"], assistant_override=override), 201)["call_id"]
    shown = used(api, call_id)
    assert shown["max_duration_seconds"] == 60
    assert shown["webhook_events"] == ["status-update"]
    assert shown.get("analysis_plan") is None
    assert shown["business_name"] == "Old"


@pytest.mark.parametrize(
    ("block", "saved", "change"),
    [
        ("stt_config", {**SANDBOX["stt_config"]}, {"language": "nl"}),
        ("llm_config", {**SANDBOX["llm_config"], "temperature": 0.2}, {"messages": MESSAGES}),
        ("tts_config", {**SANDBOX["tts_config"]}, {"voice_id": "espeak"}),
        (
            "speech_config",
            {"end_call_message": "Bye.", "turn_taking": {"interruption_min_words": 2}},
            {"background_audio": {"enabled": False}},
        ),
    ],
)
def test_four_blocks_of_an_override_merge_one_level(
    api: Api, block: str, saved: dict[str, Any], change: dict[str, Any]
) -> None:
    made = api.assistant(**{block: saved})
    call_id = got(api.place(assistant_id=made["id"], assistant_override={block: change}), 201)["call_id"]
    assert same(used(api, call_id)[block], {**saved, **change})


def test_a_merge_goes_no_deeper_than_one_level(api: Api) -> None:
    made = api.assistant(speech_config={"turn_taking": {"interruption_min_words": 2, "endpointing_min_delay": 0.9}})
    override = {"speech_config": {"turn_taking": {"interruption_min_words": 3}}}
    call_id = got(api.place(assistant_id=made["id"], assistant_override=override), 201)["call_id"]
    turns = used(api, call_id)["speech_config"]["turn_taking"]
    assert turns["interruption_min_words"] == 3
    assert turns.get("endpointing_min_delay") != 0.9


def test_a_block_that_names_another_provider_replaces(api: Api) -> None:
    made = api.assistant(
        stt_config={"provider": "deepgram", "model": "nova-3", "language": "nl", "smart_format": True},
    )
    override = {"stt_config": SANDBOX["stt_config"]}
    call_id = got(api.place(assistant_id=made["id"], assistant_override=override), 201)["call_id"]
    shown = used(api, call_id)["stt_config"]
    assert same(shown, SANDBOX["stt_config"])
    assert "smart_format" not in shown


def test_an_override_is_checked_like_an_assistant(api: Api) -> None:
    made = api.assistant()
    for override, path in (
        ({"max_duration_seconds": 29}, "max_duration_seconds"),
        ({"llm_config": {"temperature": 3}}, "llm_config.temperature"),
        ({"nmae": "x"}, "nmae"),
        ({"gdpr_mode": True}, "gdpr_mode"),
    ):
        answer = api.place(assistant_id=made["id"], assistant_override=override)
        refused(answer, 400, "invalid_request", f"assistant_override.{path}")


def test_a_transient_assistant_needs_a_model(api: Api) -> None:
    assistant = {name: value for name, value in SANDBOX.items() if name != "llm_config"}
    refused(api.place(assistant=assistant), 400, "invalid_request", "llm_config")


def test_every_field_of_a_transient_assistant_is_used(api: Api) -> None:
    assistant = {
        **SANDBOX,
        "first_message": "Hello.",
        "max_duration_seconds": 120,
        "autonomous_silence_handling": True,
        "silence_timeout_seconds": 20,
        "voicemail_detection": True,
        "voicemail_message": "Call back.",
        "webhook_url": "https://example.com/hook",
        "webhook_events": ["end-of-call-report"],
        "metadata": {"order": 12345},
    }
    answer = got(api.place(assistant={**assistant, "webhook_secret": "hush"}), 201)
    shown = used(api, answer["call_id"])
    for name, value in assistant.items():
        if name != "metadata":
            assert same(shown[name], value), name
    assert api.last_plan["metadata"] == {"order": 12345}


def test_ears_and_voice_beside_a_realtime_model_are_no_reason_to_refuse(api: Api) -> None:
    assistant = {**SANDBOX, "llm_config": {"provider": "openai_realtime", "model": "gpt-realtime"}}
    answer = api.place(assistant=assistant)
    if answer.status_code == 201:
        warned(answer, "stt_config")
        warned(answer, "tts_config")
    else:
        refused(answer, 400, "provider_unavailable")


# ---- words of the call ---------------------------------------------------------------------------


def test_first_message_of_the_call_beats_every_other(api: Api) -> None:
    made = api.assistant(first_message="Saved.", speech_config={"first_message_outbound": "Outbound."})
    got(api.place(assistant_id=made["id"]), 201)
    assert api.last_plan["first_message"] == "Outbound."
    got(api.place(assistant_id=made["id"], first_message="For you."), 201)
    assert api.last_plan["first_message"] == "For you."


def test_variables_fill_the_greeting_and_the_messages(api: Api) -> None:
    llm = {**SANDBOX["llm_config"], "messages": [{"role": "system", "content": "Order {{order}} of {{name}}."}]}
    variables = {"name": "Ann", "order": "12345", "unused": "x"}
    got(api.place(assistant={**SANDBOX, "llm_config": llm}, first_message="Hi {{name}}!", variables=variables), 201)
    assert api.last_plan["first_message"] == "Hi Ann!"
    assert "Order 12345 of Ann." in str(api.last_plan)


def test_unknown_placeholders_are_listed(api: Api) -> None:
    body = refused(
        api.place(assistant=SANDBOX, first_message="{{name}}, {{day}} and {{time}}", variables={"day": "x"}), 400
    )
    assert "name" in str(body) and "time" in str(body)
    assert not any("day" in detail for detail in body["details"])


@pytest.mark.parametrize(
    "variables",
    [
        {f"v{i}": "x" for i in range(101)},
        {"a": "x" * 1001},
        {"a": 1},
        {"a": None},
        {"a": ["x"]},
        ["a"],
        "a",
    ],
    ids=lambda value: str(value)[:20],
)
def test_variables_are_a_hundred_strings_of_a_thousand_at_most(api: Api, variables: Any) -> None:
    refused(api.place(assistant=SANDBOX, variables=variables), 400, "invalid_request", "variables")


def test_as_many_and_as_long_variables_as_allowed_are_taken(api: Api) -> None:
    got(api.place(assistant=SANDBOX, variables={f"v{i}": "x" * 1000 for i in range(100)}), 201)


def test_metadata_is_free_and_at_most_16_kib(api: Api) -> None:
    got(api.place(assistant=SANDBOX, metadata={"any": [{"thing": None}], "n": 1.5}), 201)
    assert api.last_plan["metadata"] == {"any": [{"thing": None}], "n": 1.5}
    got(api.place(assistant=SANDBOX, metadata={"a": "x" * 16_000}), 201)
    refused(api.place(assistant=SANDBOX, metadata={"a": "x" * 16_385}), 400, "invalid_request", "metadata")
    for metadata in ([], "x", 1):
        refused(api.place(assistant=SANDBOX, metadata=metadata), 400, "invalid_request", "metadata")


def test_it_rings_between_5_and_180_seconds_and_45_unless_told(api: Api) -> None:
    got(api.place(assistant=SANDBOX), 201)
    assert api.last_plan["ring_timeout_ms"] == 45_000
    for seconds in (5, 180):
        got(api.place(assistant=SANDBOX, ring_timeout_seconds=seconds), 201)
        assert api.last_plan["ring_timeout_ms"] == seconds * 1000
    for seconds in (4, 181, "45", True):
        answer = api.place(assistant=SANDBOX, ring_timeout_seconds=seconds)
        refused(answer, 400, "invalid_request", "ring_timeout_seconds")


# ---- destinations and numbers --------------------------------------------------------------------


@pytest.mark.parametrize(
    "destination", ["31201234567", "020 123 4567", "+", "+1", "+310000000000000000", "", 5, None, "ann"]
)
def test_a_destination_that_is_no_possible_number_is_400(api: Api, destination: Any) -> None:
    answer = api.post("/calls/outbound", {"destination": destination, "assistant": SANDBOX})
    refused(answer, 400, "invalid_request", "destination")


@pytest.mark.parametrize(
    "destination", ["+112", "+19005551234", "+870773111632", "+881612345678", "sip:ann@example.com"]
)
def test_the_policy_denies_emergency_premium_and_satellite_numbers_and_sip(api: Api, destination: str) -> None:
    before = len(api.world.worker.asked)
    answer = api.post("/calls/outbound", {"destination": destination, "assistant": SANDBOX})
    assert refused(answer, 403, "policy_blocked")["message"]
    assert len(api.world.worker.asked) == before


def test_the_policy_allows_every_country(api: Api) -> None:
    """What is missing then is a number to call from."""
    for destination in ("+31201234567", "+4915112345678", "+12025550123", "+819012345678", "+27211234567"):
        answer = api.post("/calls/outbound", {"destination": destination, "assistant": SANDBOX})
        refused(answer, 409, "no_available_number")


def test_every_sandbox_destination_is_called_from_the_sandboxes_number(api: Api) -> None:
    for destination in ("+15005550001", "+15005550002", "+15005550777"):
        answer = got(api.post("/calls/outbound", {"destination": destination, "assistant": SANDBOX}), 201)
        assert answer["number"] == {"id": None, "phone_number": "+15005550000", "chosen_by": "sandbox"}


def test_an_unknown_number_is_404_and_an_inactive_one_409(api: Api) -> None:
    refused(api.place(assistant=SANDBOX, number_id=NOBODY), 404)
    number = api.number("+31201234510", is_active=False)
    before = len(api.world.worker.asked)
    refused(api.place(assistant=SANDBOX, number_id=number["id"]), 409)
    assert len(api.world.worker.asked) == before


def test_a_number_without_a_trunk_serves_no_real_destination(api: Api) -> None:
    number = api.number("+31201234511")
    for fields in ({}, {"number_id": number["id"]}):
        answer = api.post("/calls/outbound", {"destination": "+31201234567", "assistant": SANDBOX, **fields})
        refused(answer, 409)


def test_without_a_free_worker_it_is_503_to_be_tried_again_in_5_seconds(api: Api) -> None:
    with api.full():
        answer = api.place(assistant=SANDBOX)
    refused(answer, 503, "no_capacity")
    assert answer.headers["Retry-After"] == "5"


def test_nothing_is_placed_by_a_refused_body(api: Api) -> None:
    before = len(api.world.worker.asked)
    refused(api.place(assistant=SANDBOX, typo=1), 400, "invalid_request", "typo")
    refused(api.place(assistant={**SANDBOX, "typo": 1}), 400, "invalid_request", "assistant.typo")
    assert len(api.world.worker.asked) == before


def test_a_number_reserved_for_a_child_never_serves_another(api: Api) -> None:
    children = [got(api.post("/organizations", {"name": "Child"}), 201) for _ in range(2)]
    number = api.number("+31201234512", reserved_for_org_id=children[0]["id"])
    keys = [{"Authorization": f"Bearer {child['api_key']}"} for child in children]
    body = {"destination": ECHO, "assistant": SANDBOX, "number_id": number["id"]}
    got(api.post("/calls/outbound", body, keys[0]), 201)
    before = len(api.world.worker.asked)
    for headers in (keys[1], None):
        answer = api.post("/calls/outbound", body, headers)
        assert answer.status_code in (404, 409)
        refused(answer, answer.status_code)
    assert len(api.world.worker.asked) == before


# ---- credits -------------------------------------------------------------------------------------


def test_without_credits_it_is_402_and_null_is_unlimited(fresh: Api) -> None:
    org_id = got(fresh.get("/organizations"))["id"]
    before = len(fresh.world.worker.asked)
    fresh.has_balance(org_id, 0)
    refused(fresh.place(assistant=SANDBOX), 402, "insufficient_credits")
    assert len(fresh.world.worker.asked) == before
    for minutes in (500.5, None):
        fresh.has_balance(org_id, minutes)
        assert got(fresh.get("/organizations"))["minutes_balance"] == minutes
        got(fresh.place(assistant=SANDBOX), 201)


def test_a_child_bills_to_its_parent(fresh: Api) -> None:
    child = got(fresh.post("/organizations", {"name": "Child"}), 201)
    key = {"Authorization": f"Bearer {child['api_key']}"}
    body = {"destination": ECHO, "assistant": SANDBOX}
    got(fresh.post("/calls/outbound", body, key), 201)
    fresh.has_balance(got(fresh.get("/organizations"))["id"], 0)
    refused(fresh.post("/calls/outbound", body, key), 402, "insufficient_credits")
