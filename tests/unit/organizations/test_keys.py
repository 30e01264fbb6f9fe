"""The form of a key, its hash, and what each scope allows."""

from __future__ import annotations

import re

import pytest

from trunkline.organizations import keys


def test_a_new_key_has_the_form_of_a_key():
    key = keys.new_key(bytes(range(keys.RANDOM_BYTES)))
    assert re.fullmatch(r"tl_live_[A-Za-z0-9_-]{32,}", key)
    assert keys.is_key(key)


def test_other_bytes_make_another_key():
    assert keys.new_key(b"a" * 30) != keys.new_key(b"a" * 29 + b"b")


def test_too_few_bytes_make_no_key():
    with pytest.raises(ValueError, match="24"):
        keys.new_key(b"x" * 23)


@pytest.mark.parametrize(
    "text",
    ["", "tl_live_", "tl_live_" + "a" * 31, "a" * 40, "tl_test_" + "a" * 32, "tl_live_" + "a" * 31 + "=",
     "tl_live_" + "a" * 32 + "\n", " tl_live_" + "a" * 32, "tl_live_" + "é" * 32, "tl_live_" + "a" * 129],
)  # fmt: skip
def test_what_is_no_key(text: str):
    assert not keys.is_key(text)


def test_thirty_two_characters_are_enough():
    assert keys.is_key("tl_live_" + "aB3-_" * 6 + "xy")


def test_the_hash_is_sha_256_in_hexadecimal():
    assert keys.hash_of("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


def test_any_text_has_a_hash():
    assert len(keys.hash_of("\ud800")) == 64


def test_the_shown_part_gives_away_eight_characters_of_chance():
    assert keys.shown("tl_live_abcdefghijkl") == "tl_live_abcdefgh"


@pytest.mark.parametrize(
    ("held", "allowed"),
    [
        ("full", {"full", "calls", "control", "read"}),
        ("calls", {"calls", "control", "read"}),
        ("control", {"control", "read"}),
        ("read", {"read"}),
    ],
)
def test_what_a_scope_allows(held: str, allowed: set[str]):
    assert {needed for needed in keys.SCOPES if keys.allows({held}, needed)} == allowed


def test_scopes_add_up_and_unknown_ones_allow_nothing():
    assert keys.allows({"read", "control"}, "control")
    assert not keys.allows({"everything"}, "read")
    assert not keys.allows((), "read")


def test_scopes_are_checked_by_name():
    assert keys.scopes_from(["read", "calls", "read"]) == {"read", "calls"}
    with pytest.raises(ValueError, match="unknown scope: admin"):
        keys.scopes_from(["read", "admin"])
    with pytest.raises(ValueError, match="at least one"):
        keys.scopes_from([])


@pytest.mark.parametrize(("text", "name"), [("a", "a"), ("  the desk \t", "the desk"), ("é" * 200, "é" * 200)])
def test_a_name_is_kept_without_the_space_around_it(text: str, name: str):
    assert keys.name_from(text) == name


@pytest.mark.parametrize("text", ["", "   ", "\n", "x" * 201])
def test_a_name_is_1_to_200_characters(text: str):
    with pytest.raises(ValueError, match="1 to 200 characters"):
        keys.name_from(text)


@pytest.mark.parametrize("text", ["a\nb", "a\x00", "a\x7fb", "a\x9fb", "a\udcffb"])
def test_a_name_has_no_control_characters(text: str):
    with pytest.raises(ValueError, match="control characters"):
        keys.name_from(text)
