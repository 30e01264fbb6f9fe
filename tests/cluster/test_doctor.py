"""`trunkline doctor` where all is well and where hardly anything is."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import time
from pathlib import Path

from trunkline.cli.server import serving

PROGRAM = Path(sys.executable).with_name("trunkline")
LINE = re.compile(r"(ok  |warn|FAIL)  (.{12})  (\S.*)")
NOWHERE = "192.0.2.1"
"""An address that no machine has (RFC 5737)."""
LONGEST_S = 20
"""A bound for a machine that is busy with other things: each wait is two seconds at most."""


def doctor(folder: Path, **settings: str) -> tuple[int, dict[str, list[tuple[str, str]]]]:
    """Its exit code, and by name what it said."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("TRUNKLINE_")}
    environment |= {f"TRUNKLINE_{name.upper()}": value for name, value in settings.items()}
    began = time.monotonic()
    done = subprocess.run(
        [PROGRAM, "doctor", "--data-dir", folder],
        env=environment, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert time.monotonic() - began < LONGEST_S
    assert done.stderr == ""
    found: dict[str, list[tuple[str, str]]] = {}
    for line in done.stdout.splitlines():
        match = LINE.fullmatch(line)
        assert match, line
        found.setdefault(match[2].strip(), []).append((match[1].strip(), match[3]))
    return done.returncode, found


def test_a_platform_that_runs_is_well(tmp_path: Path):
    with serving(tmp_path, {"TRUNKLINE_WORKERS": "2"}) as remote:
        port = remote.url.rpartition(":")[2]
        code, found = doctor(tmp_path / "data", port=port)
    assert code == 0, found
    [[verdict, bus]] = found["bus"]
    assert verdict == "ok"
    assert re.fullmatch(r"nats-server \d+\.\d+\.\d+ at 127.0.0.1:\d+, with JetStream and the journal", bus)
    assert [verdict for verdict, _ in found["workers"]] == ["ok", "ok"]
    assert all("0 calls, 100 of 100 free" in text for _, text in found["workers"])
    assert found["api"][0][0] == "ok"
    assert f"answers at {remote.url}" in found["api"][0][1]
    assert found["database"][0][0] == "ok"
    assert found["keys"] == [("ok", "1 organization, 1 active with the scope full")]
    names = {"settings", "data folder", "disk", "database", "files", "keys", "bus", "workers", "api", "sip", "clock"}
    assert set(found) == names | {"vendors", "espeak", "time zones", "open files", "cores"}


def test_where_nothing_has_run_yet_nothing_is_wrong_and_nothing_is_made(tmp_path: Path):
    code, found = doctor(tmp_path / "data", port=str(_free_port()))
    assert code == 0, found
    assert not (tmp_path / "data").exists()
    assert "is made at start" in found["data folder"][0][1]
    assert found["bus"] == [("ok", "does not run; `trunkline serve` starts one in the data folder")]
    assert "keys" not in found


def test_everything_that_is_wrong_is_told_at_once(tmp_path: Path):
    (tmp_path / "file").write_text("")
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        code, found = doctor(
            tmp_path / "file",
            port=str(port),
            nats_url=f"nats://user:secret@127.0.0.1:{port}",
            database_url=f"sqlite+aiosqlite:///{tmp_path}",
            sip_bind=NOWHERE,
            max_cals="3",
        )
    assert code == 1
    failed = {name for name, lines in found.items() if any(verdict == "FAIL" for verdict, _ in lines)}
    assert failed == {"data folder", "database", "bus", "api", "sip"}, found
    assert found["settings"][0][0] == "warn"
    assert "did you mean TRUNKLINE_MAX_CALLS?" in found["settings"][0][1]
    assert "secret" not in str(found)
    assert found["bus"] == [("FAIL", f"127.0.0.1:{port}: no answer; see TRUNKLINE_NATS_URL")]


def test_a_setting_that_cannot_be_read_is_named(tmp_path: Path):
    code, found = doctor(tmp_path, port="http")
    assert code == 1
    assert [verdict for verdict, _ in found["settings"]] == ["FAIL", "warn"]
    assert found["settings"][0][1].startswith("TRUNKLINE_PORT: ")
    assert "cores" in found
    assert "bus" not in found
    _, found = doctor(tmp_path, allowed_prefixes="+31")
    assert found["settings"][0] == (
        "FAIL",
        'TRUNKLINE_ALLOWED_PREFIXES: must be a list in JSON, such as ["+31", "+32"]',
    )


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])
