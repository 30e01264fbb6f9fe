"""Both clients against a whole Trunkline: a call is placed and steered, and its receipts are read, in either language."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from trunkline.cli.assistants import ruled
from trunkline.cli.remote import Remote
from trunkline.cli.server import serving
from trunkline.client import AsyncTrunkline, BadRequest, NotFound, Trunkline, Unauthorized

ROOT = Path(__file__).parents[2]
SILENT_LINE = "+15005550008"
PARCEL = "Your parcel arrives."
PLACE: Any = {"destination": SILENT_LINE, "assistant": ruled([], "Hi."), "metadata": {"order": 17}}
SAY: Any = {"type": "say", "content": PARCEL}
END: Any = {"type": "end-call", "message": "Goodbye."}


@pytest.fixture(scope="module")
def remote(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Remote]:
    with serving(tmp_path_factory.mktemp("sdks")) as running:
        yield running


def sdk(*what: str, **settings: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHON": sys.executable, **settings}
    return subprocess.run(
        [ROOT / "scripts/sdk", *what], env=environment, capture_output=True, text=True, timeout=120, check=False
    )


@pytest.fixture(scope="module")
def package() -> subprocess.CompletedProcess[str]:
    """The TypeScript package, compiled."""
    return sdk("build")


# ---- TypeScript ---------------------------------------------------------------------------------


def test_the_clients_are_those_of_the_document_and_their_types_hold(package: subprocess.CompletedProcess[str]) -> None:
    assert package.returncode == 0, package.stdout + package.stderr


def test_the_typescript_client_repeats_what_may_be_repeated(package: subprocess.CompletedProcess[str]) -> None:
    tested = sdk("test")
    assert tested.returncode == 0, tested.stdout + tested.stderr


def test_a_call_by_the_typescript_client(package: subprocess.CompletedProcess[str], remote: Remote) -> None:
    ran = sdk("run", "test/call.ts", TRUNKLINE_URL=remote.url, TRUNKLINE_KEY=remote.key)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    saw = json.loads(ran.stdout)
    assert saw["placed"] == saw["again"]
    assert saw["while"] == "in-progress"
    assert saw["metadata"] == {"order": 17}
    assert_heard(saw["said"], saw["command"])
    assert saw["ended"]["status"] == "done"
    assert (saw["over"], saw["kinds"][0], saw["kinds"][-1]) == ("ended", "claimed", "ended")
    assert saw["placed"] in saw["listed"]
    assert saw["unknown"] == {"status": 404, "code": "not_found", "details": []}
    assert (saw["invalid"]["status"], saw["invalid"]["code"]) == (400, "invalid_request")
    assert [detail.split(":")[0] for detail in saw["invalid"]["details"]] == ["ring_timeout_seconds"]


# ---- Python -------------------------------------------------------------------------------------


def test_a_call_by_the_python_client(remote: Remote, tmp_path: Path) -> None:
    with Trunkline(remote.key, remote.url) as trunkline:
        placed = trunkline.calls.place(PLACE, idempotency_key="the-order-of-python")
        call_id = placed["call_id"]
        assert trunkline.calls.place(PLACE, idempotency_key="the-order-of-python")["call_id"] == call_id
        assert trunkline.wait_for(call_id, "in-progress")["status"] == "in-progress"

        said = trunkline.calls.control(call_id, SAY, wait="finished")
        assert_heard(said, trunkline.calls.get_command(call_id, said["command_id"])["command"])
        assert trunkline.calls.control(call_id, END, wait="finished")["status"] == "done"

        kinds = [event["kind"] for event in trunkline.follow(call_id)]
        assert (kinds[0], kinds[-1]) == ("claimed", "ended")
        assert trunkline.wait_for(call_id)["status"] == "ended"
        trunkline.save_recording(call_id, tmp_path / "call.wav")
        assert (tmp_path / "call.wav").read_bytes() == trunkline.calls.get_recording(call_id)
        assert call_id in [call["id"] for call in trunkline.calls.each(limit=1)]


def test_a_call_by_the_asynchronous_python_client(remote: Remote, tmp_path: Path) -> None:
    async def steer() -> None:
        async with AsyncTrunkline(remote.key, remote.url) as trunkline:
            placed = await trunkline.calls.place(PLACE, idempotency_key="the-order-of-asyncio")
            call_id = placed["call_id"]
            again = await trunkline.calls.place(PLACE, idempotency_key="the-order-of-asyncio")
            assert again["call_id"] == call_id
            assert (await trunkline.wait_for(call_id, "in-progress"))["status"] == "in-progress"

            said = await trunkline.calls.control(call_id, SAY, wait="finished")
            assert_heard(said, (await trunkline.calls.get_command(call_id, said["command_id"]))["command"])
            assert (await trunkline.calls.control(call_id, END, wait="finished"))["status"] == "done"

            kinds = [event["kind"] async for event in trunkline.follow(call_id)]
            assert (kinds[0], kinds[-1]) == ("claimed", "ended")
            assert (await trunkline.wait_for(call_id))["status"] == "ended"
            await trunkline.save_recording(call_id, tmp_path / "call.wav")
            assert (tmp_path / "call.wav").read_bytes() == await trunkline.calls.get_recording(call_id)
            assert call_id in [call["id"] async for call in trunkline.calls.each(limit=1)]

    asyncio.run(steer())


def test_what_is_refused_is_an_error_with_its_reasons(remote: Remote) -> None:
    with Trunkline(remote.key, remote.url) as trunkline:
        with pytest.raises(NotFound) as unknown:
            trunkline.calls.get("call_nobody")
        with pytest.raises(BadRequest) as invalid:
            trunkline.calls.place({**PLACE, "ring_timeout_seconds": 1})
    assert (unknown.value.status, unknown.value.code) == (404, "not_found")
    assert invalid.value.code == "invalid_request"
    assert [detail.split(":")[0] for detail in invalid.value.details] == ["ring_timeout_seconds"]
    with Trunkline("tl_live_" + "x" * 40, remote.url) as stranger, pytest.raises(Unauthorized):
        stranger.calls.list()


def test_importing_the_client_loads_no_more_than_it_needs() -> None:
    heavy = ["trunkline.client.types", "trunkline.errors", "websockets", "pydantic", "fastapi", "sqlalchemy", "typer"]
    asked = "import sys, trunkline.client; print(*set(sys.argv[1:]) & set(sys.modules))"
    loaded = subprocess.run([sys.executable, "-c", asked, *heavy], capture_output=True, text=True, check=True)
    assert loaded.stdout.split() == []


# ---- what the page promises ---------------------------------------------------------------------


def example(language: str, remote: Remote, page: str = "docs/sdks.md") -> str:
    """The page's program in this language, asking this Trunkline."""
    page = (ROOT / page).read_text()
    program = page.split(f"```{language}\n", 1)[1].split("```", 1)[0]
    return program.replace("http://127.0.0.1:8080", remote.url).replace("tl_live_…", remote.key)


@pytest.mark.parametrize("page", ["docs/sdks.md", "sdk/typescript/README.md"])
def test_the_typescript_program_of_the_page(
    package: subprocess.CompletedProcess[str], remote: Remote, page: str
) -> None:
    program = ROOT / "sdk/typescript/dist/page.ts"
    program.write_text(example("ts", remote, page))
    ran = sdk("run", "dist/page.ts", TRUNKLINE_KEY=remote.key)
    assert (ran.returncode, ran.stdout) == (0, f"heard {PARCEL}\n"), ran.stderr


def test_the_python_program_of_the_page(remote: Remote, capsys: pytest.CaptureFixture[str]) -> None:
    exec(compile(example("python", remote), "docs/sdks.md", "exec"), {})
    assert capsys.readouterr().out == f"heard {PARCEL}\n"


def assert_heard(answered: Mapping[str, Any], stored: Mapping[str, Any]) -> None:
    """The receipt of `SAY`, as it was answered and as it was stored."""
    for receipt in (answered, stored):
        assert (receipt["status"], receipt["heard_text"], receipt["unheard_text"]) == ("heard", PARCEL, "")
