"""What a call is placed with: the three ways to name an assistant, old names, greetings, variables, metadata, warnings."""

from __future__ import annotations

from typing import Any

from api_world import ECHO, PLACE, SANDBOX, World, in_world

from trunkline.calls.tables import CallRow


@in_world()
async def test_the_plan_carries_everything_a_worker_needs(world: World) -> None:
    body = {
        **PLACE,
        "assistant": {**SANDBOX, "first_message": "Hello {{name}}.", "metadata": {"a": 1, "b": 1}},
        "variables": {"name": "Ann"},
        "metadata": {"b": 2},
        "ring_timeout_seconds": 5,
    }
    await world.place(body)
    plan = world.worker.asked[0]
    assert plan["first_message"] == "Hello Ann."
    assert plan["metadata"] == {"a": 1, "b": 2}
    assert plan["ring_timeout_ms"] == 5000
    assert plan["max_duration_ms"] == 600_000
    assert plan["caller_id"] == "+15005550000"
    assert plan["assistant"]["llm_config"]["temperature"] == 0.7


@in_world()
async def test_the_greeting_of_a_call_beats_the_outbound_greeting_beats_the_greeting(world: World) -> None:
    assistant = {**SANDBOX, "first_message": "one"}
    await world.place({**PLACE, "assistant": assistant})
    assistant = {**assistant, "speech_config": {"first_message_outbound": "two"}}
    await world.place({**PLACE, "assistant": assistant})
    await world.place({**PLACE, "assistant": assistant, "first_message": "three"})
    assert [plan["first_message"] for plan in world.worker.asked] == ["one", "two", "three"]


@in_world()
async def test_a_saved_assistant_is_used_by_reference_and_in_part(world: World) -> None:
    saved = {
        "name": "Ann",
        **SANDBOX,
        "llm_config": {**SANDBOX["llm_config"], "messages": [{"role": "system", "content": "Be kind."}]},
    }
    made = (await world.client.post("/assistants", json=saved)).json()["assistant"]
    await world.place({"destination": ECHO, "assistant_id": made["id"]})
    override = {"llm_config": {"messages": [{"role": "system", "content": "Be brief."}]}, "max_duration_seconds": 60}
    placed = await world.place({"destination": ECHO, "assistant_id": made["id"], "assistant_override": override})
    assert placed.json()["call"]["agent_name"] == "Ann"
    first, second = (plan["assistant"]["llm_config"] for plan in world.worker.asked)
    assert first["messages"][0]["content"] == "Be kind."
    assert second == {**first, "messages": [{"role": "system", "content": "Be brief."}]}
    assert world.worker.asked[1]["max_duration_ms"] == 60_000


@in_world()
async def test_deprecated_names_work_and_are_marked(world: World) -> None:
    answer = await world.place({"destination": ECHO, "agent": SANDBOX})
    assert answer.status_code == 201
    assert answer.headers["Deprecation"].startswith("@")
    assert "Deprecation" not in (await world.place()).headers
    both = await world.place({"destination": ECHO, "agent": SANDBOX, "assistant": {}})
    assert both.status_code == 400
    assert both.json()["details"] == ["agent: differs from assistant, which replaces it"]


@in_world()
async def test_the_same_value_under_both_names_is_taken_once(world: World) -> None:
    answer = await world.place({"destination": ECHO, "agent": SANDBOX, "assistant": SANDBOX})
    assert (answer.status_code, "Deprecation" in answer.headers) == (201, True)
    refused = await world.place({"destination": ECHO, "agent_id": "x", "agent": SANDBOX})
    assert refused.json()["details"] == ["assistant: cannot be combined with assistant_id"]
    assert "Deprecation" in refused.headers


async def saved_assistant(world: World, **fields: object) -> str:
    made = await world.client.post("/assistants", json={"name": "Ann", **SANDBOX, **fields})
    assistant_id: str = made.json()["assistant"]["id"]
    return assistant_id


async def configured(world: World, call_id: str) -> dict[str, Any]:
    shown: dict[str, Any] = (await world.client.get(f"/calls/{call_id}?include=assistant")).json()["assistant"]
    return shown


