"""The rules themselves, on packages made up for the purpose: each can fail, and a well-shaped package is silent."""

from __future__ import annotations

import ast
from graphlib import TopologicalSorter
from pathlib import Path

from shape import rules, table


def package(**files: str) -> list[rules.Module]:
    named = {(name if "/" in name else name.replace("__", "/")) + ".py": text for name, text in files.items()}
    return [rules.Module(where, text, ast.parse(text)) for where, text in named.items()]


def test_a_well_shaped_package_is_silent():
    modules = package(
        calls__run='"""One."""\nimport asyncio\nfrom trunkline import ids\nfrom trunkline.audio.codecs import x\n',
        audio__codecs='"""Two."""\nimport numpy\n',
    )
    checks = (rules.wrong_ways, rules.worker_reaches, rules.narrower, rules.impurities, rules.sizes)
    checks += (rules.opening_paragraphs, rules.swallowers, rules.foreign_words)
    assert [said for check in checks for said in check(modules)] == []


def test_a_call_knows_neither_telephones_nor_models():
    said = rules.wrong_ways(
        package(calls__run="from trunkline.telephony.sip import x\nfrom trunkline import providers\n")
    )
    assert list(said) == ["calls/run.py may not import telephony.sip.x", "calls/run.py may not import providers"]


def test_a_single_module_can_be_allowed():
    said = rules.wrong_ways(
        package(
            assistants__schemas="from trunkline.providers.catalogue import x\nfrom trunkline.providers.sandbox import y\n"
        )
    )
    assert list(said) == ["assistants/schemas.py may not import providers.sandbox.y"]


def test_the_kit_imports_nothing_of_ours():
    said = rules.wrong_ways(package(ids="from trunkline.audio import x\nfrom trunkline import clock\n"))
    assert list(said) == ["ids.py is kit and may import nothing of ours, but imports audio.x"]


def test_a_room_that_is_not_in_the_table_is_named():
    assert list(rules.wrong_ways(package(utils__helpers="import os\n"))) == [
        "utils/helpers.py is in no room of the table"
    ]


def test_a_worker_may_not_reach_the_database_however_indirectly():
    modules = package(
        calls__run="from trunkline.calls.journal import x\n",
        calls__journal="def late():\n    from trunkline.storage.engine import y\n",
        storage__engine="import sqlalchemy\n",
    )
    said = set(rules.worker_reaches(modules))
    assert "calls/run.py is loaded by workers but reaches storage.engine (by calls.journal)" in said
    assert "calls/run.py is loaded by workers but reaches sqlalchemy (by storage.engine)" in said


def test_a_package_is_loaded_with_its_modules():
    files = {"audio/__init__": "import fastapi\n", "audio/codecs": "pass\n"}
    modules = package(calls__run="from trunkline.audio.codecs import x\n", **files)
    assert "calls/run.py is loaded by workers but reaches fastapi (by audio)" in set(rules.worker_reaches(modules))


def test_imports_for_type_checkers_only_are_not_loaded():
    text = "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from trunkline.storage import engine\n"
    assert list(rules.worker_reaches(package(calls__run=text, storage__engine="pass\n"))) == []


def test_the_far_end_is_built_from_frames_only():
    modules = package(
        telephony__sandbox__farend="from trunkline.telephony.sandbox.tricks import x\nfrom trunkline.audio.modem import y\n",
        telephony__sandbox__tricks="from trunkline.calls.leg import FRAME\n",
        audio__modem="pass\n",
        calls__leg="pass\n",
    )
    assert list(rules.narrower(modules)) == [
        "telephony/sandbox/farend.py may reach audio only, but reaches telephony.sandbox.tricks (by telephony.sandbox.farend)",
        "telephony/sandbox/farend.py may reach audio only, but reaches calls.leg (by telephony.sandbox.tricks)",
    ]


def test_a_pure_module_may_not_look_at_the_clock_or_wait():
    text = "import time\nasync def f():\n    await g()\n    print(datetime.now())\n"
    assert list(rules.impurities(package(calls__lifecycle=text))) == [
        "calls/lifecycle.py is pure and may not import time",
        "calls/lifecycle.py:2 is pure and may not wait",
        "calls/lifecycle.py:3 is pure and may not wait",
        "calls/lifecycle.py:4 is pure and may not call print",
        "calls/lifecycle.py:4 is pure and may not read the clock",
    ]


def test_a_module_that_says_it_is_pure_is_held_to_it():
    said = rules.impurities(
        package(calls__anything='"""It decides things. Pure."""\nimport os\n', calls__other="import os\n")
    )
    assert list(said) == ["calls/anything.py is pure and may not import os"]


def test_a_pure_module_without_its_own_test_is_named(tmp_path: Path):
    modules = package(calls__lifecycle="def f():\n    return 1\n", calls__effects="class A: ...\n", calls__run="pass\n")
    assert list(rules.unmirrored(modules, tmp_path / "tests")) == [
        "calls/lifecycle.py is pure and has no tests/unit/calls/test_lifecycle.py"
    ]
    (tmp_path / "tests/unit/calls").mkdir(parents=True)
    (tmp_path / "tests/unit/calls/test_lifecycle.py").touch()
    assert list(rules.unmirrored(modules, tmp_path / "tests")) == []


def test_a_long_module_and_a_long_function_are_named():
    said = list(rules.sizes(package(cli__main="def f():\n" + "    x = 1\n" * 400)))
    assert said == [
        "cli/main.py has 401 lines: find the second idea in it and give it its own file",
        "cli/main.py:1 f has 401 lines",
    ]


def test_a_docstring_does_not_make_a_function_long():
    text = 'def f():\n    """' + "\n    word" * 60 + '"""\n' + "    x = 1\n" * 49
    assert list(rules.sizes(package(cli__main=text))) == []


def test_a_module_without_an_opening_paragraph_is_named():
    said = list(rules.opening_paragraphs(package(cli__main="x = 1\n")))
    assert said == ["cli/main.py does not say in an opening paragraph what it owns"]


def test_catching_everything_is_named_outside_the_outermost_shells():
    text = "try:\n    f()\nexcept Exception:\n    pass\n"
    again = "try:\n    f()\nexcept BaseException:\n    raise\n"
    said = list(rules.swallowers(package(calls__media=text, calls__run=text, calls__ticker=again)))
    assert said == ["calls/media.py:3 catches everything: name what can happen"]


def test_a_vendor_is_named_only_in_its_own_file():
    text = '"""Like openai."""\nx = "a-deepgram-key"\n'
    said = list(rules.foreign_words(package(calls__run=text, providers__catalogue=text)))
    assert said == ["calls/run.py:2 names deepgram"]


def test_a_kind_of_event_that_no_table_has_is_named():
    modules = package(telephony__leg='tell(Noted("surprise", {}))\ntell(Noted("ringing"))\n')
    said = list(rules.unknown_kinds(modules, {"ringing"}))
    assert said == ["telephony/leg.py:1 notes surprise, which is no kind of event"]


def test_unit_tests_that_wait_or_patch_are_named():
    text = "from unittest.mock import Mock\ndef test_a(monkeypatch):\n    time.sleep(1)\n"
    said = sorted(rules.untimely(package(test_a=text)))
    assert said == ["test_a.py:1 mocks", "test_a.py:2 patches", "test_a.py:3 sleeps"]


def test_the_table_has_no_cycle():
    graph = {room: {name.split(".")[0] for name in may or ()} for room, may in table.ROOMS.items()}
    assert len(list(TopologicalSorter(graph).static_order())) == len(table.ROOMS)
