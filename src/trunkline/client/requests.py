"""Requests as values, and the rooms that turn them into methods: one description of each operation, for both clients. Pure.

`Operation` and `Listing` are what generated classes are made of. On a room of `Trunkline` an operation returns its answer, on
one of `AsyncTrunkline` an awaitable of it; both are typed alike from the one function that builds the request.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Generic, ParamSpec, Protocol, TypeVar, overload
from urllib.parse import quote

T = TypeVar("T")
P = ParamSpec("P")
M = TypeVar("M")
Page = TypeVar("Page")

BASE = "/api/v1"
NO_STEP = frozenset({"", ".", ".."})
"""What in a URL's path would be no step, or one back."""


@dataclass(frozen=True)  # no slots: Python 3.11 cannot make a `Request[T](…)` of a frozen class with slots
class Request(Generic[T]):
    """One request whose answer is a T. `path` is below the base path."""

    method: str
    path: str
    query: Mapping[str, Any] = field(default_factory=dict)
    body: Any = None
    idempotency_key: str | None = None
    content_type: str = "application/json"

    def asking(self, **query: Any) -> Request[T]:
        """The same with these query parameters; None is none."""
        given = {name: value for name, value in {**self.query, **query}.items() if value is not None}
        return replace(self, query=given)


def path(template: str, **ids: str) -> str:
    """Whatever is given as an id stays one step of the path."""
    return template.format_map(
        {name: quote(value, safe="") if value not in NO_STEP else "%20" for name, value in ids.items()}
    )


# ---- rooms --------------------------------------------------------------------------------------


class Sync:
    """Marks the rooms of `Trunkline`."""


class Async:
    """Marks the rooms of `AsyncTrunkline`."""


class Carrier(Protocol):
    """A client: it carries requests."""

    def send(self, request: Request[Any]) -> Any: ...
    def each(self, request: Request[Any], items: Callable[[Any], Sequence[Any]]) -> Any: ...


class Room(Generic[M]):
    def __init__(self, carrier: Carrier) -> None:
        self.carrier = carrier


class Operation(Generic[P, T]):
    """A method of a room: what `build` describes is sent."""

    def __init__(self, build: Callable[P, Request[T]]) -> None:
        self.build = build
        self.__doc__ = build.__doc__

    @overload
    def __get__(self, room: Room[Sync], owner: type) -> Callable[P, T]: ...
    @overload
    def __get__(self, room: Room[Async], owner: type) -> Callable[P, Awaitable[T]]: ...
    def __get__(self, room: Room[Any], owner: type) -> Callable[P, Any]:
        def ask(*args: P.args, **options: P.kwargs) -> Any:
            return room.carrier.send(self.build(*args, **options))

        return ask


class Listing(Generic[P, T]):
    """A method of a room that goes through all pages of a list, item by item.

    A list that grows at its head while it is read shows the item at the edge of two pages twice.
    """

    def __init__(self, build: Callable[P, Request[Page]], items: Callable[[Page], Sequence[T]]) -> None:
        self.build = build
        self.items = items

    @overload
    def __get__(self, room: Room[Sync], owner: type) -> Callable[P, Iterator[T]]: ...
    @overload
    def __get__(self, room: Room[Async], owner: type) -> Callable[P, AsyncIterator[T]]: ...
    def __get__(self, room: Room[Any], owner: type) -> Callable[P, Any]:
        def go(*args: P.args, **options: P.kwargs) -> Any:
            return room.carrier.each(self.build(*args, **options), self.items)

        return go


def next_page(request: Request[T], page: Mapping[str, Any], items: int) -> Request[T] | None:
    """The request for what follows this page, or None behind the last."""
    pagination = page["pagination"]
    behind = pagination["offset"] + items
    return request.asking(offset=behind) if items and behind < pagination["total"] else None
