from __future__ import annotations

from trunkline.calls.talk import Heard
from trunkline.conversation.ports import Word
from trunkline.conversation.spoken import MARGIN_WORDS, SAMPLES_PER_WEIGHT, Spoken

MS = 8


def voiced(text: str, word: int = 800, into: Spoken | None = None) -> Spoken:
    """Aligned speech in which every word is so many samples."""
    spoken = into or Spoken(aligned=True)
    spoken.write(text)
    words = [Word(w, n * word, (n + 1) * word) for n, w in enumerate(text.split())]
    spoken.voiced(len(words) * word, words)
    spoken.piece_done()
    return spoken


def test_a_word_is_heard_when_its_last_sample_has_passed():
    spoken = voiced("We open at nine.")
    assert spoken.heard(799) == Heard("", 99, "We open at nine.", "alignment", 0)
    assert spoken.heard(800) == Heard("We", 100, "open at nine.", "alignment", 0)
    assert spoken.heard(3_199).text == "We open at"
    assert spoken.heard(3_200) == Heard("We open at nine.", 400, "", "alignment", 0)
    assert spoken.heard(0) == Heard("", 0, "We open at nine.", "alignment", 0)


def test_pieces_follow_each_other_with_one_space():
    spoken = voiced("On Sunday too.", into=voiced("We open at nine."))
    assert spoken.text == "We open at nine. On Sunday too."
    assert spoken.samples == 7 * 800
    assert spoken.heard(3_200).unheard == "On Sunday too."
    assert spoken.heard(3_999).text == "We open at nine."
    assert spoken.heard(4_000).text == "We open at nine. On"
    assert spoken.heard(4_000).unheard == "Sunday too."


def test_spacing_and_marks_inside_a_piece_are_kept_as_written():
    spoken = Spoken(aligned=True)
    spoken.write('He said:  "no, never"!')
    spoken.voiced(400, [Word("He", 0, 100), Word("said", 100, 200), Word("no", 200, 300), Word("never", 300, 400)])
    assert spoken.heard(200).text == "He said:"
    assert spoken.heard(300).text == 'He said:  "no,'
    assert spoken.heard(400).text == 'He said:  "no, never"!'


def test_what_is_written_and_not_voiced_yet_is_unheard():
    spoken = voiced("We open.")
    spoken.write("At nine.")
    assert spoken.heard(1_600) == Heard("We open.", 200, "At nine.", "alignment", 0)


def test_the_alignment_may_come_with_the_audio_bit_by_bit():
    spoken = Spoken(aligned=True)
    spoken.write("We open at nine.")
    spoken.voiced(800, [Word("We", 0, 800)])
    spoken.voiced(800)
    assert spoken.heard(1_600).text == "We"
    spoken.voiced(0, [Word("open", 800, 1_600)])
    assert spoken.heard(1_600).text == "We open"


def test_a_complete_piece_is_heard_whole_whatever_its_alignment_left_out():
    spoken = Spoken(aligned=True)
    spoken.write("We open…")
    spoken.voiced(1_000, [Word("We", 0, 500)])
    assert spoken.heard(1_000).text == "We"
    spoken.piece_done()
    assert spoken.heard(999).text == "We"
    assert spoken.heard(1_000).text == "We open…"


def test_the_second_piece_begins_where_the_first_ended():
    spoken = voiced("One.", 800)
    spoken.write("Two three.")
    spoken.voiced(500, [Word("Two", 0, 500)])
    spoken.voiced(500, [Word("three.", 500, 1_000)])
    assert (spoken.pieces[1].start, spoken.pieces[1].samples, spoken.pieces[1].end) == (800, 1_000, 1_800)
    assert spoken.heard(1_299).text == "One."
    assert spoken.heard(1_300).text == "One. Two"


def test_a_vendor_that_spells_a_word_otherwise_still_counts_one_word():
    spoken = Spoken(aligned=True)
    spoken.write("It costs $5 today.")
    spoken.voiced(400, [Word("It", 0, 100), Word("costs", 100, 200), Word("five", 200, 300), Word("today.", 300, 400)])
    assert spoken.heard(300).text == "It costs $5"
    assert spoken.heard(400).text == "It costs $5 today."


def test_a_word_that_occurs_again_later_is_not_found_there():
    spoken = Spoken(aligned=True)
    spoken.write("Go to the end of the road.")
    spoken.voiced(300, [Word("Go", 0, 100), Word("two", 100, 200), Word("the", 200, 300)])
    assert spoken.heard(200).text == "Go to"
    assert spoken.heard(300).text == "Go to the"
    spoken = Spoken(aligned=True)
    spoken.write("I read 2 books, not two.")
    spoken.voiced(300, [Word("I", 0, 100), Word("read", 100, 200), Word("two", 200, 300)])
    assert spoken.heard(300).text == "I read 2"


def test_more_words_than_there_are_written_end_at_the_end():
    spoken = Spoken(aligned=True)
    spoken.write("Hi.")
    spoken.voiced(300, [Word("Hi", 0, 100), Word("uh", 100, 200)])
    assert spoken.heard(200).text == "Hi."


def test_half_a_hyphenated_word_may_be_heard():
    spoken = Spoken(aligned=True)
    spoken.write("a well-known man")
    spoken.voiced(400, [Word("a", 0, 100), Word("well", 100, 200), Word("known", 200, 300), Word("man", 300, 400)])
    assert spoken.heard(200).text == "a well-"
    assert spoken.heard(300).text == "a well-known"
    spoken = Spoken(aligned=True)
    spoken.write("well-known man")
    spoken.voiced(400, [Word("well", 0, 100), Word("known", 100, 200)])
    assert spoken.heard(100).text == "well-"


