from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trunkline.telephony.sip.message import (
    BadHeader,
    Malformed,
    MissingHeader,
    NotSip,
    Request,
    Response,
    TooLong,
    answer_address,
    parse,
    parse_via,
    respond,
    serialise,
)

INVITE = (
    b"INVITE sip:bob@example.org SIP/2.0\r\n"
    b"v: SIP/2.0/UDP 192.0.2.1:5070;branch=z9hG4bK1;rport, SIP/2.0/UDP 192.0.2.2\r\n"
    b"f: <sip:alice@192.0.2.1>;tag=a\r\n"
    b"To:\r\n  <sip:bob@example.org>\r\n"
    b"i: call-1\r\n"
    b"CSEQ: 7 INVITE\r\n"
    b"l: 4\r\n\r\nbody and more"
)


def parsed(data: bytes = INVITE) -> Request:
    message = parse(data)
    assert isinstance(message, Request)
    return message


def test_compact_and_folded_headers_are_read() -> None:
    request = parsed()
    assert (request.method, request.uri, request.call_id) == ("INVITE", "sip:bob@example.org", "call-1")
    assert (request.cseq, request.cseq_method, request.from_tag, request.to_tag) == (7, "INVITE", "a", "")
    assert request.get("to") == "<sip:bob@example.org>"
    assert request.via.branch == "z9hG4bK1"
    assert request.via.sent_by == ("192.0.2.1", 5070)
    assert len(request.listed("Via")) == 2


def test_what_follows_the_announced_length_is_dropped() -> None:
    assert parsed().body == b"body"


def test_a_body_cut_short_is_refused() -> None:
    with pytest.raises(BadHeader):
        parse(INVITE.replace(b"l: 4", b"l: 400"))


def test_what_is_written_is_read_back() -> None:
    request = parsed()
    assert parse(serialise(request)) == Request(
        request.method,
        request.uri,
        (*[h for h in request.headers if h[0] != "Content-Length"], ("Content-Length", "4")),
        request.body,
    )


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (b"", NotSip),
        (b"hello\r\n\r\n", NotSip),
        (INVITE.replace(b"SIP/2.0\r\n", b"HTTP/1.1\r\n", 1), NotSip),
        (INVITE.replace(b"INVITE sip", b"IN VITE sip", 1), NotSip),
        (INVITE.replace(b"i: call-1\r\n", b""), MissingHeader),
        (INVITE.replace(b"i: call-1\r\n", b"i: \r\n"), MissingHeader),
        (INVITE.replace(b"i: call-1", b"i: call-1\r\ni: call-2"), MissingHeader),
        (INVITE.replace(b"7 INVITE", b"7 BYE"), BadHeader),
        (INVITE.replace(b"7 INVITE", b"4294967296 INVITE"), BadHeader),
        (INVITE.replace(b"7 INVITE", b"seven"), BadHeader),
        (INVITE.replace(b"SIP/2.0/UDP 192.0.2.1:5070", b"nonsense"), BadHeader),
        (INVITE.replace(b"<sip:alice@192.0.2.1>", b"<sip:alice"), BadHeader),
        (INVITE.replace(b"i: call-1", b"i: call\x00-1"), BadHeader),
        (INVITE.replace(b"i: call-1", b"i call-1"), BadHeader),
        (INVITE.replace(b"i: call-1", b"i: call\xff"), BadHeader),
        (INVITE.replace(b"l: 4", b"l: -4"), BadHeader),
        (INVITE.replace(b"i: call-1", b"i: " + b"x" * 5_000), TooLong),
        (INVITE.replace(b"i: call-1", b"i: call-1" + b"\r\nx: y" * 200), TooLong),
        (INVITE + b"x" * 70_000, TooLong),
    ],
)
def test_what_is_not_a_message_is_refused_with_its_reason(data: bytes, error: type[Malformed]) -> None:
    with pytest.raises(error):
        parse(data)


def test_a_line_break_in_a_value_is_never_written() -> None:
    with pytest.raises(BadHeader):
        serialise(Request("INVITE", "sip:a@b", (("Subject", "x\r\nEvil: 1"),)))


def test_a_response_copies_what_identifies_the_request_and_adds_our_tag() -> None:
    response = respond(parsed(), 486, "Busy Here", "mine", (("Allow", "BYE"),))
    assert response.all("Via") == parsed().all("Via")
    assert (response.to_tag, response.from_tag, response.cseq, response.get("Allow")) == ("mine", "a", 7, "BYE")
    read = parse(serialise(response))
    assert isinstance(read, Response)
    assert (read.code, read.phrase) == (486, "Busy Here")


def test_a_tag_that_is_there_is_kept_and_100_has_none() -> None:
    tagged = parsed(INVITE.replace(b"<sip:bob@example.org>\r\n", b"<sip:bob@example.org>;tag=old\r\n"))
    assert respond(tagged, 200, "OK", "mine").to_tag == "old"
    assert respond(parsed(), 100, "Trying", "mine").to_tag == ""


def test_a_response_goes_where_rport_or_via_say() -> None:
    source = ("203.0.113.5", 9999)
    assert answer_address(parsed(), source) == source
    assert answer_address(parsed(INVITE.replace(b";rport", b"")), source) == ("203.0.113.5", 5070)


def test_via_with_spaces_and_ipv6() -> None:
    via = parse_via("SIP / 2.0 / UDP [2001:db8::1]:5062 ; branch=z9hG4bKx")
    assert (via.sent_by, via.branch, via.rport) == (("2001:db8::1", 5062), "z9hG4bKx", False)


@given(st.binary(max_size=600))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    try:
        parse(data)
    except Malformed:
        return


@given(st.lists(st.tuples(st.integers(0, len(INVITE) - 1), st.integers(0, 255)), max_size=8))
def test_a_damaged_message_is_refused_or_can_be_used_whole(damage: list[tuple[int, int]]) -> None:
    data = bytearray(INVITE)
    for at, byte in damage:
        data[at] = byte
    try:
        message = parse(bytes(data))
    except Malformed:
        return
    _ = message.via, message.cseq, message.cseq_method, message.from_tag, message.to_tag, message.listed("Require")
    assert isinstance(parse(serialise(message)), type(message))
