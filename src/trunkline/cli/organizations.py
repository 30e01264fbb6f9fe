"""`trunkline organizations create | list | balance`: organizations, straight in the database of this installation."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Annotated

import typer

from trunkline.cli.database import DataDir, in_database

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncSession

    from trunkline.organizations.tables import Organization

UNLIMITED = "unlimited"
MOST_MINUTES = 1_000_000_000

app = typer.Typer(no_args_is_help=True, help="Organizations of this installation.")


@app.command()
def create(
    name: Annotated[str, typer.Argument(help="what it is called")],
    *,
    parent: Annotated[str | None, typer.Option(help="id of the organization that pays for its calls")] = None,
    data_dir: DataDir = None,
) -> None:
    """Make an organization and print its id."""
    row = in_database(data_dir, lambda session: _create(session, name, parent))
    typer.echo(f"its first key: trunkline keys create NAME --org {row.id}", err=True)
    typer.echo(row.id)


@app.command("list")
def list_(*, data_dir: DataDir = None) -> None:
    """Every organization: its id, its parent's or `-`, day of birth, and name."""
    from trunkline.organizations import store  # noqa: PLC0415  (loads the database)

    for row in in_database(data_dir, store.list_organizations):
        typer.echo(_line(row))


@app.command()
def balance(
    org_id: Annotated[str, typer.Argument(metavar="ORG")],
    minutes: Annotated[
        str, typer.Argument(help="minutes that it and its children may use from now on, or `unlimited`")
    ],
    *,
    data_dir: DataDir = None,
) -> None:
    """Set what an organization may still use. At zero it places no calls."""
    in_database(data_dir, lambda session: _set_balance(session, org_id, minutes))
    typer.echo(f"{org_id} has {minutes} minutes")


async def _set_balance(session: AsyncSession, org_id: str, minutes: str) -> None:
    from trunkline.organizations import store  # noqa: PLC0415  (loads the database)

    row = await store.organization(session, org_id)
    if row is None:
        raise ValueError(f"there is no organization {org_id}")
    if row.parent_org_id is not None:
        raise ValueError(f"{org_id} is a child: its calls are paid by {row.parent_org_id}")
    row.minutes_balance = _minutes(minutes)


def _minutes(text: str) -> float | None:
    if text == UNLIMITED:
        return None
    try:
        minutes = float(text)
    except ValueError:
        minutes = math.nan
    if not 0 <= minutes <= MOST_MINUTES:
        raise ValueError(f"minutes must be a number from 0 to {MOST_MINUTES}, or {UNLIMITED}")
    return minutes


async def _create(session: AsyncSession, name: str, parent_id: str | None) -> Organization:
    from trunkline.organizations import keys, store  # noqa: PLC0415  (loads the database)

    name = keys.name_from(name)
    if parent_id is not None:
        parent = await store.organization(session, parent_id)
        if parent is None:
            raise ValueError(f"there is no organization {parent_id}")
        if parent.parent_org_id is not None:
            raise ValueError(f"{parent_id} is a child of {parent.parent_org_id}, and a child has no children")
    return await store.create_organization(session, name, parent_id)


def _line(row: Organization) -> str:
    return f"{row.id}  {row.parent_org_id or '-'}  {row.created_at:%Y-%m-%d}  {row.name}"
