"""Every one-line fault in the machines that decide a call is noticed by their own tests."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from mutation_faults import FAULTS, SUITES

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "src" / "trunkline"
NURSERY = ROOT / "tests" / "mutation_nursery.py"


@dataclass
class Copy:
    """The package, where it can be broken without anybody noticing but the tests."""

    folder: Path
    nursery: subprocess.Popen[str]

    def passes(self, suite: tuple[str, ...]) -> bool:
        assert self.nursery.stdin is not None
        assert self.nursery.stdout is not None
        self.nursery.stdin.write("".join(f"{ROOT / 'tests' / name}\t" for name in suite) + "\n")
        self.nursery.stdin.flush()
        answer = self.nursery.stdout.readline().strip()
        assert answer in ("passed", "noticed"), answer
        return answer == "passed"


@pytest.fixture(scope="module")
def copy() -> Iterator[Copy]:
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(PACKAGE, Path(folder) / "trunkline", ignore=shutil.ignore_patterns("__pycache__"))
        environment = {**os.environ, "PYTHONPATH": folder, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
        with subprocess.Popen(
            [sys.executable, "-B", NURSERY],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        ) as nursery:
            yield Copy(Path(folder), nursery)
            assert nursery.stdin is not None
            nursery.stdin.close()


@pytest.mark.parametrize("fault", FAULTS, ids=lambda f: f"{Path(f[0]).stem}: {f[2] or 'no ' + f[1]}")
def test_a_fault_is_noticed(copy: Copy, fault: tuple[str, str, str]) -> None:
    file, right, wrong = fault
    original = (PACKAGE / file).read_text()
    assert right in original, f"{file} has no longer: {right}"
    broken = copy.folder / "trunkline" / file
    broken.write_text(original.replace(right, wrong, 1))
    try:
        assert not copy.passes(SUITES[file]), f"nobody noticed {wrong!r} in {file}"
    finally:
        broken.write_text(original)


def test_the_copy_passes_while_nothing_is_broken(copy: Copy) -> None:
    for suite in set(SUITES.values()):
        assert copy.passes(suite)
