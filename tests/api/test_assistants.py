"""Saved assistants over HTTP: defaults, warnings, what is refused, the old name."""

from __future__ import annotations

import asyncio
import random
from typing import Any

import httpx
from api_world import ECHO, SANDBOX, World, in_world
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from trunkline.assistants.schemas import FRONT_DESK, TRIAL, AssistantConfig, SpeechConfig
from trunkline.assistants.tables import Assistant
from trunkline.campaigns.tables import Campaign

OF_THEIR_OWN = ("id", "created_at", "updated_at")
FULL: dict[str, Any] = {
    **FRONT_DESK,
    "notification_email": "a@b.example",
    "notification_emails": ["a@b.example", "c@d.example"],
    "recording_consent": {"enabled": False, "message": "This is recorded."},
    "first_message_interruptible": False,
    "autonomous_silence_handling": True,
    "silence_timeout_seconds": 12,
    "voicemail_detection": True,
    "voicemail_message": "Call us back.",
    "webhook_url": "https://x.example/hook",
    "webhook_secret": "whsec",
    "webhook_events": ["tool-calls", "status-update"],
    "analysis_plan": {"structured_data_plan": {"enabled": True, "schema": {"type": "object", "default": None}}},
}


async def made(world: World, body: dict[str, Any]) -> dict[str, Any]:
    answer = await world.client.post("/assistants", json=body)
    assert answer.status_code == 201, answer.json()
    assistant: dict[str, Any] = answer.json()["assistant"]
    return assistant


async def patched(world: World, id: str, changes: Any) -> httpx.Response:
    return await world.client.patch(f"/assistants/{id}", json=changes)


async def shown(world: World, id: str) -> dict[str, Any]:
    assistant: dict[str, Any] = (await world.client.get(f"/assistants/{id}")).json()["assistant"]
    return assistant


@in_world()
async def test_only_a_name_is_required_and_the_defaults_are_shown(world: World) -> None:
    answer = await world.client.post("/assistants", json={"name": "Ann"})
    assert answer.status_code == 201
    made = answer.json()["assistant"]
    assert made["stt_config"] == {"provider": "deepgram", "model": "nova-3-general", "language": "multi"}
    assert (made["llm_config"]["model"], made["llm_config"]["temperature"]) == ("gpt-4o-mini", 0.7)
    assert made["tts_config"]["model"] == "eleven_flash_v2_5"
    assert (made["max_duration_seconds"], made["silence_timeout_seconds"], made["is_active"]) == (600, 8, True)
    assert made["first_message_interruptible"] is True
    assert made["first_message"] is None
    assert any(warning.startswith("tts_config.provider: elevenlabs") for warning in answer.json()["warnings"])
    assert (await world.client.get(f"/assistants/{made['id']}")).json() == {"assistant": made}
    listed = (await world.client.get("/assistants")).json()
    assert (listed["assistants"], listed["pagination"]["total"]) == ([made], 1)


@in_world()
async def test_the_old_name_of_the_resource_works_and_is_marked(world: World) -> None:
    answer = await world.client.post("/agents", json={"name": "Ann", **SANDBOX})
    assert answer.status_code == 201
    assert answer.headers["Deprecation"].startswith("@")
    assert "Deprecation" not in (await world.client.get("/assistants")).headers
    id = answer.json()["assistant"]["id"]
    assert (await world.client.get(f"/agents/{id}")).json()["assistant"]["id"] == id


