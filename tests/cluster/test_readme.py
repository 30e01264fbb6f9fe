"""The README's quick start, as it is printed: a call is placed, steered and shown from a shell."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from trunkline.cli.server import serving

ROOT = Path(__file__).parents[2]


def quick_start(url: str, key: str) -> str:
    """What is to be pasted after `make serve`, asking this Trunkline."""
    blocks = (ROOT / "README.md").read_text().split("```")[1::2]
    (commands,) = [block for block in blocks if "/control" in block]
    programs = Path(sys.executable).parent
    return (
        commands.replace("http://127.0.0.1:8080", url).replace("tl_live_…", key).replace(".venv/bin/", f"{programs}/")
    )


def test_the_quick_start_is_heard_and_shown(tmp_path: Path) -> None:
    with serving(tmp_path) as remote:
        ran = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", quick_start(remote.url, remote.key)],
            env={**os.environ, "TRUNKLINE_URL": remote.url},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert '"heard_text":"Your parcel arrives at noon."' in ran.stdout
    assert "ended (end_call_command)" in ran.stdout
    assert "end-call: done “Goodbye.”" in ran.stdout
