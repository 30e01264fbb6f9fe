"""What clients read about calls: lists and pages, the call object, events, state, the recording."""

from __future__ import annotations

from datetime import timedelta

from api_world import ECHO, PLACE, SANDBOX, World, in_world

from trunkline import clock
from trunkline.calls import store


@in_world()
async def test_calls_are_listed_newest_first_in_pages_with_the_references_envelope(world: World) -> None:
    placed = [(await world.place()).json()["call_id"] for _ in range(3)]
    await world.worker.answer(placed[0])
    listed = (await world.client.get("/calls?limit=2&offset=1")).json()
    assert listed["pagination"] == {"total": 3, "limit": 2, "offset": 1}
    assert [call["id"] for call in listed["calls"]] == [placed[1], placed[0]]
    connecting = (await world.client.get("/calls?status=connecting")).json()
    assert {call["id"] for call in connecting["calls"]} == {placed[1], placed[2]}
    talking = (await world.client.get("/calls?status=in-progress")).json()
    assert [call["id"] for call in talking["calls"]] == [placed[0]]
    created = listed["calls"][0]["created_at"]
    assert (await world.client.get("/calls", params={"end_date": "2020-01-01T00:00:00Z"})).json()["calls"] == []
    assert (await world.client.get("/calls", params={"start_date": created})).json()["pagination"]["total"] >= 2


@in_world()
async def test_bad_parameters_are_400_and_named(world: World) -> None:
    for query in (
        "limit=0",
        "limit=1001",
        "offset=-1",
        "limit=x",
        "start_date=yesterday",
        "end_date=9999-12-31T23:59:59-14:00",
        "status=talking",
        "status=",
    ):
        answer = await world.client.get(f"/calls?{query}")
        assert answer.status_code == 400, query
        assert answer.json()["details"][0].startswith(query.split("=")[0] + ": "), answer.json()


@in_world()
async def test_an_unknown_status_is_400_listing_the_known_and_each_known_one_is_taken(world: World) -> None:
    call = (await world.place()).json()["call_id"]
    (detail,) = (await world.client.get("/calls?status=talking")).json()["details"]
    known = ["connecting", "dialing", "ringing", "in-progress", "ended", "ended-with-error", "transferred", "failed"]
    known += ["rejected", "insufficient-credits"]
    for status in known:
        assert f"'{status}'" in detail
        listed = (await world.client.get(f"/calls?status={status}")).json()
        expected = [call] if status in ("connecting", "dialing") else []
        assert [each["id"] for each in listed["calls"]] == expected, status
        assert listed["pagination"]["total"] == len(expected)


@in_world()
async def test_a_page_behind_the_last_call_is_empty_and_says_how_many_there_are(world: World) -> None:
    await world.place()
    page = (await world.client.get("/calls?offset=1000000&status=connecting")).json()
    assert page == {"calls": [], "pagination": {"total": 1, "limit": 100, "offset": 1_000_000}}


@in_world()
async def test_what_a_call_is_shown_with_is_asked_by_name(world: World) -> None:
    call = await world.live_call()
    plain = (await world.client.get(f"/calls/{call}")).json()
    for include, more in (
        ("", set()),
        ("commands", {"commands"}),
        ("assistant", {"assistant"}),
        ("commands,assistant", {"commands", "assistant"}),
        ("assistant, commands,", {"commands", "assistant"}),
    ):
        shown = (await world.client.get(f"/calls/{call}", params={"include": include})).json()
        assert set(shown) - set(plain) == more, include
    answer = await world.client.get(f"/calls/{call}?include=commands,events,plan")
    assert answer.status_code == 400
    known = "known: assistant, commands"
    assert answer.json()["details"] == [f"include: unknown events; {known}", f"include: unknown plan; {known}"]


