from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trunkline.telephony.sip.sdp import Agreement, BadSdp, Local, agree, answer, offer, parse

OURS = Local("192.0.2.1", 7000, 5)
THEIRS = """v=0
o=- 1 1 IN IP4 192.0.2.9
s=-
c=IN IP4 192.0.2.9
t=0 0
m=video 5000 RTP/AVP 31
m=audio 4000 RTP/AVP 18 8 0 96
a=rtpmap:96 telephone-event/8000
a=rtcp:4009
a=sendrecv
"""


def theirs(**changes: str) -> bytes:
    text = THEIRS
    for old, new in changes.items():
        text = text.replace({"codecs": "18 8 0 96", "direction": "sendrecv", "address": "192.0.2.9\nt"}[old], new)
    return text.replace("\n", "\r\n").encode()


def test_our_offer_is_acceptable_to_us() -> None:
    agreement = agree(parse(offer(OURS, 1)))
    assert agreement == Agreement("192.0.2.1", 7000, 7001, 0, 101)


def test_the_first_codec_that_we_know_is_taken_with_their_event_number_and_rtcp_port() -> None:
    assert agree(parse(theirs())) == Agreement("192.0.2.9", 4000, 4009, 8, 96)


@pytest.mark.parametrize(
    ("direction", "sends", "listens"),
    [("sendrecv", True, True), ("sendonly", True, False), ("recvonly", False, True), ("inactive", False, False)],
)
def test_directions(direction: str, sends: bool, listens: bool) -> None:
    agreement = agree(parse(theirs(direction=direction)))
    assert agreement is not None
    assert (agreement.sends, agreement.listens) == (sends, listens)


def test_the_old_hold_address_means_that_nothing_flows() -> None:
    agreement = agree(parse(theirs(address="0.0.0.0\nt")))
    assert agreement is not None
    assert not agreement.sends
    assert not agreement.listens


def test_no_codec_in_common_no_agreement() -> None:
    assert agree(parse(theirs(codecs="18 96"))) is None


def test_a_host_name_is_not_looked_up() -> None:
    assert agree(parse(theirs(address="media.example.org\nt"))) is None


def test_events_whose_number_is_not_offered_are_not_agreed_on() -> None:
    agreement = agree(parse(theirs(codecs="8")))
    assert agreement is not None
    assert agreement.events is None


def test_an_answer_refuses_all_but_one_stream_in_their_order() -> None:
    made = answer(OURS, 2, parse(theirs())).decode().split("\r\n")
    assert [line for line in made if line.startswith("m=")] == ["m=video 0 RTP/AVP 31", "m=audio 7000 RTP/AVP 8 96"]
    assert "o=- 5 2 IN IP4 192.0.2.1" in made
    assert "a=sendrecv" in made


@pytest.mark.parametrize(
    ("direction", "held", "wanted"),
    [
        ("sendonly", False, "recvonly"),
        ("recvonly", False, "sendonly"),
        ("inactive", False, "inactive"),
        ("sendrecv", True, "sendonly"),
        ("sendonly", True, "inactive"),
    ],
)
def test_an_answer_mirrors_the_direction_and_keeps_our_hold(direction: str, held: bool, wanted: str) -> None:
    assert f"a={wanted}\r\n" in answer(OURS, 2, parse(theirs(direction=direction)), held).decode()


def test_ipv6_is_written_as_such() -> None:
    assert "c=IN IP6 2001:db8::1" in offer(Local("2001:db8::1", 7000, 5), 1).decode()


@pytest.mark.parametrize(
    "body", [b"", b"o=1", b"v=0\r\nm=audio x RTP/AVP 0", b"v=0\r\nm=audio 70000 RTP/AVP 0", b"v=0\n" * 600]
)
def test_what_is_no_description_is_refused(body: bytes) -> None:
    with pytest.raises(BadSdp):
        parse(body)


@given(st.binary(max_size=400).map(lambda tail: theirs() + tail))
def test_any_description_is_read_or_refused(body: bytes) -> None:
    try:
        description = parse(body)
    except BadSdp:
        return
    if agree(description) is not None:
        assert answer(OURS, 1, description)