@in_world()
async def test_everything_documented_is_known_and_what_has_no_effect_is_said(world: World) -> None:
    body = {
        "name": "Ann",
        "business_name": "B",
        "notification_email": "a@b.example",
        "voicemail_detection": True,
        "webhook_url": "https://x.example/hook",
        "webhook_events": ["tool-calls"],
        "analysis_plan": {"structured_data_plan": {"enabled": True, "schema": {"type": "object", "x": None}}},
        "recording_consent": {"enabled": False, "message": None},
        **SANDBOX,
        "speech_config": {
            "turn_taking": {"interruption_min_words": 2, "false_interruption_timeout": None},
            "pronunciation": [{"from": "SQL", "to": "sequel"}],
            "background_audio": {"enabled": False},
            "end_call_phrases": ["good bye"],
        },
    }
    answer = await world.client.post("/assistants", json=body)
    assert answer.status_code == 201, answer.json()
    made = answer.json()["assistant"]
    assert made["speech_config"]["turn_taking"]["endpointing_max_delay"] == 2
    assert made["speech_config"]["turn_taking"]["false_interruption_timeout"] is None
    assert made["analysis_plan"]["structured_data_plan"]["schema"] == {"type": "object", "x": None}
    assert made["speech_config"]["pronunciation"] == [{"from": "SQL", "to": "sequel"}]
    assert sorted(warning.split(":")[0] for warning in answer.json()["warnings"]) == [
        "analysis_plan",
        "notification_email",
        "voicemail_detection",
        "webhook_events",
        "webhook_url",
    ]


@in_world()
async def test_tools_come_in_four_shapes_and_are_stored_in_one(world: World) -> None:
    tools = [
        {"name": "flat", "description": "d", "parameters": {"type": "object"}, "url": "https://x.example"},
        {"type": "function", "function": {"name": "nested", "description": "d"}, "async": True},
        {"type": "endCall"},
        {"type": "transferCall", "destinations": [{"type": "number", "number": "+15005550010", "description": "d"}]},
        {"type": "mcp", "mcp_server_id": "m"},
    ]
    body = {"name": "Ann", **SANDBOX, "llm_config": {**SANDBOX["llm_config"], "tools": tools}}
    answer = await world.client.post("/assistants", json=body)
    stored = answer.json()["assistant"]["llm_config"]["tools"]
    assert [tool["type"] for tool in stored] == ["function", "function", "end_call", "transfer_call", "mcp"]
    assert (stored[1]["name"], stored[1]["async"]) == ("nested", True)
    assert len(answer.json()["warnings"]) == 3


@in_world()
async def test_a_realtime_model_ignores_ears_and_voice_and_says_so(world: World) -> None:
    body = {"name": "Ann", **SANDBOX, "llm_config": {"provider": "xai_realtime", "speed": 1.2}}
    answer = await world.client.post("/assistants", json=body)
    made = answer.json()["assistant"]
    assert (made["stt_config"], made["tts_config"]) == (None, None)
    assert made["llm_config"]["model"] == "grok-voice-think-fast-2.0"
    told = [warning.split(":")[0] for warning in answer.json()["warnings"]]
    assert told == ["stt_config", "llm_config.provider", "tts_config"]


