"""Commands that ask the API: what is refused before anything is asked."""

from __future__ import annotations

from typer.testing import CliRunner

from trunkline.cli.main import app


def test_only_sandbox_lines_are_called_without_saying_who_calls():
    result = CliRunner().invoke(app, ["call", "+31201234567"])
    assert result.exit_code == 2
    assert "--assistant-id" in result.output
