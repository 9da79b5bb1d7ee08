"""`govcloud plan`: what deploy would do."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from govcloud_cli.commands import options, output, runs, steering

if TYPE_CHECKING:
    from govcloud_cli.plan import plans
    from govcloud_cli.plan import steps as plan_steps
    from govcloud_cli.run import sites
    from govcloud_cli.run.people import foreseeing

_STYLE = {"+": "green", "~": "yellow", "-": "red"}
_SHOWN = 8
_AGAIN = "runs again: the code behind it changed, or it did not end last time"


@dataclasses.dataclass(frozen=True, kw_only=True)
class _Row:
    """A step that deploy would run."""

    name: str
    changes: tuple[plan_steps.Change, ...]


@click.command(short_help="Print what deploy would do; changes nothing.")
@options.environment
@options.side
@click.option("--full", is_flag=True, help="List every entry, not only the first of each step.")
@options.as_json
def plan(environment: str, side: str | None, full: bool, as_json: bool) -> None:
    """Compare the inventory with what was last applied, and with the accounts of the identity service.

    Changes nothing, and asks no other machine.

    \b
    Symbols: + add, ~ change, - destroy
    \b
    Examples:
      govcloud plan
      govcloud plan --side external --full
      govcloud plan --json | jq .summary
    """
    from govcloud_cli.run import sites
    from govcloud_cli.run.people import foreseeing

    site = runs.site(environment, side)
    today = runs.now().date()
    planned = sites.plan(site, today=today)
    people = foreseeing.foresee(site, planned, today=today)
    found = [row for one in planned.sides for row in _rows(site, one, people.get(one.side))]
    told = [one for one in people.values() if one.unread or one.changes.leavers > one.changes.most_leavers]
    if as_json:
        output.print_json(_document(found, told))
    else:
        _print(site.spec.environment, found, full=full)
        _print_notices(told)


def _rows(site: sites.Site, side: plans.SidePlan, people: foreseeing.Foreseen | None) -> list[_Row]:
    """The steps of a side in the order in which they run."""
    from govcloud_cli.plan import people_entries, steps
    from govcloud_cli.run import applied, sites
    from govcloud_cli.run.people import foreseeing

    folder = site.space.side(side.side)
    record = applied.load(folder)
    after = side if people is None else foreseeing.turned(side, site, people.changes)
    due = [step for step in steps.of(after, sites.facts(after, folder)) if not record.is_done(step)]
    changed = [(step, steps.changes(step.entries, record.entries.get(step.name, {}))) for step in due]
    found = [_Row(name=step.name, changes=those) for step, those in changed if those or step.entries]
    if people is not None:
        before = [_Row(name="leave", changes=people_entries.leavers(people.changes))]
        later = [_Row(name="people", changes=people_entries.others(people.changes))]
        later += [_Row(name="passwords", changes=people_entries.secrets(people.changes, people.withdrawn))]
        found = [*(row for row in before if row.changes), *found, *(row for row in later if row.changes)]
    return [dataclasses.replace(row, name=f"{side.side.value}/{row.name}") for row in found]


def _count(found: Sequence[_Row]) -> dict[str, int]:
    actions = [change.action.value for row in found for change in row.changes]
    return {"add": actions.count("+"), "change": actions.count("~"), "destroy": actions.count("-")}


def _document(found: Sequence[_Row], told: Sequence[foreseeing.Foreseen]) -> dict[str, Any]:
    return {
        "changed": bool(found),
        "summary": _count(found),
        "steps": [
            {
                "name": row.name,
                "changes": [{"action": change.action.name.lower(), "entry": change.entry} for change in row.changes],
            }
            for row in found
        ],
        "people": [
            {"side": one.side.value, "unread": one.unread or None, "leavers": one.changes.leavers} for one in told
        ],
    }


def _print(environment: str, found: Sequence[_Row], *, full: bool) -> None:
    from rich import text

    console = output.console()
    if not found:
        console.print(f"No changes. '{environment}' is planned as it was last applied.")
        console.print("Machines are looked at by deploy, which also repairs what drifted.")
        return
    for row in found:
        console.print(f"{row.name}{'' if row.changes else f'  ({_AGAIN})'}")
        for change in row.changes if full else row.changes[:_SHOWN]:
            symbol = change.action.value
            entry = steering.plain(change.entry)
            console.print(text.Text(f"  {symbol} {entry}", style=_STYLE[symbol]), soft_wrap=True)
        if not full and len(row.changes) > _SHOWN:
            console.print(f"    … and {len(row.changes) - _SHOWN} more; --full lists them")
    count = _count(found)
    console.print(f"\nPlan: {count['add']} to add, {count['change']} to change, {count['destroy']} to destroy")


def _print_notices(told: Sequence[foreseeing.Foreseen]) -> None:
    """What people have to know besides, on standard error."""
    console = output.console(stderr=True)
    for one in told:
        if one.unread:
            text = f"{one.side.value}/people: nobody can say who joins, moves or leaves: {steering.plain(one.unread)}"
        else:
            number = one.changes.leavers
            text = f"{one.side.value}/leave: {number} leave at once: deploy needs --leavers {number}"
        console.print(text, soft_wrap=True)
