"""One process of one role: `python -m trunkline.cli.roles api | worker`, and what all of them begin with.

Each role loads only what it needs; a worker neither the web stack, nor the database, nor the command line's library.
"""

from __future__ import annotations

import asyncio
import gc
import os
import re
import secrets
import socket
import sys
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from typing import Any, NoReturn

from pydantic import ValidationError
from pydantic_settings.exceptions import SettingsError

from trunkline import logs
from trunkline.config import Settings
from trunkline.organizations import keys

BAD_SETTINGS = 2
"""Exit code; a supervisor does not start such a process again."""


def settings(**given: Any) -> Settings:
    """The settings, with what the command line gave on top. Ends the process if they cannot be right."""
    loaded, wrong = read_settings(**given)
    if wrong or loaded is None:
        stop(*wrong)
    return loaded


def read_settings(**given: Any) -> tuple[Settings | None, list[str]]:
    """The same, or what is wrong with them."""
    file = os.environ.get("TRUNKLINE_CONFIG")
    if file and not os.access(file, os.R_OK):
        return None, [f"TRUNKLINE_CONFIG: {file} cannot be read"]
    try:
        loaded = Settings(**{name: value for name, value in given.items() if value is not None})
    except ValidationError as error:
        return None, [f"TRUNKLINE_{'_'.join(map(str, e['loc'])).upper()}: {e['msg']}" for e in error.errors()]
    except (SettingsError, OSError, ValueError) as error:
        listed = re.search(r'error parsing value for field "(\w+)"', str(error))
        return None, [
            f'TRUNKLINE_{listed[1].upper()}: must be a list in JSON, such as ["+31", "+32"]' if listed else str(error)
        ]
    if loaded.bootstrap_key and not keys.is_key(loaded.bootstrap_key):
        why = "not a key: tl_live_ and 32 to 128 characters of A-Z a-z 0-9 _ - are needed"
        return loaded, [f"TRUNKLINE_BOOTSTRAP_KEY: {why}"]
    return loaded, []


def stop(*why: str) -> NoReturn:
    for line in why:
        print(f"trunkline: {line}", file=sys.stderr)
    raise SystemExit(BAD_SETTINGS)


def api(loaded: Settings) -> None:
    """Until it is told to stop."""
    _need_nats(loaded)
    with _loading():
        from trunkline.wiring.api import run  # noqa: PLC0415  (not before the settings are known to be right)
    _run(loaded, run(loaded))


def worker(loaded: Settings) -> None:
    """Until it is told to stop and its calls are over."""
    _need_nats(loaded)
    with _loading():
        from trunkline.wiring.worker import run  # noqa: PLC0415  (as above)
    _run(loaded, run(loaded, os.environ.get("TRUNKLINE_WORKER_ID") or _worker_id()))


def _need_nats(loaded: Settings) -> None:
    if not loaded.nats_url:
        stop("TRUNKLINE_NATS_URL is not set: an api or a worker alone needs your NATS (`trunkline serve` runs its own)")


@contextmanager
def _loading() -> Iterator[None]:
    """Modules stay: looking for garbage among them costs a fifth of a start, and later milliseconds between frames."""
    gc.disable()
    yield
    gc.freeze()
    gc.enable()


def _worker_id() -> str:
    """For a worker without a supervisor that would name it: its place on this machine is its process id."""
    return (
        f"{''.join(c if c.isalnum() else '-' for c in socket.gethostname())[:24]}-{os.getpid()}-{secrets.token_hex(4)}"
    )


def _run(loaded: Settings, main: Coroutine[Any, Any, None]) -> None:
    import uvloop  # noqa: PLC0415  (the supervisor and the client commands need no such loop)

    logs.set_up(loaded.log_level)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main)


if __name__ == "__main__":
    {"api": api, "worker": worker}[sys.argv[1]](settings())
