from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sip_script import party

from trunkline.telephony.sip.message import Request, Response, parse, respond
from trunkline.telephony.sip.transaction import (
    NEXT,
    PATIENCE,
    T1,
    T2,
    T4,
    ClientTransaction,
    Deliver,
    Effect,
    Expired,
    InviteClientTransaction,
    InviteServerTransaction,
    Send,
    ServerTransaction,
    State,
    Transaction,
    Wake,
    acknowledge,
    cancel,
)

INVITE = party(routes=()).request("INVITE", 5, "z9hG4bKi", (("Route", "<sip:p;lr>"),))
BYE = party().request("BYE", 6, "z9hG4bKb", ())


def reply(code: int, request: Request = INVITE) -> Response:
    return respond(request, code, "", "theirs")


def run(machine: Transaction, until: int) -> list[tuple[int, Effect]]:
    """Wake the machine whenever it asked to be, up to a moment."""
    assert isinstance(machine, ClientTransaction | ServerTransaction)
    done: list[tuple[int, Effect]] = []
    while machine.deadline is not None and machine.deadline <= until:
        now = machine.deadline
        done += [(now, effect) for effect in machine.handle(now, Wake())]
    return done


def test_an_invite_is_repeated_with_growing_gaps_and_given_up_after_64_t1() -> None:
    machine = InviteClientTransaction(INVITE)
    [first] = machine.start(0)
    done = run(machine, 100_000)
    assert [at for at, effect in done if effect == first] == [500, 1_500, 3_500, 7_500, 15_500, 31_500]
    assert done[-1] == (PATIENCE, Expired())
    assert machine.over


def test_other_requests_are_repeated_at_most_every_t2() -> None:
    machine = ClientTransaction(BYE)
    machine.start(0)
    times = [at for at, effect in run(machine, 100_000) if isinstance(effect, Send)]
    assert times[:4] == [500, 1_500, 3_500, 7_500]
    assert {later - earlier for earlier, later in pairwise(times[3:])} == {T2}
    assert machine.over


def test_a_provisional_response_stops_the_invite_but_not_other_requests() -> None:
    invite, bye = InviteClientTransaction(INVITE), ClientTransaction(BYE)
    for machine, request in ((invite, INVITE), (bye, BYE)):
        machine.start(0)
        assert machine.handle(100, reply(100, request)) == [Deliver(reply(100, request))]
    assert invite.deadline is None
    assert [at for at, effect in run(bye, 9_000) if isinstance(effect, Send)] == [4_100, 8_100]
    assert run(bye, PATIENCE)[-1] == (PATIENCE, Expired())


def test_a_failure_is_acknowledged_each_time_it_comes_and_passed_once() -> None:
    machine = InviteClientTransaction(INVITE)
    machine.start(0)
    send, deliver = machine.handle(100, reply(486))
    assert deliver == Deliver(reply(486))
    assert isinstance(send, Send)
    ack = parse(send.data)
    assert isinstance(ack, Request)
    assert (ack.method, ack.uri, ack.get("CSeq"), ack.to_tag) == ("ACK", INVITE.uri, "5 ACK", "theirs")
    assert (ack.via.branch, ack.all("Route")) == ("z9hG4bKi", ["<sip:p;lr>"])
    assert machine.handle(600, reply(486)) == [send]
    assert machine.handle(700, reply(200)) == []
    assert run(machine, 100_000) == []
    assert machine.over


def test_every_2xx_is_passed_on_for_64_t1_and_no_failure_after_it() -> None:
    machine = InviteClientTransaction(INVITE)
    machine.start(0)
    for at in (100, 600):
        assert machine.handle(at, reply(200)) == [Deliver(reply(200))]
    assert machine.handle(700, reply(486)) == []
    assert machine.deadline == 100 + PATIENCE
    assert run(machine, 100_000) == []
    assert machine.over


def test_a_final_response_is_passed_once_and_the_echoes_absorbed_for_t4() -> None:
    machine = ClientTransaction(BYE)
    machine.start(0)
    assert machine.handle(100, reply(200, BYE)) == [Deliver(reply(200, BYE))]
    assert machine.handle(200, reply(200, BYE)) == []
    assert machine.deadline == 100 + T4
    assert run(machine, 100_000) == []
    assert machine.over


def test_a_repeated_request_gets_the_same_answer_again() -> None:
    machine = ServerTransaction()
    assert machine.handle(0, BYE) == []
    [answer] = machine.answer(0, reply(200, BYE))
    assert machine.handle(500, BYE) == [answer]
    assert machine.deadline == PATIENCE
    assert run(machine, 100_000) == []
    assert machine.over


@pytest.mark.parametrize("code", [200, 488])
def test_our_answer_to_an_invite_is_repeated_until_its_ack(code: int) -> None:
    machine = InviteServerTransaction()
    [answer] = machine.answer(0, reply(code))
    assert run(machine, 1_600) == [(T1, answer), (3 * T1, answer)]
    assert machine.handle(1_600, INVITE) == [answer]
    assert machine.acknowledged(1_700)
    assert not machine.acknowledged(1_800)
    assert run(machine, 100_000) == []
    assert machine.over


def test_an_answer_that_is_never_acknowledged_expires() -> None:
    machine = InviteServerTransaction()
    machine.answer(0, reply(200))
    assert run(machine, 100_000)[-1] == (PATIENCE, Expired())


def test_the_cancel_is_the_invite_s_twin() -> None:
    made = cancel(INVITE)
    assert (made.method, made.uri, made.get("CSeq")) == ("CANCEL", INVITE.uri, "5 CANCEL")
    assert made.get("Via") == INVITE.get("Via")
    assert acknowledge(INVITE, reply(404)).get("Via") == INVITE.get("Via")


def test_every_state_of_the_table_can_be_reached_and_ends() -> None:
    for kind, rows in NEXT.items():
        reached = {next(iter(rows))}
        for _ in State:
            reached |= {to for state in reached & rows.keys() for to in rows[state].values()}
        assert reached == rows.keys() | {State.OVER}, kind
        assert State.OVER not in rows


INPUTS = st.sampled_from([100, 180, 200, 404, 487, "wake", "late"])


@given(st.booleans(), st.lists(INPUTS, max_size=12))
def test_whatever_happens_at_most_one_outcome_and_a_client_ends(invite: bool, inputs: list[int | str]) -> None:
    machine = InviteClientTransaction(INVITE) if invite else ClientTransaction(BYE)
    request = INVITE if invite else BYE
    machine.start(0)
    now, outcomes = 0, 0
    for input in inputs:
        now += 40_000 if input == "late" else 100
        message = Wake() if isinstance(input, str) else reply(input, request)
        for effect in machine.handle(now, message):
            outcomes += isinstance(effect, Expired) or (isinstance(effect, Deliver) and effect.response.code >= 300)
    outcomes += sum(isinstance(effect, Expired) for _, effect in run(machine, now + 200_000))
    assert outcomes <= 1
    assert machine.over or machine.state is State.PROCEEDING
