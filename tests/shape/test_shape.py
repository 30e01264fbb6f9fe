"""The architecture of the package as it stands. Each test is one rule of STYLE.md and prints every place that breaks it."""

from __future__ import annotations

import importlib
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import pytest
from shape import rules, table

from trunkline.calls.events import FLUSHED, KINDS

HERE = Path(__file__).resolve()
TESTS = HERE.parents[1]
ROOT = HERE.parents[2]
SOURCE = ROOT / "src" / table.PACKAGE
MODULES = rules.read(SOURCE)


def nothing(said: Iterable[str]) -> None:
    broken = list(said)
    assert not broken, "\n" + "\n".join(broken)


def test_rooms_import_only_what_the_table_allows():
    nothing(rules.wrong_ways(MODULES))


def test_what_a_worker_loads_reaches_neither_the_web_nor_the_database():
    nothing(rules.worker_reaches(MODULES))


def test_the_far_end_is_built_from_frames_only():
    nothing(rules.narrower(MODULES))


def test_decisions_are_pure():
    nothing(rules.impurities(MODULES))


def test_every_pure_module_has_its_own_unit_test():
    nothing(rules.unmirrored(MODULES, TESTS))


def test_modules_and_functions_are_short():
    nothing(rules.sizes(MODULES))


def test_every_module_says_what_it_owns():
    nothing(rules.opening_paragraphs(MODULES))


def test_only_the_outermost_shells_catch_everything():
    nothing(rules.swallowers(MODULES))


def test_vendors_are_named_in_their_own_files_only():
    nothing(rules.foreign_words(MODULES))


def test_unit_tests_neither_wait_nor_patch():
    nothing(rules.untimely(rules.read(TESTS / "unit")))


def test_every_name_in_the_tables_is_a_file():
    lists = (table.PURE, table.API_SIDE, tuple(table.OUTERMOST), tuple(table.NARROWER))
    there = [module.where for module in MODULES]
    missing = [p for patterns in lists for p in patterns if "*" not in p and p not in there]
    assert not missing, "these files are gone; take them out of the table:\n" + "\n".join(missing)


def test_a_worker_process_loads_no_web_stack_and_no_database():
    """The same as the rule above, asked of the interpreter."""
    names = [f"{table.PACKAGE}.{m.name}" for m in MODULES if m.worker_side]
    code = f"import importlib, sys\nfor name in {names!r}: importlib.import_module(name)\n"
    code += f"print(*sorted({set(table.NOT_IN_A_WORKER)!r} & set(sys.modules)))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    assert loaded.returncode == 0, loaded.stderr
    assert loaded.stdout.split() == []


def test_every_kind_of_event_that_is_noted_is_in_the_table():
    nothing(rules.unknown_kinds(MODULES, KINDS))
    assert set(KINDS) >= FLUSHED


@pytest.mark.parametrize("module", ["trunkline.config", "trunkline.errors", "trunkline.ids", "trunkline.clock"])
def test_the_kit_can_be_imported(module: str):
    importlib.import_module(module)