@in_world()
async def test_dates_without_a_zone_are_in_utc(world: World) -> None:
    await world.place()
    now = clock.wall()
    for moment, expected in ((now - timedelta(minutes=1), 1), (now + timedelta(minutes=1), 0)):
        answer = await world.client.get("/calls", params={"start_date": moment.replace(tzinfo=None).isoformat()})
        assert answer.json()["pagination"]["total"] == expected


@in_world()
async def test_a_call_is_a_bare_object_with_the_transcript_as_heard_and_the_far_ends_account(world: World) -> None:
    call = await world.live_call()
    write = world.worker.write
    await write(call, "speech.started", utterance="u1", source="greeting")
    heard = {"heard_text": "Hello", "heard_ms": 400, "unheard_text": "there"}
    await write(call, "speech.ended", utterance="u1", source="greeting", cut_by="caller", **heard)
    await write(call, "caller.said", text="Yes?", turn=1)
    await write(call, "sandbox.heard", text="Hello", at_ms=0, end_ms=400, ok=True)
    await world.worker.end(call)
    told = (await world.client.get(f"/calls/{call}")).json()
    assert told["id"] == call
    assert told["messages"] == [{"role": "assistant", "content": "Hello"}, {"role": "user", "content": "Yes?"}]
    assert told["sandbox"]["heard"] == [{"text": "Hello", "at_ms": 0, "end_ms": 400, "ok": True}]
    assert (told["status"], told["end_reason"], told["duration_seconds"]) == ("ended", "user_hangup", 2)
    assert (told["caller_phone"], told["assistant_phone"], told["direction"]) == (ECHO, "+15005550000", "outbound")
    for name in ("started_at", "ended_at", "created_at", "updated_at"):
        assert told[name].endswith("Z"), name
    assert told["recording_url"] is None
    assert "commands" not in told and "assistant" not in told


@in_world()
async def test_words_that_are_being_spoken_stand_in_the_transcript_as_far_as_they_were_heard(world: World) -> None:
    call = await world.live_call()
    write = world.worker.write
    for utterance, words in (("u1", ("Good", "Good morning")), ("u2", ("How", "How are"))):
        await write(call, "speech.started", utterance=utterance, source="reply")
        for text in words:
            await write(call, "speech.heard", utterance=utterance, heard_text=text, heard_ms=400)
        if utterance == "u1":
            whole = {"heard_text": "Good morning.", "heard_ms": 800, "unheard_text": ""}
            await write(call, "speech.ended", utterance=utterance, source="reply", cut_by="", **whole)
    said = [{"role": "assistant", "content": text} for text in ("Good morning.", "How are")]
    assert (await world.client.get(f"/calls/{call}")).json()["messages"] == said
    assert (await world.client.get("/calls")).json()["calls"][0]["messages"] == said


@in_world()
async def test_a_transcript_is_read_without_the_progress_of_words_that_are_over(world: World) -> None:
    call = await world.live_call()
    for _ in range(3):
        await world.worker.write(call, "speech.heard", utterance="u1", heard_text="Hello", heard_ms=400)
    async with world.database.reading() as session:
        (row,), _ = await store.list_calls(session, world.org_id)
        assert len((await store.spoken_in(session, [row]))[call]) == 1
        row.status = "ended"
        assert await store.spoken_in(session, [row]) == {}


@in_world()
async def test_the_assistant_of_a_call_is_shown_without_its_secrets(world: World) -> None:
    tool = {"name": "look", "description": "d", "server": {"url": "https://x.example", "secret": "s3"}}
    assistant = {**SANDBOX, "webhook_secret": "s1", "llm_config": {**SANDBOX["llm_config"], "tools": [tool]}}
    call = (await world.place({**PLACE, "assistant": assistant})).json()["call_id"]
    answer = await world.client.get(f"/calls/{call}?include=assistant")
    assert answer.json()["assistant"]["llm_config"]["tools"][0]["server"] == {"url": "https://x.example"}
    assert "s1" not in answer.text and "s3" not in answer.text


