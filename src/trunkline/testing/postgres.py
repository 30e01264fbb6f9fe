"""A PostgreSQL of one's own for tests and benchmarks: Debian's server on a socket in a folder of its own, gone afterwards.

It listens on no port, trusts whoever can reach its folder, and does not wait for the disk: what it holds is worth nothing.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

READY_S = 20
ACCOUNT = "postgres"
"""The server refuses to run as root, so root hands it to the account that Debian's package makes."""


class Missing(RuntimeError):
    """There is no PostgreSQL server on this machine."""


@dataclass(frozen=True, slots=True)
class Postgres:
    folder: Path

    def url(self, database: str = "postgres") -> str:
        return f"postgresql+psycopg://{ACCOUNT}@/{database}?host={self.folder}"


def programs() -> Path:
    """The folder of the newest server installed. Raises Missing."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda path: float(path.parts[-3]))
    if not found:
        raise Missing("no PostgreSQL server in /usr/lib/postgresql (apt-get install postgresql)")
    return found[-1].parent


@contextmanager
def serving(durable: bool = False) -> Iterator[Postgres]:
    """`durable`: it waits for the disk as a real one does, for figures."""
    bin_ = programs()
    folder = Path(tempfile.mkdtemp(prefix="trunkline-postgres-"))
    try:
        if os.geteuid() == 0:
            shutil.chown(folder, ACCOUNT, ACCOUNT)
        data = folder / "data"
        initdb: list[str | Path] = [
            bin_ / "initdb",
            "-D",
            data,
            "-U",
            ACCOUNT,
            "-A",
            "trust",
            "-E",
            "UTF8",
            "--locale=C.UTF-8",
            "-N",
        ]
        subprocess.run([*_as_account(), *initdb], check=True, stdout=subprocess.DEVNULL, cwd=folder)
        server: list[str | Path] = [
            bin_ / "postgres",
            "-D",
            data,
            "-k",
            folder,
            "-c",
            "listen_addresses=",
            "-c",
            "max_connections=200",
        ]
        if not durable:
            server += ["-c", "fsync=off", "-c", "synchronous_commit=off", "-c", "full_page_writes=off"]
        with (folder / "log").open("wb") as log:
            process = subprocess.Popen(
                [*_as_account("--pdeathsig", "QUIT"), *server], stdout=log, stderr=log, cwd=folder
            )
        try:
            _wait_ready(process, data)
            yield Postgres(folder)
        finally:
            process.send_signal(signal.SIGQUIT)
            process.wait(10)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _as_account(*more: str) -> list[str]:
    """The command that runs another as the server's account, if it is not us already."""
    account = ["--reuid", ACCOUNT, "--regid", ACCOUNT, "--clear-groups"] if os.geteuid() == 0 else []
    return ["setpriv", *account, *more] if account or more else []


def _wait_ready(process: subprocess.Popen[bytes], data: Path) -> None:
    deadline = time.monotonic() + READY_S
    status = data / "postmaster.pid"
    while time.monotonic() < deadline and process.poll() is None:
        if status.exists() and status.read_text().splitlines()[-1].strip() == "ready":
            return
        time.sleep(0.02)
    raise RuntimeError(f"PostgreSQL did not start: {(data.parent / 'log').read_text()[-2000:]}")