@in_world()
async def test_an_assistant_beside_both_of_the_others_is_refused_naming_both(world: World) -> None:
    answer = await world.place({**PLACE, "assistant_id": "x", "assistant_override": {}})
    assert answer.status_code == 400
    assert answer.json()["details"] == ["assistant: cannot be combined with assistant_id and assistant_override"]
    answer = await world.place({"destination": ECHO, "assistant_override": {"first_message": "Hi."}})
    assert answer.json()["details"] == ["assistant_override: needs assistant_id"]
    answer = await world.place({"destination": ECHO})
    assert answer.json()["details"] == ["assistant: this or assistant_id is required"]


@in_world()
async def test_a_call_keeps_the_configuration_that_it_was_placed_with(world: World) -> None:
    saved = await saved_assistant(world, first_message="Hello {{name}}.", webhook_secret="s1")
    placed = await world.place({"destination": ECHO, "assistant_id": saved, "variables": {"name": "Ann"}})
    before = await configured(world, placed.json()["call_id"])
    assert (before["name"], before["first_message"]) == ("Ann", "Hello Ann.")
    assert before["llm_config"]["temperature"] == 0.7
    assert "webhook_secret" not in before
    changed = {"name": "Bob", "first_message": "Bye.", "llm_config": {"provider": "sandbox", "model": "rules"}}
    assert (await world.client.patch(f"/assistants/{saved}", json=changed)).status_code == 200
    assert await configured(world, placed.json()["call_id"]) == before
    assert (await world.client.delete(f"/assistants/{saved}")).status_code == 200
    assert await configured(world, placed.json()["call_id"]) == before
    told = (await world.client.get(f"/calls/{placed.json()['call_id']}")).json()
    assert (told["assistant_id"], told["agent_id"], told["agent_name"]) == (saved, saved, "Ann")
    assert (await world.place({"destination": ECHO, "assistant_id": saved})).status_code == 404


@in_world()
async def test_what_a_saved_assistant_warns_of_is_said_in_the_answer_and_stays_with_the_call(world: World) -> None:
    saved = await saved_assistant(world, voicemail_message="Call back.", analysis_plan={"min_messages_threshold": 3})
    placed = (await world.place({"destination": ECHO, "assistant_id": saved})).json()
    warnings = ["voicemail_message: has no effect yet", "analysis_plan: has no effect yet"]
    assert placed["warnings"] == placed["call"]["warnings"] == warnings
    assert (await world.client.get(f"/calls/{placed['call_id']}")).json()["warnings"] == warnings


@in_world()
async def test_the_calls_own_greeting_is_the_only_one_and_an_empty_one_is_none(world: World) -> None:
    speech = {"first_message_outbound": "two {{x}}", "end_call_message": "Bye."}
    assistant = {**SANDBOX, "first_message": "one {{y}}", "speech_config": speech}
    placed = await world.place({**PLACE, "assistant": assistant, "first_message": "three"})
    assert placed.status_code == 201, "what is not said needs no variables"
    shown = await configured(world, placed.json()["call_id"])
    assert shown["first_message"] == "three"
    assert "first_message_outbound" not in shown["speech_config"]
    assert shown["speech_config"]["end_call_message"] == "Bye."
    await world.place({**PLACE, "assistant": assistant, "first_message": ""})
    assert [plan["first_message"] for plan in world.worker.asked] == ["three", ""]


@in_world()
async def test_every_placeholder_without_a_value_is_listed(world: World) -> None:
    llm = {**SANDBOX["llm_config"], "messages": [{"role": "system", "content": "{{a}} {{d}} {{ e }} {{a}}"}]}
    speech = {"first_message_outbound": "{{c}} {{known}}"}
    assistant = {**SANDBOX, "first_message": "{{b}}", "llm_config": llm, "speech_config": speech}
    answer = await world.place({**PLACE, "assistant": assistant, "variables": {"known": "{{f}}"}})
    assert answer.status_code == 400
    assert answer.json()["details"] == [f"variables: no value for {{{{{name}}}}}" for name in "abcde"]


