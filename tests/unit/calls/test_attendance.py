from __future__ import annotations

from trunkline.calls.attendance import Attendance

A, B = ("org", "call_a"), ("org", "call_b")


def test_a_worker_that_beats_is_there_and_one_that_is_silent_for_too_long_is_lost() -> None:
    attendance = Attendance(15)
    attendance.beat(100, "w1", [A])
    attendance.beat(100, "w2", [B])
    attendance.beat(110, "w2", [B])
    assert attendance.lost(115, trusted=True) == []
    assert attendance.lost(115.1, trusted=True) == ["w1"]
    assert attendance.calls["w1"] == {A}


def test_silence_means_nothing_while_we_would_not_have_heard() -> None:
    attendance = Attendance(15)
    attendance.beat(100, "w1", [])
    assert attendance.lost(200, trusted=False) == []


def test_a_worker_whose_process_is_gone_is_lost_at_once_and_a_late_beat_changes_nothing() -> None:
    attendance = Attendance(15)
    attendance.beat(100, "w1", [A])
    attendance.report_gone(101, "w1")
    attendance.beat(101.1, "w1", [])
    assert attendance.lost(101.2, trusted=False) == ["w1"]
    assert attendance.calls["w1"] == {A}


def test_the_gone_are_not_remembered_for_ever() -> None:
    attendance = Attendance(15)
    attendance.report_gone(0, "w1")
    attendance.report_gone(3_700, "w2")
    assert attendance.lost(3_700, trusted=True) == ["w2"]


def test_a_worker_known_only_from_rows_has_its_full_time() -> None:
    attendance = Attendance(15)
    attendance.expect(100, ["w1"])
    attendance.expect(110, ["w1"])
    assert attendance.lost(115, trusted=True) == []
    assert attendance.lost(116, trusted=True) == ["w1"]


def test_a_worker_that_beats_again_is_not_lost() -> None:
    attendance = Attendance(15)
    attendance.beat(100, "w1", [])
    assert attendance.is_lost(120, "w1", trusted=True)
    attendance.beat(121, "w1", [])
    assert not attendance.is_lost(122, "w1", trusted=True)


def test_a_forgotten_worker_is_nobody() -> None:
    attendance = Attendance(15)
    attendance.beat(100, "w1", [A])
    attendance.forget("w1")
    assert attendance.lost(200, trusted=True) == []
    assert not attendance.is_lost(200, "w1", trusted=True)


def test_a_live_call_that_its_worker_does_not_name_is_an_orphan_after_a_while() -> None:
    attendance = Attendance(15)
    attendance.beat(100, "w1", [A])
    live = [("w1", A), ("w1", B), ("never heard of", ("org", "call_c"))]
    assert attendance.orphans(100, live) == []
    assert attendance.orphans(115, live) == []
    assert attendance.orphans(115.1, live) == [B]


def test_a_call_that_is_named_again_is_no_orphan() -> None:
    attendance = Attendance(15)
    attendance.beat(100, "w1", [])
    assert attendance.orphans(100, [("w1", A)]) == []
    attendance.beat(110, "w1", [A])
    assert attendance.orphans(110, [("w1", A)]) == []
    attendance.beat(114, "w1", [])
    assert attendance.orphans(120, [("w1", A)]) == []
