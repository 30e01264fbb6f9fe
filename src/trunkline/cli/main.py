"""The `trunkline` command: processes, organizations and keys, and the API's client, each loaded only when it is asked for."""

from __future__ import annotations

from functools import cache
from typing import Any

import typer
from typer.core import TyperGroup

from trunkline.cli import doctor, keys, organizations, processes


class _Commands(TyperGroup):
    """Those below, then the client's, which are loaded when a name is not found here or when all are listed."""

    def list_commands(self, ctx: Any) -> list[str]:
        return [*super().list_commands(ctx), *_client()]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        return super().get_command(ctx, cmd_name) or _client().get(cmd_name)


@cache
def _client() -> dict[str, Any]:
    from trunkline.cli import client  # noqa: PLC0415  (loads an HTTP client, which a server process does not need)

    remote = typer.Typer()
    client.register(remote)
    group = typer.main.get_group(remote)
    return dict(group.commands)


app = typer.Typer(
    cls=_Commands,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_show_locals=False,
    help="Phone calls made by AI assistants, and steered while they are live.",
)
app.command()(processes.serve)
app.command()(processes.api)
app.command()(processes.worker)
app.command()(doctor.doctor)
app.add_typer(keys.app, name="keys")
app.add_typer(organizations.app, name="organizations")

if __name__ == "__main__":
    app()
