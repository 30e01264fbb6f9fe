from trunkline.providers.sandbox.alignment import CLAUSE_END, WORD, Alignment, Event, WordAt


def begun(position: int, sample: int) -> Event:
    return Event(WORD, position, sample)


def paused(position: int, sample: int) -> Event:
    return Event(CLAUSE_END, position, sample)


def test_a_word_ends_where_the_next_begins():
    alignment = Alignment("good morning all")
    assert alignment.feed([begun(0, 0)], 0) == []
    assert alignment.feed([begun(5, 700)], 690) == [WordAt("good", 0, 700)]
    assert alignment.feed([begun(13, 1_500)], 1_490) == [WordAt("morning", 700, 1_500)]
    assert alignment.finish(2_000) == [WordAt("all", 1_500, 2_000)]


def test_a_word_before_a_pause_ends_where_the_sound_does():
    alignment = Alignment("well, yes")
    assert alignment.feed([begun(0, 0)], 0) == []
    assert alignment.feed([paused(5, 900), begun(6, 900)], 640) == [WordAt("well,", 0, 640)]


def test_the_pieces_of_one_word_are_one_word():
    alignment = Alignment("it is $3.50 now")
    words = alignment.feed([begun(0, 0), begun(3, 10), begun(6, 20), begun(7, 30), begun(8, 40), begun(12, 90)], 90)
    assert words == [WordAt("it", 0, 10), WordAt("is", 10, 20), WordAt("$3.50", 20, 90)]


def test_a_pause_within_a_word_does_not_end_it():
    alignment = Alignment("yes,no then")
    assert alignment.feed([begun(0, 0), paused(3, 100), begun(4, 100)], 80) == []
    assert alignment.feed([begun(7, 300)], 290) == [WordAt("yes,no", 0, 300)]


def test_words_that_are_not_spoken_have_no_length_and_none_is_missing():
    alignment = Alignment("- so - what ...")
    words = alignment.feed([begun(2, 50), begun(7, 200)], 190)
    assert words == [WordAt("-", 50, 50), WordAt("so", 50, 200), WordAt("-", 200, 200)]
    assert alignment.finish(400) == [WordAt("what", 200, 400), WordAt("...", 400, 400)]


def test_a_word_that_is_told_again_or_too_late_is_not_told_twice():
    alignment = Alignment("one two three")
    alignment.feed([begun(0, 0), begun(4, 100), begun(8, 200)], 0)
    assert alignment.feed([begun(4, 250)], 240) == []
    assert alignment.finish(300) == [WordAt("three", 200, 300)]


def test_without_events_every_word_is_at_the_end():
    assert Alignment("a b").finish(80) == [WordAt("a", 80, 80), WordAt("b", 80, 80)]
    assert Alignment("").finish(0) == []


def test_words_never_end_before_they_begin():
    alignment = Alignment("hm yes")
    alignment.feed([begun(0, 500), paused(2, 600)], 0)
    assert alignment.feed([begun(3, 600)], 0) == [WordAt("hm", 500, 500)]
    assert alignment.finish(0) == [WordAt("yes", 600, 600)]


def test_an_event_of_a_text_without_words_is_nothing():
    alignment = Alignment("  ")
    assert alignment.feed([begun(0, 0), paused(0, 1)], 0) == []
    assert alignment.finish(0) == []
