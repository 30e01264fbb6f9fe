from __future__ import annotations

import pytest
from sip_script import FAR, REGISTERED, SDP, THEIR_OFFER, Script, code, methods

from trunkline.calls.leg import (
    Answered,
    DigitsPressed,
    LegLost,
    Rang,
    Refused,
    Released,
    RemoteHungUp,
    TransferAnswered,
    TransferFailed,
    TransferRang,
)
from trunkline.telephony.sip.message import Request, Response
from trunkline.telephony.sip.moves import AbandonTransfer, Dial, HangUp, Hold, Refer, State
from trunkline.telephony.sip.sdp import parse

CHALLENGE = (("WWW-Authenticate", 'Digest realm="r", nonce="n1", qop="auth"'),)
HELD = THEIR_OFFER.replace(b"sendrecv", b"sendonly")


def dialled(script: Script | None = None) -> Script:
    script = script or Script()
    script.do(Dial())
    return script


def talking(script: Script | None = None) -> Script:
    script = dialled(script)
    script.accept()
    assert script.dialog.state is State.CONFIRMED
    script.facts.clear()
    return script


# ---- placing ---------------------------------------------------------------------------


def test_the_invite_offers_our_media_and_goes_to_the_hop() -> None:
    script = dialled()
    invite = script.asked("INVITE")
    assert script.hops == [FAR]
    assert parse(invite.body).streams[0].port == 7000
    assert invite.get("Content-Type") == "application/sdp"


def test_ringing_early_media_and_the_answer() -> None:
    script = dialled()
    script.answer(100)
    script.answer(180)
    assert script.answer(183, body=THEIR_OFFER) == []
    assert len(script.media) == 1
    [ack] = script.accept()
    assert isinstance(ack, Request)
    assert (ack.method, ack.uri, ack.cseq, ack.to_tag) == ("ACK", "sip:bob@192.0.2.9:5060", 1, "theirs")
    assert ack.via.branch != script.asked("INVITE").via.branch
    assert script.facts == [Rang(180), Rang(183), Answered()]
    assert len(script.media) == 2


def test_a_repeated_200_is_acknowledged_again_and_told_once() -> None:
    script = talking()
    [again] = script.accept()
    assert again == script.asked("ACK")
    assert script.facts == []


def test_a_second_fork_is_acknowledged_and_ended() -> None:
    script = talking()
    sent = script.answer(200, tag="other", body=THEIR_OFFER)
    assert methods(sent) == ["ACK", "BYE"]
    assert {message.to_tag for message in sent} == {"other"}
    script.answer(200, to="BYE", tag="other")
    assert script.facts == []
    assert script.dialog.state is State.CONFIRMED
    assert methods(script.answer(200, tag="other", body=THEIR_OFFER)) == ["ACK"]


@pytest.mark.parametrize("final", [486, 603, 404, 503, 302])
def test_a_refusal(final: int) -> None:
    script = dialled()
    sent = script.answer(final, "Sorry")
    assert methods(sent) == ["ACK"]
    assert script.facts == [Refused(final, "Sorry")]
    assert script.dialog.over
    script.pass_time(60_000)
    assert script.dialog.deadline is None


def test_no_response_at_all_loses_the_leg() -> None:
    script = dialled()
    script.pass_time(40_000)
    assert script.facts == [LegLost("no response to INVITE")]
    assert script.count("INVITE") == 7


@pytest.mark.parametrize("body", [b"", b"junk", THEIR_OFFER.replace(b"0 8 101", b"18")])
def test_an_answer_without_a_common_codec_is_acknowledged_and_ended(body: bytes) -> None:
    script = dialled()
    assert methods(script.answer(200, "OK", body=body)) == ["ACK", "BYE"]
    assert script.facts == [Refused(488, "no codec in common")]
    script.answer(200, to="BYE")
    assert script.dialog.over


# ---- credentials -----------------------------------------------------------------------


