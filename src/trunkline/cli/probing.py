"""Finds the facts that `trunkline doctor` judges: of the machine, the data folder, the database and the API's address.

Nothing is changed: no folder, database or table is made. Whatever may not answer is given two seconds. The bus and the
workers are `probing_bus.py`'s.
"""

from __future__ import annotations

import asyncio
import importlib.util
import os
import random
import resource
import shutil
import socket
import tempfile
import zoneinfo
from contextlib import suppress
from pathlib import Path

import httpx
from sqlalchemy import Connection, func, inspect, select, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession

from trunkline import clock
from trunkline.cli.checks import (
    PREFIX,
    ApiFacts,
    ClockFacts,
    DatabaseFacts,
    FolderFacts,
    MachineFacts,
    SettingsFacts,
    SipFacts,
)
from trunkline.config import Settings
from trunkline.organizations.tables import ApiKey, Organization
from trunkline.providers.catalogue import TABLES
from trunkline.storage.engine import Database
from trunkline.storage.migrate import version
from trunkline.supervisor.machine import ANY_ADDRESS
from trunkline.telephony.sip.leg import SipOptions

PATIENCE_S = 2.0
OTHERS = ("CONFIG", "URL", "KEY", "WORKER_ID")
"""Variables that are no settings, and are read all the same."""
PAIRS_TRIED = 20


def settings(malformed: list[str], usable: bool) -> SettingsFacts:
    given = sorted(name for name in os.environ if name.startswith(PREFIX))
    known = {f"{PREFIX}{name.upper()}" for name in (*Settings.model_fields, *OTHERS)}
    return SettingsFacts(given, known, malformed, usable)


def folder(path: Path) -> FolderFacts:
    there = _nearest(path)
    problem = None
    if not there.is_dir():
        problem = f"{there} is not a folder"
    else:
        try:
            with tempfile.TemporaryFile(dir=there):
                pass
        except OSError as error:
            problem = f"{there} cannot be written to: {error.strerror}"
    free = None
    with suppress(OSError):
        free = shutil.disk_usage(there).free
    return FolderFacts(str(path), path.exists(), problem, free)


async def database(loaded: Settings) -> tuple[DatabaseFacts, dict[str, float]]:
    """And how far its clock is ahead of ours, where it may be on another machine."""
    try:
        url = make_url(loaded.database)
    except SQLAlchemyError as error:
        return DatabaseFacts("the URL", problem=str(error)), {}
    sqlite = url.get_backend_name() == "sqlite"
    where = url.render_as_string(hide_password=True) if not sqlite else str(url.database)
    file = Path(url.database or "") if sqlite else None
    kind = _file_system(_nearest(file)) if file is not None else None
    if file is not None and not file.exists():
        return DatabaseFacts(where, exists=False, file_system=kind), {}
    try:
        async with asyncio.timeout(PATIENCE_S):
            return await _asked(loaded.database, where, sqlite, kind)
    except (SQLAlchemyError, OSError, ImportError) as error:
        problem = f"no answer in {PATIENCE_S:.0f} s" if isinstance(error, TimeoutError) else _first_line(error)
        return DatabaseFacts(where, sqlite, problem=problem, file_system=kind), {}


async def api(loaded: Settings) -> ApiFacts:
    if loaded.port == 0:
        return ApiFacts(f"{loaded.host}, on whichever port is free then,")
    host = ANY_ADDRESS.get(loaded.host, loaded.host)
    url = f"http://[{host}]:{loaded.port}" if ":" in host else f"http://{host}:{loaded.port}"
    try:
        async with httpx.AsyncClient(timeout=PATIENCE_S, trust_env=False) as client:
            answer = (await client.get(f"{url}/health")).json()
            return ApiFacts(url, str(answer["version"]), answer["status"] == "ok")
    except httpx.ConnectError:
        return ApiFacts(url, problem=_not_listening(loaded.host, loaded.port))
    except (httpx.HTTPError, ValueError, KeyError, TypeError):
        return ApiFacts(url, taken=True)


