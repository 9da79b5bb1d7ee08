from __future__ import annotations

import pathlib

import click

from govcloud_cli.commands import options


def test_completion_gives_a_shell_nothing_but_ids(tmp_path: pathlib.Path) -> None:
    """bash puts a completion on its command line as it is: `$(id)` would run when the line is entered."""
    (tmp_path / "tenants").mkdir()
    for name in ("finance", "finance-tax", "$(id)", "`id`", "a;b", "-rf", "a b", "x\n", "\x1b[31m", "财政局"):
        (tmp_path / "tenants" / f"{name}.yaml").touch()
    context = click.Context(click.Command("x"))
    context.params = {"environment": f"{tmp_path}/"}
    argument = click.Argument(["tenant"])
    assert options.complete_tenant(context, argument, "") == ["finance", "finance-tax"]
    assert options.complete_tenant(context, argument, "finance-") == ["finance-tax"]


def test_peoples_ids_complete_as_people_yaml_has_them(tmp_path: pathlib.Path) -> None:
    text = (
        "spec:\n  people:\n    - id: li.wei\n    - {id: li.na, displayName: x}\n    - id: $(evil)\n  # - id: li.old\n"
    )
    (tmp_path / "people.yaml").write_text(text, encoding="utf-8")
    command = click.Command("x")
    context = click.Context(command)
    context.params["environment"] = f"{tmp_path}/"
    parameter = click.Argument(["person"])
    assert options.complete_person(context, parameter, "li") == ["li.na", "li.wei"]
    assert options.complete_person(context, parameter, "x") == []