def test_a_challenge_is_answered_and_the_ack_carries_the_same_credentials() -> None:
    script = dialled(Script(REGISTERED))
    script.answer(100)
    sent = script.answer(401, "Unauthorized", CHALLENGE)
    assert methods(sent) == ["ACK", "INVITE"]
    invite = script.asked("INVITE")
    assert (invite.cseq, invite.to_tag) == (2, "")
    assert 'nonce="n1"' in invite.get("Authorization")
    script.accept()
    assert script.asked("ACK").get("Authorization") == invite.get("Authorization")
    assert script.facts == [Answered()]
    script.do(HangUp())
    assert "nc=00000002" in script.asked("BYE").get("Authorization")


def test_a_second_challenge_means_a_wrong_password() -> None:
    script = dialled(Script(REGISTERED))
    script.answer(401, "Unauthorized", CHALLENGE)
    script.answer(401, "Unauthorized", CHALLENGE)
    assert script.facts == [Refused(401, "Unauthorized")]
    assert script.count("INVITE") == 2


def test_a_stale_nonce_is_replaced() -> None:
    script = dialled(Script(REGISTERED))
    script.answer(401, "", CHALLENGE)
    script.answer(401, "", (("WWW-Authenticate", 'Digest realm="r", nonce="n2", stale=true'),))
    assert 'nonce="n2"' in script.asked("INVITE").get("Authorization")


def test_without_credentials_a_challenge_is_a_refusal() -> None:
    script = dialled()
    script.answer(407, "Proxy Authentication Required")
    assert script.facts == [Refused(407, "Proxy Authentication Required")]


def test_requests_inside_the_dialog_are_challenged_too() -> None:
    script = talking(Script(REGISTERED))
    script.do(HangUp())
    assert methods(script.answer(407, "", (("Proxy-Authenticate", 'Digest realm="p", nonce="n9"'),), to="BYE")) == [
        "BYE"
    ]
    assert script.asked("BYE").get("Proxy-Authorization")
    script.answer(200, to="BYE")
    assert script.facts == [Released()]


# ---- giving up -------------------------------------------------------------------------


def test_the_cancel_waits_for_a_provisional_response() -> None:
    script = dialled()
    assert script.do(HangUp()) == []
    assert methods(script.answer(100)) == ["CANCEL"]
    cancel = script.asked("CANCEL")
    assert (cancel.cseq, cancel.via.branch) == (1, script.asked("INVITE").via.branch)
    script.answer(200, to="CANCEL")
    assert methods(script.answer(487, "Request Terminated")) == ["ACK"]
    assert script.facts == [Released()]


def test_a_200_that_crosses_the_cancel_is_acknowledged_then_ended() -> None:
    script = dialled()
    script.answer(180)
    script.do(HangUp())
    assert methods(script.accept()) == ["ACK", "BYE"]
    assert script.answer(481, to="CANCEL") == []
    script.answer(200, to="BYE")
    assert script.facts == [Rang(180), Released()]


def test_a_200_before_any_provisional_response_after_giving_up() -> None:
    script = dialled()
    script.do(HangUp())
    assert methods(script.accept()) == ["ACK", "BYE"]
    assert Answered() not in script.facts


def test_a_busy_that_crosses_the_cancel_releases() -> None:
    script = dialled()
    script.answer(180)
    script.do(HangUp())
    script.answer(486, "Busy Here")
    assert script.facts == [Rang(180), Released()]


def test_a_challenge_after_giving_up_is_not_answered() -> None:
    script = dialled(Script(REGISTERED))
    script.do(HangUp())
    assert methods(script.answer(401, "", CHALLENGE)) == ["ACK"]
    assert script.facts == [Released()]


def test_a_cancel_that_nothing_follows_is_given_up() -> None:
    script = dialled()
    script.answer(180)
    script.do(HangUp())
    script.answer(200, to="CANCEL")
    script.pass_time(40_000)
    assert script.facts == [Rang(180), LegLost("no final response after CANCEL")]


