"""Who may be called: one verdict for every destination, with the rule named."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trunkline.errors import BadRequest, PolicyBlocked
from trunkline.policy.dialing import Allowed, Blocked, Malformed, Rules, check, is_sandbox, judge

OPEN = Rules()


@pytest.mark.parametrize(
    "destination",
    ["+31201234567", "+15551234567", "+4915112345678", "+442071838750", "+8613912345678", "+80012345678"],
)
def test_every_country_is_allowed_by_default(destination: str) -> None:
    assert judge(destination, OPEN) == Allowed(destination)


@pytest.mark.parametrize(
    "destination",
    [
        *(
            "",
            "31201234567",
            "0031201234567",
            "+",
            "+0123456789",
            "+1",
            "+31 20 1234567",
            "+31-20-1234567",
            "+3120123456a",
        ),
        *("+1234567890123456", "+155512345678", "+٣١٢٠١٢٣٤٥٦٧", "+31201234567\n", " +31201234567", "tel:+31201234567"),
    ],
)
def test_what_is_no_e164_number_is_malformed(destination: str) -> None:
    assert isinstance(judge(destination, OPEN), Malformed)


@pytest.mark.parametrize(
    ("destination", "why"),
    [
        ("31201234567", "must be E.164 with a leading +, such as +31201234567, or a sip: address"),
        ("+9991234567", "is not a possible phone number: there is no such country code"),
        ("+33", "is not a possible phone number: it is too short"),
        ("+3120", "is not a possible phone number: it is too short for +31"),
        ("+310000000000000", "is not a possible phone number: it is too long for +31"),
        ("+722222222222", "is not a possible phone number: it has not a possible length for +7"),
    ],
)
def test_a_malformed_number_is_told_what_is_wrong_with_it(destination: str, why: str) -> None:
    assert judge(destination, OPEN) == Malformed(why)


@pytest.mark.parametrize(
    ("destination", "rule"),
    [
        *(
            (number, "emergency")
            for number in ("+112", "+911", "+999", "+31112", "+1911", "+44999", "+49110", "+61000")
        ),
        *((number, "premium_rate") for number in ("+19005551234", "+19761234567", "+449012345678", "+31900123456")),
        *((number, "premium_rate") for number in ("+979123456789", "+319061234", "+4990012345678")),
        *((number, "satellite") for number in ("+870773111632", "+881612345678", "+882161234567", "+883510001234567")),
    ],
)
def test_emergency_premium_and_satellite_ranges_are_denied_naming_the_rule(destination: str, rule: str) -> None:
    verdict = judge(destination, Rules(allowed_prefixes=[destination[:3]], allow_sip=True))
    assert isinstance(verdict, Blocked)
    assert verdict.rule == rule
    assert rule in verdict.message


def test_allowed_prefixes_narrow_and_denied_prefixes_win() -> None:
    rules = Rules(allowed_prefixes=["+31", "49"], denied_prefixes=["+316"])
    assert isinstance(judge("+31201234567", rules), Allowed)
    assert isinstance(judge("+4930123456", rules), Allowed)
    assert judge("+442071838750", rules) == Blocked(
        "allowed_prefixes", "+442071838750 has none of the allowed prefixes (rule allowed_prefixes)"
    )
    denied = judge("+31612345678", rules)
    assert isinstance(denied, Blocked) and denied.rule == "denied_prefixes"


def test_sandbox_numbers_are_allowed_whatever_the_rules() -> None:
    for rules in (OPEN, Rules(allowed_prefixes=["+31"]), Rules(denied_prefixes=["+1"])):
        assert isinstance(judge("+15005550001", rules), Allowed)
    assert is_sandbox("+15005559999")
    assert not is_sandbox("+1500555000")
    assert not is_sandbox("+150055500011")


@pytest.mark.parametrize(
    "target",
    [
        *("sip:ann@example.com", "sip:example.com", "sip:ann@192.0.2.1:5070", "sip:ann@[2001:db8::1]:5060"),
        *("sip:+31201234567@example.com;user=phone", "sip:a%20b@host.example;transport=tcp", "sip:a@b"),
    ],
)
def test_sip_targets_are_off_unless_allowed(target: str) -> None:
    verdict = judge(target, OPEN)
    assert isinstance(verdict, Blocked) and verdict.rule == "sip_targets"
    assert judge(target, Rules(allow_sip=True)) == Allowed(target)


@pytest.mark.parametrize(
    "target",
    [
        *(
            "sip:",
            "sip:@",
            "sip:a@",
            "sip:a b@c",
            "sip:a@b\r\nX: y",
            "sip:a@b?Replaces=1",
            "sip:a:secret@b",
            "<sip:a@b>",
        ),
        *("sip:a@b:0", "sip:a@b:70000", "sip:a@b>", 'sip:"a"@b', "sips:a@b", "SIP:a@b", "sip:a@b;", "sip:a@-b"),
        "sip:" + "a" * 300 + "@b",
    ],
)
def test_what_is_no_plain_sip_address_is_malformed_even_where_they_are_allowed(target: str) -> None:
    assert isinstance(judge(target, Rules(allow_sip=True)), Malformed)


@given(st.text(max_size=40) | st.from_regex(r"\+[0-9]{1,16}", fullmatch=True) | st.from_regex(r"sip:.{0,30}"))
def test_any_text_gets_a_verdict(text: str) -> None:
    verdict = judge(text, Rules(allow_sip=True))
    assert isinstance(verdict, Allowed | Malformed | Blocked)
    if isinstance(verdict, Allowed):
        assert not set(text) & set(' \r\n\t<>"')


def test_over_http_a_verdict_is_a_problem_that_names_the_field() -> None:
    check("+31201234567", OPEN)
    with pytest.raises(BadRequest) as malformed:
        check("x", OPEN, "to")
    assert malformed.value.details[0].startswith("to: must be")
    with pytest.raises(PolicyBlocked) as blocked:
        check("+112", OPEN)
    assert blocked.value.details == ["destination: emergency"]
