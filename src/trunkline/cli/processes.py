"""`trunkline serve | api | worker`: the whole platform on this machine, or one of its processes alone."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

Host = Annotated[str | None, typer.Option(help="address the API listens on (127.0.0.1)")]
Port = Annotated[int | None, typer.Option(help="port the API listens on; 0 takes a free one (8080)")]
DataDir = Annotated[Path | None, typer.Option(help="where database, journal and recordings live (data)")]
Drain = Annotated[float | None, typer.Option(help="how long live calls may go on after SIGTERM (30)")]


def serve(
    *,
    host: Host = None,
    port: Port = None,
    data_dir: DataDir = None,
    workers: Annotated[int | None, typer.Option(help="worker processes; 0 means cores − 1, at least 1 (0)")] = None,
    drain_seconds: Drain = None,
) -> None:
    """Run the whole platform: API, workers and NATS, restarted when they die. SIGTERM lets live calls finish."""
    from trunkline import logs  # noqa: PLC0415  (the client commands need none of this)
    from trunkline.cli import roles  # noqa: PLC0415
    from trunkline.supervisor.machine import CannotStart, Programs  # noqa: PLC0415
    from trunkline.supervisor.machine import serve as run  # noqa: PLC0415

    loaded = roles.settings(host=host, port=port, data_dir=data_dir, workers=workers, drain_seconds=drain_seconds)
    logs.set_up(loaded.log_level)
    ours = (sys.executable, "-P", "-m", "trunkline.cli.roles")
    try:
        code = run(loaded, Programs(api=(*ours, "api"), worker=(*ours, "worker")), lambda line: print(line, flush=True))
    except CannotStart as error:
        roles.stop(str(error))
    raise typer.Exit(code)


def api(*, host: Host = None, port: Port = None, data_dir: DataDir = None) -> None:
    """Run the API process alone, on your NATS (TRUNKLINE_NATS_URL) and database (TRUNKLINE_DATABASE_URL)."""
    from trunkline.cli import roles  # noqa: PLC0415  (the client commands need none of this)

    roles.api(roles.settings(host=host, port=port, data_dir=data_dir))


def worker(*, data_dir: DataDir = None, drain_seconds: Drain = None) -> None:
    """Run one worker process alone, on your NATS (TRUNKLINE_NATS_URL)."""
    from trunkline.cli import roles  # noqa: PLC0415  (the client commands need none of this)

    roles.worker(roles.settings(data_dir=data_dir, drain_seconds=drain_seconds))