BAD = [
    ({"name": ""}, "name: "),
    ({"name": "A", "colour": "red"}, "colour: unknown field"),
    ({"name": "A", "max_duration_seconds": 29}, "max_duration_seconds: "),
    ({"name": "A", "max_duration_seconds": True}, "max_duration_seconds: "),
    ({"name": "A", "silence_timeout_seconds": 121}, "silence_timeout_seconds: "),
    ({"name": "A", "gdpr_mode": True}, "gdpr_mode: is not supported yet"),
    ({"name": "A", "recording_consent": {"enabled": True}}, "recording_consent.enabled: is not supported yet"),
    ({"name": "A", "webhook_events": ["all"]}, "webhook_events[0]: "),
    *(
        ({"name": "A", "webhook_url": url}, "webhook_url: must be a URL with a host, such as https://example.com/hook")
        for url in ("ftp://x", "x", "https://", "http:///hook", "http://[::1", "http://a b/", "http://x:port/", "//x")
    ),
    ({"name": "A", "stt_config": "deepgram"}, "stt_config: "),
    ({"name": "A", "stt_config": {}}, "stt_config.provider: is required"),
    ({"name": "A", "stt_config": {"provider": "x"}}, "stt_config.provider: unknown provider; known: "),
    ({"name": "A", "stt_config": {"provider": "deepgram", "endpointing": 5001}}, "stt_config.endpointing: "),
    ({"name": "A", "stt_config": {"provider": "gladia", "language": "xx"}}, "stt_config.language: "),
    ({"name": "A", "llm_config": {"provider": "openai", "temperature": 2.1}}, "llm_config.temperature: "),
    ({"name": "A", "llm_config": {"provider": "openai", "messages": [{"role": "x"}]}}, "llm_config.messages[0].role: "),
    ({"name": "A", "llm_config": {"provider": "openai", "voice": "ara"}}, "llm_config.voice: unknown field"),
    ({"name": "A", "llm_config": {"provider": "openai", "tools": [{"type": "x"}]}}, "llm_config.tools[0].type: "),
    ({"name": "A", "llm_config": {"provider": "openai", "tools": [{"name": "1"}]}}, "llm_config.tools[0].name: "),
    ({"name": "A", "llm_config": {"provider": "sandbox", "rules": [{"when": "("}]}}, "llm_config.rules[0].when: "),
    (
        {"name": "A", "llm_config": {"provider": "sandbox", "rules": [{"when": "(){99999}"}]}},
        "llm_config.rules[0].when: repeats more than 1000 times",
    ),
    ({"name": "A", "llm_config": {"provider": "sandbox", "rules": [{}]}}, "llm_config.rules[0].when: is required"),
    (
        {"name": "A", "llm_config": {"provider": "sandbox", "rules": [{"when": "x", "call": {}}]}},
        "llm_config.rules[0].call.name: is required",
    ),
    ({"name": "A", "tts_config": {"provider": "elevenlabs"}}, "tts_config.voice_id: is required"),
    (
        {"name": "A", "tts_config": {"provider": "11labs", "voice_id": "v", "model": "eleven_v3", "style": 0.5}},
        "tts_config.style: is not taken where model is eleven_v3",
    ),
    (
        {"name": "A", "llm_config": {"provider": "xai_realtime", "provider_tools": [{"type": "file_search"}]}},
        "llm_config.provider_tools[0].vector_store_ids: is required where type is file_search",
    ),
    (
        {
            "name": "A",
            "llm_config": {
                "provider": "xai_realtime",
                "provider_tools": [{"type": "file_search", "vector_store_ids": []}],
            },
        },
        "llm_config.provider_tools[0].vector_store_ids: ",
    ),
    (
        {
            "name": "A",
            "llm_config": {
                "provider": "xai_realtime",
                "provider_tools": [{"type": "web_search", "max_num_results": 1}],
            },
        },
        "llm_config.provider_tools[0].max_num_results: is not taken where type is web_search",
    ),
    ({"name": "A", "stt_config": {"provider": "deepgram", "language": None}}, "stt_config.language: "),
    ({"name": "A", "stt_config": {"provider": "deepgram", "keyterms": ["x"] * 101}}, "stt_config.keyterms: "),
    (
        {"name": "A", "llm_config": {"provider": "xai_realtime", "turn_detection": {"x": 1}}},
        "llm_config.turn_detection.x: ",
    ),
    ({"name": "A", "llm_config": {"provider": "openai_live", "voice": "ara"}}, "llm_config.voice: "),
    ({"name": "A", "tts_config": {"provider": "google", "voice_id": "nobody"}}, "tts_config.voice_id: "),
    ({"name": "A", "tts_config": {"provider": "sandbox", "voice_id": "x"}}, "tts_config.voice_id: "),
    (
        {"name": "A", "speech_config": {"turn_taking": {"endpointing_min_delay": 3, "endpointing_max_delay": 1}}},
        "speech_config.turn_taking.endpointing_max_delay: must not be below",
    ),
    ({"name": "A", "speech_config": {"end_call_phrases": ["!"]}}, "speech_config.end_call_phrases[0]: needs at least"),
]


@in_world()
async def test_a_bad_assistant_is_refused_with_the_field_named(world: World) -> None:
    for body, detail in BAD:
        answer = await world.client.post("/assistants", json=body)
        problem = answer.json()
        assert (answer.status_code, problem["code"]) == (400, "invalid_request"), body
        assert any(told.startswith(detail) for told in problem["details"]), (body, problem)
    assert not await world.rows(Assistant)


@in_world()
async def test_every_offending_field_is_named_at_once(world: World) -> None:
    body = {"colour": 1, "llm_config": {"provider": "x"}, "tts_config": {"provider": "sandbox", "speed": 1}}
    answer = await world.client.post("/assistants", json=body)
    told = [detail.split(":")[0] for detail in answer.json()["details"]]
    assert told == ["name", "colour", "llm_config.provider", "tts_config.speed"]


