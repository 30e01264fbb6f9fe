from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trunkline.telephony.sip.digest import (
    BadChallenge,
    Challenge,
    Credentials,
    Use,
    authorization,
    parse_challenge,
    response,
    strongest,
)

MUFASA = Credentials("Mufasa", "Circle of Life")
USE = Use("GET", "/dir/index.html", "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ", 1)
NONCE = "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v"


@pytest.mark.parametrize(
    ("algorithm", "wanted"),
    [
        ("MD5", "8ca523f5e9506fed4657c9700eebdbec"),
        ("SHA-256", "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
    ],
)
def test_the_examples_of_rfc_7616(algorithm: str, wanted: str) -> None:
    challenge = Challenge("http-auth@example.org", NONCE, algorithm, qop=True)
    assert response(challenge, MUFASA, USE) == wanted


def test_the_example_of_rfc_2617() -> None:
    challenge = Challenge("testrealm@host.com", "dcd98b7102dd2f0e8b11d0f600bfb0c093", qop=True)
    credentials = Credentials("Mufasa", "Circle Of Life")
    assert (
        response(challenge, credentials, Use("GET", "/dir/index.html", "0a4f113b", 1))
        == "6629fae49393a05397450978507c4ef1"
    )


def test_a_server_older_than_qop_gets_the_short_form() -> None:
    challenge = parse_challenge('Digest realm="biloxi.com", nonce="dcd98b"')
    made = authorization(challenge, Credentials("bob", "zanzibar"), Use("INVITE", "sip:bob@biloxi.com", "c", 1))
    assert "qop" not in made
    assert "nc=" not in made
    assert "algorithm" not in made
    assert 'response="' in made


def test_session_algorithms_bind_the_nonces() -> None:
    plain, session = (Challenge("r", "n", algorithm, qop=True) for algorithm in ("MD5", "MD5-SESS"))
    assert response(plain, MUFASA, USE) != response(session, MUFASA, USE)


def test_everything_the_server_needs_is_in_the_header() -> None:
    challenge = parse_challenge(
        'digest Realm="a \\"b\\"", nonce="n", qop="auth,auth-int", opaque="", algorithm=sha-256, stale=TRUE'
    )
    assert challenge == Challenge('a "b"', "n", "SHA-256", qop=True, opaque="", stale=True)
    made = authorization(challenge, Credentials("al", "p"), Use("INVITE", "sip:b", "c", 11))
    assert made.startswith('Digest username="al", realm="a \\"b\\"", nonce="n", uri="sip:b", response="')
    assert made.endswith('algorithm=SHA-256, cnonce="c", qop=auth, nc=0000000b, opaque=""')


@pytest.mark.parametrize(
    "value",
    [
        "Basic realm=x",
        "Digest",
        'Digest realm="x"',
        'Digest realm="x", nonce=""',
        'Digest realm="x", nonce="n", algorithm=ROT13',
        'Digest realm="x", nonce="n", qop="auth-int"',
    ],
)
def test_what_we_cannot_answer_is_refused(value: str) -> None:
    with pytest.raises(BadChallenge):
        parse_challenge(value)


def test_the_strongest_is_answered() -> None:
    offered = [
        f'Digest realm="r", nonce="n", algorithm={name}' for name in ("MD5", "SHA-256", "SHA-512-256", "nonsense")
    ]
    chosen = strongest(offered)
    assert chosen is not None
    assert chosen.algorithm == "SHA-256"
    assert strongest(["Basic x"]) is None


def test_the_password_is_not_shown() -> None:
    assert "Circle" not in repr(MUFASA)


@given(st.text())
def test_any_challenge_is_read_or_refused(text: str) -> None:
    try:
        parse_challenge("Digest " + text)
    except BadChallenge:
        return
