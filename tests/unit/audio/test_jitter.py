from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trunkline.audio.g711 import ulaw_to_linear
from trunkline.audio.jitter import JUMP, MOST_FRAMES, SILENCE, START_FRAMES, WINDOW, JitterBuffer


def frame(n: int, loud: bool = True) -> bytes:
    """Frame number n, unlike all others."""
    noise = random.Random(n).randbytes(160)
    return noise if loud else bytes(0x78 | byte & 0x87 for byte in noise)


def push(buffer: JitterBuffer, n: int, loud: bool = True, start: int = 0) -> None:
    buffer.push((start + n) & 0xFFFF, (start * 160 + n * 160) & 0xFFFF_FFFF, frame(n, loud))


def peak(ulaw: bytes) -> int:
    linear = ulaw_to_linear(ulaw)
    return max(abs(int.from_bytes(linear[at : at + 2], "little", signed=True)) for at in range(0, len(linear), 2))


@pytest.mark.parametrize("start", [0, 65_500, 26_843_500])
def test_a_steady_stream_comes_out_whole_40_ms_later(start: int) -> None:
    buffer, out = JitterBuffer(), []
    for n in range(300):
        push(buffer, n, start=start)
        out.append(buffer.pull())
    assert out == [SILENCE] * START_FRAMES + [frame(n) for n in range(300 - START_FRAMES)]
    assert (buffer.counts.concealed, buffer.counts.late, buffer.counts.dropped) == (0, 0, 0)


def test_before_the_first_packet_there_is_silence() -> None:
    assert JitterBuffer().pull() == SILENCE


def test_packets_out_of_order_are_put_in_order() -> None:
    buffer, out = JitterBuffer(), []
    for pair in range(0, 40, 2):
        for n in (pair + 1, pair):
            push(buffer, n)
            out.append(buffer.pull())
    assert out == [SILENCE] + [frame(n) for n in range(39)]
    assert buffer.counts.duplicate == 0


def test_a_lost_packet_is_hidden_and_the_ones_after_it_come_on_time() -> None:
    buffer, out = JitterBuffer(), []
    for n in range(50):
        if n not in (10, 20, 21, 22, 23, 24, 25):
            push(buffer, n)
        out.append(buffer.pull())
    played = out[START_FRAMES:]
    assert played[10] == frame(9)
    assert [peak(one) for one in played[20:26]] == sorted([peak(one) for one in played[20:26]], reverse=True)
    assert played[24:26] == [SILENCE] * 2
    assert all(played[n] == frame(n) for n in range(48) if n not in (10, 20, 21, 22, 23, 24, 25))
    assert buffer.counts.concealed == 5


def test_a_duplicate_is_counted_and_not_played() -> None:
    buffer, out = JitterBuffer(), []
    for n in range(20):
        push(buffer, n)
        push(buffer, n)
        if n > 5:
            push(buffer, n - 5)
        out.append(buffer.pull())
    assert buffer.counts.duplicate == 34
    assert out[START_FRAMES:] == [frame(n) for n in range(18)]


def test_a_packet_whose_turn_has_passed_is_late() -> None:
    buffer = JitterBuffer()
    for n in range(20):
        if n != 5:
            push(buffer, n)
        buffer.pull()
    push(buffer, 5)
    assert buffer.counts.late == 1


def test_after_a_stall_nothing_is_lost_and_the_delay_has_grown() -> None:
    buffer, out = JitterBuffer(), []
    for tick in range(60):
        if tick == 25:
            for n in range(20, 26):
                push(buffer, n)
        elif not 20 <= tick < 25:
            push(buffer, tick)
        out.append(buffer.pull())
    real = [one for one in out if one in [frame(n) for n in range(60)]]
    for n in range(50):
        assert frame(n) in real, n
    assert buffer.delay_ms >= 80
    assert buffer.counts.late == 0


def test_the_delay_shrinks_again_in_silence_a_frame_at_a_time() -> None:
    buffer = JitterBuffer()
    for n in range(8):
        push(buffer, n)
    for n in range(8, 8 + 2 * WINDOW + 60):
        push(buffer, n, loud=n % 10 < 5)
        buffer.pull()
    assert buffer.counts.dropped == MOST_FRAMES - START_FRAMES
    assert buffer.delay_ms <= (START_FRAMES + 1) * 20


