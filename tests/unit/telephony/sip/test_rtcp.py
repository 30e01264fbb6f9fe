from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from trunkline.telephony.sip.rtcp import EVERY_MS, FIRST_MS, Reception, Reports, Sent

OURS, THEIRS = 11, 22
SENT = Sent(OURS, 100, 16_000, 5)


def received(*sequences: int, ssrc: int = THEIRS) -> Reception:
    reception = Reception()
    for n, sequence in enumerate(sequences):
        reception.arrived(n * 20, ssrc, sequence, n * 160)
    return reception


def test_losses_are_counted_across_the_wrap() -> None:
    reception = received(65_534, 65_535, 1, 2)
    assert (reception.expected, reception.received, reception.lost) == (5, 4, 1)
    assert reception.highest == 65_538


def test_order_and_repetition_are_no_loss() -> None:
    assert received(1, 3, 2, 3, 4).lost == 0


def test_the_share_of_losses_is_since_the_last_report() -> None:
    reception = received(*range(0, 20, 2))
    assert reception.fraction_lost() == (9 << 8) // 19
    for sequence in range(19, 39):
        reception.arrived(0, THEIRS, sequence, 0)
    assert reception.fraction_lost() == 0


def test_a_new_ssrc_is_counted_anew_and_the_totals_stay() -> None:
    reception = received(1, 3)
    reception.arrived(0, 33, 900, 0)
    assert (reception.expected, reception.totals) == (1, (3, 1))


def test_jitter_is_nothing_for_a_steady_stream_and_grows_with_delay() -> None:
    assert received(*range(50)).jitter == 0
    reception = Reception()
    for n in range(200):
        reception.arrived(n * 20 + (10 if n % 2 else 0), THEIRS, n, n * 160)
    assert 70 < reception.jitter < 81


def test_the_round_trip_comes_back_in_their_report() -> None:
    ours, theirs = Reports(0, "a"), Reports(0, "b")
    report = ours.write(10_000, SENT, received(1, 2))
    assert theirs.read(10_040, report, THEIRS)
    back = theirs.write(12_000, Sent(THEIRS, 1, 160, 0), received(1, 2, 4, ssrc=OURS))
    assert ours.read(12_035, back, OURS)
    assert ours.round_trip_ms is not None
    assert abs(ours.round_trip_ms - 75) <= 1
    assert ours.far_lost == 1


def test_reports_about_others_and_impossible_trips_are_not_believed() -> None:
    ours, theirs = Reports(0, "a"), Reports(0, "b")
    theirs.read(10_000, ours.write(10_000, SENT, Reception()), THEIRS)
    back = theirs.write(10_000, Sent(THEIRS, 1, 160, 0), received(1, ssrc=99))
    ours.read(10_100, back, OURS)
    assert ours.round_trip_ms is None
    back = theirs.write(10_000, Sent(THEIRS, 1, 160, 0), received(1, ssrc=OURS))
    ours.read(99_000, back, OURS)
    assert ours.round_trip_ms is None


def test_one_who_has_sent_nothing_makes_a_receiver_report() -> None:
    report = Reports(0, "a").write(0, Sent(OURS, 0, 0, 0), received(1))
    assert report[1] == 201
    assert Reports(0, "b").read(5, report, THEIRS)


def test_a_goodbye_closes_the_compound() -> None:
    report = Reports(0, "name").write(0, SENT, Reception(), goodbye=True)
    assert report[-8:] == b"\x81\xcb\x00\x01" + OURS.to_bytes(4, "big")
    assert b"name" in report


def test_reports_are_due_soon_and_then_every_five_seconds() -> None:
    reports = Reports(0, "a")
    assert reports.due_at == FIRST_MS
    reports.write(2_000, SENT, Reception())
    assert reports.due_at == 2_000 + EVERY_MS


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    Reports(0, "a").read(1_000, data, OURS)


@given(st.integers(0, 100), st.integers(0, 255))
def test_a_damaged_report_is_read_or_refused(at: int, byte: int) -> None:
    report = bytearray(Reports(0, "a").write(0, SENT, received(1)))
    report[at % len(report)] = byte
    Reports(0, "b").read(1_000, bytes(report), OURS)