def test_a_replaced_word_is_reported_as_written_and_only_when_whole():
    spoken = Spoken(aligned=True, replacements=(("HMS", "aitch em ess"),))
    spoken.write("Call HMS now")
    words = ["Call", "aitch", "em", "ess", "now"]
    spoken.voiced(500, [Word(w, n * 100, n * 100 + 100) for n, w in enumerate(words)])
    assert [spoken.heard(n).text for n in (100, 200, 300, 400, 500)] == [
        "Call",
        "Call",
        "Call",
        "Call HMS",
        "Call HMS now",
    ]


# ---- a voice without alignment --------------------------------------------------------------------


def unaligned(text: str, samples: int, done: bool = True) -> Spoken:
    spoken = Spoken(aligned=False)
    spoken.write(text)
    spoken.voiced(samples)
    if done:
        spoken.piece_done()
    return spoken


def test_words_are_laid_in_proportion_to_their_length():
    spoken = unaligned("aa bbbb cccccc", 2_400)  # weights 6, 8, 10
    assert [p.end for p in spoken.pieces[0].laid_out(False)] == [600, 1_400, 2_400]
    assert [p.start for p in spoken.pieces[0].laid_out(False)] == [0, 600, 1_400]
    assert spoken.heard(599).text == ""
    assert spoken.heard(600).text == "aa"
    assert spoken.heard(1_400).text == "aa bbbb"
    assert spoken.heard(2_399).text == "aa bbbb"


def test_a_mark_that_ends_a_clause_takes_time_of_its_own():
    spoken = unaligned('aa," aa', 2_100)  # weights 13 and 6
    assert spoken.pieces[0].laid_out(False)[0].end == 2_100 * 13 // 19


def test_the_margin_is_that_of_the_piece_that_was_cut_and_nothing_when_all_was_heard():
    spoken = unaligned("aa bbbb cccccc", 2_400)
    assert spoken.heard(600).margin_ms == MARGIN_WORDS * 2_400 // 3 // MS
    assert spoken.heard(600).text_basis == "proportional"
    assert spoken.heard(2_400) == Heard("aa bbbb cccccc", 300, "", "proportional", 0)
    assert spoken.heard(0).margin_ms == 0
    spoken.write("dd")
    spoken.voiced(960)
    spoken.piece_done()
    assert spoken.heard(2_400).margin_ms == 0
    assert spoken.heard(2_401).margin_ms == MARGIN_WORDS * 960 // MS


def test_before_the_piece_is_complete_a_typical_voice_is_assumed():
    spoken = unaligned("aa bbbb cccccc", 100, done=False)
    assert spoken.pieces[0].laid_out(False)[-1].end == 24 * SAMPLES_PER_WEIGHT
    assert spoken.heard(100).text == ""
    slow = unaligned("aa bbbb cccccc", 100 * SAMPLES_PER_WEIGHT, done=False)
    assert slow.pieces[0].laid_out(False)[-1].end == 100 * SAMPLES_PER_WEIGHT


def test_a_piece_that_was_not_aligned_after_all_is_laid_in_proportion_and_says_so():
    spoken = Spoken(aligned=True)
    spoken.write("aa bbbb cccccc")
    spoken.voiced(2_400)
    assert (spoken.heard(1_400).text, spoken.heard(1_400).text_basis) == ("", "alignment")
    spoken.piece_done()
    heard = spoken.heard(1_400)
    assert (heard.text, heard.text_basis, heard.margin_ms > 0) == ("aa bbbb", "proportional", True)


def test_a_piece_that_gave_no_sound_is_not_heard():
    spoken = voiced("We open.")
    spoken.write("Quiet.")
    spoken.piece_done()
    voiced("At nine.", into=spoken)
    assert spoken.heard(10_000).text == "We open. At nine."
    assert spoken.heard(10_000).unheard == "Quiet."
    assert spoken.pieces[2].start == 1_600
    assert spoken.resume_at(1_700) == 1_600


# ---- going on after a pause --------------------------------------------------------------------------


def test_speech_goes_on_where_the_first_word_not_heard_begins():
    spoken = voiced("On Sunday too.", into=voiced("We open at nine."))
    assert spoken.resume_at(0) == 0
    assert spoken.resume_at(1_000) == 800
    assert spoken.resume_at(1_600) == 1_600
    assert spoken.resume_at(3_200) == 3_200
    assert spoken.resume_at(4_100) == 4_000
    assert spoken.resume_at(5_600) == 5_600
    assert spoken.resume_at(9_999) == 9_999


def test_it_never_goes_on_behind_what_was_heard():
    spoken = Spoken(aligned=True)
    spoken.write("We open")
    spoken.voiced(900, [Word("We", 0, 300), Word("open", 600, 900)])
    assert spoken.resume_at(400) == 400
    assert spoken.resume_at(700) == 600


def test_what_is_not_voiced_yet_does_not_change_where_speech_goes_on():
    spoken = voiced("We open")
    spoken.write("at nine")
    assert spoken.resume_at(1_600) == 1_600
    spoken = unaligned("aa bbbb cccccc", 2_400)
    spoken.write("a much longer piece that is not voiced yet")
    assert spoken.resume_at(2_400) == 2_400
    assert spoken.resume_at(1_000) == 600


def test_the_margin_beside_a_very_long_word_is_larger():
    even, uneven = Spoken(aligned=False), Spoken(aligned=False)
    for spoken, text in ((even, "one two six ten"), (uneven, "antidisestablishmentarianism one two ten")):
        spoken.write(text)
        spoken.voiced(4_000)
        spoken.piece_done()
    assert even.heard(1_500).margin_ms == MARGIN_WORDS * 1_000 // MS
    assert uneven.heard(2_500).margin_ms > MARGIN_WORDS * 1_000 // MS
