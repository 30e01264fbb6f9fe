import random
from itertools import pairwise

import pytest
from audio_frames import CORPUS, SILENCE, frames, louder, noise, receive, texts, voiced
from hypothesis import given, settings
from hypothesis import strategies as st

from trunkline.audio.g711 import alaw_to_ulaw, level_db, ulaw_to_alaw
from trunkline.audio.modem import Demodulator, modulate, modulate_words

WORDS = ("the", "of", "hours", "assistant", "weekend", "Amsterdam", "yes,", "appointment", "tomorrow")


@pytest.mark.parametrize("text", CORPUS)
def test_a_listener_has_each_word_with_its_last_frame_and_not_before(text: str):
    spoken = modulate(text)
    assert [word.text for word in spoken.words] == text.split()
    for number, word in enumerate(spoken.words, 1):
        assert word.end % 160 == 0
        assert texts(receive(frames(spoken.audio[: word.end]))) == text.split()[:number]
        assert texts(receive(frames(spoken.audio[: word.end - 160]))) == text.split()[: number - 1]


@pytest.mark.parametrize("text", CORPUS)
def test_words_are_told_once_where_the_voice_says_they_end_and_none_is_missed(text: str):
    spoken = modulate(text)
    decoded = receive(frames(spoken.audio))
    assert [(word.text, word.at_sample, word.ok) for word in decoded] == [(w.text, w.end, True) for w in spoken.words]


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=80))
@settings(max_examples=40, deadline=None)
def test_any_text_arrives(text: str):
    assert texts(receive(frames(modulate(text).audio))) == text.split()


def test_words_follow_each_other_and_take_at_least_400_ms():
    words = modulate(CORPUS[4]).words
    for one, other in pairwise(words):
        assert other.start - one.start >= 3_200 and one.start < one.end <= other.start


def test_a_clause_is_one_stretch_of_energy_and_silence_is_only_between_clauses():
    spoken = modulate("Good morning, Sir. Are you there? (Yes!) fine")
    loud = "".join("#" if level_db(frame) > -20 else "." for frame in frames(spoken.audio))
    assert [len(stretch) for stretch in loud.split("." * 10)] == [60, 60, 20, 20]
    assert loud.count(".") == 30


def test_nothing_to_say_is_no_audio():
    assert modulate(" \n").audio == b""


def test_word_by_word_is_the_same_speech():
    pieces = list(modulate_words(CORPUS[2]))
    assert b"".join(piece.audio for piece in pieces) == modulate(CORPUS[2]).audio
    assert all(len(piece.words) == 1 for piece in pieces)


@pytest.mark.parametrize("db", [-6, 6, -20])
def test_the_level_may_change(db: int):
    assert texts(receive(frames(louder(modulate(CORPUS[0]).audio, db)))) == CORPUS[0].split()


def test_a_law_on_the_way_does_no_harm():
    assert texts(receive(frames(alaw_to_ulaw(ulaw_to_alaw(modulate(CORPUS[3]).audio))))) == CORPUS[3].split()


@pytest.mark.parametrize("offset", range(1, 160, 13))
def test_bits_that_begin_anywhere_are_found_within_the_first_word(offset: int):
    audio = b"\xff" * offset + modulate(CORPUS[0]).audio + b"\xff" * (160 - offset)
    assert texts(receive(frames(audio))) == CORPUS[0].split()


@pytest.mark.parametrize("at", range(1, 20))
def test_audio_that_starts_within_a_slot_gives_that_word_as_long_as_a_whole_burst_is_left(at: int):
    audio = frames(modulate("Hello there my friend").audio)
    wanted = ["Hello", "there", "my", "friend"] if at <= 12 else ["there", "my", "friend"]
    assert texts(receive(audio[at:])) == wanted


def test_a_word_after_a_missed_one_says_so():
    first, second, third = (frames(word.audio) for word in modulate_words("one two three"))
    assert [word.ok for word in receive(first + third)] == [True, False]
    assert [word.ok for word in receive(first + second + third)] == [True, True, True]
    assert [word.ok for word in receive(second)] == [False]


def test_an_utterance_that_cuts_another_without_silence_is_heard():
    cut = frames(modulate("Hello there my friend").audio)
    for at in range(61):
        words = texts(receive(cut[:at] + frames(modulate("Hello world").audio)))
        assert words[-2:] == ["Hello", "world"]
        assert words[:-2] == [w.text for w in modulate("Hello there my friend").words if w.end <= at * 160]


