from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sip_script import THEIR_OFFER

from trunkline.telephony.sip.incoming import AskedForOffer, Byed, Notified, Pressed, Reoffered, Situation, judge
from trunkline.telephony.sip.message import Headers, Request

UP = Situation("ours", "theirs", 100, up=True, glare=False, referred=False)


def request(method: str, *extra: tuple[str, str], body: bytes = b"", cseq: int = 101, tag: str = "theirs") -> Request:
    headers: Headers = (
        ("Via", "SIP/2.0/UDP 192.0.2.9;branch=z9hG4bK1"),
        ("From", f"<sip:bob@x>;tag={tag}"),
        ("To", "<sip:alice@x>;tag=ours"),
        ("Call-ID", "c"),
        ("CSeq", f"{cseq} {method}"),
        *extra,
    )
    return Request(method, "sip:alice@x", headers, body)


def test_a_bye() -> None:
    verdict = judge(request("BYE"), UP)
    assert (verdict.code, verdict.meaning) == (200, Byed())


def test_a_stranger_s_tags_or_an_old_number_mean_nothing() -> None:
    assert judge(request("BYE", tag="other"), UP).code == 481
    assert judge(request("BYE", tag=""), replace(UP, remote_tag="")).code == 481
    assert judge(request("BYE", cseq=99), UP).code == 500
    assert judge(request("BYE", cseq=100), UP).code == 200


def test_an_extension_that_we_lack_is_named() -> None:
    verdict = judge(request("BYE", ("Require", "100rel, teleport")), UP)
    assert (verdict.code, verdict.extra, verdict.meaning) == (420, (("Unsupported", "100rel, teleport"),), None)


def test_reinvites() -> None:
    good = judge(request("INVITE", body=THEIR_OFFER), UP)
    assert good.code == 200
    assert isinstance(good.meaning, Reoffered)
    assert good.meaning.agreement.port == 4000
    assert judge(request("INVITE"), UP).meaning == AskedForOffer()
    assert judge(request("INVITE", body=b"junk"), UP).code == 400
    assert judge(request("INVITE", body=THEIR_OFFER.replace(b"0 8 101", b"18")), UP).code == 488
    assert judge(request("INVITE", body=THEIR_OFFER), replace(UP, glare=True)).code == 491
    assert judge(request("INVITE", body=THEIR_OFFER), replace(UP, up=False)).code == 481


def test_notifies_belong_to_a_refer() -> None:
    notify = request("NOTIFY", ("Event", "refer;id=2"), ("Subscription-State", "active"), body=b"SIP/2.0 200 OK")
    assert judge(notify, UP).code == 481
    verdict = judge(notify, replace(UP, referred=True))
    assert (verdict.code, verdict.meaning) == (200, Notified("active", b"SIP/2.0 200 OK"))
    assert judge(request("NOTIFY", ("Event", "presence")), UP).code == 489


@pytest.mark.parametrize(
    ("body", "meaning"),
    [(b"Signal=5\r\nDuration=160", Pressed("5")), (b" signal = #", Pressed("#")), (b"Signal=x", None)],
)
def test_info_may_carry_a_digit(body: bytes, meaning: Pressed | None) -> None:
    verdict = judge(request("INFO", body=body), UP)
    assert (verdict.code, verdict.meaning) == (200, meaning)


def test_options_tell_what_we_do_and_the_rest_is_refused() -> None:
    assert judge(request("OPTIONS"), UP).code == 200
    assert judge(request("CANCEL"), UP).code == 481
    verdict = judge(request("SUBSCRIBE"), UP)
    assert verdict.code == 405
    assert verdict.extra[0][0] == "Allow"


@given(st.sampled_from(["INVITE", "NOTIFY", "INFO", "BYE"]), st.binary(max_size=300))
def test_any_body_gets_an_answer(method: str, body: bytes) -> None:
    assert 200 <= judge(request(method, ("Event", "refer"), body=body), replace(UP, referred=True)).code < 700
