"""The API as an application, and the server that answers with it until it is cancelled."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
from collections.abc import AsyncIterator, Callable, Iterator

import uvicorn
from fastapi import FastAPI

from trunkline import __version__
from trunkline.api import docs, routes
from trunkline.api.health import Beats, Metered, Metrics, Vitals
from trunkline.assistants.store import resolve
from trunkline.bus import messages
from trunkline.bus.port import Bus, BusAway
from trunkline.calls.control import Steering
from trunkline.calls.placing import Placing
from trunkline.campaigns import store as campaigns
from trunkline.config import Settings
from trunkline.numbers import store as numbers
from trunkline.storage.engine import Database
from trunkline.usage.store import require_credit
from trunkline.web import problems
from trunkline.web.body import MAX_BYTES
from trunkline.web.caller import Callers, Door
from trunkline.web.deprecation import OldNames
from trunkline.web.idempotency import Once
from trunkline.web.limits import RateHeaders, Window

STRANGERS_PER_MINUTE = 600
PING_S = 20.0
KEEP_ALIVE_S = 75
"""Longer than clients keep an idle connection: the side that closes first must be theirs, or a request meets a closed door."""
GOODBYE_S = 5
"""How long requests that wait may still go on when the server stops."""


def build(settings: Settings, database: Database, bus: Bus) -> FastAPI:
    beats = Beats()
    metrics = Metrics(beats)
    app = FastAPI(
        title="Trunkline",
        version=__version__,
        openapi_url=None,
        redirect_slashes=False,
        lifespan=_listening(bus, beats),
    )
    strangers = Window(STRANGERS_PER_MINUTE)
    app.state.door = Door(Callers(database), Window(settings.rate_limit_per_minute), strangers)
    app.state.per_call = Window(settings.control_limit_per_minute)
    app.state.once = Once(database)
    app.state.assistant_holds = (numbers.holds_assistant, campaigns.holds_assistant)
    app.state.placing = Placing(settings, database, bus, resolve, numbers.Pool(), require_credit)
    app.state.steering = Steering(settings, database, bus)
    app.state.vitals = Vitals(database, bus, beats, metrics)
    problems.install(app)
    routes.install(app)
    docs.install(app)
    app.add_middleware(OldNames)
    app.add_middleware(RateHeaders, strangers=strangers)
    app.add_middleware(Metered, metrics=metrics)
    return app


async def serve(settings: Settings, database: Database, bus: Bus, ready: Callable[[str], None]) -> None:
    """Answer until cancelled; then finish what is being answered. `ready` is told the URL once it listens."""
    logging.getLogger("uvicorn.error").addFilter(_worth_a_line)
    listener = _listener(settings.host, settings.port)
    host, port = listener.getsockname()[:2]
    config = uvicorn.Config(
        build(settings, database, bus),
        log_config=None,
        access_log=False,
        server_header=False,
        ws_ping_interval=PING_S,
        ws_ping_timeout=PING_S,
        ws_max_size=MAX_BYTES,
        ws_per_message_deflate=False,  # events are small, and compressing costs memory for every watcher
        timeout_keep_alive=KEEP_ALIVE_S,
        timeout_graceful_shutdown=GOODBYE_S,
    )
    server = _Server(config, lambda: ready(f"http://{f'[{host}]' if ':' in host else host}:{port}"))
    async with asyncio.TaskGroup() as group:
        answering = group.create_task(server.serve(sockets=[listener]))
        try:
            await asyncio.shield(answering)
        except asyncio.CancelledError:
            server.should_exit = True
            await answering
            raise


def _worth_a_line(record: logging.LogRecord) -> bool:
    """A live socket refused before the upgrade has been answered: uvicorn takes it for a fault, a stranger's every try."""
    return "returned without completing handshake" not in record.getMessage()


class _Server(uvicorn.Server):
    """Signals are the business of whoever runs this process, not of the web server."""

    def __init__(self, config: uvicorn.Config, listening: Callable[[], None]) -> None:
        super().__init__(config)
        self._tell = listening

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._tell()


def _listener(host: str, port: int) -> socket.socket:
    """Raises OSError where the address cannot be had."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((host, port))
    return listener


def _listening(bus: Bus, beats: Beats) -> Callable[[FastAPI], contextlib.AbstractAsyncContextManager[None]]:
    """While the application runs it hears which workers there are."""

    @contextlib.asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async def beat(payload: bytes) -> None:
            await beats.beat(payload)

        subscription = await bus.subscribe(messages.BEAT, beat)
        with contextlib.suppress(BusAway):
            await bus.publish(messages.ROLL, messages.pack({}))
        try:
            yield
        finally:
            with contextlib.suppress(BusAway):
                await subscription.stop()

    return lifespan
