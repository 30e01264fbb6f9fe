"""When processes start again and in which order they stop."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trunkline.supervisor import plan
from trunkline.supervisor.plan import (
    Begin,
    Child,
    Died,
    Effect,
    Exit,
    Kill,
    Plan,
    Ready,
    ReportLost,
    Role,
    Start,
    StopAsked,
    Terminate,
    Wake,
)  # fmt: skip

CHILDREN = [
    Child("nats", Role.NATS),
    Child("api", Role.API),
    Child("worker-1", Role.WORKER),
    Child("worker-2", Role.WORKER),
]


def up(drain_s: float = 30) -> Plan:
    begun = Plan(CHILDREN, drain_s)
    begun.handle(0, Begin())
    return begun


def test_all_start_at_once():
    assert Plan(CHILDREN, 30).handle(0, Begin()) == [Start(child.name, 1) for child in CHILDREN]


def test_a_dead_child_starts_again_after_a_short_pause():
    running = up()
    assert running.handle(5, Died("api", 1)) == []
    assert running.deadline == pytest.approx(5.1)
    assert running.handle(5.05, Wake()) == []
    assert running.handle(5.1, Wake()) == [Start("api", 2)]
    assert running.deadline is None


def test_pauses_double_up_to_a_limit_while_it_keeps_dying():
    running, now, pauses = up(), 0.0, []
    for _ in range(8):
        running.handle(now, Died("api", 1))
        assert running.deadline is not None
        pauses.append(round(running.deadline - now, 3))
        now = running.deadline
        running.handle(now, Wake())
    assert pauses == [0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 5.0, 5.0]


def test_a_child_that_was_steady_is_started_again_quickly():
    running = up()
    for now in (1.0, 2.0):
        running.handle(now, Died("api", 1))
        running.handle(now + 0.5, Wake())
    running.handle(2.5 + plan.STEADY_S, Died("api", 1))
    assert running.deadline == pytest.approx(2.5 + plan.STEADY_S + plan.FIRST_PAUSE_S)


def test_the_calls_of_a_dead_worker_are_reported_before_anything_else():
    running = up()
    assert running.handle(3, Died("worker-2", -9)) == [ReportLost("worker-2", 1)]
    running.handle(4, Wake())
    assert running.handle(5, Died("worker-2", 0)) == [ReportLost("worker-2", 2)]


def test_stopping_goes_from_workers_to_the_api_to_nats():
    running = up()
    assert running.handle(10, StopAsked()) == [Terminate("worker-1"), Terminate("worker-2")]
    assert running.handle(11, Died("worker-1", 0)) == []
    assert running.handle(12, Died("worker-2", 0)) == [Terminate("api")]
    assert running.handle(13, Died("api", 0)) == [Terminate("nats")]
    assert running.handle(14, Died("nats", 1)) == [Exit(0)]
    assert running.handle(15, Died("nats", 1)) == []


def test_without_a_nats_of_its_own_the_api_is_the_last():
    running = Plan(CHILDREN[1:3], 30)
    running.handle(0, Begin())
    running.handle(1, StopAsked())
    running.handle(2, Died("worker-1", 0))
    assert running.handle(3, Died("api", 0)) == [Exit(0)]


def test_workers_get_the_time_of_their_calls_and_are_then_killed():
    running = up(drain_s=30)
    running.handle(100, StopAsked())
    assert running.deadline == 100 + 30 + plan.GRACE_S
    assert running.handle(135, Wake()) == [Kill("worker-1"), Kill("worker-2")]
    assert running.deadline is None
    assert running.handle(135, Died("worker-1", -9)) == [ReportLost("worker-1", 1)]
    assert running.handle(135, Died("worker-2", -9)) == [ReportLost("worker-2", 1), Terminate("api")]
    assert running.deadline == 135 + plan.GRACE_S


def test_api_and_nats_are_kept_alive_while_calls_finish():
    running = up()
    running.handle(10, StopAsked())
    running.handle(11, Died("nats", -9))
    assert running.handle(12, Wake()) == [Start("nats", 2)]
    running.handle(13, Died("worker-1", 0))
    running.handle(13, Died("worker-2", 0))
    running.handle(14, Died("api", 0))
    assert running.handle(15, Died("nats", 0)) == [Exit(0)]


def test_a_child_that_waits_to_be_started_again_is_not_started_when_its_stage_stops():
    running = up()
    running.handle(10, Died("worker-1", 1))
    assert running.handle(10.05, StopAsked()) == [Terminate("worker-2")]
    assert running.handle(11, Wake()) == []
    assert running.handle(12, Died("worker-2", 0)) == [Terminate("api")]


def test_a_second_signal_kills_and_leaves():
    running = up()
    running.handle(10, Died("worker-1", 1))
    running.handle(10, StopAsked())
    assert running.handle(11, StopAsked()) == [Kill("nats"), Kill("api"), Kill("worker-2"), Exit(1)]
    assert running.deadline is None
    assert running.handle(12, Died("api", -9)) == []


def test_bad_settings_found_by_a_child_stop_everything():
    running = up()
    assert running.handle(1, Died("api", 2)) == [Terminate("worker-1"), Terminate("worker-2")]
    running.handle(2, Died("worker-1", 0))
    assert running.handle(2, Died("worker-2", 0)) == [Terminate("nats")]
    assert running.handle(3, Died("nats", 0)) == [Exit(2)]


def test_the_same_exit_code_later_is_a_death_like_any_other():
    running = up()
    running.handle(1, Ready())
    assert running.handle(2, Died("api", 2)) == []
    assert running.handle(3, Wake()) == [Start("api", 2)]


STEPS = st.sampled_from(["die", "die badly", "wake", "stop", "ready"])


@given(st.lists(st.tuples(STEPS, st.integers(0, 3)), max_size=60))
def test_whatever_happens_stopping_ends_with_one_exit_and_nothing_alive(steps: list[tuple[str, int]]):
    running, alive, now = Plan(CHILDREN, 30), set[str](), 0.0
    exits = 0

    def feed(input: plan.Input) -> None:
        nonlocal exits
        for effect in running.handle(now, input):
            exits += _apply(effect, alive)

    feed(Begin())
    for step, which in [*steps, ("stop", 0)]:
        now += 0.5
        for input in _inputs(step, which, alive):
            feed(input)
    for _ in range(20):
        now += 50
        feed(Wake())
        for name in sorted(alive):
            alive.discard(name)
            feed(Died(name, 0))
    assert (exits, alive) == (1, set())


def _inputs(step: str, which: int, alive: set[str]) -> Iterator[plan.Input]:
    match step:
        case "wake":
            yield Wake()
        case "stop":
            yield StopAsked()
        case "ready":
            yield Ready()
        case _ if CHILDREN[which].name in alive:
            alive.discard(CHILDREN[which].name)
            yield Died(CHILDREN[which].name, 2 if step == "die badly" else -9)


def _apply(effect: Effect, alive: set[str]) -> int:
    match effect:
        case Start(name):
            assert name not in alive
            alive.add(name)
        case Terminate(name) | Kill(name):
            assert name in alive
        case Exit():
            return 1
    return 0
