"""`trunkline keys create | list | revoke`: API keys, straight in the database of this installation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from trunkline.cli.database import DataDir, in_database

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncSession

    from trunkline.organizations.store import NewKey
    from trunkline.organizations.tables import ApiKey

app = typer.Typer(no_args_is_help=True, help="API keys of this installation.")

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
    made = in_database(data_dir, lambda session: _create(session, name, scope or ["full"], org))
    typer.echo(f"{made.row.id} of {made.row.org_id}, scopes {', '.join(made.row.scopes)}; not shown again:", err=True)
    typer.echo(made.text)


@app.command("list")
def list_(
    *, org: Annotated[str | None, typer.Option(help="only this organization's")] = None, data_dir: DataDir = None
) -> None:
    """Every key: its id, its first characters, scopes, organization, day of birth, name, and whether it was revoked."""
    from trunkline.organizations import store  # noqa: PLC0415  (loads the database)

    for row in in_database(data_dir, lambda session: store.list_keys(session, org)):
        typer.echo(_line(row))


@app.command()
def revoke(key_id: Annotated[str, typer.Argument(metavar="KEY_ID")], *, data_dir: DataDir = None) -> None:
    """Make a key useless, from the next second on."""
    from trunkline.organizations import store  # noqa: PLC0415  (loads the database)

    if not in_database(data_dir, lambda session: store.revoke_key(session, key_id)):
        typer.echo(f"no key {key_id} that could be revoked", err=True)
        raise typer.Exit(1)
    typer.echo(f"{key_id} is revoked")


async def _create(session: AsyncSession, name: str, scopes: Sequence[str], org_id: str | None) -> NewKey:
    from trunkline.organizations import keys, store  # noqa: PLC0415  (loads the database)

    name = keys.name_from(name)
    if org_id is not None:
        if await store.organization(session, org_id) is None:
            raise ValueError(f"there is no organization {org_id}")
        return await store.create_key(session, org_id, name, scopes)
    first = await store.first_organization(session) or await store.create_organization(session, store.FIRST_NAME)
    return await store.create_key(session, first.id, name, scopes)


def _line(row: ApiKey) -> str:
    state = f"revoked {row.revoked_at:%Y-%m-%d}" if row.revoked_at else "active"
    scopes = ",".join(row.scopes)
    return f"{row.id}  {row.prefix}…  {scopes}  {row.org_id}  {row.created_at:%Y-%m-%d}  {state}  {row.name}"