def test_an_equal_word_said_again_is_a_new_word():
    once = frames(modulate("yes").audio)
    assert texts(receive(once * 3)) == ["yes"] * 3
    assert texts(receive(frames(modulate("no " * 17).audio))) == ["no"] * 17


def test_five_percent_of_lost_frames_cost_few_words():
    chance = random.Random(7)
    wanted = got = 0
    for _ in range(60):
        text = [chance.choice(WORDS) for _ in range(8)]
        audio = frames(modulate(" ".join(text)).audio)
        heard = texts(receive([SILENCE if chance.random() < 0.05 else frame for frame in audio]))
        assert set(heard) <= set(text)
        wanted, got = wanted + len(text), got + len(heard)
    assert got / wanted >= 0.94


def test_a_word_is_gone_when_a_frame_of_each_of_its_bursts_is_and_not_before():
    spoken = modulate("one seventeen three")
    word = spoken.words[1]
    apart = 6
    audio = frames(spoken.audio)
    first = word.start // 160
    for corrupt in (SILENCE, noise(160, -15)):
        for number, places in enumerate([[1], [1, apart + 1], [1, apart + 1, 2 * apart + 1]]):
            damaged = list(audio)
            for place in places:
                damaged[first + place] = corrupt
            heard = texts(receive(damaged))
            assert heard == (["one", "three"] if number == 2 else ["one", "seventeen", "three"])


def test_a_split_word_without_one_of_its_parts_is_no_word():
    slot = 72 * 160
    audio = modulate("q" * 150 + " after").audio
    for lost in range(2):
        for nothing in (b"\xff" * slot, noise(slot, -15)):
            damaged = audio[: lost * slot] + nothing + audio[(lost + 1) * slot :]
            heard = receive(frames(damaged))
            assert [(word.text, word.ok) for word in heard] == [("after", False)]


def test_a_split_word_that_never_ends_is_forgotten_when_another_utterance_begins():
    receiver = Demodulator()
    assert receive(frames(modulate("q" * 150).audio[: 72 * 160]) + [SILENCE] * 9, receiver) == []
    assert [(w.text, w.ok) for w in receive(frames(modulate("hello").audio), receiver)] == [("hello", True)]


@pytest.mark.parametrize("stall", [3, 15, 50])
def test_a_line_that_stalls_within_a_word_costs_no_word_and_repeats_none(stall: int):
    text = "Hello there " + "q" * 150 + " after"
    audio = frames(modulate(text).audio)
    for at in range(0, len(audio), 3):
        assert texts(receive(audio[:at] + [SILENCE] * stall + audio[at:])) == text.split()


def test_an_equal_word_whose_beginning_is_lost_is_a_new_word_if_it_comes_much_later():
    word = frames(modulate("yes").audio)
    assert texts(receive(word[:4] + frames(noise(8_000 * 6, -20)) + word[4:])) == ["yes", "yes"]


def test_tones_that_are_no_words_do_not_make_the_receiver_lose_its_place():
    receiver = Demodulator()
    strange = b"\xff" * 77 + modulate("z" * 58).audio
    assert receive(frames(strange[: 20 * 160])[2:] + [SILENCE] * 10, receiver) == []
    spoken = modulate("Hello there")
    decoded = receive(frames(spoken.audio), receiver)
    assert [(w.text, w.at_sample - 28 * 160) for w in decoded] == [(w.text, w.end) for w in spoken.words]


def test_silence_noise_and_voices_are_no_words():
    for sound in (b"\xff" * 80_000, noise(160_000, -20), voiced(10_000)):
        assert receive(frames(sound)) == []


def test_words_are_heard_after_noise_and_after_long_silence():
    receiver = Demodulator()
    receive(frames(noise(16_000, -20)) + [SILENCE] * 50, receiver)
    decoded = receive(frames(modulate("Hello there").audio), receiver)
    assert [(w.text, w.at_sample - 16_000 - 8_000) for w in decoded] == [
        (w.text, w.end) for w in modulate("Hello there").words
    ]


def test_the_receiver_counts_silent_frames():
    receiver = Demodulator()
    receive(frames(modulate("Hi").audio) + [SILENCE] * 5, receiver)
    assert receiver.quiet_frames == 5
