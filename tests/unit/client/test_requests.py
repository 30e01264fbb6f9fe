from __future__ import annotations

from typing import Any

import pytest

from trunkline.client.requests import Listing, Operation, Request, Room, Sync, next_page, path


def list_calls(*, limit: int | None = None, offset: int | None = None) -> Request[dict[str, Any]]:
    """All calls."""
    return Request[dict[str, Any]]("GET", "/calls").asking(limit=limit, offset=offset)


class Calls(Room[Sync]):
    list = Operation(list_calls)
    each = Listing(list_calls, lambda page: page["calls"])


class Recording:
    """A carrier that keeps what it is given."""

    def __init__(self) -> None:
        self.given: list[Any] = []

    def send(self, request: Request[Any]) -> Any:
        self.given.append(request)
        return {"calls": []}

    def each(self, request: Request[Any], items: Any) -> Any:
        self.given.append(request)
        return iter(items({"calls": [{"id": "call_1"}]}))


def test_a_method_of_a_room_sends_what_its_function_describes() -> None:
    carrier = Recording()
    assert Calls(carrier).list(limit=5) == {"calls": []}
    assert carrier.given == [Request("GET", "/calls", {"limit": 5})]


def test_a_listing_goes_through_the_pages_of_its_items() -> None:
    carrier = Recording()
    assert list(Calls(carrier).each(limit=5)) == [{"id": "call_1"}]
    assert carrier.given == [Request("GET", "/calls", {"limit": 5})]


def test_what_is_not_asked_for_is_not_in_the_query() -> None:
    assert list_calls().query == {}
    assert list_calls(offset=0).query == {"offset": 0}


@pytest.mark.parametrize(
    ("given", "step"),
    [
        ("call_1", "call_1"),
        ("../assistants", "..%2Fassistants"),
        ("a?b#c", "a%3Fb%23c"),
        ("", "%20"),
        (".", "%20"),
        ("..", "%20"),
        ("ключ", "%D0%BA%D0%BB%D1%8E%D1%87"),
    ],
)
def test_whatever_is_given_as_an_id_stays_one_step_of_the_path(given: str, step: str) -> None:
    assert path("/calls/{call_id}/events", call_id=given) == f"/calls/{step}/events"


def test_the_next_page_begins_behind_what_came() -> None:
    request = list_calls(limit=2)
    page = {"pagination": {"total": 5, "limit": 2, "offset": 2}}
    assert next_page(request, page, 2) == request.asking(offset=4)


@pytest.mark.parametrize(("offset", "items"), [(4, 1), (4, 2), (2, 0), (9, 0)])
def test_behind_the_last_item_there_is_no_page(offset: int, items: int) -> None:
    assert next_page(list_calls(), {"pagination": {"total": 5, "limit": 2, "offset": offset}}, items) is None
