"""When a request is sent again, with which key, and what its answer means."""

from __future__ import annotations

import json
from typing import Any

import pytest

from trunkline.client.errors import NotFound, NotReached, TooManyRequests
from trunkline.client.requests import Request
from trunkline.client.sending import Answer, Sending, retry_after

JSON = {"content-type": "application/json"}


def sending(method: str = "GET", *, retries: int = 2, **more: Any) -> Sending[Any]:
    return Sending(Request(method, "/calls", **more), "a-key", retries)


def answer(status: int, body: Any = None, **headers: str) -> Answer:
    return Answer(status, {**JSON, **headers}, json.dumps(body or {}).encode())


BUSY = answer(503)
LIMITED = answer(429)
REFUSED = answer(400)
NOTHING = None


# ---- idempotency --------------------------------------------------------------------------------


def test_a_post_has_a_key_and_the_same_on_its_repeats() -> None:
    post = sending("POST", body={"a": 1})
    first = post.headers()
    assert first == {"Content-Type": "application/json", "Idempotency-Key": "a-key"}
    assert post.pause_s(BUSY, 0.5) is not None
    assert post.headers() == first


def test_a_key_of_the_callers_own_is_kept() -> None:
    assert sending("POST", idempotency_key="mine").headers() == {"Idempotency-Key": "mine"}


@pytest.mark.parametrize("method", ["GET", "DELETE", "PATCH"])
def test_nothing_else_has_a_key(method: str) -> None:
    assert sending(method).headers() == {}


# ---- again --------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["GET", "DELETE", "POST"])
@pytest.mark.parametrize("came", [NOTHING, BUSY, LIMITED, answer(500), answer(502), answer(504)])
def test_what_may_have_got_lost_is_sent_twice_more(method: str, came: Answer | None) -> None:
    one = sending(method)
    assert one.pause_s(came, 0.5) == 0.5
    assert one.pause_s(came, 0.5) == 1.0
    assert one.pause_s(came, 0.5) is None


@pytest.mark.parametrize("came", [NOTHING, BUSY])
def test_a_change_without_a_key_is_not_sent_again_if_it_may_have_been_done(came: Answer | None) -> None:
    assert sending("PATCH").pause_s(came, 0.5) is None


def test_a_change_without_a_key_is_sent_again_if_it_was_turned_away() -> None:
    assert sending("PATCH").pause_s(LIMITED, 0.5) == 0.5


@pytest.mark.parametrize("status", [200, 201, 204, 400, 401, 402, 403, 404, 409, 413])
def test_an_answer_is_an_answer(status: int) -> None:
    assert sending("POST").pause_s(answer(status), 0.5) is None


def test_no_retries_are_none() -> None:
    assert sending(retries=0).pause_s(BUSY, 0.5) is None


def test_the_api_says_how_long_to_wait() -> None:
    assert sending().pause_s(answer(503, **{"retry-after": "7"}), 0.5) == 7
    assert sending().pause_s(answer(503, **{"retry-after": "0"}), 0.5) == 0
    assert sending().pause_s(answer(429, **{"retry-after": "30"}), 0.5) == 30


def test_an_api_that_wants_to_be_left_alone_for_longer_is_not_asked_again() -> None:
    assert sending().pause_s(answer(429, **{"retry-after": "31"}), 0.5) is None


def test_clients_do_not_come_back_all_at_once() -> None:
    assert sending().pause_s(BUSY, 0.0) == 0.375
    assert sending().pause_s(BUSY, 0.999) == pytest.approx(0.625, abs=0.001)


@pytest.mark.parametrize("told", ["", "soon", "-1", "1.5", "٣", "Wed, 21 Oct 2026 07:28:00 GMT"])
def test_what_is_not_a_number_of_seconds_says_nothing(told: str) -> None:
    assert retry_after(answer(503, **{"retry-after": told})) is None


# ---- bodies and results -------------------------------------------------------------------------


def test_a_body_is_json_or_goes_as_it_is() -> None:
    assert sending("POST", body={"name": "Zoë"}).content() == '{"name": "Zoë"}'.encode()
    assert sending("POST", body="a,b", content_type="text/csv").content() == b"a,b"
    assert sending("POST", body=b"a,b", content_type="text/csv").content() == b"a,b"
    assert sending("POST", body="text").content() == b'"text"'
    assert sending("GET").content() is None


def test_numbers_that_json_does_not_have_are_refused_here() -> None:
    with pytest.raises(ValueError, match="JSON compliant"):
        sending("POST", body={"temperature": float("nan")}).content()


def test_the_result_is_what_the_answer_holds() -> None:
    assert sending().result(answer(200, {"id": "call_1"})) == {"id": "call_1"}
    assert sending().result(Answer(200, {"content-type": "audio/wav"}, b"RIFF")) == b"RIFF"
    assert sending().result(Answer(204, {})) is None


def test_an_error_is_raised_with_all_it_says() -> None:
    with pytest.raises(NotFound) as caught:
        sending().result(answer(404, {"error": "Not found", "message": "No call with this id", "code": "not_found"}))
    assert (caught.value.code, str(caught.value)) == ("not_found", "No call with this id")
    with pytest.raises(TooManyRequests) as limited:
        sending().result(answer(429, **{"retry-after": "7"}))
    assert limited.value.retry_after == 7


def test_what_answers_without_json_is_not_trunkline() -> None:
    with pytest.raises(NotReached):
        sending().result(Answer(200, JSON, b"<html>"))
