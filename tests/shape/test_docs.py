"""What the documents say of the code is what the code says of itself."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from types import ModuleType

import pytest
from shape import table

from trunkline.api.routes import BASE, URLS
from trunkline.calls import lifecycle
from trunkline.calls.endings import ENDINGS
from trunkline.calls.events import KINDS
from trunkline.config import Settings

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
PAGES = sorted([*DOCS.rglob("*.md"), *ROOT.glob("*.md")])


def reference() -> ModuleType:
    spec = importlib.util.spec_from_file_location("reference", ROOT / "scripts/reference.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_generated_pages_are_current():
    stale = [path.relative_to(ROOT).as_posix() for path in reference().stale()]
    assert stale == [], "run .venv/bin/python scripts/reference.py"


def test_every_kind_of_event_is_in_the_reference():
    text = (DOCS / "reference/events.md").read_text()
    assert [kind for kind in KINDS if f"`{kind}`" not in text] == []


def test_every_setting_is_in_the_reference():
    text = (DOCS / "reference/settings.md").read_text()
    assert [name for name in Settings.model_fields if f"`TRUNKLINE_{name.upper()}`" not in text] == []


def test_every_ending_is_in_the_reference():
    text = (DOCS / "reference/endings.md").read_text()
    assert [reason for reason in ENDINGS if f"`{reason}`" not in text] == []


def test_the_diagram_of_a_calls_life_is_drawn_from_its_table():
    assert lifecycle.mermaid() in (DOCS / "calls.md").read_text()


def test_the_readme_leads_to_every_page():
    text = (ROOT / "README.md").read_text()
    pages = [
        page.relative_to(ROOT).as_posix() for page in (*DOCS.glob("*.md"), *ROOT.glob("*.md")) if page.stem != "README"
    ]
    assert [page for page in pages if f"]({page})" not in text] == []


def test_every_room_is_on_the_map_with_what_it_may_import():
    text = (ROOT / "ARCHITECTURE.md").read_text()
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in text.splitlines() if line.startswith("| `")]
    shown = {room: cells[-1] for cells in rows for room in re.findall(r"`(\w+)`", cells[0])}
    drawn = {
        room: "anything" if may is None else ", ".join(sorted(may)) or "nothing"
        for room, may in table.ROOMS.items()
        if room not in table.KIT
    }
    assert {room: ", ".join(sorted(shown.get(room, "").split(", "))) for room in drawn} == drawn


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links_between_pages_lead_somewhere(page: Path):
    targets = re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", page.read_text())
    broken = [t for t in targets if "://" not in t and not (page.parent / t).exists()]
    assert broken == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_files_named_in_a_page_exist(page: Path):
    named = re.findall(r"`((?:src|tests|scripts|docs|benchmarks)/[\w./-]+\w)`", page.read_text())
    assert [name for name in named if not (ROOT / name).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_settings_named_in_a_page_exist(page: Path):
    known = {f"TRUNKLINE_{name.upper()}" for name in Settings.model_fields}
    known |= {"TRUNKLINE_URL", "TRUNKLINE_KEY", "TRUNKLINE_CONFIG", "TRUNKLINE_TEST_DATABASE"}
    named = set(re.findall(r"TRUNKLINE_[A-Z_]*[A-Z]", page.read_text()))
    assert named <= known


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_operations_named_in_a_page_exist(page: Path):
    known = {(url.method, _shape(url.path)) for url in URLS} | {("GET", "/calls/{}/live")}
    named = re.findall(r"`(GET|POST|PATCH|DELETE) (/[^\s`?]*)", page.read_text())
    assert {(method, _shape(path.removeprefix(BASE))) for method, path in named} <= known


def _shape(path: str) -> str:
    return re.sub(r"\{[^}]*\}", "{}", path)
