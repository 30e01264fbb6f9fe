"""What the doctor says of what it has found."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from trunkline.cli import checks
from trunkline.cli.checks import (
    GIB,
    MIB,
    ApiFacts,
    BusFacts,
    ClockFacts,
    DatabaseFacts,
    FolderFacts,
    Line,
    MachineFacts,
    SettingsFacts,
    SipFacts,
    Verdict,
    WorkerFacts,
)

OK, WARN, FAIL = Verdict.OK, Verdict.WARN, Verdict.FAIL


def said(lines: list[Line]) -> list[tuple[Verdict, str]]:
    return [(line.verdict, line.name) for line in lines]


def test_a_line_is_read_in_columns() -> None:
    assert str(Line(OK, "disk", "2.0 GiB free")) == "ok    disk          2.0 GiB free"
    assert str(Line(FAIL, "time zones", "none")) == "FAIL  time zones    none"


def test_only_a_failure_is_one() -> None:
    assert checks.exit_code([Line(OK, "a", ""), Line(WARN, "b", "")]) == 0
    assert checks.exit_code([Line(OK, "a", ""), Line(FAIL, "b", "")]) == 1


# ---- settings ------------------------------------------------------------------------------------

KNOWN = ("TRUNKLINE_PORT", "TRUNKLINE_MAX_CALLS")


def test_a_misspelt_setting_is_told_with_the_name_it_resembles() -> None:
    [line] = checks.settings(SettingsFacts(["TRUNKLINE_MAX_CALL", "TRUNKLINE_PORT"], KNOWN))
    assert line.verdict is WARN
    assert "did you mean TRUNKLINE_MAX_CALLS?" in line.text


def test_what_resembles_nothing_is_told_without_a_guess() -> None:
    [line] = checks.settings(SettingsFacts(["TRUNKLINE_XYZZY"], KNOWN))
    assert (line.verdict, line.text) == (WARN, "TRUNKLINE_XYZZY is no setting and has no effect")


def test_a_malformed_setting_fails_and_what_is_not_checked_is_told() -> None:
    lines = checks.settings(SettingsFacts([], KNOWN, ["TRUNKLINE_PORT: not a number"], usable=False))
    assert said(lines) == [(FAIL, "settings"), (WARN, "settings")]
    assert lines[0].text.startswith("TRUNKLINE_PORT: ")


def test_known_settings_are_well() -> None:
    assert said(checks.settings(SettingsFacts(KNOWN, KNOWN))) == [(OK, "settings")]


# ---- the data folder -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("free", "verdict", "text"),
    [
        (5 * GIB, OK, "5.0 GiB free"),
        (GIB, OK, "1.0 GiB free"),
        (GIB - 1, WARN, "1023 MiB free"),
        (100 * MIB, WARN, "100 MiB free"),
        (100 * MIB - 1, FAIL, "99 MiB free"),
        (0, FAIL, "0 MiB free"),
    ],
)
def test_space_runs_out_by_degrees(free: int, verdict: Verdict, text: str) -> None:
    folder, disk = checks.folder(FolderFacts("data", free_bytes=free))
    assert (folder.verdict, disk.verdict) == (OK, verdict)
    assert disk.text.startswith(text)


def test_a_folder_is_there_or_to_come_or_of_no_use() -> None:
    assert "can be written to" in checks.folder(FolderFacts("data"))[0].text
    assert "is made at start" in checks.folder(FolderFacts("data", exists=False))[0].text
    [line] = checks.folder(FolderFacts("data", problem="Read-only file system"))
    assert (line.verdict, "Read-only" in line.text, "TRUNKLINE_DATA_DIR" in line.text) == (FAIL, True, True)


# ---- the database --------------------------------------------------------------------------------

DATABASE = DatabaseFacts("x.db", version="0002", organizations=1, full_keys=1)


@pytest.mark.parametrize(
    ("facts", "verdict", "text"),
    [
        (DATABASE, OK, "schema 0002"),
        (replace(DATABASE, version="0001"), WARN, "behind 0002; the api upgrades it at start"),
        (replace(DATABASE, version="0003"), FAIL, "newer than this version's 0002"),
        (replace(DATABASE, version=None), WARN, "no tables yet"),
        (replace(DATABASE, exists=False, version=None), OK, "not there yet"),
        (replace(DATABASE, problem="connection refused"), FAIL, "connection refused; see TRUNKLINE_DATABASE_URL"),
    ],
)
def test_a_schema_is_the_right_one_or_behind_or_ahead(facts: DatabaseFacts, verdict: Verdict, text: str) -> None:
    line, *_ = checks.database(facts, "0002")
    assert (line.verdict, text in line.text) == (verdict, True), line


@pytest.mark.parametrize(
    ("kind", "verdict"),
    [("ext4", OK), ("overlay", OK), ("tmpfs", OK), ("nfs4", WARN), ("fuse.sshfs", WARN), ("9p", WARN)],
)
def test_sqlite_needs_a_file_system_of_this_machine(kind: str, verdict: Verdict) -> None:
    assert said(checks.database(replace(DATABASE, file_system=kind), "0002")) == [(OK, "database"), (verdict, "files")]
    assert len(checks.database(replace(DATABASE, file_system=kind, sqlite=False), "0002")) == 1


@pytest.mark.parametrize(
    ("organizations", "full_keys", "expected"),
    [(None, 0, []), (0, 0, [WARN]), (1, 0, [WARN]), (1, 2, [OK]), (3, 1, [OK])],
)
def test_somebody_must_hold_a_key(organizations: int | None, full_keys: int, expected: list[Verdict]) -> None:
    lines = checks.keys(replace(DATABASE, organizations=organizations, full_keys=full_keys))
    assert [line.verdict for line in lines] == expected


# ---- the bus and the workers ---------------------------------------------------------------------

BUS = BusFacts("127.0.0.1:4222", running=True, version=(2, 11, 0), jetstream=True, stream=True)


@pytest.mark.parametrize(
    ("facts", "verdict", "text"),
    [
        (BUS, OK, "nats-server 2.11.0"),
        (replace(BUS, version=(3, 0, 1)), OK, "3.0.1"),
        (replace(BUS, version=(2, 10, 29)), FAIL, "2.11 or newer is needed"),
        (replace(BUS, version=()), FAIL, "of an unknown version"),
        (replace(BUS, jetstream=False, stream=False), FAIL, "no JetStream"),
        (replace(BUS, stream=False), WARN, "no journal yet"),
        (BusFacts("h:1", problem="refused"), FAIL, "h:1: refused; see TRUNKLINE_NATS_URL"),
        (BusFacts("h:1", own=True), OK, "`trunkline serve` starts one"),
        (BusFacts("h:1", own=True, program=False), FAIL, "nats-server is neither"),
        (BusFacts("h:1", own=True, expected=True), FAIL, "`trunkline serve` runs, but not its NATS"),
    ],
)
def test_the_bus_is_there_and_able_or_it_is_said_what_it_lacks(facts: BusFacts, verdict: Verdict, text: str) -> None:
    [line] = checks.bus(facts)
    assert (line.verdict, text in line.text) == (verdict, True), line


@pytest.mark.parametrize(
    ("worker", "verdict", "text"),
    [
        (WorkerFacts("w", 3, 2.4), OK, "w: 3 calls, 7 of 10 free, ticks 2 ms late"),
        (WorkerFacts("w", 10, 2), WARN, "0 of 10 free"),
        (WorkerFacts("w", 12, 2), WARN, "0 of 10 free"),
        (WorkerFacts("w", 3, 61), WARN, "over 60 ms it takes no new calls"),
        (WorkerFacts("w", 3, 60), OK, "60 ms late"),
        (WorkerFacts("w", 3, 2, draining=True), WARN, "it stops"),
    ],
)
def test_a_worker_takes_calls_or_it_is_said_why_not(worker: WorkerFacts, verdict: Verdict, text: str) -> None:
    [line] = checks.workers([worker], True, 10, 60)
    assert (line.verdict, text in line.text) == (verdict, True), line


def test_that_nobody_works_is_only_told_where_somebody_could_answer() -> None:
    assert said(checks.workers([], False, 10, 60)) == [(OK, "workers")]
    assert said(checks.workers([], True, 10, 60)) == [(WARN, "workers")]


# ---- addresses -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("facts", "verdict", "text"),
    [
        (ApiFacts("u", version="0.1"), OK, "Trunkline 0.1 answers at u"),
        (ApiFacts("u", version="0.1", healthy=False), FAIL, "cannot reach its database"),
        (ApiFacts("u", taken=True), FAIL, "another program"),
        (ApiFacts("u", problem="permission denied"), FAIL, "permission denied; see TRUNKLINE_HOST"),
        (ApiFacts("u"), OK, "u is free"),
    ],
)
def test_the_apis_address_is_its_own_or_free(facts: ApiFacts, verdict: Verdict, text: str) -> None:
    [line] = checks.api(facts)
    assert (line.verdict, text in line.text) == (verdict, True), line


def test_sip_has_its_ports() -> None:
    assert said(checks.sip(SipFacts("127.0.0.1"))) == [(OK, "sip")]
    assert said(checks.sip(SipFacts("10.1.2.3", "cannot assign"))) == [(FAIL, "sip")]


# ---- the machine ---------------------------------------------------------------------------------

NOW = datetime(2030, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("facts", "verdicts"),
    [
        (ClockFacts(NOW), [OK]),
        (ClockFacts(NOW, True), [OK]),
        (ClockFacts(NOW, False), [WARN]),
        (ClockFacts(datetime(1970, 1, 1, tzinfo=UTC)), [FAIL]),
        (ClockFacts(NOW, None, {"NATS": 0.9}), [OK]),
        (ClockFacts(NOW, None, {"NATS": -1.1, "the database": 11}), [WARN, FAIL]),
        (ClockFacts(NOW, False, {"NATS": 2}), [WARN, WARN]),
    ],
)
def test_clocks_agree_or_how_far_they_are_apart_is_told(facts: ClockFacts, verdicts: list[Verdict]) -> None:
    assert [line.verdict for line in checks.clock(facts)] == verdicts


MACHINE = MachineFacts(open_files=4096, cores=2, espeak=True, zones=600, implemented=["sandbox"], known=["a", "b"])


@pytest.mark.parametrize(
    ("facts", "told"),
    [
        (MACHINE, []),
        (replace(MACHINE, open_files=4095), [(WARN, "open files")]),
        (replace(MACHINE, cores=1), [(WARN, "cores")]),
        (replace(MACHINE, espeak=False), [(WARN, "espeak")]),
        (replace(MACHINE, zones=0), [(FAIL, "time zones")]),
    ],
)
def test_what_a_machine_lacks_is_told(facts: MachineFacts, told: list[tuple[Verdict, str]]) -> None:
    lines = checks.machine(facts)
    assert [line.name for line in lines] == ["vendors", "espeak", "time zones", "open files", "cores"]
    assert [one for one in said(lines) if one[0] is not OK] == told


def test_vendors_are_told_as_they_are() -> None:
    text = checks.machine(MACHINE)[0].text
    assert text == "the sandbox is implemented and needs no key; 2 others can be named, but no call can use them yet"
    assert checks.machine(replace(MACHINE, implemented=["a", "sandbox"]))[0].text.startswith("implemented: a, sandbox;")


def test_a_file_system_without_a_name_is_told_as_such() -> None:
    *_, line = checks.database(replace(DATABASE, file_system=None), "0002")
    assert (line.verdict, line.name) == (OK, "files")
    assert "does not name" in line.text