@in_world()
async def test_saving_needs_the_full_scope_and_reading_the_own_organization(world: World) -> None:
    made = (await world.client.post("/assistants", json={"name": "Ann"})).json()["assistant"]
    for scope in ("calls", "control", "read"):
        headers = await world.key_with(scope)
        assert (await world.client.post("/assistants", json={"name": "B"}, headers=headers)).status_code == 403
        assert (await world.client.get(f"/assistants/{made['id']}", headers=headers)).status_code == 200
    headers = await world.stranger()
    assert (await world.client.get(f"/assistants/{made['id']}", headers=headers)).status_code == 404
    place = {"destination": "+15005550001", "assistant_id": made["id"]}
    assert (await world.client.post("/calls", json=place, headers=headers)).status_code == 404


@in_world()
async def test_an_assistant_that_is_not_active_or_not_available_places_no_call(world: World) -> None:
    made = (await world.client.post("/assistants", json={"name": "Ann"})).json()["assistant"]
    answer = await world.client.post("/calls", json={"destination": "+15005550001", "assistant_id": made["id"]})
    assert (answer.status_code, answer.json()["code"]) == (400, "provider_unavailable")
    assert len(answer.json()["details"]) == 3
    resting = {"name": "Ann", "is_active": False, **SANDBOX}
    made = (await world.client.post("/assistants", json=resting)).json()["assistant"]
    answer = await world.client.post("/calls", json={"destination": "+15005550001", "assistant_id": made["id"]})
    assert (answer.status_code, answer.json()["code"]) == (409, "conflict")


# ---- changing -----------------------------------------------------------------------------------


@in_world()
async def test_what_a_change_does_not_name_stays(world: World) -> None:
    before = await made(world, FULL)
    answer = await patched(world, before["id"], {"first_message": "Good evening.", "is_active": False})
    assert answer.status_code == 200
    assert answer.json()["assistant"] == {
        **before,
        "first_message": "Good evening.",
        "is_active": False,
        "updated_at": answer.json()["assistant"]["updated_at"],
    }
    assert await shown(world, before["id"]) == answer.json()["assistant"]
    assert any(warning.startswith("webhook_url: ") for warning in answer.json()["warnings"])


@in_world()
async def test_a_change_of_nothing_changes_nothing(world: World) -> None:
    before = await made(world, FULL)
    for changes in ({}, {"name": before["name"]}, {"name": f" {before['name']} "}):
        answer = await patched(world, before["id"], changes)
        assert (answer.status_code, answer.json()["assistant"]) == (200, before)


NULLABLE = (
    *("business_name", "notification_email", "notification_emails", "recording_consent", "first_message"),
    *("voicemail_detection", "voicemail_message", "webhook_url", "webhook_secret", "webhook_events", "analysis_plan"),
    "speech_config",
)
NOT_NULLABLE = (
    *("name", "is_active", "first_message_interruptible", "autonomous_silence_handling", "silence_timeout_seconds"),
    *("gdpr_mode", "llm_config"),
)
BACK_TO_DEFAULT = ("max_duration_seconds", "stt_config", "tts_config")


@in_world()
async def test_null_clears_what_can_be_null_and_is_refused_elsewhere(world: World) -> None:
    assert {*NULLABLE, *NOT_NULLABLE, *BACK_TO_DEFAULT} == {"name", *AssistantConfig.model_fields}
    id = (await made(world, FULL))["id"]
    for name in NULLABLE:
        answer = await patched(world, id, {name: None})
        assert (answer.status_code, answer.json()["assistant"][name]) == (200, None), name
    before = await shown(world, id)
    for name in NOT_NULLABLE:
        answer = await patched(world, id, {name: None, "first_message": "changed"})
        assert answer.status_code == 400, name
        assert [detail.split(":")[0] for detail in answer.json()["details"]] == [name]
    assert await shown(world, id) == before


