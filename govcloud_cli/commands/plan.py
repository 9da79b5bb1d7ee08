"""`govcloud plan`: what deploy would do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from govcloud_cli.commands import options, output, runs

if TYPE_CHECKING:
    from govcloud_cli.plan import steps as plan_steps

_STYLE = {"+": "green", "~": "yellow", "-": "red"}


@click.command(short_help="Print what deploy would do; changes nothing.")
@options.environment
@options.side
@click.option("--full", is_flag=True, help="List every entry, not only the first of each step.")
@options.as_json
def plan(environment: str, side: str | None, full: bool, as_json: bool) -> None:
    """Compare the inventory with what was last applied; changes nothing and asks no machine.

    \b
    Symbols: + add, ~ change, - destroy
    \b
    Examples:
      govcloud plan
      govcloud plan --side external --full
      govcloud plan --json | jq .summary
    """
    from govcloud_cli.plan import steps
    from govcloud_cli.run import applied, sites

    site = runs.site(environment, side)
    planned = sites.plan(site, today=runs.now().date())
    found: list[tuple[plan_steps.Step, tuple[plan_steps.Change, ...]]] = []
    for one in planned.sides:
        folder = site.space.side(one.side)
        record = applied.load(folder)
        due = [step for step in steps.of(one, sites.facts(one, folder)) if not record.is_done(step)]
        found += [(step, steps.changes(step.entries, record.entries.get(step.name, {}))) for step in due]
    found = [(step, changes) for step, changes in found if changes or step.entries]
    if as_json:
        output.print_json(_document(found))
    else:
        _print(site.spec.environment, found, full=full)


def _count(found: list[Any]) -> dict[str, int]:
    actions = [change.action.value for _, changes in found for change in changes]
    return {"add": actions.count("+"), "change": actions.count("~"), "destroy": actions.count("-")}


def _document(found: list[tuple[plan_steps.Step, tuple[plan_steps.Change, ...]]]) -> dict[str, Any]:
    return {
        "changed": bool(found),
        "summary": _count(found),
        "steps": [
            {
                "name": f"{step.side.value}/{step.name}",
                "changes": [{"action": change.action.name.lower(), "entry": change.entry} for change in changes],
            }
            for step, changes in found
        ],
    }


_SHOWN = 8


def _print(environment: str, found: list[tuple[plan_steps.Step, tuple[plan_steps.Change, ...]]], *, full: bool) -> None:
    from rich import text

    console = output.console()
    if not found:
        console.print(f"No changes. '{environment}' is planned as it was last applied.")
        console.print("Machines are looked at by deploy, which also repairs what drifted.")
        return
    for step, changes in found:
        reason = "" if changes else "  (runs again: the code behind it changed, or it did not end last time)"
        console.print(f"{step.side.value}/{step.name}{reason}")
        for change in changes if full else changes[:_SHOWN]:
            symbol = change.action.value
            console.print(text.Text(f"  {symbol} {change.entry}", style=_STYLE[symbol]), soft_wrap=True)
        if not full and len(changes) > _SHOWN:
            console.print(f"    … and {len(changes) - _SHOWN} more; --full lists them")
    count = _count(found)
    console.print(f"\nPlan: {count['add']} to add, {count['change']} to change, {count['destroy']} to destroy")
