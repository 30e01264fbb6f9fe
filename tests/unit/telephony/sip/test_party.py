from __future__ import annotations

from dataclasses import replace

from sip_script import party

from trunkline.telephony.sip.message import Response, respond


def accepted(*headers: tuple[str, str]) -> Response:
    return respond(party().request("INVITE", 1, "b", ()), 200, "OK", "theirs", headers)


def test_a_request_carries_what_rfc_3261_8_1_1_demands() -> None:
    request = party().request("INVITE", 7, "z9hG4bKx", (("Subject", "hi"),), b"body")
    assert (request.method, request.uri, request.body) == ("INVITE", "sip:bob@example.org", b"body")
    assert request.get("Via") == "SIP/2.0/UDP 192.0.2.1:5070;rport;branch=z9hG4bKx"
    assert (request.get("CSeq"), request.get("Max-Forwards"), request.get("Subject")) == ("7 INVITE", "70", "hi")
    assert (request.from_tag, request.to_tag) == ("ours", "")


def test_an_answer_gives_tag_target_and_route_set_in_reverse() -> None:
    joined = party().joined(
        accepted(
            ("Contact", '"Bob" <sip:bob@192.0.2.9:5062>;expires=1'),
            ("Record-Route", "<sip:p2.example.org;lr>, <sip:p1.example.org:5080;lr>"),
        )
    )
    assert (joined.remote_tag, joined.target) == ("theirs", "sip:bob@192.0.2.9:5062")
    assert joined.hop == ("p1.example.org", 5080)
    request = joined.request("BYE", 2, "b", ())
    assert request.uri == "sip:bob@192.0.2.9:5062"
    assert request.all("Route") == ["<sip:p1.example.org:5080;lr>", "<sip:p2.example.org;lr>"]


def test_a_strict_router_becomes_the_request_uri() -> None:
    joined = party().joined(accepted(("Contact", "<sip:bob@192.0.2.9>"), ("Record-Route", "<sip:p1.example.org>")))
    request = joined.request("BYE", 2, "b", ())
    assert request.uri == joined.request_uri == "sip:p1.example.org"
    assert request.all("Route") == ["<sip:bob@192.0.2.9>"]


def test_what_cannot_be_read_changes_nothing() -> None:
    joined = party().joined(accepted(("Contact", "<tel:1>"), ("Record-Route", "<sip:p1.example.org;lr>, nonsense")))
    assert (joined.target, joined.routes) == ("sip:bob@example.org", ())
    assert party().joined(accepted(*[("Record-Route", f"<sip:p{n}.example.org;lr>") for n in range(20)])).routes == ()
    assert joined.refreshed(accepted()) == joined


def test_without_routes_the_target_is_the_hop() -> None:
    assert replace(party(), target="sip:b@192.0.2.9:7").hop == ("192.0.2.9", 7)