@in_world()
async def test_null_is_the_default_of_what_an_assistant_cannot_do_without(world: World) -> None:
    id = (await made(world, {**FULL, **SANDBOX}))["id"]
    answer = await patched(world, id, dict.fromkeys(BACK_TO_DEFAULT))
    now = answer.json()["assistant"]
    assert now["max_duration_seconds"] == 600
    assert (now["stt_config"]["provider"], now["tts_config"]["provider"]) == ("deepgram", "elevenlabs")


@in_world()
async def test_a_block_is_replaced_whole(world: World) -> None:
    id = (await made(world, FULL))["id"]
    now = (await patched(world, id, {"stt_config": {"provider": "deepgram"}})).json()["assistant"]
    assert now["stt_config"] == {"provider": "deepgram", "model": "nova-3", "language": "multi"}
    now = (await patched(world, id, {"speech_config": {"end_call_message": "Bye."}})).json()["assistant"]
    assert now["speech_config"] == {**dict.fromkeys(SpeechConfig.model_fields), "end_call_message": "Bye."}
    now = (await patched(world, id, {"analysis_plan": {}})).json()["assistant"]
    assert now["analysis_plan"] == {"structured_data_plan": None, "min_messages_threshold": 2}
    answer = await patched(world, id, {"llm_config": {"temperature": 1}})
    assert (answer.status_code, answer.json()["details"]) == (400, ["llm_config.provider: is required"])
    assert (await shown(world, id))["llm_config"] == now["llm_config"]


@in_world()
async def test_a_realtime_model_drops_ears_and_voice_and_a_text_model_gets_them_again(world: World) -> None:
    id = (await made(world, {"name": "Ann", **SANDBOX}))["id"]
    answer = await patched(world, id, {"llm_config": {"provider": "xai_realtime"}})
    now = answer.json()["assistant"]
    assert (now["stt_config"], now["tts_config"], now["llm_config"]["voice"]) == (None, None, "ara")
    told = [warning.split(":")[0] for warning in answer.json()["warnings"]]
    assert told == ["stt_config", "llm_config.provider", "tts_config"]
    quiet = (await patched(world, id, {"first_message": "Hi."})).json()["warnings"]
    assert [warning.split(":")[0] for warning in quiet] == ["llm_config.provider"]
    now = (await patched(world, id, {"llm_config": SANDBOX["llm_config"]})).json()["assistant"]
    assert now["stt_config"] == {"provider": "deepgram", "model": "nova-3-general", "language": "multi"}
    assert now["tts_config"]["model"] == "eleven_flash_v2_5"
    assert (await patched(world, id, SANDBOX)).json()["assistant"]["tts_config"]["voice_id"] == "modem"


@in_world()
async def test_no_change_makes_what_could_not_have_been_created(world: World) -> None:
    before = await made(world, {"name": "Ann", **SANDBOX})
    for body, detail in BAD:
        changes = {name: value for name, value in body.items() if name != "name" or value == ""}
        answer = await patched(world, before["id"], changes)
        assert (answer.status_code, answer.json()["code"]) == (400, "invalid_request"), body
        assert any(told.startswith(detail) for told in answer.json()["details"]), (body, answer.json())
    assert await shown(world, before["id"]) == before


@in_world()
async def test_many_changes_do_not_grow_an_assistant_beyond_what_a_body_may_hold(world: World) -> None:
    before = await made(world, {"name": "Ann", **SANDBOX})
    large = {"structured_data_plan": {"schema": {"x": "y" * 600_000}}}
    assert (await patched(world, before["id"], {"analysis_plan": large})).status_code == 200
    tool = {"name": "f", "description": "d", "parameters": {"x": "y" * 600_000}}
    answer = await patched(world, before["id"], {"llm_config": {**SANDBOX["llm_config"], "tools": [tool]}})
    assert (answer.status_code, answer.json()["code"]) == (413, "body_too_large")
    assert (await shown(world, before["id"]))["llm_config"] == before["llm_config"]


