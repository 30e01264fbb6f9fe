"""One direction of a sandbox line."""

from __future__ import annotations

from trunkline.audio.g711 import level_db
from trunkline.audio.modem import Demodulator, modulate
from trunkline.calls.leg import SILENCE
from trunkline.telephony.sandbox.link import SETTLE, Link, garbled

SOUND = b"\x20" * 160


def takes(link: Link, ticks: int) -> list[bytes | None]:
    return [link.take() for _ in range(ticks)]


def test_a_lone_frame_comes_out_after_it_has_waited_a_little():
    link = Link()
    link.put(SOUND)
    assert takes(link, SETTLE + 2) == [None] * SETTLE + [SOUND, None]
    assert link.taken == 1


def test_it_flows_as_soon_as_enough_frames_wait():
    link = Link()
    for _ in range(SETTLE + 1):
        link.put(SOUND)
    assert link.take() == SOUND


def test_two_frames_late_tear_no_hole():
    link = Link()
    flow: list[bytes | None] = []
    for tick in range(50):
        if tick % 10 == 7:
            flow.append(link.take())  # the sender is late by this tick, and by the next
            continue
        for _ in range(2 if tick % 10 == 8 else 1):
            link.put(SOUND)
        flow.append(link.take())
    assert None not in flow[SETTLE + 1 :]


def test_after_running_dry_it_settles_again():
    link = Link()
    for _ in range(SETTLE + 1):
        link.put(SOUND)
    assert takes(link, SETTLE + 2)[-1] is None
    link.put(SOUND)
    assert link.take() is None


def test_what_was_taken_back_never_comes_out_and_does_not_count():
    link = Link()
    for _ in range(5):
        link.put(SOUND)
    link.take()
    assert link.clear() == 4
    assert link.clear() == 0
    assert takes(link, 5) == [None] * 5
    assert link.taken == 1


def test_lateness_is_made_up_for_in_pauses_and_never_in_speech():
    link = Link()
    for frame in [SOUND] * 10 + [SILENCE] * 20 + [SOUND] * 10:
        link.put(frame)
    out: list[bytes | None] = []
    while len(link):
        out.append(link.take())
    assert out.count(SOUND) == 20
    assert out[:10] == [SOUND] * 10
    assert out.count(SILENCE) == 10
    assert link.taken == 40


def test_as_many_frames_as_asked_for_are_garbled_and_no_more():
    link = Link()
    for _ in range(6):
        link.put(SOUND)
    link.corrupt(1)
    link.corrupt(1)
    assert takes(link, 4) == [garbled(SOUND)] * 2 + [SOUND] * 2


def test_a_garbled_frame_is_as_loud_as_before_and_not_understood():
    audio = modulate("Wait.").audio
    frames = [audio[at : at + 160] for at in range(0, len(audio), 160)]
    assert all(abs(level_db(garbled(frame)) - level_db(frame)) < 0.5 for frame in frames)
    ear = Demodulator()
    assert [word for frame in frames for word in ear.feed(garbled(frame))] == []
