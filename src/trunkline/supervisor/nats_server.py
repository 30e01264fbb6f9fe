"""The nats-server that `trunkline serve` runs for itself: where its program is, and its configuration."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import sysconfig
from dataclasses import dataclass
from pathlib import Path

USER = "trunkline"


@dataclass(frozen=True, slots=True)
class NatsServer:
    """One server's port and credentials: the same for as long as its supervisor lives, new ones for the next."""

    folder: Path
    port: int
    password: str

    @classmethod
    def new(cls, folder: Path, port: int) -> NatsServer:
        return cls(folder, port, secrets.token_hex(16))

    @property
    def url(self) -> str:
        return f"nats://{USER}:{self.password}@127.0.0.1:{self.port}"

    def write_config(self) -> Path:
        """Readable by its owner only: the password is in it."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = self.folder / "nats.conf"
        path.unlink(missing_ok=True)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(config(self))
        return path


def config(server: NatsServer) -> str:
    """Text in quotes is JSON's, which is also this format's."""
    return f"""\
listen: "127.0.0.1:{server.port}"
server_name: "trunkline"
jetstream: {{ store_dir: {json.dumps(str(server.folder.resolve()))} }}
authorization: {{ user: "{USER}", password: {json.dumps(server.password)} }}
log_file: {json.dumps(str(server.folder.resolve() / "nats.log"))}
logfile_size_limit: 10MB
logfile_max_num: 3
"""


def program() -> str | None:
    """The one installed beside this Python, else the one on the PATH."""
    beside = Path(sysconfig.get_path("scripts")) / "nats-server"
    return str(beside) if os.access(beside, os.X_OK) else shutil.which("nats-server")
