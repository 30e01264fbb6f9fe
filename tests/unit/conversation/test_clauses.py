from __future__ import annotations

import pytest

from trunkline.conversation.clauses import LONGEST, Clauses


def cut(*fed: str) -> list[str]:
    clauses = Clauses()
    return [piece for text in fed for piece in clauses.feed(text)] + clauses.flush()


def test_a_clause_is_ready_with_its_mark_without_waiting_for_what_follows():
    clauses = Clauses()
    assert clauses.feed("We open at nine") == []
    assert clauses.feed(".") == ["We open at nine."]
    assert clauses.feed(" On Sunday we are") == []
    assert clauses.flush() == ["On Sunday we are"]
    assert clauses.flush() == []


@pytest.mark.parametrize("mark", [".", "!", "?", "…", ";", ":"])
def test_every_mark_that_ends_a_clause_ends_a_piece(mark):
    assert cut(f"One two{mark} three") == [f"One two{mark}", "three"]


def test_a_line_break_ends_a_piece():
    assert cut("One two\nthree") == ["One two", "three"]


def test_marks_of_scripts_without_spaces_end_a_piece():
    assert cut("你好。再见！") == ["你好。", "再见！"]


def test_the_first_comma_ends_a_piece_early_and_later_ones_do_not():
    assert cut("Good morning, how are you, my friend?") == ["Good morning,", "how are you, my friend?"]
    assert cut("Well, I think so.") == ["Well, I think so."]


def test_a_comma_far_into_a_piece_ends_it():
    long = "this is a sentence that goes on for quite a while before it comes to it,"
    assert cut(f"Yes. {long} and on.") == ["Yes.", long, "and on."]


@pytest.mark.parametrize(
    "text",
    [
        "It costs 3.50 today",
        "It costs 1,000.25 in all",
        "We meet at 10:30 sharp",
        "Write to me@example.com now",
        "Dr. Smith is in",
        "That is e.g. this one",
        "Ask J. Smith for it",
        "Come at 9 a.m. please",
        '"Mr. X" is here',
    ],
)
def test_numbers_names_and_abbreviations_are_not_cut(text):
    assert cut(text) == [text]
    assert cut(*text) == [text] or "@" in text


def test_a_number_at_the_end_is_waited_for():
    clauses = Clauses()
    assert clauses.feed("It costs 3.") == []
    assert clauses.feed("5 euro.") == ["It costs 3.5 euro."]
    assert clauses.feed(" That is 7.") == []
    assert clauses.feed(" Yes") == ["That is 7."]
    assert clauses.flush() == ["Yes"]


def test_a_number_before_a_question_mark_ends_when_something_else_follows():
    assert cut("Is it 7", "?", " Yes.") == ["Is it 7?", "Yes."]


def test_i_is_a_word():
    assert cut("So am I. You too.") == ["So am I.", "You too."]


def test_no_is_an_answer():
    assert cut("No", ".", " We do not.") == ["No.", "We do not."]


def test_closing_quotes_belong_to_the_clause():
    assert cut('He said "no." Then he left.') == ['He said "no."', "Then he left."]
    assert cut("(Really?) Yes.") == ["(Really?)", "Yes."]


def test_marks_alone_are_nothing_to_speak():
    assert cut("... ") == []
    assert cut("Wait", ".", ".", ". ", "Go on.") == ["Wait.", ". Go on."] or cut("Wait", "...", " Go on.") == [
        "Wait...",
        "Go on.",
    ]
    assert cut("?! Yes.") == ["?! Yes."]


def test_white_space_is_one_space():
    assert cut("  One   two.\t Three ") == ["One two.", "Three"]


def test_text_without_marks_is_cut_at_a_space():
    text = "word " * 60
    pieces = cut(text)
    assert all(len(piece) <= LONGEST for piece in pieces)
    assert " ".join(pieces) == text.strip()


def test_text_without_even_spaces_is_cut_anyway():
    assert [len(piece) for piece in cut("x" * (LONGEST + 10))] == [LONGEST, 10]


def test_every_word_comes_out_however_the_text_is_fed():
    text = 'Well, hello there! It is 3.5 or 4: "take it," he said. Dr. No has 1,000 of them… okay?'
    whole = "".join(cut(text)).replace(" ", "")
    assert "".join(cut(*text)).replace(" ", "") == whole == text.replace(" ", "")
