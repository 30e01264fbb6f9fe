from __future__ import annotations

from trunkline.telephony.sip.source import AFTER_SDP_MS, PROBATION, SILENCE_MS, MediaSource

FAR, MOVED, STRANGER = ("192.0.2.9", 4000), ("192.0.2.9", 4444), ("203.0.113.66", 4000)


def told() -> MediaSource:
    source = MediaSource()
    source.told(0, FAR)
    return source


def send(
    source: MediaSource, now: int, address: tuple[str, int], ssrc: int = 1, first: int = 0, count: int = 10
) -> list[bool]:
    return [source.admit(now, address, ssrc, (first + n) & 0xFFFF) for n in range(count)]


def test_before_an_sdp_nobody_is_taken() -> None:
    assert not any(send(MediaSource(), 10_000, FAR))


def test_the_agreed_address_is_taken_with_any_ssrc() -> None:
    source = told()
    assert all(send(source, 100, FAR, ssrc=1))
    assert all(send(source, 200, FAR, ssrc=2))
    assert source.ssrc == 2


def test_another_port_of_the_same_host_is_followed_right_after_the_sdp() -> None:
    source = told()
    assert send(source, AFTER_SDP_MS, MOVED, first=65_534) == [False] * (PROBATION - 1) + [True] * (11 - PROBATION)
    assert source.address == MOVED


def test_later_it_must_wait_for_a_silence() -> None:
    source = told()
    send(source, 5_000, FAR)
    assert not any(send(source, 5_000 + SILENCE_MS - 1, MOVED))
    assert any(send(source, 5_000 + SILENCE_MS, MOVED, first=50))


def test_a_stranger_is_kept_out_while_the_far_end_talks() -> None:
    source = told()
    for now in range(0, 10_000, 20):
        assert source.admit(now, FAR, 1, now // 20)
        assert not source.admit(now, STRANGER, 9, now // 20)
    assert source.address == FAR


def test_a_stranger_may_not_use_the_time_after_the_sdp() -> None:
    source = told()
    source.admit(0, FAR, 1, 0)
    assert not any(send(source, 1_000, STRANGER))


def test_noise_is_not_followed_even_in_silence() -> None:
    source = told()
    assert not any(source.admit(60_000 + n, STRANGER, n * 7, n * 31) for n in range(100))
    assert not any(source.admit(60_000 + n, ("203.0.113.66", n), 1, n) for n in range(100))


def test_a_new_sdp_moves_the_address_and_the_same_one_keeps_what_was_learned() -> None:
    source = told()
    send(source, 100, MOVED)
    source.told(3_000, FAR)
    assert source.address == MOVED
    source.told(3_000, STRANGER)
    assert source.address == STRANGER
