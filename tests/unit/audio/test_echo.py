import pytest
from audio_frames import SILENCE, frames, louder, mixed, noise, voiced

from trunkline.audio.echo import EchoGuard
from trunkline.audio.modem import modulate

OURS = modulate("Hello there this is the assistant speaking about our opening hours today").audio
THEIRS = modulate("Wait please I would like to ask something else about that appointment").audio
SETTLED = 12


def verdicts(sent: bytes, line: bytes) -> list[bool]:
    """One tick after the other: a frame out, a frame in, and whose the latter is."""
    guard = EchoGuard()
    told = []
    for out, back in zip(frames(sent), frames(line), strict=False):
        guard.played(out)
        told.append(guard.is_echo(back))
    return told


def back(sent: bytes, delay: int, db: float) -> bytes:
    late = b"\xff" * delay + louder(sent, db)
    return late[: len(late) // 160 * 160]


@pytest.mark.parametrize("delay", [0, 37, 800, 2_401, 4_000])
@pytest.mark.parametrize("db", [0, -12, -30])
@pytest.mark.parametrize("sent", [OURS, voiced(3_000)], ids=["modem", "voice"])
def test_our_own_voice_is_an_echo_whatever_its_delay_and_level(sent: bytes, delay: int, db: float):
    told = verdicts(sent, back(sent, delay, db))
    assert all(told[delay // 160 + 2 :])


def test_somebody_elses_words_are_none():
    told = verdicts(OURS, THEIRS)
    assert not any(told[SETTLED:])
    assert sum(told[:SETTLED]) <= 4


def test_noise_is_none():
    assert not any(verdicts(OURS, noise(len(OURS), -20)))


def test_somebody_who_speaks_over_our_echo_as_loudly_is_none():
    told = verdicts(OURS, mixed(louder(OURS, -6), louder(THEIRS, -6)))
    assert sum(told[SETTLED:]) <= 0.02 * len(told)


def test_an_echo_is_recognised_while_it_decays_after_our_last_word():
    told = verdicts(OURS + b"\xff" * 3_200, back(OURS, 3_200, -12))
    assert all(told[len(OURS) // 160 : len(OURS) // 160 + 15])


def test_nothing_is_an_echo_when_nothing_was_sent():
    assert not any(verdicts(b"\xff" * len(THEIRS), THEIRS))
    guard = EchoGuard()
    assert not guard.is_echo(frames(THEIRS)[0])


def test_silence_is_no_echo():
    assert not any(verdicts(OURS, b"\xff" * len(OURS)))


def test_frames_heard_before_the_question_make_the_answer_surer():
    """Two modems begin alike: a single frame cannot tell, twelve can."""
    guard, asked_at_once = EchoGuard(), EchoGuard()
    for number, (out, line) in enumerate(zip(frames(OURS), frames(modulate("Hi there this is").audio), strict=False)):
        guard.played(out)
        asked_at_once.played(out)
        if number == 8:
            assert asked_at_once.is_echo(frames(OURS)[5])
            assert not guard.is_echo(line)
            return
        guard.heard(line)


def test_a_tick_without_a_frame_begins_a_new_window():
    guard = EchoGuard()
    for line in frames(THEIRS)[:20]:
        guard.played(SILENCE)
        guard.heard(line)
    for out in frames(OURS)[:20]:
        guard.played(out)
    guard.played(frames(OURS)[20])
    assert guard.is_echo(frames(OURS)[18])
