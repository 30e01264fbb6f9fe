"""Assistants: what a name alone gives, what is kept, what is changed, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest
from api_world import SANDBOX
from contract_client import NOBODY, Api, got, page, plain, refused, same, timestamp, warned

FIELDS = {
    "id",
    "name",
    "business_name",
    "notification_email",
    "notification_emails",
    "recording_consent",
    "first_message",
    "is_active",
    "max_duration_seconds",
    "autonomous_silence_handling",
    "silence_timeout_seconds",
    "voicemail_detection",
    "voicemail_message",
    "gdpr_mode",
    "webhook_url",
    "webhook_events",
    "analysis_plan",
    "stt_config",
    "llm_config",
    "tts_config",
    "speech_config",
    "created_at",
    "updated_at",
}
"""What every assistant shows. `webhook_secret` is another matter: it is a secret."""

EVERYTHING: dict[str, Any] = {
    "name": "Ann",
    "business_name": "Ann's Garage",
    "notification_email": "ann@example.com",
    "first_message": "Hello.",
    "is_active": True,
    "max_duration_seconds": 300,
    "autonomous_silence_handling": True,
    "silence_timeout_seconds": 8,
    "voicemail_detection": True,
    "voicemail_message": "Please call back.",
    "gdpr_mode": False,
    "webhook_url": "https://example.com/hook",
    "webhook_events": ["assistant-request", "tool-calls", "status-update", "end-of-call-report"],
    "analysis_plan": {
        "structured_data_plan": {
            "enabled": True,
            "schema": {"type": "object", "properties": {"happy": {"type": "boolean"}}},
            "messages": [{"role": "system", "content": "{{schema}}"}, {"role": "user", "content": "{{transcript}}"}],
        },
        "min_messages_threshold": 3,
    },
    **SANDBOX,
    "speech_config": {"turn_taking": {"endpointing_min_delay": 0.5}, "end_call_message": "Bye."},
}


# ---- creating ------------------------------------------------------------------------------------


def test_only_a_name_is_required_and_everything_else_has_a_default(api: Api) -> None:
    made = got(api.post("/assistants", {"name": "Ann"}), 201)["assistant"]
    assert set(made) >= FIELDS
    assert made["name"] == "Ann"
    assert same(made["stt_config"], {"provider": "deepgram", "model": "nova-3-general", "language": "multi"})
    assert same(made["llm_config"], {"provider": "openai", "model": "gpt-4o-mini", "temperature": 0.7})
    assert same(made["tts_config"], {"provider": "elevenlabs", "model": "eleven_flash_v2_5"})
    assert made["tts_config"]["voice_id"]
    assert made["max_duration_seconds"] == 600
    assert made["silence_timeout_seconds"] == 8
    assert made["is_active"] is True
    assert made["autonomous_silence_handling"] is False
    assert made["voicemail_detection"] is False
    assert made["gdpr_mode"] is False
    for name in ("business_name", "first_message", "webhook_url", "voicemail_message", "notification_email"):
        assert made[name] is None, name
    timestamp(made["created_at"])
    timestamp(made["updated_at"])


@pytest.mark.parametrize("body", [{}, {"name": None}, {"name": ""}, {"name": 5}, {"first_message": "Hello."}])
def test_without_a_name_nothing_is_created(api: Api, body: dict[str, Any]) -> None:
    refused(api.post("/assistants", body), 400, "invalid_request", "name")


def test_every_documented_field_is_kept_and_shown(api: Api) -> None:
    made = got(api.post("/assistants", EVERYTHING), 201)["assistant"]
    for name, value in EVERYTHING.items():
        assert same(made[name], value), name
    assert got(api.get(f"/assistants/{made['id']}"))["assistant"] == made


def test_a_secret_is_taken_and_never_shown_in_clear_elsewhere(api: Api) -> None:
    made = got(api.post("/assistants", {"name": "Ann", **SANDBOX, "webhook_secret": "hush-hush-1"}), 201)["assistant"]
    call_id = got(api.place(assistant_id=made["id"]), 201)["call_id"]
    assert "hush-hush-1" not in api.get(f"/calls/{call_id}?include=assistant").text


def test_what_has_no_effect_yet_is_kept_and_warned_about(api: Api) -> None:
    answer = api.post("/assistants", {"name": "Ann", **SANDBOX, "notification_email": "ann@example.com"})
    assert got(answer, 201)["assistant"]["notification_email"] == "ann@example.com"
    warned(answer, "notification_email")


def test_promises_of_privacy_are_refused_until_they_are_kept(api: Api) -> None:
    refused(api.post("/assistants", {"name": "Ann", "gdpr_mode": True}), 400, "invalid_request", "gdpr_mode")
    made = api.assistant()
    for body, path in (
        ({"gdpr_mode": True}, "gdpr_mode"),
        ({"recording_consent": {"enabled": True, "message": "Press 1."}}, "recording_consent"),
    ):
        refused(api.patch(f"/assistants/{made['id']}", body), 400, "invalid_request", path)
    off = {"recording_consent": {"enabled": False, "message": "Press 1."}, "gdpr_mode": False}
    changed = got(api.patch(f"/assistants/{made['id']}", off))["assistant"]
    assert changed["recording_consent"] == off["recording_consent"]


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({"nmae": "Ann"}, "nmae"),
        ({"llm_config": {"provider": "openai", "model": "gpt-4o", "temprature": 1}}, "llm_config.temprature"),
        ({"stt_config": {**SANDBOX["stt_config"], "modle": "x"}}, "stt_config.modle"),
        ({"tts_config": {**SANDBOX["tts_config"], "speeed": 1}}, "tts_config.speeed"),
        ({"speech_config": {"turn_taking": {"min_delay": 1}}}, "speech_config.turn_taking.min_delay"),
        ({"speech_config": {"echo": True}}, "speech_config.echo"),
        ({"analysis_plan": {"template_id": "x"}}, "analysis_plan.template_id"),
        ({"firstMessage": "Hello."}, "firstMessage"),
    ],
)
def test_a_field_that_does_not_exist_is_refused_by_its_path(api: Api, body: dict[str, Any], path: str) -> None:
    refused(api.post("/assistants", {"name": "Ann", **body}), 400, "invalid_request", path)


def test_every_offending_field_has_a_detail_of_its_own(api: Api) -> None:
    body = {
        "name": "Ann",
        "max_duration_seconds": 29,
        "silence_timeout_seconds": 121,
        "llm_config": {"provider": "openai", "model": "gpt-4o", "temperature": 3},
        "typo": 1,
    }
    details = refused(api.post("/assistants", body), 400, "invalid_request")["details"]
    paths = [plain(detail.partition(": ")[0]) for detail in details]
    assert sorted(paths) == ["llm_config.temperature", "max_duration_seconds", "silence_timeout_seconds", "typo"]


# ---- reading -------------------------------------------------------------------------------------


def test_assistants_are_listed_with_the_fields_of_one(fresh: Api) -> None:
    made = [fresh.assistant(name=name) for name in ("One", "Two")]
    listed = page(fresh.get("/assistants"), "assistants")
    assert {assistant["id"] for assistant in listed} == {assistant["id"] for assistant in made}
    assert all(set(assistant) >= FIELDS for assistant in listed)


# ---- changing ------------------------------------------------------------------------------------


def test_a_change_leaves_everything_else_as_it_was(api: Api) -> None:
    made = got(api.post("/assistants", EVERYTHING), 201)["assistant"]
    changed = got(api.patch(f"/assistants/{made['id']}", {"first_message": "Hi."}))["assistant"]
    assert changed == {**made, "first_message": "Hi.", "updated_at": changed["updated_at"]}
    assert changed["updated_at"] >= made["updated_at"]
    assert got(api.get(f"/assistants/{made['id']}"))["assistant"] == changed


def test_an_empty_change_changes_nothing(api: Api) -> None:
    made = api.assistant()
    changed = got(api.patch(f"/assistants/{made['id']}", {}))["assistant"]
    assert changed == {**made, "updated_at": changed["updated_at"]}


def test_a_refused_change_changes_nothing(api: Api) -> None:
    made = api.assistant()
    for body, path in (
        ({"first_message": "Hi.", "max_duration_seconds": 1}, "max_duration_seconds"),
        ({"first_message": "Hi.", "nmae": "x"}, "nmae"),
        ({"name": None}, "name"),
        ({"name": ""}, "name"),
        ({"notification_emails": [f"a{i}@example.com" for i in range(6)]}, "notification_emails"),
    ):
        refused(api.patch(f"/assistants/{made['id']}", body), 400, "invalid_request", path)
    assert got(api.get(f"/assistants/{made['id']}"))["assistant"] == made


def test_five_addresses_are_notified_at_most(api: Api) -> None:
    made = api.assistant()
    five = [f"a{i}@example.com" for i in range(5)]
    changed = got(api.patch(f"/assistants/{made['id']}", {"notification_emails": five}))["assistant"]
    assert changed["notification_emails"] == five


def test_what_an_assistant_is_cannot_be_set_from_outside(api: Api) -> None:
    made = api.assistant()
    for name in ("id", "created_at", "updated_at"):
        refused(api.patch(f"/assistants/{made['id']}", {name: made[name]}), 400, "invalid_request", name)


# ---- ending --------------------------------------------------------------------------------------


def test_a_deleted_assistant_is_gone(api: Api) -> None:
    made = api.assistant()
    assert got(api.delete(f"/assistants/{made['id']}")) == {"success": True}
    for answer in (
        api.get(f"/assistants/{made['id']}"),
        api.patch(f"/assistants/{made['id']}", {"name": "Ben"}),
        api.delete(f"/assistants/{made['id']}"),
        api.place(assistant_id=made["id"]),
    ):
        refused(answer, 404)
    assert made["id"] not in {assistant["id"] for assistant in page(api.get("/assistants?limit=1000"), "assistants")}


def test_a_call_outlives_the_assistant_it_was_placed_with(api: Api) -> None:
    made = api.assistant()
    call_id = api.ended_call(assistant_id=made["id"])
    got(api.delete(f"/assistants/{made['id']}"))
    assert got(api.get(f"/calls/{call_id}"))["id"] == call_id


def test_an_unknown_assistant_is_404(api: Api) -> None:
    for answer in (
        api.get(f"/assistants/{NOBODY}"),
        api.patch(f"/assistants/{NOBODY}", {"name": "Ben"}),
        api.delete(f"/assistants/{NOBODY}"),
    ):
        refused(answer, 404, "not_found")


# ---- providers -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("block", "body"),
    [
        ("stt_config", {"provider": "nobody", "model": "x", "language": "en"}),
        ("llm_config", {"provider": "nobody", "model": "x"}),
        ("tts_config", {"provider": "nobody", "voice_id": "x"}),
    ],
)
def test_an_unknown_provider_is_refused_with_a_list_of_the_known(api: Api, block: str, body: dict[str, Any]) -> None:
    answer = refused(api.post("/assistants", {"name": "Ann", block: body}), 400, "invalid_request", f"{block}.provider")
    known = {"stt_config": "deepgram", "llm_config": "openai", "tts_config": "elevenlabs"}[block]
    assert known in str(answer["details"]) and "sandbox" in str(answer["details"])


@pytest.mark.parametrize(
    ("block", "body"),
    [
        ("stt_config", {"provider": "deepgram", "model": "nova-99", "language": "en"}),
        ("llm_config", {"provider": "openai", "model": "gpt-99"}),
        ("tts_config", {"provider": "elevenlabs", "voice_id": "x", "model": "eleven_v99"}),
    ],
)
def test_a_model_newer_than_the_catalogue_is_accepted_with_a_warning(
    api: Api, block: str, body: dict[str, Any]
) -> None:
    answer = api.post("/assistants", {"name": "Ann", block: body})
    assert got(answer, 201)["assistant"][block]["model"] == body["model"]
    warned(answer, f"{block}.model")


def test_a_known_provider_without_an_adaptor_is_kept_with_a_warning_and_cannot_be_called(api: Api) -> None:
    config = {"provider": "openai_live", "model": "gpt-live-1"}
    answer = api.post("/assistants", {"name": "Ann", "llm_config": config})
    made = got(answer, 201)["assistant"]
    warned(answer, "llm_config")
    before = len(api.world.worker.asked)
    refused(api.place(assistant_id=made["id"]), 400, "provider_unavailable")
    refused(api.place(assistant={"llm_config": config}), 400, "provider_unavailable")
    assert len(api.world.worker.asked) == before


@pytest.mark.parametrize("provider", ["xai_realtime", "google_realtime", "openai_realtime", "openai_live"])
def test_ears_and_voice_beside_a_realtime_model_are_accepted_and_ignored_with_a_warning(
    api: Api, provider: str
) -> None:
    model = {
        "xai_realtime": "grok-voice-think-fast-2.0",
        "google_realtime": "gemini-live-2.5-flash-native-audio",
        "openai_realtime": "gpt-realtime",
        "openai_live": "gpt-live-1",
    }[provider]
    answer = api.post("/assistants", {"name": "Ann", **SANDBOX, "llm_config": {"provider": provider, "model": model}})
    got(answer, 201)
    warned(answer, "stt_config")
    warned(answer, "tts_config")


# ---- inactive ------------------------------------------------------------------------------------


def test_an_inactive_assistant_places_no_call(api: Api) -> None:
    made = api.assistant(is_active=False)
    assert made["is_active"] is False
    before = len(api.world.worker.asked)
    answer = api.place(assistant_id=made["id"])
    assert answer.status_code in (400, 409)
    assert "active" in refused(answer, answer.status_code)["message"] + str(answer.json().get("details"))
    assert len(api.world.worker.asked) == before
    got(api.patch(f"/assistants/{made['id']}", {"is_active": True}))
    got(api.place(assistant_id=made["id"]), 201)
