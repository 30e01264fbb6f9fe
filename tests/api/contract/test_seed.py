"""Each statement of the reference's own pages on call control, outbound calls and the list of campaigns, as a test."""

from __future__ import annotations

import pytest
from api_world import ECHO, SANDBOX
from contract_client import MESSAGES, NOBODY, Api, got, page, refused

SENT = {"success": True, "message": "Command sent successfully"}
REALTIME = {"provider": "xai_realtime", "model": "grok-realtime-v1"}


# ---- send control command to active call -----------------------------------------------------------


def test_send_real_time_commands_to_an_active_call(api: Api) -> None:
    body = {
        "type": "inject-context",
        "content": "The customer has been verified as John Smith, account #12345",
        "trigger_response": True,
    }
    answer = got(api.control(api.live_call(), **body))
    assert answer.items() >= SENT.items()
    sent = api.world.worker.commanded[-1]["command"]
    assert body["content"] in str(sent)


def test_the_call_must_be_in_in_progress_status(api: Api) -> None:
    ringing, ended = api.call(), api.ended_call()
    for call_id in (ringing, ended):
        refused(api.control(call_id, type="say", content="Hello.", end_after=False), 400, "call_not_in_progress")
    assert got(api.control(api.live_call(), type="say", content="Hello.", end_after=False))["success"] is True


def test_inject_context_silently_adds_information_to_the_agents_context(api: Api) -> None:
    body = {"type": "inject-context", "content": "The code 1234 was received.", "trigger_response": False}
    assert got(api.control(api.live_call(), **body)).items() >= SENT.items()


def test_say_makes_the_agent_speak_specific_text(api: Api) -> None:
    for end_after in (False, True):
        body = {"type": "say", "content": "Your code is correct.", "end_after": end_after}
        assert got(api.control(api.live_call(), **body)).items() >= SENT.items()


def test_end_call_ends_the_call_with_an_optional_final_message(api: Api) -> None:
    assert got(api.control(api.live_call(), type="end-call", message="Goodbye.")).items() >= SENT.items()
    assert got(api.control(api.live_call(), type="end-call")).items() >= SENT.items()


def test_transfer_transfers_the_call_to_another_destination(api: Api) -> None:
    body = {"type": "transfer", "destination": "+15005550010", "message": "One moment, please."}
    assert got(api.control(api.live_call(), **body)).items() >= SENT.items()
    assert got(api.control(api.live_call(), type="transfer", destination="+15005550010")).items() >= SENT.items()


def test_bearer_auth_api_key_authentication_in_header(api: Api) -> None:
    call_id = api.live_call()
    for header in ("Bearer wrong", "Bearer", api.world.key):
        answer = api.send("POST", f"/calls/{call_id}/control", {"type": "end-call"}, {"Authorization": header})
        refused(answer, 401)
    assert api.world.worker.lives[call_id].commands == {}


def test_an_unknown_call_id_in_the_path_is_404(api: Api) -> None:
    for call_id in (NOBODY, "call-outbound-abc123", "string"):
        refused(api.control(call_id, type="end-call"), 404)


def test_the_error_body_is_error_and_message(api: Api) -> None:
    answer = api.send("POST", "/calls/string/control", {"type": "end-call"}, {"Authorization": "Bearer wrong"})
    body = got(answer, 401)
    assert body["error"] == "Invalid API key"
    assert isinstance(body["message"], str)


# ---- initiate outbound call ----------------------------------------------------------------------


def test_reference_mode_assistant_id_uses_the_assistants_pre_configured_settings(api: Api) -> None:
    saved = api.assistant(first_message="Hello from the dashboard.", max_duration_seconds=300)
    answer = got(api.place(assistant_id=saved["id"]), 201)
    assert answer["success"] is True
    assert answer["status"] == "dialing"
    assert answer["call"]["agent_id"] == saved["id"]
    assert api.last_plan["first_message"] == "Hello from the dashboard."


def test_transient_mode_assistant_creates_a_one_time_configuration_without_saving(fresh: Api) -> None:
    answer = got(fresh.place(assistant={**SANDBOX, "first_message": "Hello, once."}), 201)
    assert answer["success"] is True
    assert answer["call"]["agent_id"] is None
    assert fresh.last_plan["first_message"] == "Hello, once."
    assert page(fresh.get("/assistants"), "assistants") == []


