"""Where each command of a call stands, and who is next."""

from call_plays import inject, instant, say

from trunkline.calls.running import Running
from trunkline.calls.standing import KEPT, Standing
from trunkline.calls.verbs import Interrupt, Status, Verb

NOW = Interrupt.NOW


def queued(*commands):
    standing = Standing()
    for command in commands:
        standing.join(Running(command, 0, command.id))
    return standing


def lane(standing):
    return [run.command.id for run in standing.queue]


def finished(standing, id, status):
    standing.receipts[id] = Running(say(id), 0, id).receipt(status, "frames")


def test_the_lane_is_first_in_first_out():
    assert lane(queued(say("a"), say("b"), say("c"))) == ["a", "b", "c"]


def test_now_joins_behind_those_that_may_overtake_too():
    assert lane(queued(say("a"), say("n", interrupt=NOW), say("b"), say("m", interrupt=NOW))) == ["n", "m", "a", "b"]


def test_nobody_is_next_in_an_empty_lane():
    assert Standing().next_up() is None


def test_the_first_is_next_even_if_it_has_to_wait_for_another():
    standing = queued(say("a", after="i"), say("b"))
    standing.instants.append(Running(inject("i"), 0, "i"))
    assert standing.next_up() is standing.queue[0]


def test_one_that_overtakes_waits_aside_for_its_predecessor():
    standing = queued(say("a"), say("n", interrupt=NOW, after="a"))
    assert standing.next_up().command.id == "a"
    finished(standing, "a", Status.HEARD)
    assert standing.next_up().command.id == "n"


def test_a_predecessor_is_waited_for_until_its_outcome_decides():
    standing = queued(say("a"))
    run = Running(say("b", after="a"), 0, "b")
    assert standing.predecessor(run) is None
    assert standing.predecessor(Running(say("b", after="never"), 0, "b")) is False
    for status, verdict in ((Status.INTERRUPTED, True), (Status.DONE, True), (Status.EXPIRED, False)):
        finished(standing, "a", status)
        assert standing.predecessor(run) is verdict
    assert standing.predecessor(Running(say("c"), 0, "c")) is True


def test_every_command_is_found_wherever_it_stands_until_it_has_its_outcome():
    standing = queued(say("q"))
    standing.current = Running(say("c"), 0, "c")
    standing.cut["x"] = Running(say("x"), 0, "x")
    standing.instants.append(Running(instant(Verb.HOLD, "i"), 0, "i"))
    for id in ("q", "c", "x", "i"):
        run = standing.find(id)
        assert standing.status_of(id).status is Status.ACCEPTED
        standing.settle(run, run.receipt(Status.DONE, "frames"))
        assert standing.find(id) is None
        assert standing.status_of(id).status is Status.DONE


def test_outcomes_are_remembered_but_not_without_end():
    standing = Standing()
    for n in range(KEPT + 1):
        run = Running(say(f"c{n}"), 0, f"c{n}")
        standing.settle(run, run.receipt(Status.HEARD, "frames"))
    assert standing.status_of("c0") is None
    assert standing.status_of("c1").status is Status.HEARD
    assert len(standing.receipts) == KEPT


def test_words_belong_to_whoever_has_the_floor_or_has_just_lost_it():
    standing = Standing()
    standing.current, standing.cut["x"] = Running(say("c"), 0, "c:again"), Running(say("x"), 0, "x")
    assert standing.speaker("c:again") is standing.current
    assert standing.speaker("x") is standing.cut["x"]
    assert standing.speaker("c") is None


def test_the_status_of_a_command_moves_from_accepted_over_started_to_its_outcome():
    standing = queued(say("a"))
    standing.queue[0].started_at = 5
    assert standing.status_of("a").status is Status.STARTED
    finished(standing, "a", Status.HEARD)
    assert standing.status_of("a").status is Status.HEARD