@in_world()
async def test_events_are_paged_by_sequence_and_say_when_they_are_all(world: World) -> None:
    call = await world.live_call()
    page = (await world.client.get(f"/calls/{call}/events?limit=1")).json()
    assert [event["kind"] for event in page["events"]] == ["claimed"]
    assert set(page["events"][0]) == {"sequence", "at_ms", "kind", "data"}
    assert (page["last_sequence"], page["complete"]) == (2, False)
    await world.worker.end(call)
    page = (await world.client.get(f"/calls/{call}/events?after=1")).json()
    assert [event["kind"] for event in page["events"]] == ["answered", "ended"]
    assert (page["last_sequence"], page["complete"]) == (3, True)


@in_world()
async def test_state_comes_from_the_owner_and_else_from_the_row(world: World) -> None:
    call = await world.live_call()
    state = (await world.client.get(f"/calls/{call}/state")).json()
    assert (state["live"], state["state"], state["status"]) == (True, "talking", "in-progress")
    await world.worker.end(call)
    state = (await world.client.get(f"/calls/{call}/state")).json()
    assert (state["live"], state["status"]) == (False, "ended")


@in_world()
async def test_a_recording_is_there_after_the_end_and_never_outside_its_folder(world: World) -> None:
    folder = world.settings.recordings
    folder.mkdir(parents=True)
    (folder / "a.wav").write_bytes(b"RIFF")
    (world.settings.data_dir / "secret").write_bytes(b"no")
    call, bad, none = [await world.live_call() for _ in range(3)]
    answer = await world.client.get(f"/calls/{call}/recording")
    assert (answer.status_code, answer.json()["code"]) == (409, "recording_not_ready")
    await world.worker.write(call, "recording", path="a.wav", seconds=1)
    await world.worker.write(bad, "recording", path="../secret", seconds=1)
    for each in (call, bad, none):
        await world.worker.end(each)
    answer = await world.client.get(f"/calls/{call}/recording")
    assert (answer.status_code, answer.content, answer.headers["Content-Type"]) == (200, b"RIFF", "audio/wav")
    told = (await world.client.get(f"/calls/{call}")).json()
    assert told["recording_url"] == f"http://test/api/v1/calls/{call}/recording"
    assert (await world.client.get(f"/calls/{bad}/recording")).status_code == 404
    assert (await world.client.get(f"/calls/{none}/recording")).status_code == 404


@in_world()
async def test_a_part_of_a_recording_can_be_had_and_what_is_no_part_of_it_is_all_of_it(world: World) -> None:
    world.settings.recordings.mkdir(parents=True)
    (world.settings.recordings / "a.wav").write_bytes(b"RIFF")
    call = await world.live_call()
    await world.worker.write(call, "recording", path="a.wav", seconds=1)
    await world.worker.end(call)
    for asked, status, content in (
        ("bytes=1-2", 206, b"IF"),
        ("bytes=2-", 206, b"FF"),
        ("bytes=-1", 206, b"F"),
        ("bytes=0-99", 206, b"RIFF"),
        ("bytes=4-", 200, b"RIFF"),
        ("bytes=3-1", 200, b"RIFF"),
        ("bytes=-0", 200, b"RIFF"),
        ("bytes=0-0,2-3", 200, b"RIFF"),
        ("bytes=x", 200, b"RIFF"),
        ("lines=1-2", 200, b"RIFF"),
    ):
        answer = await world.client.get(f"/calls/{call}/recording", headers={"Range": asked})
        assert (answer.status_code, answer.content) == (status, content), asked


@in_world()
async def test_another_organizations_call_is_404_everywhere(world: World) -> None:
    call = await world.live_call()
    headers = await world.stranger()
    for path in ("", "/events", "/state", "/commands", "/commands/x", "/recording"):
        answer = await world.client.get(f"/calls/{call}{path}", headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found"), path
    assert (await world.client.get("/calls", headers=headers)).json()["calls"] == []
