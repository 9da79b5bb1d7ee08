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
