from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from trunkline.conversation.pronunciation import spell


def test_every_occurrence_is_replaced():
    assert spell("HMS and HMS", (("HMS", "aitch em ess"),)).spoken == "aitch em ess and aitch em ess"


def test_the_longest_fits_first_and_nothing_is_replaced_twice():
    assert spell("New York", (("New", "Old"), ("New York", "Gotham"))).spoken == "Gotham"
    assert spell("ab", (("a", "b"), ("b", "c"))).spoken == "bc"


def test_a_word_may_be_left_out():
    spelling = spell("say (pause) now", (("(pause)", ""),))
    assert spelling.spoken == "say  now"
    assert spelling.written_upto(4) == 11
    assert spelling.written_upto(8) == 15


def test_what_was_spoken_is_told_in_the_written_form():
    spelling = spell("Call HMS now", (("HMS", "aitch em ess"),))
    assert spelling.written_upto(4) == 4
    assert spelling.written_upto(10) == 5
    assert spelling.written_upto(17) == 8
    assert spelling.written_upto(21) == 12


def test_a_shorter_spoken_form_counts_too():
    spelling = spell("one abbreviation two", (("abbreviation", "abbr"),))
    assert [spelling.written_upto(n) for n in (3, 5, 8, 12)] == [3, 4, 16, 20]


@given(
    st.text("ab c", max_size=20),
    st.lists(st.tuples(st.text("abc", max_size=3), st.text("xyz ", max_size=4)), max_size=4),
)
def test_the_whole_is_the_whole(text, replacements):
    spelling = spell(text, tuple(replacements))
    assert spelling.written == text
    assert spelling.written_upto(len(spelling.spoken)) == len(text)
    places = [spelling.written_upto(n) for n in range(len(spelling.spoken) + 1)]
    assert places == sorted(places)