def test_a_loud_stream_is_cut_only_after_a_while() -> None:
    buffer = JitterBuffer()
    for n in range(6):
        push(buffer, n)
    for n in range(6, 6 + 2 * WINDOW + 90):
        push(buffer, n)
        buffer.pull()
    assert buffer.counts.dropped == 0
    for n in range(6 + 2 * WINDOW + 90, 6 + 2 * WINDOW + 120):
        push(buffer, n)
        buffer.pull()
    assert buffer.counts.dropped == 1


def test_a_flood_is_cut_to_200_ms() -> None:
    buffer = JitterBuffer()
    for n in range(60):
        push(buffer, n)
    assert buffer.delay_ms == MOST_FRAMES * 20
    assert buffer.pull() == frame(60 - 1 - MOST_FRAMES)


def test_a_jump_of_the_timestamp_is_another_stream_once_confirmed() -> None:
    buffer = JitterBuffer()
    for n in range(20):
        push(buffer, n)
        buffer.pull()
    buffer.push(777, 20 * 160 + 2 * JUMP, frame(1))
    assert buffer.counts.resyncs == 0, "one stray packet is not believed"
    push(buffer, 20)
    assert buffer.pull() == frame(18)
    for n in range(3):
        buffer.push(900 + n, 5_000_000 + n * 160, frame(40 + n))
    assert buffer.counts.resyncs == 1
    assert [buffer.pull() for _ in range(3)][-1] == frame(41)


def test_a_pause_of_the_far_end_is_no_jump() -> None:
    buffer = JitterBuffer()
    for n in range(20):
        push(buffer, n)
        buffer.pull()
    for _ in range(200):
        buffer.pull()
    for n in range(220, 240):
        buffer.push(n - 200, n * 160, frame(n))
        out = buffer.pull()
    assert out == frame(237)
    assert buffer.counts.resyncs == 0


@pytest.mark.parametrize("samples", [80, 240, 320, 480])
def test_packets_of_other_lengths_come_out_whole(samples: int) -> None:
    buffer, out = JitterBuffer(), b""
    stream = b"".join(frame(n) for n in range(60))
    sent = 0
    for tick in range(56):
        while sent < (tick + 3) * 160:
            buffer.push(sent // samples, sent, stream[sent : sent + samples])
            sent += samples
        out += buffer.pull()
    assert stream[: 50 * 160] in out


def test_a_lost_packet_of_another_length_leaves_the_rest_in_place() -> None:
    buffer, out = JitterBuffer(), b""
    stream = b"".join(frame(n) for n in range(60))
    for n in range(30):
        if n != 7:
            buffer.push(n, n * 240, stream[n * 240 : n * 240 + 240])
        if n >= 2:
            out += buffer.pull() + (buffer.pull() if n % 2 else b"")
    assert stream[1920 : 1920 + 3_000] in out


def test_an_empty_packet_is_nothing() -> None:
    buffer = JitterBuffer()
    buffer.push(1, 1, b"")
    assert buffer.counts.received == 0


@given(
    st.lists(
        st.tuples(st.integers(0, 65_535), st.integers(0, 2**32 - 1), st.binary(max_size=700), st.integers(0, 3)),
        max_size=60,
    )
)
def test_whatever_comes_in_each_tick_gives_one_frame(packets: list[tuple[int, int, bytes, int]]) -> None:
    buffer = JitterBuffer()
    for sequence, timestamp, payload, pulls in packets:
        buffer.push(sequence, timestamp, payload)
        assert all(len(buffer.pull()) == 160 for _ in range(pulls))


@pytest.mark.parametrize("seed", range(5))
def test_under_jitter_and_loss_what_arrives_is_played_in_order(seed: int) -> None:
    """Delays up to 80 ms, 2 % lost: after the first second at most 2 % of what arrived is not played."""
    chance, buffer = random.Random(seed), JitterBuffer()
    arrivals = sorted((n + chance.random() * 4, n) for n in range(1_000) if chance.random() > 0.02)
    names = {frame(n): n for n in range(1_000)}
    played, at = [], 0
    for tick in range(1_020):
        while at < len(arrivals) and arrivals[at][0] <= tick:
            push(buffer, arrivals[at][1])
            at += 1
        concealed = buffer.counts.concealed
        out = buffer.pull()
        if buffer.counts.concealed == concealed and out in names:
            played.append(names[out])
    assert played == sorted(set(played))
    assert len(played) + buffer.counts.late + buffer.counts.dropped == len(arrivals)
    assert len([n for n in played if n > 50]) > 0.98 * len([n for _, n in arrivals if n > 50])