@in_world()
async def test_two_changes_at_once_lose_no_field_that_only_one_of_them_changed(world: World) -> None:
    id = (await made(world, {"name": "Ann", **SANDBOX}))["id"]
    changes = [
        {"first_message": "Hi."},
        {"voicemail_message": "Call back."},
        {"business_name": "B"},
        {"webhook_url": "https://x.example"},
        {"silence_timeout_seconds": 20},
        {"speech_config": {"end_call_message": "Bye."}},
    ]
    answers = await asyncio.gather(*(patched(world, id, one) for one in changes))
    assert {answer.status_code for answer in answers} == {200}
    now = await shown(world, id)
    assert now["speech_config"]["end_call_message"] == "Bye."
    for one in changes[:-1]:
        assert {name: now[name] for name in one} == one


@in_world()
async def test_an_assistant_of_nobody_or_of_others_is_neither_changed_nor_deleted(world: World) -> None:
    mine = await made(world, {"name": "Ann", **SANDBOX})
    stranger = await world.stranger()
    for id, headers in ((mine["id"], stranger), ("x" * 300, {}), ("00000000-0000-4000-8000-000000000000", {})):
        assert (await world.client.patch(f"/assistants/{id}", json={"name": "B"}, headers=headers)).status_code == 404
        assert (await world.client.delete(f"/assistants/{id}", headers=headers)).status_code == 404
    for scope in ("calls", "control", "read"):
        headers = await world.key_with(scope)
        url = f"/assistants/{mine['id']}"
        assert (await world.client.patch(url, json={"name": "B"}, headers=headers)).status_code == 403
        assert (await world.client.delete(url, headers=headers)).status_code == 403
    assert await shown(world, mine["id"]) == mine


# ---- what comes back can be sent again ----------------------------------------------------------


def some_assistant(chance: random.Random) -> dict[str, Any]:
    """Any of what the examples and `FULL` say, some of it null."""
    source = {**FULL, "speech_config": {"turn_taking": {"false_interruption_timeout": None}, "silence": {}}}
    chosen = {name: value for name, value in source.items() if chance.random() < 0.5}
    nulls = {name: None for name in NULLABLE if chance.random() < 0.2}
    llm = chance.choice(
        [
            TRIAL["llm_config"],
            {"provider": "openai", "model": "gpt-9", "tools": [{"type": "function", "function": {"name": "f"}}]},
            {"provider": "xai_realtime", "turn_detection": {}, "provider_tools": [{"type": "web_search"}]},
            {"provider": "google", "tools": [{"name": "f", "description": "", "parameters": {"default": None}}]},
            {"provider": "openai_live", "delegation": {"instructions": None}, "temperature": 0},
        ]
    )
    tts = chance.choice([{"provider": "11labs", "voice_id": "v"}, {"provider": "google"}, {"provider": "xai"}, None])
    return {**chosen, **nulls, "name": "A", "llm_config": llm, "tts_config": tts}


@in_world()
async def test_what_get_answers_can_be_sent_back_and_changes_nothing(world: World) -> None:
    chance = random.Random(3)
    for body in [FULL, TRIAL, {"name": "A"}, *(some_assistant(chance) for _ in range(40))]:
        before = await made(world, body)
        again = {name: value for name, value in before.items() if name not in OF_THEIR_OWN}
        answer = await patched(world, before["id"], again)
        assert (answer.status_code, answer.json().get("assistant")) == (200, before), (body, answer.json())
        twin = await made(world, again)
        assert {name: twin[name] for name in again} == again


# ---- deleting -----------------------------------------------------------------------------------


@in_world()
async def test_a_deleted_assistant_is_gone_and_its_calls_go_on(world: World) -> None:
    id = (await made(world, {"name": "Ann", **SANDBOX}))["id"]
    call_id = (await world.place({"destination": ECHO, "assistant_id": id})).json()["call_id"]
    await world.worker.answer(call_id)
    answer = await world.client.delete(f"/assistants/{id}")
    assert (answer.status_code, answer.json()) == (200, {"success": True})
    assert (await world.client.get(f"/assistants/{id}")).status_code == 404
    assert (await world.client.delete(f"/assistants/{id}")).status_code == 404
    assert (await world.client.get("/assistants")).json()["assistants"] == []
    call = (await world.client.get(f"/calls/{call_id}?include=assistant")).json()
    assert (call["status"], call["assistant"]["llm_config"]["model"]) == ("in-progress", "echo")
    assert (await world.place({"destination": ECHO, "assistant_id": id})).status_code == 404