def test_hanging_up_before_dialling_needs_nothing() -> None:
    script = Script()
    assert script.do(HangUp()) == []
    assert script.facts == [Released()]
    assert script.do(Dial()) == []


# ---- ending ----------------------------------------------------------------------------


def test_our_bye_is_confirmed() -> None:
    script = talking()
    assert methods(script.do(HangUp())) == ["BYE"]
    assert script.do(HangUp()) == []
    assert script.facts == []
    script.answer(200, to="BYE")
    assert script.facts == [Released()]
    script.pass_time(60_000)
    assert script.dialog.deadline is None


def test_a_bye_that_is_not_answered_loses_the_leg() -> None:
    script = talking()
    script.do(HangUp())
    script.pass_time(40_000)
    assert script.facts == [LegLost("no response to BYE")]
    assert script.count("BYE") > 8


def test_their_bye_is_answered_also_when_repeated() -> None:
    script = talking()
    assert code(script.request("BYE", cseq=200)) == 200
    assert code(script.request("BYE", cseq=200)) == 200
    assert script.facts == [RemoteHungUp()]
    assert code(script.request("OPTIONS")) == 481


def test_two_byes_that_cross_release() -> None:
    script = talking()
    script.do(HangUp())
    assert code(script.request("BYE")) == 200
    script.answer(481, to="BYE")
    assert script.facts == [Released()]


def test_a_bye_before_the_answer_or_with_a_stranger_s_tag_ends_nothing() -> None:
    script = dialled()
    assert code(script.request("BYE")) == 481
    script.accept()
    assert code(script.request("BYE", tag="stranger")) == 481
    assert script.dialog.state is State.CONFIRMED


# ---- transfer --------------------------------------------------------------------------


def referred() -> Script:
    script = talking()
    assert methods(script.do(Refer("sip:agent@example.org", 30_000))) == ["REFER"]
    return script


def test_a_transfer_from_refer_to_the_last_notify() -> None:
    script = referred()
    refer = script.asked("REFER")
    assert (refer.get("Refer-To"), refer.get("Referred-By")) == ("<sip:agent@example.org>", "<sip:alice@192.0.2.1>")
    script.answer(202, to="REFER")
    for fragment in ("SIP/2.0 100 Trying", "SIP/2.0 180 Ringing"):
        assert code(script.notify(fragment)) == 200
    assert code(script.notify("SIP/2.0 200 OK", "terminated;reason=noresource")) == 200
    assert script.facts == [TransferRang(180), TransferAnswered()]


def test_refused_unanswered_and_unreported_transfers_fail() -> None:
    refused = referred()
    refused.answer(603, "Decline", to="REFER")
    assert refused.facts == [TransferFailed(603, "Decline")]
    unanswered = referred()
    unanswered.pass_time(31_000)
    assert unanswered.facts == [TransferFailed(408, "no answer from the target")]
    unanswered.pass_time(10_000)
    assert len(unanswered.facts) == 1
    busy = referred()
    busy.answer(202, to="REFER")
    busy.notify("SIP/2.0 486 Busy Here", "terminated")
    assert busy.facts == [TransferFailed(486, "Busy Here")]
    busy.request("BYE")
    assert busy.facts[-1] == RemoteHungUp()


def test_a_bye_instead_of_the_last_notify_means_transferred() -> None:
    script = referred()
    script.answer(202, to="REFER")
    script.request("BYE")
    assert script.facts == [TransferAnswered(confirmed=False)]
    assert script.dialog.over


def test_after_abandoning_the_reports_are_answered_and_mean_nothing() -> None:
    script = referred()
    script.answer(202, to="REFER")
    script.do(AbandonTransfer())
    assert code(script.notify("SIP/2.0 200 OK")) == 200
    script.request("BYE")
    assert script.facts == [RemoteHungUp()]


def test_there_is_no_transfer_without_a_call() -> None:
    script = dialled()
    assert script.do(Refer("sip:agent@example.org", 1)) == []
    assert script.facts == [TransferFailed(481, "there is no call to transfer")]


