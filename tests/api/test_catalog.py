"""The catalogue and its voices over HTTP."""

from __future__ import annotations

from api_world import SANDBOX, World, in_world

from trunkline.providers import catalogue


@in_world()
async def test_the_catalogue_says_what_can_be_configured(world: World) -> None:
    answer = await world.client.get("/catalog")
    assert answer.status_code == 200
    catalog = answer.json()["catalog"]
    assert set(catalog) == {"stt", "llm", "tts", "languages", "defaults", "assistant", "speech_config"}
    assert catalog["stt"]["sandbox"]["status"] == "implemented"
    assert catalog["tts"]["elevenlabs"]["aliases"] == ["11labs"]
    assert catalog["llm"]["openai_realtime"]["kind"] == "realtime"
    assert (catalog["llm"]["sandbox"]["models"], catalog["llm"]["sandbox"]["other_models"]) == (
        ["echo", "rules"],
        False,
    )
    assert catalog["defaults"]["stt_config"]["model"] == "nova-3-general"
    assert len(catalog["languages"]) == 28


@in_world()
async def test_an_assistant_made_of_the_catalogues_defaults_is_the_one_that_a_name_alone_makes(world: World) -> None:
    defaults = (await world.client.get("/catalog")).json()["catalog"]["defaults"]
    named = (await world.client.post("/assistants", json={"name": "A"})).json()["assistant"]
    spelled = (await world.client.post("/assistants", json={"name": "A", **defaults})).json()["assistant"]
    of_their_own = ("id", "created_at", "updated_at")
    assert {n: v for n, v in named.items() if n not in of_their_own} == {
        n: v for n, v in spelled.items() if n not in of_their_own
    }


@in_world()
async def test_voices_are_listed_and_can_be_asked_for_by_provider(world: World) -> None:
    every = (await world.client.get("/voices?limit=1000")).json()
    assert every["pagination"] == {"total": len(every["voices"]), "limit": 1000, "offset": 0}
    assert len(every["voices"]) > 90
    mine = (await world.client.get("/voices?provider=sandbox")).json()["voices"]
    assert [voice["id"] for voice in mine] == ["modem", "espeak", "modem-unaligned"]
    kore = next(v for v in every["voices"] if (v["provider"], v["id"]) == ("google", "Kore"))
    assert kore["name"] == "Kore"
    assert (await world.client.get("/voices?provider=11labs")).json()["voices"][0]["provider"] == "elevenlabs"
    assert (await world.client.get("/voices?provider=inworld")).json()["voices"] == []
    page = (await world.client.get("/voices?limit=2&offset=1")).json()
    assert page["voices"] == every["voices"][1:3]


@in_world()
async def test_a_voice_that_is_listed_is_accepted(world: World) -> None:
    for provider in ("sandbox", "google"):
        for voice in (await world.client.get(f"/voices?provider={provider}")).json()["voices"]:
            body = {"name": "A", **SANDBOX, "tts_config": {"provider": provider, "voice_id": voice["id"]}}
            assert (await world.client.post("/assistants", json=body)).status_code == 201, voice


@in_world()
async def test_an_unknown_provider_of_voices_is_refused_with_the_known_ones(world: World) -> None:
    answer = await world.client.get("/voices?provider=nobody")
    assert answer.status_code == 400
    assert answer.json()["details"][0].startswith(f"provider: unknown provider; known: {catalogue.names('tts')[0]}")


@in_world()
async def test_the_catalogue_needs_a_key_and_nothing_more(world: World) -> None:
    reader = await world.key_with("read")
    for url in ("/catalog", "/voices"):
        assert (await world.client.get(url, headers=reader)).status_code == 200
        assert (await world.client.get(url, headers={"Authorization": ""})).status_code == 401
