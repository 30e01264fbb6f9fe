"""The demo as a newcomer runs it: it judges itself, word by word, and says so in its exit code."""

from __future__ import annotations

import subprocess
import sys
import wave
from pathlib import Path

PROGRAM = Path(sys.executable).with_name("trunkline")


def test_the_demo_runs_its_calls_and_every_receipt_agrees_with_the_far_end(tmp_path: Path):
    run = subprocess.run([PROGRAM, "demo", "--keep", tmp_path], capture_output=True, text=True, timeout=90, check=False)
    assert run.returncode == 0, run.stdout + run.stderr
    assert "every word told as heard is a word the far end decoded" in run.stdout
    recordings = sorted(tmp_path.glob("*.wav"))
    assert [path.stem for path in recordings] == ["barge-in", "steering", "transfer", "voice"]
    for path in recordings:
        with wave.open(str(path)) as recording:
            assert (recording.getnchannels(), recording.getframerate(), recording.getsampwidth()) == (2, 8000, 2)
            assert recording.getnframes() > 8000
