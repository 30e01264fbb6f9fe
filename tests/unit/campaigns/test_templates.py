"""The placeholders of a system message."""

from __future__ import annotations

from trunkline.calls.placeholders import Filling
from trunkline.campaigns.templates import names, without_value

TEXTS = (
    "",
    "no placeholder, {one} neither",
    "{{a}} {{ b }} {{a}} {{_c.d-e}}",
    "{{1a}} {{}} {{ }} {{a b}} {{{d}}}",
    "{{" + "x" * 64 + "}} {{" + "y" * 65 + "}}",
)


def test_names_come_once_in_their_order() -> None:
    assert names("{{b}} {{ a }} {{b}}") == ["b", "a"]
    assert names(None) == []


def test_a_placeholder_here_is_what_it_is_in_a_call() -> None:
    for text in TEXTS:
        filling = Filling({})
        filling.text(text)
        assert set(names(text)) == filling.unknown, text


def test_what_has_no_value_is_named() -> None:
    assert without_value(["a", "b"], {"b": "", "c": ""}) == ["a"]
