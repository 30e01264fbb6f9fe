from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st

from trunkline.audio.g711 import ulaw_to_linear
from trunkline.telephony.sip.digits import (
    GAP_TICKS,
    KEYS,
    MAX_QUEUED,
    PAUSE_TICKS,
    TONE_TICKS,
    Dialler,
    Listener,
    Step,
    event,
    tone,
)


def steps(digits: str) -> list[Step]:
    dialler = Dialler()
    dialler.press(digits)
    made: list[Step] = []
    while (step := dialler.next()) is not None:
        made.append(step)
    return made


def test_one_digit_is_a_tone_three_ends_and_a_gap() -> None:
    made = steps("5")
    assert [step.duration for step in made[: TONE_TICKS + 2]] == [160, 320, 480, 640, 800, 800, 800]
    assert [step.first for step in made].count(True) == 1
    assert [step.last for step in made].count(True) == 3
    assert [step.key for step in made[-GAP_TICKS:]] == [""] * GAP_TICKS


def test_a_comma_is_half_a_second() -> None:
    assert steps(",") == [Step("", 0, False, False)] * PAUSE_TICKS


def test_what_is_no_key_is_left_out_and_the_queue_is_bounded() -> None:
    assert {step.key for step in steps("a x-1")} == {"A", "1", ""}
    assert sum(step.first for step in steps("1" * 1_000)) == MAX_QUEUED


def test_the_payload_is_as_in_rfc_4733() -> None:
    assert event(Step("#", 800, False, True)) == bytes((11, 0x8A, 0x03, 0x20))
    assert event(Step("0", 160, True, False)) == bytes((0, 0x0A, 0x00, 0xA0))


@given(st.text(alphabet=KEYS, max_size=20), st.data())
def test_digits_sent_are_heard_once_each_in_order_whatever_is_lost_but_one_packet(
    text: str, data: st.DataObject
) -> None:
    listener, heard = Listener(), ""
    for at, digit in enumerate(text):
        packets = [event(step) for step in steps(digit) if step.key]
        kept = data.draw(st.lists(st.sampled_from(packets), min_size=1))
        heard += "".join(listener.hear(1, at * 2_000, packet) for packet in kept)
    assert heard == text


def test_nonsense_is_no_digit() -> None:
    listener = Listener()
    assert listener.hear(1, 1, b"\x05") == ""
    assert listener.hear(1, 1, b"\x10\x0a\x00\xa0") == ""


def test_the_tone_is_the_sum_of_its_two_pitches() -> None:
    sound = b"".join(ulaw_to_linear(tone(step)) for step in steps("6")[:TONE_TICKS])
    samples = [int.from_bytes(sound[at : at + 2], "little", signed=True) for at in range(0, len(sound), 2)]

    def strength(hertz: float) -> float:
        turn = 2 * math.pi * hertz / 8_000
        return math.hypot(
            sum(v * math.cos(turn * n) for n, v in enumerate(samples)),
            sum(v * math.sin(turn * n) for n, v in enumerate(samples)),
        ) / len(samples)

    assert min(strength(770), strength(1477)) > 10 * max(strength(697), strength(852), strength(1336), strength(1633))
