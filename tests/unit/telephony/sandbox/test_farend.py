"""The far end of a sandbox line, fed frame by frame."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import chain

import pytest

from trunkline.audio.modem import APART_FRAMES, ModemWord, modulate
from trunkline.audio.tones import tone
from trunkline.telephony.sandbox.farend import (
    FRAME,
    FRAME_MS,
    SILENCE,
    Act,
    Corrupt,
    FarEnd,
    HangUp,
    Hush,
    Play,
    Press,
    Say,
    Senses,
    Stall,
    StopSending,
    Stretch,
    rest_of_slot_ms,
)


class Does:
    """Does these things at these moments."""

    def __init__(self, acts: dict[int, Sequence[Act]] | None = None) -> None:
        self.acts = acts or {}
        self.ended: list[tuple[int, Stretch]] = []

    def act(self, senses: Senses) -> Sequence[Act]:
        if senses.ended:
            self.ended.append((senses.ms, senses.ended))
        return self.acts.get(senses.ms, ())


def frames(audio: bytes) -> list[bytes]:
    return [audio[at : at + FRAME] for at in range(0, len(audio), FRAME)]


def quiet(ms: int) -> list[bytes]:
    return [SILENCE] * (ms // FRAME_MS)


def spoken(text: str) -> list[bytes]:
    return frames(modulate(text).audio)


def garbled(frame: bytes) -> bytes:
    return bytes(byte ^ 0x80 if at % 2 else byte for at, byte in enumerate(frame))


def live(far: FarEnd, arriving: Iterable[bytes]) -> list[bytes | None]:
    said = []
    for frame in arriving:
        far.hear(frame)
        said.append(far.speak())
    return said


def listener(acts: dict[int, Sequence[Act]] | None = None) -> FarEnd:
    return FarEnd(Does(acts), lambda text: modulate(text).audio)


def test_what_it_heard_is_one_entry_a_stretch_with_case_and_punctuation_kept():
    far = listener()
    speech = spoken("Hello, Anna! It's 5 °C.")
    live(far, quiet(1_000) + speech + quiet(1_000) + spoken("Bye.") + quiet(1_000))
    end = 1_000 + len(speech) * FRAME_MS
    assert far.heard == [
        Stretch("Hello, Anna! It's 5 °C.", 1_000, end),
        Stretch("Bye.", end + 1_000, end + 1_400),
    ]


def test_two_clauses_with_the_modem_s_pause_between_them_are_one_stretch():
    far = listener()
    live(far, spoken("One. Two.") + quiet(500))
    assert [stretch.text for stretch in far.heard] == ["One. Two."]


def test_a_stretch_is_known_within_half_a_second_of_its_end():
    behaviour = Does()
    live(FarEnd(behaviour, lambda _: b""), spoken("Hello there.") + quiet(1_000))
    ((known, stretch),) = behaviour.ended
    assert stretch.end_ms < known < stretch.end_ms + 500


def test_a_word_whose_bursts_are_all_broken_is_missing_and_the_stretch_is_not_ok():
    far = listener()
    speech = modulate("The second word is gone")
    _break(audio := bytearray(speech.audio), speech.words[1])
    live(far, frames(bytes(audio)) + quiet(500))
    assert far.heard == [Stretch("The word is gone", 0, len(speech.audio) // 8, ok=False)]


@pytest.mark.parametrize("broken", [0, 2])
def test_a_missing_first_or_last_word_is_noticed_too(broken: int):
    far = listener()
    speech = modulate("One two three")
    _break(audio := bytearray(speech.audio), speech.words[broken])
    live(far, frames(bytes(audio)) + quiet(500))
    assert [stretch.ok for stretch in far.heard] == [False]


def test_one_broken_burst_of_a_word_does_no_harm():
    far = listener()
    speech = modulate("Only once")
    audio = bytearray(speech.audio)
    audio[speech.words[1].start : speech.words[1].start + FRAME] = SILENCE
    live(far, frames(bytes(audio)) + quiet(500))
    assert [(stretch.text, stretch.ok) for stretch in far.heard] == [("Only once", True)]


def test_a_cut_word_is_not_heard_and_the_stretch_says_so():
    far = listener()
    speech = modulate("Heard unheard")
    heard = frames(speech.audio)[: speech.words[1].end // FRAME - 1]
    live(far, heard + quiet(500))
    assert far.heard == [Stretch("Heard", 0, len(heard) * FRAME_MS, ok=False)]


def test_whoever_got_the_last_frame_of_a_word_s_first_burst_has_heard_it():
    far = listener()
    speech = modulate("Heard too")
    heard = frames(speech.audio)[: speech.words[1].end // FRAME]
    live(far, heard + quiet(500))
    assert far.heard == [Stretch("Heard too", 0, len(heard) * FRAME_MS)]


def test_speech_that_is_no_modem_has_no_text():
    far = listener()
    live(far, frames(tone((200, 330), 600)) + quiet(500))
    assert far.heard == [Stretch(None, 0, 600, ok=False)]


def test_a_click_is_no_speech():
    far = listener()
    live(far, frames(tone((900,), 40)) + quiet(500))
    assert far.heard == []


def test_when_the_line_goes_what_was_being_heard_is_known_at_once():
    far = listener()
    speech = modulate("Cut here now")
    live(far, frames(speech.audio)[: speech.words[1].end // FRAME])
    far.finish()
    assert [stretch.text for stretch in far.heard] == ["Cut here"]
    far.finish()
    assert len(far.heard) == 1


def test_what_it_says_leaves_at_its_moment_and_is_kept():
    far = listener({100: [Say("Good morning.")]})
    said = live(far, quiet(2_000))
    length = len(spoken("Good morning.")) * FRAME_MS
    assert far.said == [Stretch("Good morning.", 100, 100 + length)]
    assert said[5 : 5 + length // FRAME_MS] == spoken("Good morning.")
    assert set(said[:5] + said[5 + length // FRAME_MS :]) == {SILENCE}


def test_two_far_ends_hear_each_other():
    one, other = listener({0: [Say("Can you hear me?")]}), listener()
    for _ in range(150):
        one.hear(SILENCE)
        other.hear(one.speak() or SILENCE)
        other.speak()
    assert [stretch.text for stretch in other.heard] == ["Can you hear me?"]


def test_two_utterances_are_two_stretches():
    far = listener({0: [Say("One."), Say("Two.")]})
    live(far, quiet(2_000))
    assert far.said == [Stretch("One.", 0, 400), Stretch("Two.", 800, 1_200)]


def test_a_beep_is_not_among_what_was_said():
    far = listener({0: [Play(tone((1_000,), 400))]})
    assert live(far, quiet(500))[0] != SILENCE
    assert far.said == []


def test_of_an_utterance_that_it_cut_itself_only_the_words_that_left_were_said():
    far = listener({0: [Say("One two three four.")], 700: [Hush()]})
    said = live(far, quiet(1_000))
    assert far.said == [Stretch("One two", 0, 700)]
    assert set(said[35:]) == {SILENCE}


def test_hanging_up_ends_its_own_speech():
    far = listener({0: [Say("One two three four.")], 500: [HangUp()]})
    live(far, quiet(520))
    assert far.hung_up
    assert far.said == [Stretch("One two", 0, 500)]


def test_digits_go_both_ways():
    far = listener({20: [Press("12")], 40: [Press("#")]})
    far.press("4,5")
    live(far, quiet(100))
    assert far.digits_heard == "45"
    assert far.take_pressed() == "12#"
    assert far.take_pressed() == ""


def test_a_far_end_whose_network_is_gone_sends_nothing_at_all():
    far = listener({40: [StopSending()]})
    assert live(far, quiet(80)) == [SILENCE, SILENCE, None, None]


def test_it_speaks_with_any_voice_and_fills_the_last_frame():
    far = FarEnd(Does({0: [Say("whatever")]}), lambda _: b"\x10" * 200)
    assert live(far, quiet(60)) == [b"\x10" * 160, b"\x10" * 40 + b"\xff" * 120, SILENCE]
    assert far.said == [Stretch("whatever", 0, 40)]


@pytest.mark.parametrize("word", ["a", "Hello.", "incomprehensibilities", "w" * 58, "w" * 130])
def test_a_word_fills_its_slot(word: str):
    speech = modulate(word)
    assert speech.words[0].end // 8 + rest_of_slot_ms(word) == len(speech.audio) // 8


def _break(audio: bytearray, word: ModemWord) -> None:
    """Corrupt one frame of each of the word's bursts."""
    apart = max(word.end - word.start, APART_FRAMES * FRAME)
    for burst in range(3):
        last = word.end + burst * apart - FRAME
        audio[last : last + FRAME] = tone((1_700,), 20)


