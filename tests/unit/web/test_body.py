"""Strict JSON, errors that name fields, and equality of bodies."""

from __future__ import annotations

import contextlib
import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import Field, model_validator

from trunkline.errors import BadRequest, TooLarge
from trunkline.web.body import MAX_BYTES, Body, canonical_hash, parse, path, validated


class Item(Body):
    size: int = Field(ge=1)


class Order(Body):
    name: str
    items: list[Item] = []

    @model_validator(mode="after")
    def _fine(self) -> Order:
        if self.name == "bad":
            raise ValueError("name: must not be bad")
        return self


def test_every_offending_field_is_named_with_its_path() -> None:
    with pytest.raises(BadRequest) as refused:
        validated(Order, {"items": [{"size": 1}, {"size": 0, "x": 1}, {"size": "1"}]}, "order")
    assert [detail.split(": ")[0] for detail in refused.value.details] == [
        "order.name",
        "order.items[1].size",
        "order.items[1].x",
        "order.items[2].size",
    ]
    assert refused.value.details[0] == "order.name: is required"
    assert refused.value.details[2] == "order.items[1].x: unknown field"


def test_a_check_over_several_fields_names_its_own() -> None:
    with pytest.raises(BadRequest) as refused:
        validated(Order, {"name": "bad"})
    assert refused.value.details == ["name: must not be bad"]
    with pytest.raises(BadRequest) as refused:
        validated(Order, {"name": "bad"}, "order")
    assert refused.value.details == ["order.name: must not be bad"]


def test_values_that_were_sent_are_not_repeated_in_errors() -> None:
    with pytest.raises(BadRequest) as refused:
        validated(Order, {"name": "a", "items": [{"size": "secret"}]})
    assert "secret" not in json.dumps(refused.value.details)


def test_a_field_of_endless_name_is_named_by_its_beginning() -> None:
    with pytest.raises(BadRequest) as refused:
        validated(Order, {"name": "a", "x" * 900_000: 1})
    assert refused.value.details == [f"{'x' * 100}…: unknown field"]


def test_one_key_twice_among_many_is_found_in_no_time() -> None:
    members = ",".join(f'"{number}":1' for number in range(50_000))
    before = time.process_time()
    with pytest.raises(BadRequest, match="duplicate key '49999'"):
        parse(f'{{{members},"49999":2}}'.encode())
    assert time.process_time() - before < 2


def test_a_path_reads_as_code_does() -> None:
    assert path(("messages", 0, "role"), "llm_config") == "llm_config.messages[0].role"


@pytest.mark.parametrize(
    "raw",
    [b"", b"1", b"{", b"[]", b'{"a":1,"a":2}', b'{"a":NaN}', b'{"a":1e400}', b'{"a":"\\u0000"}', b'{"a":"\\udc00"}'],
)
def test_what_is_not_strict_is_refused(raw: bytes) -> None:
    with pytest.raises(BadRequest):
        parse(raw)


def test_too_many_bytes_are_refused_whatever_they_say() -> None:
    with pytest.raises(TooLarge):
        parse(b" " * (MAX_BYTES + 1))


def test_depth_is_bounded_exactly() -> None:
    def nested(depth: int) -> bytes:
        return b'{"a":' + b"[" * (depth - 1) + b"]" * (depth - 1) + b"}"

    assert parse(nested(32))
    with pytest.raises(BadRequest):
        parse(nested(33))


def test_many_brackets_side_by_side_are_not_depth() -> None:
    assert parse(b'{"a":[' + b",".join([b"[]"] * 100) + b"]}")
    assert parse(b'{"a":"' + b"[" * 100 + b'"}')


FINE = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("abc", max_size=3), inner, max_size=3),
)


@given(st.dictionaries(st.text("abc", max_size=3), FINE, max_size=4))
def test_plain_json_comes_through_unchanged(value: dict[str, object]) -> None:
    assert parse(json.dumps(value).encode()) == value


@given(st.binary(max_size=100))
def test_any_bytes_are_parsed_or_refused(raw: bytes) -> None:
    with contextlib.suppress(BadRequest):
        assert isinstance(parse(raw), dict)


def test_bodies_that_are_the_same_json_have_the_same_hash() -> None:
    one = parse(b'{"a": 1.0, "b": ["\\u00e9", {"c": null}]}')
    other = parse('{"b":["é",{"c":null}],"a":1}'.encode())
    assert canonical_hash(one) == canonical_hash(other)
    for different in ({"a": 2}, {"a": "1"}, {"a": True}, {"a": [1]}, {"a": None}, {}):
        assert canonical_hash({"a": 1}) != canonical_hash(different)


def test_a_number_without_a_fraction_is_an_integer_however_it_is_written() -> None:
    body = parse(b'{"a": 45.0, "b": 1e2, "c": -0.0, "d": 0.5, "e": 1e300}')
    assert [type(value) for value in body.values()] == [int, int, int, float, float]
    assert body == {"a": 45, "b": 100, "c": 0, "d": 0.5, "e": 1e300}