@in_world()
async def test_a_value_is_said_as_it_is(world: World) -> None:
    variables = {"name": "{{other}} {{name}}", "other": "x"}
    await world.place({**PLACE, "assistant": {**SANDBOX, "first_message": "Hi {{name}}."}, "variables": variables})
    assert world.worker.asked[0]["first_message"] == "Hi {{other}} {{name}}."


@in_world()
async def test_variables_cannot_make_a_configuration_without_end(world: World) -> None:
    llm = {**SANDBOX["llm_config"], "messages": [{"role": "system", "content": "{{a}}" * 2000}]}
    answer = await world.place({**PLACE, "assistant": {**SANDBOX, "llm_config": llm}, "variables": {"a": "x" * 1000}})
    assert answer.status_code == 400
    assert answer.json()["details"] == ["variables: fill in more than 1048576 characters"]
    assert not world.worker.asked


@in_world()
async def test_metadata_of_call_and_assistant_are_one_object_of_16_kib(world: World) -> None:
    half = "x" * 9000
    answer = await world.place({**PLACE, "assistant": {**SANDBOX, "metadata": {"a": half}}, "metadata": {"b": half}})
    assert answer.status_code == 400
    assert answer.json()["details"][0].startswith("metadata: must not be larger than 16384 bytes together with")
    placed = await world.place({**PLACE, "assistant": {**SANDBOX, "metadata": {"a": half}}, "metadata": {"a": 1}})
    assert placed.json()["call"]["metadata"] == {"a": 1}
    assert "metadata" not in await configured(world, placed.json()["call_id"])


REALTIME = {"llm_config": {"provider": "xai_realtime", "model": "grok-realtime-v1"}}


@in_world()
async def test_a_text_model_without_voice_and_ears_names_both(world: World) -> None:
    answer = await world.place({"destination": ECHO, "assistant": {"llm_config": SANDBOX["llm_config"]}})
    assert answer.json()["details"] == ["assistant.stt_config: is required", "assistant.tts_config: is required"]


@in_world()
async def test_an_inactive_assistant_is_409_and_one_of_another_organization_404(world: World) -> None:
    saved = await saved_assistant(world, is_active=False)
    answer = await world.place({"destination": ECHO, "assistant_id": saved})
    assert (answer.status_code, answer.json()["details"]) == (409, ["assistant_id: is not active"])
    answer = await world.place({"destination": ECHO, "assistant_id": saved}, **await world.stranger())
    assert (answer.status_code, answer.json()["details"]) == (404, ["assistant_id: not found"])
    assert not await world.rows(CallRow)


@in_world()
async def test_an_override_by_a_realtime_model_drops_the_saved_ears_and_voice(world: World) -> None:
    """No realtime model can be called yet; what is said of it shows how the parts were joined."""
    saved = await saved_assistant(world)
    answer = await world.place({"destination": ECHO, "assistant_id": saved, "assistant_override": REALTIME})
    assert answer.json()["code"] == "provider_unavailable"
    assert answer.json()["details"] == ["llm_config.provider: xai_realtime is known but not available here"]
    realtime = await world.client.post("/assistants", json={"name": "Ann", **REALTIME})
    back = {"assistant_id": realtime.json()["assistant"]["id"], "destination": ECHO}
    answer = await world.place({**back, "assistant_override": {"llm_config": SANDBOX["llm_config"]}})
    blocks = [f"assistant_override.{name}: is required" for name in ("stt_config", "tts_config")]
    assert (answer.status_code, answer.json()["details"]) == (400, blocks)
    assert (await world.place({**back, "assistant_override": SANDBOX})).status_code == 201


@in_world()
async def test_what_no_worker_could_be_told_is_refused_before_there_is_a_call(world: World) -> None:
    messages = [{"role": "system", "content": "x" * 50_000} for _ in range(15)]
    assistant = {**SANDBOX, "llm_config": {**SANDBOX["llm_config"], "messages": messages}}
    assert (await world.place({**PLACE, "assistant": assistant})).status_code == 201
    messages[0]["content"] = "{{a}}" * 400
    answer = await world.place({**PLACE, "assistant": assistant, "variables": {"a": "x" * 1000}})
    assert (answer.status_code, answer.json()["code"]) == (413, "body_too_large")
    assert len(await world.rows(CallRow)) == 1
