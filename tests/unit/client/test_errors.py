from __future__ import annotations

import pytest

from trunkline.client import errors

BODY = {
    "error": "Invalid request",
    "message": "The request body is invalid",
    "details": ["destination: is required"],
    "code": "invalid_request",
}


def test_an_error_says_what_the_api_said() -> None:
    error = errors.of(400, BODY)
    assert (error.status, error.code, error.phrase) == (400, "invalid_request", "Invalid request")
    assert error.details == ["destination: is required"]
    assert str(error) == "The request body is invalid: destination: is required"


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, errors.BadRequest),
        (401, errors.Unauthorized),
        (402, errors.PaymentRequired),
        (403, errors.Forbidden),
        (404, errors.NotFound),
        (409, errors.Conflict),
        (413, errors.TrunklineError),
        (429, errors.TooManyRequests),
        (500, errors.ServerFailed),
        (503, errors.ServerFailed),
    ],
)
def test_each_status_has_its_class(status: int, kind: type[errors.TrunklineError]) -> None:
    assert type(errors.of(status, BODY)) is kind


@pytest.mark.parametrize("body", [None, "<html>", ["error"], {}, {"error": None, "details": None}])
def test_an_answer_that_is_no_problem_of_ours_is_still_an_error(body: object) -> None:
    error = errors.of(502, body)
    assert (error.code, error.details, str(error)) == ("", [], "HTTP 502")


def test_whoever_is_not_reached_has_no_status() -> None:
    error = errors.NotReached("cannot reach http://127.0.0.1:1")
    assert isinstance(error, errors.TrunklineError)
    assert (error.status, error.code, str(error)) == (0, "not_reached", "cannot reach http://127.0.0.1:1")


def test_when_to_ask_again_is_kept() -> None:
    assert errors.of(429, BODY, 7.0).retry_after == 7.0
