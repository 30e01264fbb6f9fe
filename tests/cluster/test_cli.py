"""The command line against a whole Trunkline of its own, as a person uses it."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from trunkline.cli.remote import Remote
from trunkline.cli.server import serving

PROGRAM = Path(sys.executable).with_name("trunkline")
Trunkline = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def remote(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Remote]:
    with serving(tmp_path_factory.mktemp("cli")) as running:
        yield running


@pytest.fixture
def trunkline(remote: Remote) -> Trunkline:
    def run(*arguments: str, key: str = remote.key) -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, "TRUNKLINE_URL": remote.url, "TRUNKLINE_KEY": key}
        return subprocess.run(
            [PROGRAM, *arguments], env=environment, capture_output=True, text=True, timeout=45, check=False
        )

    return run


def test_a_call_is_placed_steered_and_shown(trunkline: Trunkline):
    placed = trunkline("call", "+15005550008", "--first-message", "Hello.")
    assert placed.returncode == 0, placed.stderr
    call = placed.stdout.strip()

    assert _until_answered(trunkline, call)

    said = trunkline("say", call, "Your parcel arrives.", "--now")
    assert said.returncode == 0, said.stderr
    assert said.stdout.startswith("say: heard “Your parcel arrives.”")
    assert "basis frames" in said.stdout

    known = trunkline("inject", call, "Her name is Ada.")
    assert known.stdout.startswith("inject-context: done")

    ended = trunkline("end", call, "Goodbye.")
    assert ended.stdout.startswith("end-call: done “Goodbye.”")

    watched = trunkline("watch", call)
    assert watched.stdout.splitlines()[-1].split()[1] == "ended"
    assert "\x1b" not in watched.stdout

    shown = trunkline("show", call).stdout
    assert "end_call_command" in shown
    assert "assistant  “Your parcel arrives.”" in shown
    assert "say: heard “Your parcel arrives.”" in shown


def test_a_call_can_be_waited_for_and_its_failure_is_an_exit_code(trunkline: Trunkline):
    busy = trunkline("call", "+15005550002", "--wait")
    assert busy.returncode == 1
    assert re.search(r"ended +failed: busy", busy.stdout)


def test_what_the_api_refuses_is_printed_without_a_traceback(trunkline: Trunkline):
    for refused, word in (
        (trunkline("say", "call_nobody", "hello"), "not found"),
        (trunkline("show", "../assistants"), "no such url"),
        (trunkline("call", "+1500555000x"), "destination"),
        (trunkline("call", "+15005550001", key="tl_live_" + "x" * 40), "key"),
        (trunkline("show", "call_nobody", key="clé"), "key"),
    ):
        assert refused.returncode == 1
        assert word in refused.stderr.lower()
        assert "Traceback" not in refused.stderr


def test_a_call_is_followed_across_the_death_of_the_api(remote: Remote, trunkline: Trunkline):
    call = trunkline("call", "+15005550006").stdout.strip()
    environment = {**os.environ, "TRUNKLINE_URL": remote.url, "TRUNKLINE_KEY": remote.key}
    with subprocess.Popen([PROGRAM, "watch", call], env=environment, stdout=subprocess.PIPE, text=True) as watching:
        assert watching.stdout is not None
        assert watching.stdout.readline().split()[1] == "claimed"
        os.kill(_api_of(os.getpid()), signal.SIGKILL)
        assert watching.stdout.read().splitlines()[-1].split()[1] == "ended"
    assert watching.returncode == 0


def _api_of(root: int) -> int:
    """The api process among our descendants."""
    below = {root}
    for found in sorted(int(folder.name) for folder in Path("/proc").iterdir() if folder.name.isdigit()):
        try:
            parent = int(Path(f"/proc/{found}/stat").read_text().rpartition(")")[2].split()[1])
            command = Path(f"/proc/{found}/cmdline").read_bytes().split(b"\0")
        except (FileNotFoundError, ProcessLookupError):
            continue
        if parent in below:
            below.add(found)
            if command[-3:-1] == [b"trunkline.cli.roles", b"api"]:
                return found
    raise AssertionError("no api process")


def _until_answered(trunkline: Trunkline, call: str) -> bool:
    return any("answered" in trunkline("show", call).stdout for _ in range(10))
