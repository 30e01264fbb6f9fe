"""Which challenges a dialog may answer, and the Authorization headers of its requests (RFC 3261 §22). Pure.

A request answers each realm once per nonce, and again only if the server says that the nonce was merely stale: a second
challenge without that means that the password is wrong. A known nonce is used on later requests without being asked.
"""

from __future__ import annotations

from collections.abc import Callable

from trunkline.telephony.sip.digest import Challenge, Credentials, Use, authorization, strongest
from trunkline.telephony.sip.message import Headers, Response

MAX_RETRIES = 4
"""Of one request: a proxy, a server behind it, and a stale nonce of each."""

_ANSWER = {401: ("WWW-Authenticate", "Authorization"), 407: ("Proxy-Authenticate", "Proxy-Authorization")}

Tried = tuple[tuple[str, str, str], ...]
"""The (header, realm, nonce) that one request has already answered."""


class Wallet:
    __slots__ = ("_credentials", "_fresh", "_known")

    def __init__(self, credentials: Credentials | None, fresh: Callable[[], str]) -> None:
        self._credentials = credentials
        self._fresh = fresh
        self._known: dict[tuple[str, str], tuple[Challenge, int]] = {}

    def learn(self, response: Response, tried: Tried) -> Tried | None:
        """Take in a 401 or 407. Returns what the retried request will have tried, or None if it must not be retried."""
        if self._credentials is None or response.code not in _ANSWER or len(tried) >= MAX_RETRIES:
            return None
        asks, answers = _ANSWER[response.code]
        challenge = strongest(response.all(asks))
        if challenge is None:
            return None
        attempt = (answers, challenge.realm, challenge.nonce)
        again = any(earlier[:2] == attempt[:2] for earlier in tried)
        if attempt in tried or (again and not challenge.stale):
            return None
        self._known[answers, challenge.realm] = (challenge, 0)
        return (*tried, attempt)

    def headers(self, method: str, uri: str) -> Headers:
        """The headers that answer every challenge known so far."""
        if self._credentials is None:
            return ()
        made: list[tuple[str, str]] = []
        for (name, realm), (challenge, count) in self._known.items():
            self._known[name, realm] = (challenge, count + 1)
            use = Use(method, uri, self._fresh(), count + 1)
            made.append((name, authorization(challenge, self._credentials, use)))
        return tuple(made)
