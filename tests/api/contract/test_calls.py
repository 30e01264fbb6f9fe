"""Reading calls: one bare, many in pages, the journal, the recording, and what a sandbox line has heard."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from urllib.parse import quote

import pytest
from api_world import SANDBOX
from contract_client import NOBODY, Api, got, page, refused, timestamp

STATUSES = {
    "dialing",
    "connecting",
    "ringing",
    "in-progress",
    "ended",
    "ended-with-error",
    "transferred",
    "failed",
    "rejected",
    "insufficient-credits",
}


def test_a_call_is_a_bare_object(api: Api) -> None:
    call_id = api.call()
    call = got(api.get(f"/calls/{call_id}"))
    assert call["id"] == call_id
    assert "call" not in call


def test_a_call_goes_from_dialing_over_in_progress_to_its_end(api: Api) -> None:
    call_id = api.call()
    call = got(api.get(f"/calls/{call_id}"))
    assert (call["status"], call["started_at"], call["ended_at"], call["end_reason"]) == ("dialing", None, None, None)
    api.run(api.world.worker.answer(call_id))
    call = got(api.get(f"/calls/{call_id}"))
    assert (call["status"], call["end_reason"]) == ("in-progress", None)
    timestamp(call["started_at"])
    api.run(api.world.worker.end(call_id))
    call = got(api.get(f"/calls/{call_id}"))
    assert (call["status"], call["end_reason"], call["error"]) == ("ended", "user_hangup", None)
    assert isinstance(call["duration_seconds"], (int, float))
    for name in ("created_at", "updated_at", "started_at", "ended_at"):
        timestamp(call[name])


def test_a_sandbox_call_carries_what_its_far_end_heard_and_said(api: Api) -> None:
    call = got(api.get(f"/calls/{api.call()}"))
    assert set(call["sandbox"]) == {"heard", "said"}
    assert all(isinstance(stretches, list) for stretches in call["sandbox"].values())


def test_the_resolved_configuration_is_shown_when_asked_for(api: Api) -> None:
    call_id = api.call()
    assert "assistant" not in got(api.get(f"/calls/{call_id}"))
    assert got(api.get(f"/calls/{call_id}?include=assistant"))["assistant"]["llm_config"]["provider"] == "sandbox"


def test_an_unknown_call_is_404_whatever_its_id_looks_like(api: Api) -> None:
    for call_id in (NOBODY, "call-_+31612345678_abc123", "x", "%00", quote("../health", safe=""), "é" * 50, "a" * 2000):
        refused(api.get(f"/calls/{quote(call_id)}"), 404, "not_found")


# ---- lists ---------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def calls(api: Api) -> dict[str, str]:
    """Five calls in five standings, whatever the module has placed besides."""
    made = {"dialing": api.call(), "in-progress": api.live_call(), "ended": api.ended_call()}
    made["ringing"] = api.call()
    api.run(api.world.worker.ring(made["ringing"]))
    made["failed"] = api.call()
    api.run(api.world.worker.end(made["failed"], "failed", "busy"))
    return made


def listed(api: Api, query: str) -> set[str]:
    return {call["id"] for call in page(api.get(f"/calls?limit=1000&{query}"), "calls")}


def test_calls_are_full_objects_in_pages_of_100(api: Api, calls: dict[str, str]) -> None:
    answer = api.get("/calls")
    body = got(answer)
    assert set(body) == {"calls", "pagination"}
    assert body["pagination"]["limit"] == 100
    assert body["pagination"]["offset"] == 0
    assert set(calls.values()) <= {call["id"] for call in page(answer, "calls")}
    for call in body["calls"]:
        assert call["status"] in STATUSES
        assert isinstance(call["messages"], list)


def test_pages_do_not_overlap_and_leave_nothing_out(api: Api, calls: dict[str, str]) -> None:
    whole = [call["id"] for call in page(api.get("/calls?limit=1000"), "calls")]
    paged = []
    for offset in range(0, len(whole), 2):
        answer = api.get(f"/calls?limit=2&offset={offset}")
        assert got(answer)["pagination"] == {"total": len(whole), "limit": 2, "offset": offset}
        paged += [call["id"] for call in page(answer, "calls")]
    assert paged == whole
    assert page(api.get(f"/calls?offset={len(whole)}"), "calls") == []


@pytest.mark.parametrize("status", ["in-progress", "ended", "failed", "ringing", "dialing"])
def test_calls_are_filtered_by_status(api: Api, calls: dict[str, str], status: str) -> None:
    found = page(api.get(f"/calls?limit=1000&status={status}"), "calls")
    assert calls[status] in {call["id"] for call in found}
    assert {call["status"] for call in found} == {status}


def test_connecting_matches_dialing_and_ringing(api: Api, calls: dict[str, str]) -> None:
    found = page(api.get("/calls?limit=1000&status=connecting"), "calls")
    assert {calls["dialing"], calls["ringing"]} <= {call["id"] for call in found}
    assert {call["status"] for call in found} == {"dialing", "ringing"}


def test_calls_are_filtered_by_date(api: Api, calls: dict[str, str]) -> None:
    now = datetime.now(UTC)
    before, after = ((now + timedelta(hours=hours)).strftime("%Y-%m-%dT%H:%M:%S.000Z") for hours in (-1, 1))
    assert listed(api, f"start_date={before}&end_date={after}") >= set(calls.values())
    assert listed(api, f"start_date={after}") == set()
    assert listed(api, f"end_date={before}") == set()


@pytest.mark.parametrize("query", ["start_date=yesterday", "end_date=5", "limit=ten", "offset=-1", "limit=1001"])
def test_a_query_that_cannot_be_meant_is_400(api: Api, query: str) -> None:
    refused(api.get(f"/calls?{query}"), 400, "invalid_request", query.partition("=")[0])


# ---- the journal ---------------------------------------------------------------------------------


def test_the_journal_is_paged_by_sequence(api: Api) -> None:
    call_id = api.ended_call()
    whole = got(api.get(f"/calls/{call_id}/events"))
    assert set(whole) >= {"events", "last_sequence", "complete"}
    assert whole["complete"] is True
    assert [event["sequence"] for event in whole["events"]] == list(range(1, whole["last_sequence"] + 1))
    assert all(set(event) == {"sequence", "at_ms", "kind", "data"} for event in whole["events"])
    rest = got(api.get(f"/calls/{call_id}/events?after=1"))
    assert rest["events"] == whole["events"][1:]
    first = got(api.get(f"/calls/{call_id}/events?limit=1"))
    assert first["events"] == whole["events"][:1]
    assert first["last_sequence"] >= 1
    assert got(api.get(f"/calls/{call_id}/events?after={whole['last_sequence']}"))["events"] == []


def test_the_journal_of_a_call_that_goes_on_is_not_complete(api: Api) -> None:
    assert got(api.get(f"/calls/{api.live_call()}/events"))["complete"] is False


def test_a_recording_is_not_ready_before_the_end(api: Api) -> None:
    for call_id in (api.call(), api.live_call()):
        refused(api.get(f"/calls/{call_id}/recording"), 409, "recording_not_ready")


def test_a_call_says_by_whom_it_was_placed(api: Api) -> None:
    saved = api.assistant(name="Ann", business_name="Ann's Garage")
    call = got(api.place(assistant_id=saved["id"]), 201)["call"]
    call = got(api.get(f"/calls/{call['id']}"))
    assert (call["agent_id"], call["agent_name"], call["business_name"]) == (saved["id"], "Ann", "Ann's Garage")
    assert got(api.place(assistant=SANDBOX), 201)["call"]["agent_id"] is None


# ---- live ----------------------------------------------------------------------------------------


def test_a_live_socket_takes_the_key_from_a_header_or_a_subprotocol(api: Api) -> None:
    path = f"/calls/{api.live_call()}/live"
    assert api.upgrade(path, {"Authorization": f"Bearer {api.key}"}) == 101
    assert api.upgrade(path, subprotocols=[f"bearer.{api.key}"]) == 101


def test_a_live_socket_is_refused_before_the_upgrade(api: Api) -> None:
    path = f"/calls/{api.live_call()}/live"
    assert api.upgrade(path) == 401
    assert api.upgrade(path, {"Authorization": "Bearer nobody"}) == 401
    assert api.upgrade(path, subprotocols=["bearer.nobody"]) == 401
    assert api.upgrade(path, api.stranger()) == 404
    assert api.upgrade(f"/calls/{NOBODY}/live", {"Authorization": f"Bearer {api.key}"}) == 404


@pytest.mark.parametrize("name", ["key", "api_key", "token", "access_token", "authorization", "bearer"])
def test_a_key_in_a_query_opens_nothing(api: Api, name: str) -> None:
    call_id = api.live_call()
    assert api.upgrade(f"/calls/{call_id}/live?{name}={api.key}") == 401
    refused(api.get(f"/calls/{call_id}?{name}={api.key}", {"Authorization": ""}), 401, "unauthorized")
