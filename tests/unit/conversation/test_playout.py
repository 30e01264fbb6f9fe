from __future__ import annotations

import random

from trunkline.conversation.playout import CUT_PATIENCE, PATIENCE, Playout, Utterance
from trunkline.conversation.ports import Word
from trunkline.conversation.spoken import Spoken

FRAME = 160


def utterance(words: int = 5, frames_a_word: int = 2, complete: bool = True, id: str = "u") -> Utterance:
    """Words w1, w2, … each of so many frames, the frames numbered by their byte."""
    spoken = Spoken(aligned=True)
    text = " ".join(f"w{n + 1}" for n in range(words))
    spoken.write(text)
    size = frames_a_word * FRAME
    audio = b"".join(bytes([n + 1]) * FRAME for n in range(words * frames_a_word))
    spoken.voiced(len(audio), [Word(w, n * size, (n + 1) * size) for n, w in enumerate(text.split())])
    spoken.piece_done()
    one = Utterance(id, "reply", spoken)
    one.add(audio)
    one.complete = complete
    return one


def playing(one: Utterance, frames: int = 0, sent: int = 0) -> Playout:
    playout = Playout(sent=sent, current=one)
    for _ in range(frames):
        playout.next()
    return playout


def test_frames_come_in_order_and_then_silence():
    playout = playing(utterance(1))
    assert [playout.next() for _ in range(3)] == [b"\x01" * FRAME, b"\x02" * FRAME, None]
    assert playout.sent == 3


def test_the_last_frame_is_filled_with_silence_and_waits_until_the_voice_is_done():
    one = Utterance("u", "reply", Spoken(aligned=False))
    one.add(b"\x01" * 100)
    playout = playing(one)
    assert playout.next() is None
    one.complete = True
    assert not one.all_sent
    assert playout.next() == b"\x01" * 100 + b"\xff" * 60
    assert one.all_sent and playout.next() is None
    assert one.passed(2) == 100


def test_frames_of_the_line_before_the_utterance_are_not_its_own():
    playout = playing(utterance(), 4, sent=10)
    one = playout.current
    assert [one.passed(n) for n in (10, 11, 13, 14, 99)] == [0, 160, 480, 640, 640]
    assert one.heard(14).text == "w1 w2"
    assert one.line_end == 14


def test_a_gap_in_the_voice_is_no_part_of_the_utterance():
    one = utterance(1, complete=False)
    playout = playing(one, 4)
    one.add(b"\x09" * FRAME)
    assert playout.next() == b"\x09" * FRAME
    assert [one.passed(n) for n in (2, 3, 4, 5)] == [320, 320, 320, 480]
    assert len(one.stretches) == 2


def test_frames_without_a_gap_are_one_stretch():
    playout = playing(utterance(), 10)
    assert len(playout.current.stretches) == 1


def test_an_utterance_is_over_when_its_last_frame_has_passed():
    playout = playing(utterance(1), 2)
    one = playout.current
    assert playout.settled(1) == []
    assert playout.settled(2) == [one]
    assert one.cut_by == "" and playout.current is None


def test_an_utterance_without_any_sound_is_over_at_once():
    one = Utterance("u", "reply", Spoken(aligned=True), complete=True)
    playout = playing(one)
    assert playout.settled(0) == [one]


def test_it_is_not_over_while_the_voice_may_go_on():
    playout = playing(utterance(1, complete=False), 2)
    assert playout.settled(2) == []


def test_a_failed_utterance_ends_by_failure():
    playout = playing(utterance(1), 2)
    playout.current.failed = True
    assert playout.settled(2)[0].cut_by == "failure"


def test_a_line_that_never_confirms_is_not_waited_for_for_ever():
    playout = playing(utterance(1), 2 + PATIENCE - 1)
    assert playout.settled(1) == []
    playout.next()
    assert [one.cut_by for one in playout.settled(1)] == ["failure"]


def test_a_cut_waits_for_the_frames_that_are_still_on_their_way():
    playout = playing(utterance(), 5)
    one = playout.cut("caller")
    assert playout.current is None and one.cut_by == "caller"
    assert playout.settled(4) == []
    assert playout.settled(5) == [one]
    assert one.heard(5).text == "w1 w2"
    assert playout.settled(5) == []


def test_frames_taken_back_are_never_heard_and_have_no_number():
    playout = playing(utterance(), 7, sent=3)
    playout.take_back(3)
    assert playout.sent == 7
    one = playout.cut("command")
    assert one.line_end == 7
    playout.current = utterance(id="next")
    playout.next()
    assert playout.current.stretches[0].line == 7
    assert playout.settled(7) == [one]
    assert one.heard(8).text == "w1 w2"


