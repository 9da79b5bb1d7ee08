"""`govcloud tenant diff`: what deploy would change for one tenant."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from govcloud_cli import errors
from govcloud_cli.commands import options, output, runs
from govcloud_cli.commands.tenant import choosing

if TYPE_CHECKING:
    from govcloud_cli.plan import steps
    from govcloud_cli.run import differences

_STYLE = {"+": "green", "~": "yellow", "-": "red"}


@click.command(short_help="Print what deploy would change for a tenant.")
@choosing.argument
@options.environment
@click.option("--exit-code", is_flag=True, help="Exit 7 if anything would change.")
@options.as_json
def diff(tenant: str, environment: str, exit_code: bool, as_json: bool) -> int:
    """Compare a tenant's file with what was last applied: object by object, and field by field where that is known.

    Fields are known where Pulumi's state is a file here; nothing that is secret is shown. Asks no machine.

    \b
    Examples:
      govcloud tenant diff finance
      govcloud tenant diff finance --json | jq '.changes[].entry'
    """
    from govcloud_cli.run import differences

    site = runs.site(environment)
    choosing.find(site.spec, tenant)
    found = differences.of(site, tenant, today=runs.now().date())
    if as_json:
        output.print_json({"tenant": tenant, "changed": bool(found), "changes": [_document(one) for one in found]})
    else:
        _print(tenant, found, environment)
    return errors.ExitCode.CHANGES_FOUND if found and exit_code else errors.ExitCode.DONE


def _document(one: differences.Difference) -> dict[str, Any]:
    return {
        "action": one.action.name.lower(),
        "entry": one.entry,
        "fields": None
        if one.fields is None
        else [{"field": field.path, "before": field.before, "after": field.after} for field in one.fields],
    }


def _print(tenant: str, found: tuple[differences.Difference, ...], environment: str) -> None:
    from rich import text

    console = output.console()
    if not found:
        console.print(f"No changes. Tenant {tenant} is as it was last applied.")
        return
    for one in found:
        symbol = one.action.value
        console.print(text.Text(f"{symbol} {one.entry}", style=_STYLE[symbol]), soft_wrap=True)
        if _is_unknown(one):
            console.print("    (what was applied is not recorded here: object by object only)")
        for field in one.fields or ():
            console.print(f"    {field.path}: {field.before} -> {field.after}", soft_wrap=True)
    count = "1 object" if len(found) == 1 else f"{len(found)} objects"
    console.print(f"\n{count} would change. Next: govcloud deploy{options.flag(environment)}", soft_wrap=True)


def _is_unknown(one: differences.Difference) -> bool:
    from govcloud_cli.plan import steps

    action: steps.Action = one.action
    return one.fields is None and action is steps.Action.CHANGE
