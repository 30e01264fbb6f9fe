"""`trunkline keys` and `trunkline organizations`, on a database of their own."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from trunkline.cli.main import app
from trunkline.organizations.keys import is_key


def trunkline(folder: Path, *arguments: str) -> Result:
    return CliRunner().invoke(app, [*arguments, "--data-dir", str(folder)])


def lines(folder: Path, *arguments: str) -> list[list[str]]:
    result = trunkline(folder, *arguments)
    assert result.exit_code == 0, result.output
    return [line.split("  ") for line in result.stdout.splitlines()]


def test_an_organization_is_made_with_a_child_and_a_key(tmp_path: Path) -> None:
    ((parent,),) = lines(tmp_path, "organizations", "create", " Harbour ")
    ((child,),) = lines(tmp_path, "organizations", "create", "Bakery", "--parent", parent)
    listed = lines(tmp_path, "organizations", "list")
    assert [(row[0], row[1], row[3]) for row in listed] == [(parent, "-", "Harbour"), (child, parent, "Bakery")]
    ((text,),) = lines(tmp_path, "keys", "create", "desk", "--org", child, "--scope", "read")
    assert is_key(text)
    ((key_id, shown, scopes, org_id, _, state, name),) = lines(tmp_path, "keys", "list", "--org", child)
    assert text.startswith(shown.removesuffix("…"))
    assert (scopes, org_id, state, name) == ("read", child, "active", "desk")
    assert trunkline(tmp_path, "keys", "revoke", key_id).exit_code == 0
    assert trunkline(tmp_path, "keys", "revoke", key_id).exit_code == 1
    assert lines(tmp_path, "keys", "list")[0][5].startswith("revoked ")


@pytest.mark.parametrize("room", ["keys", "organizations"])
@pytest.mark.parametrize(
    ("name", "why"), [("", "1 to 200"), ("  ", "1 to 200"), ("x" * 201, "1 to 200"), ("a\nb", "control")]
)
def test_what_is_no_name_is_refused_with_a_sentence(room: str, name: str, why: str, tmp_path: Path) -> None:
    result = trunkline(tmp_path, room, "create", name)
    assert result.exit_code == 2
    assert result.output.startswith("trunkline: a name must ")
    assert why in result.output
    assert lines(tmp_path, "organizations", "list") == []


def test_a_parent_must_be_there_and_be_no_child(tmp_path: Path) -> None:
    ((parent,),) = lines(tmp_path, "organizations", "create", "Harbour")
    ((child,),) = lines(tmp_path, "organizations", "create", "Bakery", "--parent", parent)
    for who, why in (("org_of_nobody", "there is no organization org_of_nobody"), (child, "a child has no children")):
        result = trunkline(tmp_path, "organizations", "create", "x", "--parent", who)
        assert (result.exit_code, why in result.output) == (2, True)
    assert len(lines(tmp_path, "organizations", "list")) == 2


def test_a_key_of_an_organization_or_with_a_scope_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    for arguments, why in ((("--org", "org_x"), "no organization org_x"), (("--scope", "admin"), "unknown scope")):
        result = trunkline(tmp_path, "keys", "create", "x", *arguments)
        assert (result.exit_code, why in result.output) == (2, True)
    assert lines(tmp_path, "keys", "list") == []


def test_a_balance_is_set_in_minutes_or_made_unlimited(tmp_path: Path) -> None:
    ((parent,),) = lines(tmp_path, "organizations", "create", "Harbour")
    ((child,),) = lines(tmp_path, "organizations", "create", "Bakery", "--parent", parent)
    assert lines(tmp_path, "organizations", "balance", parent, "500.5") == [[f"{parent} has 500.5 minutes"]]
    assert lines(tmp_path, "organizations", "balance", parent, "unlimited") == [[f"{parent} has unlimited minutes"]]
    for who, minutes, why in (
        (child, "5", f"paid by {parent}"),
        ("org_of_nobody", "5", "there is no organization"),
        (parent, "many", "must be a number from 0"),
        (parent, "nan", "must be a number from 0"),
    ):
        result = trunkline(tmp_path, "organizations", "balance", who, minutes)
        assert (result.exit_code, why in result.output) == (2, True)