def test_taking_everything_back_leaves_nothing():
    playout = playing(utterance(), 4, sent=3)
    playout.take_back(4)
    one = playout.cut("caller")
    assert (one.line_end, one.stretches, playout.settled(0)) == (0, [], [one])


def test_frames_are_taken_back_from_words_that_were_cut_before_too():
    playout = playing(utterance(id="first"), 6)
    first = playout.cut("command")
    playout.current = utterance(id="second")
    playout.next()
    playout.take_back(3)
    second = playout.cut("caller")
    assert (first.line_end, second.line_end) == (4, 0)
    assert playout.settled(3) == [second]
    assert playout.settled(4) == [first]


def test_a_cut_does_not_wait_longer_than_a_second():
    playout = playing(utterance(), 5)
    one = playout.cut("caller")
    for _ in range(CUT_PATIENCE - 1):
        playout.next()
    assert playout.settled(3) == []
    playout.next()
    assert playout.settled(3) == [one]
    assert one.heard(3).text == "w1"


def test_nothing_is_cut_of_words_that_are_wholly_on_their_way():
    playout = playing(utterance(2), 4)
    assert playout.cut("caller").cut_by == ""
    playout = playing(utterance(2), 4)
    playout.current.failed = True
    assert playout.cut("caller").cut_by == "failure"
    playout = playing(utterance(2), 4)
    playout.take_back(1)
    assert playout.cut("caller").cut_by == "caller"
    playout = playing(utterance(2), 3)
    assert playout.cut("caller").cut_by == "caller"
    playout = playing(utterance(2, complete=False), 4)
    assert playout.cut("caller").cut_by == "caller"


def test_there_may_be_nothing_to_cut():
    assert Playout().cut("caller") is None


def test_a_pause_is_silence_and_speech_goes_on_with_the_word_that_was_cut():
    playout = playing(utterance(), 5)
    playout.pause()
    assert playout.next() is None and playout.next() is None
    playout.resume(5)
    assert playout.next() == b"\x05" * FRAME
    for _ in range(5):
        playout.next()
    one = playout.current
    assert one.heard(99).text == "w1 w2 w3 w4 w5"
    assert one.passed(5) == one.passed(7) == 5 * FRAME
    assert one.passed(8) == 5 * FRAME
    assert one.passed(9) == 6 * FRAME
    assert playout.settled(12) == [] and playout.settled(13) == [one]


def test_a_pause_of_no_frames_speaks_the_word_again_all_the_same():
    playout = playing(utterance(), 5)
    playout.pause()
    playout.resume(5)
    for _ in range(3):
        playout.next()
    assert playout.current.passed(7) == 6 * FRAME
    assert playout.current.heard(7).text == "w1 w2 w3"


def test_there_may_be_nothing_to_resume():
    playout = Playout(paused=True)
    playout.resume(0)
    assert not playout.paused


def test_the_very_last_sample_is_sent():
    one = Utterance("u", "reply", Spoken(aligned=False), complete=True)
    one.add(b"\x01")
    assert one.frame(0) == b"\x01" + b"\xff" * 159


def test_a_paused_utterance_is_not_over_though_all_of_it_was_sent():
    playout = playing(utterance(1), 2)
    playout.pause()
    assert playout.settled(2) == []


def test_a_cut_ends_the_pause():
    playout = playing(utterance(), 2)
    playout.pause()
    playout.cut("caller")
    assert not playout.paused


def test_whatever_is_taken_back_and_cut_what_is_reported_is_what_was_played():
    """Against a line that really plays and takes back frames, at random."""
    for seed in range(300):
        dice = random.Random(seed)
        playout, waiting, played, delay = Playout(), [], [], dice.randrange(8)
        ended, at = {}, 0
        for tick in range(60):
            for one in playout.settled(len(played)):
                ended[one.id] = one.heard(len(played)).text
            if playout.current is None:
                playout.current = utterance(dice.randrange(1, 6), id=f"u{tick}")
            frame = playout.next()
            waiting.append((playout.current.id, frame[0]) if frame else None)
            while len(waiting) > delay:
                played.append(waiting.pop(0))
            if dice.random() < 0.1:
                at = len(waiting) if dice.random() < 0.5 else 0
                del waiting[len(waiting) - at :]
                playout.take_back(at)
                playout.cut("caller")
        for id, text in ended.items():
            frames = [number for got in played if got and got[0] == id for number in [got[1]]]
            assert text.split() == [f"w{n // 2}" for n in frames if n % 2 == 0], (seed, id)
