from __future__ import annotations

from sip_script import FAR, party

from trunkline.telephony.sip.exchanges import MAX_OPEN, Ask, Exchanges, Heard, Transmit, Unacknowledged, Unanswered
from trunkline.telephony.sip.message import Request, respond
from trunkline.telephony.sip.transaction import PATIENCE


def theirs(method: str, cseq: int) -> Request:
    return party().request(method, cseq, f"z9hG4bKfar{cseq}", ())


def test_a_response_finds_what_was_asked() -> None:
    exchanges, ask = Exchanges(), Ask(party(), "BYE")
    request = party().request("BYE", 2, "z9hG4bKb", ())
    [sent] = exchanges.ask(0, ask, request, FAR)
    assert isinstance(sent, Transmit)
    assert sent.hop == FAR
    assert exchanges.asking("BYE")
    response = respond(request, 200, "OK", "theirs")
    assert exchanges.responded(10, response) == [Heard(ask, response)]
    assert not exchanges.asking("BYE")
    assert exchanges.responded(10, respond(theirs("BYE", 9), 200, "OK", "t")) is None


def test_cancel_and_invite_share_a_branch_but_not_a_transaction() -> None:
    exchanges = Exchanges()
    for method in ("INVITE", "CANCEL"):
        exchanges.ask(0, Ask(party(), method), party().request(method, 1, "z9hG4bKsame", ()), FAR)
    response = respond(party().request("CANCEL", 1, "z9hG4bKsame", ()), 200, "OK", "t")
    outcomes = exchanges.responded(10, response)
    assert outcomes is not None
    assert [outcome.ask.method for outcome in outcomes if isinstance(outcome, Heard)] == ["CANCEL"]


def test_what_nobody_answers_is_told_and_forgotten() -> None:
    exchanges, ask = Exchanges(), Ask(party(), "BYE")
    exchanges.ask(0, ask, party().request("BYE", 2, "z9hG4bKb", ()), FAR)
    assert exchanges.wake(PATIENCE) == [Unanswered(ask)]
    assert exchanges.deadline is None


def test_a_repeated_request_gets_its_answer_and_a_new_one_is_new() -> None:
    exchanges, request = Exchanges(), theirs("BYE", 5)
    assert exchanges.repeated(0, request) is None
    answer = exchanges.answer(0, request, respond(request, 200, "OK", "ours"), FAR)
    assert exchanges.repeated(1, request) == answer


def test_an_answered_reinvite_waits_for_its_ack() -> None:
    exchanges, request = Exchanges(), theirs("INVITE", 5)
    exchanges.answer(0, request, respond(request, 200, "OK", "ours"), FAR)
    assert not exchanges.acknowledged(1, theirs("ACK", 6))
    assert exchanges.acknowledged(1, theirs("ACK", 5))
    assert not exchanges.acknowledged(2, theirs("ACK", 5))
    unheard = theirs("INVITE", 7)
    exchanges.answer(0, unheard, respond(unheard, 200, "OK", "ours"), FAR)
    assert Unacknowledged() in exchanges.wake(PATIENCE)


def test_a_flood_of_requests_is_forgotten_from_its_eldest() -> None:
    exchanges = Exchanges()
    for cseq in range(MAX_OPEN + 1):
        request = theirs("OPTIONS", cseq)
        exchanges.answer(0, request, respond(request, 200, "OK", "ours"), FAR)
    assert exchanges.repeated(0, theirs("OPTIONS", 0)) is None
    assert exchanges.repeated(0, theirs("OPTIONS", 1)) is not None
