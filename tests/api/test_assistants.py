"""Saved assistants over HTTP: defaults, warnings, what is refused, the old name."""

from __future__ import annotations

from api_world import SANDBOX, World, in_world

from trunkline.assistants.tables import Assistant


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
    ({"name": "A", "webhook_url": "ftp://x"}, "webhook_url: "),
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
    ({"name": "A", "llm_config": {"provider": "sandbox", "rules": [{}]}}, "llm_config.rules[0].when: is required"),
    (
        {"name": "A", "llm_config": {"provider": "sandbox", "rules": [{"when": "x", "call": {}}]}},
        "llm_config.rules[0].call.name: is required",
    ),
    ({"name": "A", "tts_config": {"provider": "elevenlabs"}}, "tts_config.voice_id: is required"),
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
