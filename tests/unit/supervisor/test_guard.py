"""Which process groups the guard has to kill."""

from __future__ import annotations

from trunkline.supervisor.guard import groups


def test_those_watched_and_not_forgotten_are_killed():
    assert groups([10, 11, -10, 12]) == [11, 12]


def test_a_number_may_be_used_again():
    assert groups([10, -10, 10]) == [10]


def test_forgetting_a_stranger_does_nothing():
    assert groups([-10]) == []
