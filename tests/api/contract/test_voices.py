"""The list of voices."""

from __future__ import annotations

from contract_client import Api, got, page


def test_a_voice_has_an_id_a_name_and_perhaps_a_language_and_a_description(api: Api) -> None:
    voices = page(api.get("/voices?limit=1000"), "voices")
    assert voices
    for voice in voices:
        assert isinstance(voice["id"], str) and voice["id"]
        assert isinstance(voice["name"], str) and voice["name"]
        assert isinstance(voice.get("language"), (str, type(None)))
        description = voice.get("description") or {}
        assert set(description) <= {"en", "nl"}
        assert all(isinstance(text, str) for text in description.values())


def test_the_sandboxes_voices_are_among_them(api: Api) -> None:
    assert {"modem", "espeak"} <= {voice["id"] for voice in page(api.get("/voices?limit=1000"), "voices")}


def test_voices_are_a_list_like_every_other(api: Api) -> None:
    whole = got(api.get("/voices"))
    assert whole["pagination"]["limit"] == 100
    answer = api.get("/voices?limit=1&offset=1")
    assert page(answer, "voices") == whole["voices"][1:2]
