"""`trunkline demo`: a Trunkline of its own, a few calls placed and steered, and the proof that what it says was heard was.

The scenes are in `scenes.py`. On the stage (`stage.py`) every call is judged: what the journal and the receipts tell must
be what the far end decoded from the samples it received (`truth.py`).
"""

from __future__ import annotations

import tempfile
import time
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from trunkline.cli import paint, scenes
from trunkline.cli.server import serving
from trunkline.cli.stage import Stage


class Line(StrEnum):
    SANDBOX = "sandbox"
    SIP = "sip"


def demo(
    line: Annotated[Line, typer.Option(help="sandbox lines, or a SIP phone (baresip) on this machine")] = Line.SANDBOX,
    keep: Annotated[Path, typer.Option(help="where the recordings go")] = Path("var/demo"),
) -> None:
    """Place and steer a few calls on a Trunkline of its own; exit 1 if a receipt differs from what the far end heard."""
    started = time.monotonic()
    keep.mkdir(parents=True, exist_ok=True)
    settings = {"TRUNKLINE_ALLOW_SIP": "true"} if line is Line.SIP else {}
    with tempfile.TemporaryDirectory(prefix="trunkline-demo-") as folder, serving(Path(folder), settings) as remote:
        paint.say(f"trunkline serves at {remote.url} after {time.monotonic() - started:.1f} s")
        stage = Stage(remote, keep)
        for scene in scenes.ON_SIP if line is Line.SIP else scenes.ON_SANDBOX:
            scene(stage)
    paint.heading(f"The demo took {time.monotonic() - started:.0f} s")
    for path in stage.recordings:
        paint.say(f"recording  {path}")
    for problem in stage.problems:
        paint.complain(f"differs    {problem}")
    if stage.problems:
        raise typer.Exit(1)
    paint.say(stage.verdict)
