from __future__ import annotations

from trunkline.calls.leg import TransferAnswered, TransferFailed, TransferRang
from trunkline.telephony.sip.transfer import State, Transfer

ACTIVE, ENDED = "active;expires=60", "terminated;reason=noresource"


def accepted() -> Transfer:
    transfer = Transfer(1_000, 30_000)
    transfer.accepted()
    return transfer


def test_ringing_is_told_once_and_trying_not_at_all() -> None:
    transfer = accepted()
    assert transfer.notified(ACTIVE, b"SIP/2.0 100 Trying") == []
    assert transfer.notified(ACTIVE, b"SIP/2.0 180 Ringing\r\n") == [TransferRang(180)]
    assert transfer.notified(ACTIVE, b"SIP/2.0 180 Ringing\r\n") == []
    assert transfer.notified(ACTIVE, b"SIP/2.0 183 Progress\r\n") == [TransferRang(183)]


def test_the_answer_is_told_once_and_ends_it() -> None:
    transfer = accepted()
    assert transfer.notified(ENDED, b"SIP/2.0 200 OK") == [TransferAnswered()]
    assert transfer.notified(ENDED, b"SIP/2.0 486 Busy") == []
    assert transfer.hung_up() == []
    assert transfer.deadline is None


def test_a_notify_may_overtake_the_202() -> None:
    transfer = Transfer(0, 1_000)
    assert transfer.notified(ACTIVE, b"SIP/2.0 200 OK") == [TransferAnswered()]
    transfer.accepted()
    assert transfer.state is State.DONE


def test_failures_carry_code_and_reason() -> None:
    assert accepted().notified(ENDED, b"SIP/2.0 486 Busy Here\r\n") == [TransferFailed(486, "Busy Here")]
    assert Transfer(0, 1).refused(603, "Decline") == [TransferFailed(603, "Decline")]
    assert accepted().notified(ENDED, b"") == [TransferFailed(408, "the far end stopped reporting")]
    assert accepted().notified("Terminated ;reason=timeout", b"SIP/2.0 100 Trying") == [
        TransferFailed(408, "the far end stopped reporting")
    ]


def test_a_bye_after_the_202_means_transferred_and_before_it_nothing() -> None:
    assert accepted().hung_up() == [TransferAnswered(confirmed=False)]
    assert Transfer(0, 1).hung_up() == []


def test_waiting_ends_at_the_deadline() -> None:
    transfer = accepted()
    assert transfer.waited(30_999) == []
    assert transfer.waited(31_000) == [TransferFailed(408, "no answer from the target")]
    assert transfer.waited(40_000) == []


def test_after_abandoning_nothing_is_told() -> None:
    transfer = accepted()
    transfer.abandon()
    assert transfer.notified(ACTIVE, b"SIP/2.0 180 Ringing") == []
    assert transfer.notified(ENDED, b"SIP/2.0 200 OK") == []
    assert transfer.hung_up() == []
    assert transfer.waited(99_999) == []


def test_nonsense_in_a_notify_is_nothing() -> None:
    assert accepted().notified(ACTIVE, b"\xff\xfeSIP") == []
