"""The composition root: the only room that knows concrete classes. `api.py` and `worker.py` each plug one process together.

They are imported when they are asked for: a worker never loads the web stack or the database, nor the API the media engine.
"""

from __future__ import annotations

from trunkline.config import Settings


async def run_api(settings: Settings) -> None:
    """The API with its recorder and jobs, until cancelled."""
    from trunkline.wiring.api import run  # noqa: PLC0415

    await run(settings)


async def run_worker(settings: Settings, name: str) -> None:
    """A worker, until cancelled or told to drain by SIGTERM."""
    from trunkline.wiring.worker import run  # noqa: PLC0415

    await run(settings, name)
