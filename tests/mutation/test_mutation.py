"""Every one-line fault in the machines that decide a call is noticed by their own tests."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from mutation_faults import FAULTS, SUITES

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "src" / "trunkline"
ENDLESS_S = 60
"""A fault may make a test loop for ever: that is noticed too."""


@pytest.fixture(scope="module")
def copy() -> Iterator[Path]:
    """The package, where it can be broken without anybody noticing but the tests."""
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(PACKAGE, Path(folder) / "trunkline", ignore=shutil.ignore_patterns("__pycache__"))
        yield Path(folder)


@pytest.mark.parametrize("fault", FAULTS, ids=lambda f: f"{Path(f[0]).stem}: {f[2] or 'no ' + f[1]}")
def test_a_fault_is_noticed(copy: Path, fault: tuple[str, str, str]) -> None:
    file, right, wrong = fault
    original = (PACKAGE / file).read_text()
    assert right in original, f"{file} has no longer: {right}"
    broken = copy / "trunkline" / file
    broken.write_text(original.replace(right, wrong, 1))
    try:
        assert not passes(copy, SUITES[file]), f"nobody noticed {wrong!r} in {file}"
    finally:
        broken.write_text(original)


def test_the_copy_passes_while_nothing_is_broken(copy: Path) -> None:
    for suite in set(SUITES.values()):
        assert passes(copy, suite)


def passes(copy: Path, suite: tuple[str, ...]) -> bool:
    tests = [str(ROOT / "tests" / name) for name in suite]
    command = [sys.executable, "-B", "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", *tests]
    environment = {**os.environ, "PYTHONPATH": str(copy), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    try:
        done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, timeout=ENDLESS_S, check=False)
    except subprocess.TimeoutExpired:
        return False
    assert done.returncode in (0, 1, 2), done.stdout.decode()
    return done.returncode == 0
