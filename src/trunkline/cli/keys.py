"""`trunkline keys create | list | revoke`: API keys, straight in the database of this installation."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncSession

    from trunkline.organizations.store import NewKey
    from trunkline.organizations.tables import ApiKey

T = TypeVar("T")

app = typer.Typer(no_args_is_help=True, help="API keys of this installation.")

DataDir = Annotated[Path | None, typer.Option(help="where the database lives, if TRUNKLINE_DATABASE_URL does not say")]
Org = Annotated[str | None, typer.Option(help="id of the organization; the oldest one if not given")]


@app.command()
def create(
    name: Annotated[str, typer.Argument(help="what the key is for")],
    *,
    scope: Annotated[
        list[str] | None, typer.Option(help="full, calls, control or read; may be repeated (full)")
    ] = None,
    org: Org = None,
    data_dir: DataDir = None,
) -> None:
    """Make a key and print it. It is not shown again."""
    made = _in_database(data_dir, lambda session: _create(session, name, scope or ["full"], org))
    typer.echo(f"{made.row.id} of {made.row.org_id}, scopes {', '.join(made.row.scopes)}; not shown again:", err=True)
    typer.echo(made.text)


@app.command("list")
def list_(
    *, org: Annotated[str | None, typer.Option(help="only this organization's")] = None, data_dir: DataDir = None
) -> None:
    """Every key: its id, its first characters, scopes, organization, day of birth, name, and whether it was revoked."""
    from trunkline.organizations import store  # noqa: PLC0415  (loads the database)

    for row in _in_database(data_dir, lambda session: store.list_keys(session, org)):
        typer.echo(_line(row))


@app.command()
def revoke(key_id: Annotated[str, typer.Argument(metavar="KEY_ID")], *, data_dir: DataDir = None) -> None:
    """Make a key useless, from the next second on."""
    from trunkline.organizations import store  # noqa: PLC0415  (loads the database)

    if not _in_database(data_dir, lambda session: store.revoke_key(session, key_id)):
        typer.echo(f"no key {key_id} that could be revoked", err=True)
        raise typer.Exit(1)
    typer.echo(f"{key_id} is revoked")


async def _create(session: AsyncSession, name: str, scopes: Sequence[str], org_id: str | None) -> NewKey:
    from trunkline.organizations import store  # noqa: PLC0415  (loads the database)

    if org_id is not None:
        if await store.organization(session, org_id) is None:
            raise ValueError(f"there is no organization {org_id}")
        return await store.create_key(session, org_id, name, scopes)
    first = await store.first_organization(session) or await store.create_organization(session, store.FIRST_NAME)
    return await store.create_key(session, first.id, name, scopes)


def _in_database(data_dir: Path | None, steps: Callable[[AsyncSession], Awaitable[T]]) -> T:
    from trunkline.cli import roles  # noqa: PLC0415  (loads the settings)
    from trunkline.storage.engine import Database  # noqa: PLC0415  (loads the database)
    from trunkline.storage.migrate import upgrade  # noqa: PLC0415

    settings = roles.settings(data_dir=data_dir)

    async def run() -> T:
        settings.data_dir.mkdir(parents=True, exist_ok=True)
        await upgrade(settings.database)
        database = Database(settings.database)
        try:
            async with database.writing() as session:
                return await steps(session)
        finally:
            await database.close()

    try:
        return asyncio.run(run())
    except ValueError as error:
        roles.stop(str(error))


def _line(row: ApiKey) -> str:
    state = f"revoked {row.revoked_at:%Y-%m-%d}" if row.revoked_at else "active"
    scopes = ",".join(row.scopes)
    return f"{row.id}  {row.prefix}…  {scopes}  {row.org_id}  {row.created_at:%Y-%m-%d}  {state}  {row.name}"
