"""Digest authentication (RFC 7616, RFC 2617, RFC 8760): MD5 and SHA-256, with and without qop=auth. Pure.

The client nonce and the nonce count are arguments. Which challenge may be answered how often is `wallet.py`'s.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

_PAIR = re.compile(r'([A-Za-z0-9_-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))')
_STRENGTH = ("MD5", "MD5-SESS", "SHA-256", "SHA-256-SESS")
"""What we can compute, weakest first (RFC 8760 §2.4: the strongest is answered)."""


class BadChallenge(ValueError):
    """The challenge cannot be read, or asks for what we cannot compute"""


@dataclass(frozen=True, slots=True)
class Credentials:
    username: str
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Challenge:
    realm: str
    nonce: str
    algorithm: str = "MD5"
    qop: bool = False
    """The server offers qop=auth."""
    opaque: str | None = None
    stale: bool = False
    named: bool = True
    """The server named the algorithm; the answer names it only then."""


@dataclass(frozen=True, slots=True)
class Use:
    """One use of a challenge."""

    method: str
    uri: str
    cnonce: str
    count: int


def parse_challenge(value: str) -> Challenge:
    scheme, _, rest = value.partition(" ")
    if scheme.lower() != "digest":
        raise BadChallenge(f"scheme {scheme[:20]!r}")
    fields: dict[str, str] = {}
    for name, quoted, plain in _PAIR.findall(rest):
        fields.setdefault(name.lower(), re.sub(r"\\(.)", r"\1", quoted) or plain)
    if "realm" not in fields or not fields.get("nonce"):
        raise BadChallenge("realm or nonce is missing")
    algorithm = fields.get("algorithm", "MD5").upper()
    qops = [qop.strip().lower() for qop in fields.get("qop", "").split(",") if qop.strip()]
    if algorithm not in _STRENGTH or (qops and "auth" not in qops):
        raise BadChallenge(f"algorithm {algorithm[:20]}, qop {fields.get('qop', '')[:20]!r}")
    return Challenge(
        realm=fields["realm"],
        nonce=fields["nonce"],
        algorithm=algorithm,
        qop=bool(qops),
        opaque=fields.get("opaque"),
        stale=fields.get("stale", "").lower() == "true",
        named="algorithm" in fields,
    )


def strongest(values: Iterable[str]) -> Challenge | None:
    """The challenge to answer among several; None where we can answer none."""
    found: list[Challenge] = []
    for value in values:
        try:
            found.append(parse_challenge(value))
        except BadChallenge:
            continue  # another of them may be one that we know
    return max(found, key=lambda challenge: _STRENGTH.index(challenge.algorithm), default=None)


def authorization(challenge: Challenge, credentials: Credentials, use: Use) -> str:
    """The value of Authorization or Proxy-Authorization."""
    fields = [
        f"username={_quoted(credentials.username)}",
        f"realm={_quoted(challenge.realm)}",
        f"nonce={_quoted(challenge.nonce)}",
        f"uri={_quoted(use.uri)}",
        f'response="{response(challenge, credentials, use)}"',
    ]
    if challenge.named:
        fields.append(f"algorithm={challenge.algorithm}")
    if challenge.qop or challenge.algorithm.endswith("-SESS"):
        fields.append(f"cnonce={_quoted(use.cnonce)}")
    if challenge.qop:
        fields.append(f"qop=auth, nc={use.count:08x}")
    if challenge.opaque is not None:
        fields.append(f"opaque={_quoted(challenge.opaque)}")
    return "Digest " + ", ".join(fields)


def response(challenge: Challenge, credentials: Credentials, use: Use) -> str:
    """RFC 7616 §3.4.1."""
    h = _hash(challenge.algorithm)
    secret = h(f"{credentials.username}:{challenge.realm}:{credentials.password}")
    if challenge.algorithm.endswith("-SESS"):
        secret = h(f"{secret}:{challenge.nonce}:{use.cnonce}")
    request = h(f"{use.method}:{use.uri}")
    if challenge.qop:
        return h(f"{secret}:{challenge.nonce}:{use.count:08x}:{use.cnonce}:auth:{request}")
    return h(f"{secret}:{challenge.nonce}:{request}")  # RFC 2617 §3.2.2.1, for servers older than qop


def _hash(algorithm: str) -> Callable[[str], str]:
    name = "sha256" if algorithm.startswith("SHA-256") else "md5"
    return lambda text: hashlib.new(name, text.encode(), usedforsecurity=False).hexdigest()


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
