"""`/openapi.json` and `/docs`: the document as a file and as a page that needs nothing from anywhere else.

Both are made when somebody asks for the first time: a process that starts has no time for them.
"""

from __future__ import annotations

import asyncio
import hashlib
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path

import orjson
from fastapi import FastAPI, Request, Response
from fastapi.responses import FileResponse, HTMLResponse

from trunkline.api.openapi import document
from trunkline.api.routes import BASE
from trunkline.errors import NotFound

ASSETS = {"swagger-ui-bundle.js": "text/javascript", "swagger-ui.css": "text/css"}
"""Swagger UI, as the package `fastapi-standalone-docs` brings it along."""

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)

PAGE = """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Trunkline API</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="docs/swagger-ui.css">
</head>
<body>
<div id="docs"></div>
<script src="docs/swagger-ui-bundle.js"></script>
<script src="docs/start.js"></script>
</body>
</html>
"""
START = """\
SwaggerUIBundle({
  url: "openapi.json",
  dom_id: "#docs",
  deepLinking: true,
  docExpansion: "none",
  defaultModelsExpandDepth: 0,
  filter: true,
  validatorUrl: null,
});
"""


@dataclass(slots=True)
class Kept:
    """The document as bytes, and its name. `app.state.document`."""

    _made: tuple[bytes, str] | None = None
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def of(self, app: FastAPI) -> tuple[bytes, str]:
        async with self._lock:
            if self._made is None:
                self._made = await asyncio.to_thread(_made, app)
            return self._made


def install(app: FastAPI) -> None:
    app.state.document = Kept()
    for path in ("/openapi.json", f"{BASE}/openapi.json"):
        app.add_api_route(path, get_document, include_in_schema=False)
    app.add_api_route("/docs", get_page, include_in_schema=False)
    app.add_api_route("/docs/{name}", get_asset, include_in_schema=False)


async def get_document(request: Request) -> Response:
    """The OpenAPI document."""
    content, name = await request.app.state.document.of(request.app)
    headers = {"ETag": name, "Cache-Control": "no-cache"}
    if name in (given.strip().removeprefix("W/") for given in request.headers.get("if-none-match", "").split(",")):
        return Response(status_code=304, headers=headers)
    return Response(content, media_type="application/json", headers=headers)


async def get_page() -> HTMLResponse:
    """The document to read and to try."""
    return HTMLResponse(PAGE, headers={"Content-Security-Policy": POLICY})


async def get_asset(name: str) -> Response:
    """What the page is made of."""
    if name == "start.js":
        return Response(START, media_type="text/javascript")
    if name not in ASSETS:
        raise NotFound("No such URL")
    folder = await asyncio.to_thread(_folder)
    return FileResponse(folder / name, media_type=ASSETS[name], headers={"Cache-Control": "max-age=86400"})


def _made(app: FastAPI) -> tuple[bytes, str]:
    content = orjson.dumps(document(app))
    return content, f'"{hashlib.sha256(content).hexdigest()[:32]}"'


def _folder() -> Path:
    return Path(str(resources.files("fastapi_standalone_docs"))) / "static" / "swagger"
