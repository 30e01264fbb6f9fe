"""Which regular expressions of clients are taken."""

from __future__ import annotations

import pytest

from trunkline.assistants.patterns import repeats, wrong_with


@pytest.mark.parametrize("pattern", [r"(?i)\bhello\b", r"^\d{3}-\d{4}$", "a{,9999}", "(yes|yep)+", "x{1,99999}", ""])
def test_what_people_write_is_taken(pattern: str) -> None:
    assert wrong_with(pattern) is None


@pytest.mark.parametrize("pattern", ["(", "[a", "a{2}{3}**", r"\1", "(?aL)", "(?V0)(?s-i:(?V1)a)"])
def test_what_is_no_regular_expression_is_refused(pattern: str) -> None:
    assert (wrong_with(pattern) or "").startswith("is no regular expression: ")


@pytest.mark.parametrize(
    "pattern",
    [
        "(){99999}",
        "((a){99}){99}",
        "(?x)(){9 9 9 9 9}",
        "(?x)(){9# nine\n9999}",
        "(?x)() {\n99999}",
        "(){" + "9" * 190 + "}",
        "(){99999,}",
    ],
)
def test_what_would_take_for_ever_to_compile_is_refused_without_trying(pattern: str) -> None:
    assert wrong_with(pattern) == "repeats more than 1000 times"


def test_counts_are_multiplied_since_groups_may_be_nested() -> None:
    assert (repeats("a{10}b{3,9}"), repeats("a{0,9}"), repeats("a*"), repeats("(?x)a{1 0}#{7}")) == (30, 1, 1, 70)
