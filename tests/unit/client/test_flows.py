"""The steps of each flow, taken by hand: what is asked, what came of it, and what is given."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from trunkline.client.errors import NotFound, NotReached, ServerFailed
from trunkline.client.flows import Exchange, Flow, Flows, Give, Hear, Listen, Pause
from trunkline.client.operations import calls_get, calls_get_recording, calls_list, calls_place
from trunkline.client.sending import Answer

GONE = NotReached("cannot reach http://here")
EVENTS = [{"sequence": n, "at_ms": n, "kind": kind, "data": {}} for n, kind in enumerate(("claimed", "ended"), 1)]


def answer(body: Any, status: int = 200) -> Answer:
    return Answer(status, {"content-type": "application/json"}, json.dumps(body).encode())


def page(events: Sequence[Any] = (), *, complete: bool = False) -> Answer:
    return answer({"events": list(events), "last_sequence": 2, "complete": complete})


def call(status: str, ended_at: str | None = None) -> Answer:
    return answer({"id": "call_1", "status": status, "ended_at": ended_at})


class Walk:
    """Takes the steps of a flow: answers and frames come from a script, time passes by pauses alone."""

    def __init__(self, *script: Any, listening: bool = False) -> None:
        self.flows = Flows("http://here", 2, lambda: "a-key", lambda: 0.5)
        self.script = list(script)
        self.listening = listening
        self.steps: list[Any] = []
        self.given: list[Any] = []
        self.now = 100.0

    def take(self, flow: Flow[Any]) -> Any:
        came: Any = None
        while True:
            try:
                step = flow.send(came)
            except StopIteration as over:
                assert not self.script, "the flow was over before the script was"
                return over.value
            self.steps.append(step)
            came = self.came(step)

    def came(self, step: Any) -> Any:
        match step:
            case Give(item):
                self.given.append(item)
                return None
            case Pause(seconds):
                self.now += seconds
                return self.now
            case Listen():
                return self.listening
            case Exchange() | Hear():
                return self.script.pop(0)

    @property
    def asked(self) -> list[Any]:
        return [step.sending.request for step in self.steps if isinstance(step, Exchange)]


# ---- sending ------------------------------------------------------------------------------------


def test_a_request_that_was_lost_is_sent_again_after_a_pause() -> None:
    walk = Walk(GONE, answer({"error": "busy"}, 503), call("ended"))
    assert walk.take(walk.flows.send(calls_get("call_1")))["id"] == "call_1"
    assert [step.seconds for step in walk.steps if isinstance(step, Pause)] == [0.5, 1.0]


def test_the_last_failure_is_the_one_that_is_raised() -> None:
    walk = Walk(answer({}, 503), answer({}, 500), GONE)
    with pytest.raises(NotReached):
        walk.take(walk.flows.send(calls_get("call_1")))
    walk = Walk(GONE, GONE, answer({"code": "unavailable"}, 503))
    with pytest.raises(ServerFailed):
        walk.take(walk.flows.send(calls_get("call_1")))


def test_a_call_that_is_placed_again_has_the_same_key() -> None:
    walk = Walk(GONE, GONE, answer({"call_id": "call_1"}, 201))
    walk.take(walk.flows.send(calls_place({"destination": "+15005550001"})))
    assert [request.idempotency_key for request in walk.asked] == ["a-key"] * 3


def test_what_goes_into_a_file_has_no_result() -> None:
    walk = Walk(Answer(200, {"content-type": "audio/wav"}))
    assert walk.take(walk.flows.send(calls_get_recording("call_1"), into=Path("a.wav"))) is None
    assert walk.steps[0].into == Path("a.wav")


# ---- pages --------------------------------------------------------------------------------------


def test_every_item_of_every_page_is_given() -> None:
    pages = [
        answer({"calls": items, "pagination": {"total": 3, "limit": 2, "offset": offset}})
        for items, offset in ((["a", "b"], 0), (["c"], 2))
    ]
    walk = Walk(*pages)
    walk.take(walk.flows.each(calls_list(limit=2, status="ended"), lambda page: page["calls"]))
    assert walk.given == ["a", "b", "c"]
    assert [request.query for request in walk.asked] == [
        {"limit": 2, "status": "ended"},
        {"limit": 2, "status": "ended", "offset": 2},
    ]


# ---- waiting ------------------------------------------------------------------------------------


def test_a_call_is_waited_for_until_it_has_the_status() -> None:
    walk = Walk(call("dialing"), call("ringing"), call("in-progress"))
    assert walk.take(walk.flows.wait_for("call_1", "in-progress", 60))["status"] == "in-progress"


def test_a_call_that_is_over_is_waited_for_no_longer() -> None:
    walk = Walk(call("dialing"), call("failed", "2026-01-01T00:00:00.000Z"))
    assert walk.take(walk.flows.wait_for("call_1", "in-progress", 60))["status"] == "failed"
    walk = Walk(call("in-progress"), call("ended", "2026-01-01T00:00:00.000Z"))
    assert walk.take(walk.flows.wait_for("call_1", None, 60))["status"] == "ended"


def test_patience_ends() -> None:
    walk = Walk(*[call("ringing")] * 6)
    with pytest.raises(TimeoutError, match="call_1 is ringing after 1 s"):
        walk.take(walk.flows.wait_for("call_1", "in-progress", 1))


# ---- following ----------------------------------------------------------------------------------


def frame(event: Any) -> str:
    return json.dumps({"type": "event", **event})


def test_events_come_from_the_socket_and_the_journal_confirms_that_they_are_all() -> None:
    snapshot = json.dumps({"type": "snapshot", "last_sequence": 0})
    walk = Walk(snapshot, *map(frame, EVENTS), None, page(complete=True), listening=True)
    walk.take(walk.flows.follow("call_1"))
    assert walk.given == EVENTS
    assert walk.steps[0] == Listen("ws://here/api/v1/calls/call_1/live?after=0")
    assert [request.query["after"] for request in walk.asked] == [2]


def test_without_a_socket_the_journal_is_asked_until_it_is_complete() -> None:
    walk = Walk(page(EVENTS[:1]), page(), page(EVENTS[1:], complete=True), page(complete=True))
    walk.take(walk.flows.follow("call_1"))
    assert walk.given == EVENTS
    assert [request.query["after"] for request in walk.asked] == [0, 1, 1, 2]


def test_a_socket_that_breaks_is_continued_where_it_broke() -> None:
    walk = Walk(frame(EVENTS[0]), None, page(EVENTS[1:], complete=True), page(complete=True), listening=True)
    walk.take(walk.flows.follow("call_1"))
    assert walk.given == EVENTS


def test_an_api_that_dies_while_it_is_followed_may_come_back() -> None:
    lost = [GONE] * 3
    walk = Walk(page(EVENTS[:1]), *lost, *lost, page(EVENTS[1:], complete=True), page(complete=True))
    walk.take(walk.flows.follow("call_1"))
    assert walk.given == EVENTS


def test_an_api_that_stays_away_is_given_up() -> None:
    walk = Walk(page(EVENTS[:1]), *[GONE] * 60)
    with pytest.raises(NotReached):
        walk.take(walk.flows.follow("call_1"))
    assert 15 < walk.now - 100 < 20


def test_nobody_is_waited_for_who_was_never_there() -> None:
    with pytest.raises(NotReached):
        Walk(*[GONE] * 3).take(Flows("http://here", 2, lambda: "a-key", lambda: 0.5).follow("call_1"))


def test_a_call_that_does_not_exist_is_not_waited_for() -> None:
    walk = Walk(answer({"code": "not_found"}, 404))
    with pytest.raises(NotFound):
        walk.take(walk.flows.follow("call_1"))