def sip(loaded: Settings) -> SipFacts:
    """One port for SIP, and an even one and the next for RTP."""
    low, high = SipOptions(loaded.sip_from).rtp_ports
    pairs = [random.randrange(low + low % 2, high, 2) for _ in range(PAIRS_TRIED)]
    problem = _not_bound(loaded.sip_bind, 0)
    if problem is None and all(_not_bound(loaded.sip_bind, even, even + 1) for even in pairs):
        problem = f"none of {PAIRS_TRIED} pairs tried in {low}–{high} is free"
    return SipFacts(loaded.sip_bind, problem)


async def time(apart_s: dict[str, float]) -> ClockFacts:
    return ClockFacts(clock.wall(), await _synchronized(), apart_s)


def machine() -> MachineFacts:
    providers = {provider.name: provider for table in TABLES.values() for provider in table.values()}
    usable = sorted(name for name, provider in providers.items() if provider.status == "implemented")
    return MachineFacts(
        open_files=resource.getrlimit(resource.RLIMIT_NOFILE)[0],
        cores=len(os.sched_getaffinity(0)),
        espeak=importlib.util.find_spec("espeakng_loader") is not None,
        zones=len(zoneinfo.available_timezones()),
        implemented=usable,
        known=sorted(providers.keys() - set(usable)),
    )


async def _asked(url: str, where: str, sqlite: bool, kind: str | None) -> tuple[DatabaseFacts, dict[str, float]]:
    found = Database(url)
    try:
        async with found.reading() as session:
            connection = await session.connection()
            schema = await connection.run_sync(version)
            has_keys = await connection.run_sync(_has_keys)
            organizations, full_keys = await _counted(session) if has_keys else (None, 0)
            apart = {} if sqlite else {"the database": await _apart(session)}
        return DatabaseFacts(where, sqlite, True, None, schema, kind, organizations, full_keys), apart
    finally:
        await found.close()


def _has_keys(connection: Connection) -> bool:
    return inspect(connection).has_table(ApiKey.__tablename__)


async def _counted(session: AsyncSession) -> tuple[int, int]:
    """By columns that every version of the schema has."""
    organizations = await session.scalar(select(func.count(Organization.id))) or 0
    active = await session.scalars(select(ApiKey.scopes).where(ApiKey.revoked_at.is_(None)))
    return organizations, sum("full" in scopes for scopes in active)


async def _apart(session: AsyncSession) -> float:
    began = clock.wall()
    theirs = (await session.execute(text("select clock_timestamp()"))).scalar_one()
    ours = began + (clock.wall() - began) / 2
    return float((theirs - ours).total_seconds())


def _nearest(path: Path) -> Path:
    """It, or the nearest above it that is there."""
    path = path.absolute()
    return next((one for one in (path, *path.parents) if os.path.lexists(one)), Path("/"))


def _file_system(path: Path) -> str | None:
    """Of the mount that `path` is on; None where the machine does not say."""
    try:
        mounts = [line.split() for line in Path("/proc/mounts").read_text().splitlines()]
    except OSError:
        return None
    resolved = path.resolve()
    around = [(mount[1], mount[2]) for mount in mounts if resolved.is_relative_to(mount[1].replace("\\040", " "))]
    return max(around, key=lambda one: len(one[0]))[1] if around else None


def _not_listening(host: str, port: int) -> str | None:
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        with socket.socket(family, kind, protocol) as trial:
            trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            trial.bind(address)
    except OSError as error:
        return f"cannot listen there: {error.strerror}"
    return None


def _not_bound(address: str, *ports: int) -> str | None:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    for port in ports:
        try:
            with socket.socket(family, socket.SOCK_DGRAM) as trial:
                trial.bind((address, port))
        except OSError as error:
            return error.strerror or str(error)
    return None


async def _synchronized() -> bool | None:
    """As systemd has it, where there is one."""
    try:
        asked = await asyncio.create_subprocess_exec(
            "timedatectl", "show", "--property=NTPSynchronized", "--value",
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
        )  # fmt: skip
    except OSError:
        return None
    try:
        async with asyncio.timeout(PATIENCE_S):
            said, _ = await asked.communicate()
    except TimeoutError:
        asked.kill()
        return None
    return {b"yes": True, b"no": False}.get(said.strip())


def _first_line(error: BaseException) -> str:
    """Drivers' messages go on with statements and links."""
    origin = getattr(error, "orig", None) or error
    return (str(origin).strip() or type(origin).__name__).splitlines()[0]