def test_hybrid_mode_assistant_id_and_assistant_override_overrides_specific_fields(api: Api) -> None:
    """E.g., first_message, llm_config.messages."""
    saved = api.assistant(first_message="Hello.", llm_config={**SANDBOX["llm_config"], "messages": MESSAGES})
    override = {
        "first_message": "Hello, Mr Smith.",
        "llm_config": {"messages": [{"role": "system", "content": "VIP."}]},
    }
    call_id = got(api.place(assistant_id=saved["id"], assistant_override=override), 201)["call_id"]
    assert api.last_plan["first_message"] == "Hello, Mr Smith."
    used = got(api.get(f"/calls/{call_id}?include=assistant"))["assistant"]
    assert used["llm_config"]["messages"] == override["llm_config"]["messages"]
    assert used["llm_config"]["provider"] == "sandbox"
    kept = got(api.get(f"/assistants/{saved['id']}"))["assistant"]
    assert kept["first_message"] == "Hello."
    assert kept["llm_config"]["messages"] == MESSAGES


def test_which_phone_number_to_call_from_can_be_specified_using_the_number_id_parameter(api: Api) -> None:
    number = api.number("+31201234501")
    placed = got(api.place(number_id=number["id"], assistant=SANDBOX), 201)
    assert placed["call"]["number_id"] in (number["id"], None)
    refused(api.place(number_id=NOBODY, assistant=SANDBOX), 404, None, "number_id")


def test_if_number_id_is_not_provided_a_number_is_automatically_selected(api: Api) -> None:
    number = got(api.place(assistant=SANDBOX), 201)["number"]
    assert number["phone_number"] == "+15005550000"
    assert number["chosen_by"] == "sandbox"


def test_if_the_pool_has_no_usable_number_the_answer_says_what_is_missing(fresh: Api) -> None:
    before = len(fresh.world.worker.asked)
    answer = fresh.post("/calls/outbound", {"destination": "+31201234567", "assistant": SANDBOX})
    assert "number" in refused(answer, 409, "no_available_number")["message"].lower()
    assert len(fresh.world.worker.asked) == before


@pytest.mark.parametrize("deprecated", ["agent_id", "agent", "agent_config"])
def test_agent_id_agent_and_agent_config_are_deprecated(api: Api, deprecated: str) -> None:
    saved = api.assistant()
    fields = {
        "agent_id": {"agent_id": saved["id"]},
        "agent": {"agent": SANDBOX},
        "agent_config": {"assistant_id": saved["id"], "agent_config": {"first_message": "Old."}},
    }[deprecated]
    answer = api.place(**fields)
    assert got(answer, 201)["success"] is True
    assert "Deprecation" in answer.headers


def test_when_using_xai_realtime_omit_stt_config_and_tts_config(api: Api) -> None:
    """Placing may lack an adaptor for the provider, but it never asks for the two blocks."""
    answer = api.place(assistant={"llm_config": REALTIME})
    if answer.status_code != 201:
        body = refused(answer, 400, "provider_unavailable")
        assert "stt_config" not in str(body) and "tts_config" not in str(body)
    saved = got(api.post("/assistants", {"name": "Realtime", "llm_config": REALTIME}), 201)["assistant"]
    assert saved["llm_config"]["provider"] == "xai_realtime"
    assert saved["tts_config"] is None


@pytest.mark.parametrize(("provider", "model"), [("openai", "gpt-4o-mini"), ("mistral", "mistral-medium-latest")])
@pytest.mark.parametrize("missing", [("stt_config",), ("tts_config",), ("stt_config", "tts_config")])
def test_for_other_providers_both_stt_config_and_tts_config_are_required(
    api: Api, provider: str, model: str, missing: tuple[str, ...]
) -> None:
    assistant = {**SANDBOX, "llm_config": {"provider": provider, "model": model}}
    for block in missing:
        del assistant[block]
    before = len(api.world.worker.asked)
    body = refused(api.place(assistant=assistant), 400, None, *missing)
    assert len(body["details"]) == len(missing)
    assert len(api.world.worker.asked) == before


def test_the_call_is_initiated_immediately_and_the_response_includes_a_call_id_to_track_progress(api: Api) -> None:
    answer = got(api.place(assistant=SANDBOX), 201)
    assert api.last_plan["call_id"] == answer["call_id"]
    assert got(api.get(f"/calls/{answer['call_id']}"))["id"] == answer["call_id"]


def test_an_outbound_call_goes_from_an_assistant_to_a_destination_phone_number(api: Api) -> None:
    call = got(api.place(assistant=SANDBOX), 201)["call"]
    assert call["direction"] == "outbound"
    assert call["caller_phone"] == ECHO
    assert call["assistant_phone"] == "+15005550000"


# ---- list all campaigns --------------------------------------------------------------------------


def test_list_all_campaigns_retrieves_all_outbound_campaigns_in_your_organization(fresh: Api) -> None:
    assert page(fresh.get("/campaigns"), "campaigns") == []
    made = {fresh.campaign(name=name)["id"] for name in ("One", "Two", "Three")}
    assert {campaign["id"] for campaign in page(fresh.get("/campaigns"), "campaigns")} == made
    assert page(fresh.get("/campaigns", fresh.stranger()), "campaigns") == []
