"""The OpenAPI document, made from the table of URLs."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI

from trunkline import __version__
from trunkline.api import routes

DESCRIPTION = "Phone calls made by AI assistants, and steered while they are live."


def bare() -> FastAPI:
    """An application that has the routes and nothing behind them: enough to describe it."""
    app = FastAPI(title="Trunkline", version=__version__, description=DESCRIPTION)
    routes.install(app)
    return app


def document(app: FastAPI) -> dict[str, Any]:
    return app.openapi()
