"""`govcloud people list`: everybody, as file and service have them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from govcloud_cli.commands import options, output, runs, steering
from govcloud_cli.commands.people import services

if TYPE_CHECKING:
    from collections.abc import Iterator

    from govcloud_cli.governance import people_changes
    from govcloud_cli.run.people import syncing

_STATES = {
    "as-planned": "as in the file 一致",
    "joins": "JOINS 待入职",
    "moves": "MOVES 待调动",
    "leaves": "LEAVES 待离职",
    "returns": "RETURNS 待返岗",
    "disabled": "disabled 已停用",
    "not-ours": "not ours 非本平台",
}


@click.command(name="list", short_help="List people: of the file, of the service, and where they differ.")
@options.environment
@options.side
@click.option("--different", is_flag=True, help="Only those whom a sync would change.")
@options.as_json
def list_(*, environment: str, side: str | None, different: bool, as_json: bool) -> None:
    """List every account and every person who shall have one (人员列表).

    \b
    Examples:
      govcloud people list
      govcloud people list --different --json
    """
    from govcloud_cli.run.people import runs as run_people

    found = services.find(environment, side)
    outlooks = run_people.look(found, today=runs.now().date())
    changed = set(_STATES) - {"as-planned", "disabled", "not-ours"}
    rows = [
        row
        for name, outlook in outlooks.items()
        for row in _rows(name, outlook)
        if not different or row["state"] in changed
    ]
    if as_json:
        output.print_json({"ok": True, "people": rows})
        return
    _print(rows)


def _rows(side: str, outlook: syncing.Outlook) -> Iterator[dict[str, Any]]:
    states = _by_person(outlook.changes)
    for account in outlook.directory.accounts:
        otherwise = "not-ours" if not account.is_ours else "as-planned" if account.enabled else "disabled"
        yield {
            "person": account.person,
            "side": side,
            "name": account.name,
            "state": states.get(account.person, otherwise),
            "enabled": account.enabled,
            "organisation": account.organisation,
            "groups": sorted(account.groups),
            "code": account.has_code,
            "origin": account.origin.value,
        }
    for one in outlook.changes.joins:
        yield {
            "person": one.person,
            "side": side,
            "name": one.name,
            "state": "joins",
            "enabled": None,
            "organisation": None,
            "groups": list(one.groups),
            "code": False,
            "origin": None,
        }


def _by_person(changes: people_changes.Changes) -> dict[str, str]:
    return {
        **{one.person: "leaves" for one in changes.leaves},
        **{one.person: "moves" for one in changes.moves},
        **{one.person: "returns" for one in changes.returns},
    }


def _print(rows: list[dict[str, Any]]) -> None:
    from rich import table, text

    shown = table.Table(
        *("person 人员", "name 姓名", "side 网", "state 状态", "code 动态码", "groups 组"), box=None, pad_edge=False
    )
    for row in sorted(rows, key=lambda one: (one["person"], one["side"])):
        code = "yes 有" if row["code"] else "no 无"
        cells = (row["person"], row["name"], row["side"], _STATES[row["state"]], code, ", ".join(row["groups"]))
        shown.add_row(*(text.Text(steering.plain(cell)) for cell in cells))
    output.console().print(shown)