# ---- while it is up ----------------------------------------------------------------------


def test_a_reinvite_is_answered_with_our_sdp_and_moves_the_target() -> None:
    script = talking()
    [ok] = script.request("INVITE", (*SDP, ("Contact", "<sip:bob@192.0.2.77>")), HELD, cseq=300)
    assert isinstance(ok, Response)
    assert ok.code == 200
    assert parse(ok.body).streams[0].direction == "recvonly"
    assert not script.media[-1].listens
    script.request("ACK", cseq=300)
    script.pass_time(5_000)
    assert sum(isinstance(message, Response) for message in script.sent) == 1
    script.do(HangUp())
    assert script.asked("BYE").uri == "sip:bob@192.0.2.77"


def test_an_unacknowledged_answer_to_a_reinvite_ends_the_call() -> None:
    script = talking()
    script.request("INVITE", SDP, THEIR_OFFER)
    script.pass_time(40_000)
    assert script.facts == [LegLost("our answer to a re-INVITE was not acknowledged")]
    assert script.count("BYE") > 0


def test_a_reinvite_without_an_offer_gets_ours_and_its_ack_the_answer() -> None:
    script = talking()
    [ok] = script.request("INVITE", cseq=300)
    assert parse(ok.body).streams[0].formats == ("0", "8", "101")
    script.request("ACK", SDP, THEIR_OFFER.replace(b"4000", b"4444"), cseq=300)
    assert script.media[-1].port == 4444


def test_versions_of_our_description_grow() -> None:
    script = talking()
    versions = [script.asked("INVITE").body.split(b" ")[2]]
    for _ in range(2):
        [ok] = script.request("INVITE", SDP, THEIR_OFFER)
        versions.append(ok.body.split(b" ")[2])
    assert versions == [b"1", b"2", b"3"]


def test_hold_and_back() -> None:
    script = talking()
    script.do(Hold(True))
    assert parse(script.asked("INVITE").body).streams[0].direction == "sendonly"
    assert script.do(Hold(True)) == []
    assert methods(script.answer(200, body=THEIR_OFFER.replace(b"sendrecv", b"recvonly"))) == ["ACK"]
    assert not script.media[-1].sends
    assert methods(script.answer(200, body=THEIR_OFFER)) == ["ACK"]
    script.do(Hold(False))
    assert parse(script.asked("INVITE").body).streams[0].direction == "sendrecv"
    assert code(script.request("INVITE", SDP, THEIR_OFFER)) == 491
    assert methods(script.answer(488, "Not Acceptable")) == ["ACK"]
    assert script.dialog.state is State.CONFIRMED
    assert script.facts == []


def test_a_far_end_that_has_forgotten_the_call_loses_the_leg() -> None:
    script = talking()
    script.do(Hold(True))
    assert methods(script.answer(481, "Gone")) == ["ACK", "BYE"]
    assert script.facts == [LegLost("re-INVITE: 481 Gone")]
    silent = talking()
    silent.do(Hold(True))
    silent.pass_time(40_000)
    assert silent.facts == [LegLost("re-INVITE was not answered")]


def test_an_unknown_extension_is_named_and_an_unknown_method_refused() -> None:
    script = talking()
    [refusal] = script.request("INVITE", (("Require", "teleport"),))
    assert isinstance(refusal, Response)
    assert (refusal.code, refusal.get("Unsupported")) == (420, "teleport")
    assert code(script.request("SUBSCRIBE")) == 405
    assert code(script.request("OPTIONS")) == 200
    assert code(script.request("INFO", body=b"Signal=7\r\n")) == 200
    assert script.facts == [DigitsPressed("7")]


def test_old_sequence_numbers_are_refused() -> None:
    script = talking()
    script.request("OPTIONS", cseq=300)
    assert code(script.request("BYE", cseq=299)) == 500
    assert script.facts == []


def test_responses_to_nothing_that_we_asked_do_nothing() -> None:
    script = talking()
    script.pass_time(60_000)
    assert script.accept() == []