@in_world()
async def test_an_assistant_in_use_is_not_deleted_and_the_answer_says_how_to_detach_it(world: World) -> None:
    id = (await made(world, {"name": "Ann", **SANDBOX}))["id"]
    other = (await made(world, {"name": "Ben", **SANDBOX}))["id"]
    asked = []

    async def attached(session: AsyncSession, org_id: str, assistant_id: str) -> str | None:
        asked.append((org_id, assistant_id))
        return "Assistant is attached to 2 phone numbers. Detach it first." if assistant_id == id else None

    async def running(session: AsyncSession, org_id: str, assistant_id: str) -> str | None:
        return "Campaign X uses it." if assistant_id == id else None

    world.app.state.assistant_holds = (attached, running)
    answer = await world.client.delete(f"/assistants/{id}")
    assert (answer.status_code, answer.json()["code"]) == (409, "in_use")
    assert answer.json()["message"] == "Assistant is attached to 2 phone numbers. Detach it first. Campaign X uses it."
    assert (await world.client.get(f"/assistants/{id}")).status_code == 200
    assert (await world.client.delete(f"/assistants/{other}")).status_code == 200
    assert asked == [(world.org_id, id), (world.org_id, other)]


@in_world()
async def test_numbers_and_unfinished_campaigns_hold_an_assistant_and_finished_ones_let_it_go(world: World) -> None:
    id = (await made(world, {"name": "Ann", **SANDBOX}))["id"]
    number = (await world.client.post("/numbers", json={"phone_number": "+31201234567", "assistant_id": id})).json()
    campaign = {"schedule_start_time": "09:00", "schedule_end_time": "17:00", "timezone": "Europe/Amsterdam"}
    assert (
        await world.client.post("/campaigns", json={"name": "C", "assistant_id": id, **campaign})
    ).status_code == 201
    refused = (await world.client.delete(f"/assistants/{id}")).json()
    assert (refused["code"], refused["message"].count("Assistant is ")) == ("in_use", 2)
    await world.client.patch(f"/numbers/{number['number']['id']}", json={"assistant_id": None})
    refused = (await world.client.delete(f"/assistants/{id}")).json()
    assert (refused["code"], "1 campaign" in refused["message"]) == ("in_use", True)
    async with world.database.writing() as session:
        await session.execute(update(Campaign).values(status="completed"))
    assert (await world.client.delete(f"/assistants/{id}")).status_code == 200
    assert [row.assistant_id for row in await world.rows(Campaign)] == [None]


# ---- once, old names, secrets -------------------------------------------------------------------


@in_world()
async def test_a_repeated_request_makes_one_assistant_under_either_name_of_the_url(world: World) -> None:
    key = {"Idempotency-Key": "k"}
    first = await world.client.post("/assistants", json={"name": "Ann", "gdpr_mode": False}, headers=key)
    again = await world.client.post("/agents", json={"gdpr_mode": False, "name": "Ann"}, headers=key)
    assert (again.status_code, again.json()) == (201, first.json())
    other = await world.client.post("/assistants", json={"name": "Ben"}, headers=key)
    assert (other.status_code, other.json()["code"]) == (409, "idempotency_key_reused")
    assert len(await world.rows(Assistant)) == 1
    id = first.json()["assistant"]["id"]
    await patched(world, id, {"name": "Changed"})
    now = await world.client.post("/assistants", json={"name": "Ann", "gdpr_mode": False}, headers=key)
    assert now.json()["assistant"]["name"] == "Changed"
    await world.client.delete(f"/assistants/{id}")
    gone = await world.client.post("/assistants", json={"name": "Ann", "gdpr_mode": False}, headers=key)
    assert (gone.status_code, gone.json()["code"]) == (409, "conflict")


@in_world()
async def test_repeats_at_the_same_moment_make_one_assistant(world: World) -> None:
    sent = [world.client.post("/assistants", json={"name": "A"}, headers={"Idempotency-Key": "k"}) for _ in range(5)]
    answers = await asyncio.gather(*sent)
    assert len({answer.json()["assistant"]["id"] for answer in answers}) == 1
    assert len(await world.rows(Assistant)) == 1


