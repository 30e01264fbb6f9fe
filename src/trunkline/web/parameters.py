"""Parameters of a query: one that a route does not know is refused, as an unknown field of a body is, and so is one sent twice.

What a known one may say is declared by the route; a typo in its name would otherwise give an answer to another question.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from starlette.requests import HTTPConnection

from trunkline.errors import BadRequest
from trunkline.web.body import MAX_DETAILS, path


def require_known(connection: HTTPConnection) -> None:
    """Raises BadRequest with one detail per parameter that is unknown, or there twice."""
    sent = Counter(name for name, _ in connection.query_params.multi_items())
    route = connection.scope.get("route")
    if not sent or not isinstance(route, APIRoute):
        return
    known = dict.fromkeys(_names(route.dependant))
    details = [f"{path([name])}: unknown parameter; {_listed(known)}" for name in sent if name not in known]
    details += [f"{name}: is there twice" for name, times in sent.items() if times > 1 and name in known]
    if details:
        raise BadRequest("A parameter is invalid", details=details[:MAX_DETAILS])


def _names(of: Dependant) -> Iterator[str]:
    """Of what a route and everything it depends on take from the query."""
    for parameter in of.query_params:
        yield parameter.alias
    for below in of.dependencies:
        yield from _names(below)


def _listed(known: dict[str, None]) -> str:
    return f"known: {', '.join(sorted(known))}" if known else "this URL has none"