def test_trouble_of_the_line_is_told_once_and_is_nothing_the_far_end_does():
    far = FarEnd(Does({20: [Stall(300), Corrupt()]}), voice=lambda text: modulate(text).audio)
    assert live(far, quiet(80)) == quiet(80)
    assert list(far.take_trouble()) == [Stall(300), Corrupt(1)]
    assert list(far.take_trouble()) == []


@pytest.mark.parametrize("missing", range(4))
def test_a_word_that_is_lost_is_noticed_whether_or_not_a_new_utterance_follows(missing: int):
    pieces = [spoken(text) for text in ("Good", "morning,", "dear", "Donaudampfschifffahrtsgesellschaftskapitän.")]
    pieces[missing] = [garbled(frame) for frame in pieces[missing]]
    far = FarEnd(Does(), voice=lambda text: b"")
    live(far, chain(*pieces, quiet(400)))
    assert [stretch.ok for stretch in far.heard] == [False]


@pytest.mark.parametrize("bursts", [(0,), (0, 1), (1, 2)])
def test_a_word_got_from_a_repeat_of_its_burst_is_not_lost(bursts: tuple[int, ...]):
    pieces = [spoken(text) for text in ("Good", "morning,", "dear", "Captain")]
    for burst in bursts:
        at = burst * APART_FRAMES + 1
        pieces[1][at] = garbled(pieces[1][at])
    far = FarEnd(Does(), voice=lambda text: b"")
    live(far, chain(*pieces, quiet(400)))
    assert [(stretch.text, stretch.ok) for stretch in far.heard] == [("Good morning, dear Captain", True)]
