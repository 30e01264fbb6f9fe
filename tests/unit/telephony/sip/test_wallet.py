from __future__ import annotations

from sip_script import REGISTERED, party, tokens

from trunkline.telephony.sip.message import Response, respond
from trunkline.telephony.sip.wallet import Wallet


def challenge(code: int = 401, nonce: str = "n1", realm: str = "r", *, stale: bool = False) -> Response:
    name = "WWW-Authenticate" if code == 401 else "Proxy-Authenticate"
    value = f'Digest realm="{realm}", nonce="{nonce}", qop="auth"' + (", stale=true" if stale else "")
    return respond(party().request("INVITE", 1, "b", ()), code, "Unauthorized", "x", ((name, value),))


def test_each_realm_is_answered_once_per_request() -> None:
    wallet = Wallet(REGISTERED, tokens())
    tried = wallet.learn(challenge(), ())
    assert tried is not None
    assert wallet.learn(challenge(), tried) is None, "the same nonce again"
    assert wallet.learn(challenge(nonce="n2"), tried) is None, "another nonce without stale: the password is wrong"
    assert wallet.learn(challenge(407, realm="proxy"), tried) is not None


def test_a_stale_nonce_is_replaced_but_not_for_ever() -> None:
    wallet, tried = Wallet(REGISTERED, tokens()), ()
    rounds = 0
    while (again := wallet.learn(challenge(nonce=f"n{rounds}", stale=True), tried)) is not None:
        tried, rounds = again, rounds + 1
    assert rounds == 4


def test_both_realms_are_answered_with_their_own_headers_and_counts() -> None:
    wallet = Wallet(REGISTERED, tokens())
    wallet.learn(challenge(), ())
    wallet.learn(challenge(407, realm="proxy"), ())
    names = [name for name, _ in wallet.headers("INVITE", "sip:b")]
    assert names == ["Authorization", "Proxy-Authorization"]
    assert all("nc=00000002" in value for _, value in wallet.headers("BYE", "sip:b"))


def test_without_credentials_or_with_an_unknown_challenge_nothing_is_retried() -> None:
    assert Wallet(None, tokens()).learn(challenge(), ()) is None
    assert Wallet(None, tokens()).headers("INVITE", "sip:b") == ()
    unknown = respond(party().request("INVITE", 1, "b", ()), 401, "", "x", (("WWW-Authenticate", "Basic x"),))
    assert Wallet(REGISTERED, tokens()).learn(unknown, ()) is None
    refused = respond(party().request("INVITE", 1, "b", ()), 403, "", "x")
    assert Wallet(REGISTERED, tokens()).learn(refused, ()) is None