@in_world()
async def test_the_old_name_does_all_that_the_new_one_does(world: World) -> None:
    id = (await world.client.post("/agents", json={"name": "Ann", **SANDBOX})).json()["assistant"]["id"]
    answers = [
        await world.client.patch(f"/agents/{id}", json={"name": "Ben"}),
        await world.client.get(f"/agents/{id}"),
        await world.client.get("/agents"),
        await world.client.delete(f"/agents/{id}"),
    ]
    assert all(answer.status_code == 200 and answer.headers["Deprecation"].startswith("@") for answer in answers)
    assert [sorted(answer.json()) for answer in answers] == [
        ["assistant", "warnings"],
        ["assistant"],
        ["assistants", "pagination"],
        ["success"],
    ]
    assert answers[1].json()["assistant"]["name"] == "Ben"


@in_world()
async def test_secrets_are_shown_to_keys_with_the_full_scope_only(world: World) -> None:
    tools = [
        {"name": "f", "description": "d", "server": {"url": "https://x.example", "secret": "s1"}},
        {"name": "g", "description": "d", "server": {"url": "https://x.example"}},
        {"type": "end_call"},
    ]
    body = {"name": "Ann", **SANDBOX, "webhook_secret": "s2", "llm_config": {**SANDBOX["llm_config"], "tools": tools}}
    mine = await made(world, body)
    assert (mine["webhook_secret"], mine["llm_config"]["tools"][0]["server"]["secret"]) == ("s2", "s1")
    for scope in ("calls", "control", "read"):
        headers = await world.key_with(scope)
        for answer in (
            await world.client.get(f"/assistants/{mine['id']}", headers=headers),
            await world.client.get("/assistants", headers=headers),
        ):
            theirs = answer.json().get("assistant") or answer.json()["assistants"][0]
            assert theirs["webhook_secret"] is None
            assert [tool.get("server", {}).get("secret") for tool in theirs["llm_config"]["tools"]] == [None] * 3
            assert "s1" not in answer.text
    assert (await shown(world, mine["id"])) == mine


@in_world()
async def test_every_field_is_shown_whatever_was_said(world: World) -> None:
    for body in ({"name": "A"}, {"name": "A", "voicemail_detection": None}, {"name": "A", **dict.fromkeys(NULLABLE)}):
        assert set(await made(world, body)) == {"name", *AssistantConfig.model_fields, *OF_THEIR_OWN}


@in_world()
async def test_pages_of_assistants_are_newest_first(world: World) -> None:
    names = [(await made(world, {"name": str(number)}))["name"] for number in range(5)]
    page = (await world.client.get("/assistants?limit=2&offset=1")).json()
    assert [assistant["name"] for assistant in page["assistants"]] == names[::-1][1:3]
    assert page["pagination"] == {"total": 5, "limit": 2, "offset": 1}


@in_world()
async def test_names_are_trimmed(world: World) -> None:
    assert (await made(world, {"name": "  Ann "}))["name"] == "Ann"
    for name in ("", "  ", "\t\n", None, "x" * 201):
        answer = await world.client.post("/assistants", json={"name": name})
        assert answer.status_code == 400
        assert answer.json()["details"][0].startswith("name: ")


@in_world()
async def test_the_three_classes_of_providers(world: World) -> None:
    for block in ("stt_config", "llm_config", "tts_config"):
        answer = await world.client.post("/assistants", json={"name": "A", block: {"provider": "nobody"}})
        assert answer.status_code == 400
        assert answer.json()["details"][0].startswith(f"{block}.provider: unknown provider; known: sandbox, ")
        known = {"provider": "google"}
        id_and_warnings = (await world.client.post("/assistants", json={"name": "A", **SANDBOX, block: known})).json()
        assert any(told.startswith(f"{block}.provider: google is known") for told in id_and_warnings["warnings"])
        place = {"destination": ECHO, "assistant_id": id_and_warnings["assistant"]["id"]}
        refused = (await world.client.post("/calls", json=place)).json()
        assert (refused["code"], refused["details"]) == (
            "provider_unavailable",
            [f"{block}.provider: google is known but not available here"],
        )
