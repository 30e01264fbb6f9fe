"""A whole Trunkline of one's own for as long as a `with` block lasts: `trunkline serve` on a free port in a folder."""

from __future__ import annotations

import os
import re
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import httpx

from trunkline.cli.remote import NOBODY, Refused, Remote

READY_S = 20
STOP_S = 10


@contextmanager
def serving(folder: Path, settings: Mapping[str, str] | None = None) -> Iterator[Remote]:
    """`settings` are `TRUNKLINE_*` variables. Its log is `server.log` in the folder."""
    key = f"tl_live_{secrets.token_hex(20)}"
    environment = {name: value for name, value in os.environ.items() if not name.startswith("TRUNKLINE_")}
    environment |= {"TRUNKLINE_BOOTSTRAP_KEY": key, **(settings or {})}
    program = Path(sys.executable).with_name("trunkline")
    log = folder / "server.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [program, "serve", "--port", "0", "--data-dir", folder / "data", "--drain-seconds", "1"],
            stdout=output,
            stderr=subprocess.STDOUT,
            env=environment,
        )
    try:
        yield Remote(_wait_ready(process, log), key)
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait_ready(process: subprocess.Popen[bytes], log: Path) -> str:
    deadline = time.monotonic() + READY_S
    while time.monotonic() < deadline and process.poll() is None:
        found = re.search(r"https?://[\w.:\[\]-]+", log.read_text())
        if found and _is_ready(url := found.group().rstrip(".")):
            return url
        time.sleep(0.05)
    raise Refused(NOBODY, ["`trunkline serve` did not come up; its log:", *log.read_text().splitlines()[-20:]])


def _is_ready(url: str) -> bool:
    try:
        return httpx.get(f"{url}/ready", timeout=2).is_success
    except httpx.TransportError:
        return False
