from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trunkline.telephony.sip.uri import Address, BadUri, Uri, parameters, parse_address, parse_uri, split_list


@pytest.mark.parametrize(
    "text",
    [
        "sip:bob@example.org",
        "sip:+4930123456@10.0.0.1:5070;user=phone",
        "sips:example.org",
        "sip:bob@[2001:db8::1]:5060;transport=udp;lr",
        "sip:bob@example.org?Replaces=abc",
    ],
)
def test_a_uri_is_read_and_written_back(text: str) -> None:
    assert str(parse_uri(text)) == text


def test_a_password_in_a_uri_is_dropped() -> None:
    assert str(parse_uri("sip:bob:secret@example.org")) == "sip:bob@example.org"


def test_the_hop_is_host_and_port_without_brackets() -> None:
    assert parse_uri("sip:a@[::1]:7").hop == ("::1", 7)
    assert parse_uri("sip:a@example.org").hop == ("example.org", 5060)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "tel:+1",
        "sip:",
        "sip:bob@",
        "sip:bob@host:0",
        "sip:bob@host:70000",
        "sip:b ob@host",
        "sip:bob@host\r\nEvil: 1",
        "sip:<bob>@host",
        "sip:bob@-host-",
        "sip:" + "a" * 2_000 + "@host",
    ],
)
def test_what_is_no_uri_is_refused(text: str) -> None:
    with pytest.raises(BadUri):
        parse_uri(text)


def test_an_address_with_a_name_and_a_tag() -> None:
    address = parse_address('"Bob, <the> \\"B\\"" <sip:bob@example.org;lr>;tag=x1;q=0.5')
    assert address == Address("sip:bob@example.org;lr", (("tag", "x1"), ("q", "0.5")))
    assert address.tag == "x1"


def test_without_brackets_the_parameters_are_the_headers() -> None:
    assert parse_address("sip:bob@example.org;tag=x1") == Address("sip:bob@example.org", (("tag", "x1"),))


def test_an_open_bracket_is_refused() -> None:
    with pytest.raises(BadUri):
        parse_address("<sip:bob@example.org")


def test_lists_are_cut_at_commas_outside_quotes_and_brackets() -> None:
    assert split_list('<sip:a,b@h>;x="1,2", "q\\",r" <sip:c@h> ,, d') == [
        '<sip:a,b@h>;x="1,2"',
        '"q\\",r" <sip:c@h>',
        "d",
    ]


def test_parameters_without_a_value_are_kept_empty() -> None:
    assert parameters(' ;lr;received=1.2.3.4;name="a;b"') == (("lr", ""), ("received", "1.2.3.4"), ("name", "a;b"))


def test_has_asks_for_a_parameter() -> None:
    assert Uri("h", parameters=(("lr", ""),)).has("lr")
    assert not Uri("h").has("lr")


@given(st.text())
def test_any_text_is_read_or_refused_and_never_crashes(text: str) -> None:
    for read in (parse_uri, parse_address):
        try:
            read(text)
        except BadUri:
            continue
    assert all("," not in part or '"' in part or "<" in part or ">" in part for part in split_list(text))
