"""Every benchmark, one after another: `make bench`. Figures stand beside their budgets.

Each runs in a process of its own, so that none measures another's memory or garbage.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
RUNS = (
    ("What audio costs", "audio.py", ()),
    ("Sandbox calls on real processes", "calls.py", ("1", "50", "100")),
    ("Placing and listing calls over HTTP", "api.py", ()),
    ("SIP calls against sipp", "sip.py", ("50", "10")),
)


def main() -> int:
    failed = 0
    for title, program, arguments in RUNS:
        print(f"\n# {title}\n", flush=True)
        failed |= subprocess.run([sys.executable, HERE / program, *arguments], check=False).returncode
    return int(failed != 0)


if __name__ == "__main__":
    sys.exit(main())
