"""`govcloud drift`: whether the platform is still as it was deployed."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

import click

from govcloud_cli import counting
from govcloud_cli.commands import options, output, runs

if TYPE_CHECKING:
    from rich.console import Console

    from govcloud_cli.run import drift as run_drift
    from govcloud_cli.run import restoring

_SHOWN = 200


@click.command(short_help="Tell what is no longer as it was deployed; repair it.")
@options.environment
@options.side
@click.option("--repair", is_flag=True, help="Restore what drifted; a changed inventory is left to deploy.")
@options.as_json
def drift(environment: str, side: str | None, repair: bool, as_json: bool) -> int:
    """Look for drift (漂移) on machines, in clusters, databases and realms.

    Compares with what was last applied, field by field, and leaves alone what others made. Changes nothing unless
    asked to repair. Exit codes: 0 nothing drifted (or all of it is restored), 4 drift found (or left), 6 something
    could not be looked at.

    \b
    Examples:
      govcloud drift
      govcloud drift --side external --json | jq '.findings[].subject'
      govcloud drift --repair
    """
    from govcloud_cli.run import restoring

    moment = runs.now()
    if repair:
        with runs.locked(environment, "drift", moment) as holding:
            site = runs.site(environment, side)
            logs = runs.log_folder(site.space, "drift", moment)
            with runs.journal(quiet=as_json) as journal:
                outcome = restoring.repair(
                    site, holding=holding, journal=journal, clock=runs.now, environ=os.environ, logs=logs
                )
    else:
        outcome = restoring.look(runs.site(environment, side), today=moment.date())
    if as_json:
        output.print_json(_document(outcome))
    else:
        _print(environment, outcome)
    return outcome.exit_code


def _document(outcome: restoring.Outcome) -> dict[str, Any]:
    from govcloud_cli.run import drift as run_drift

    return run_drift.document(
        found=outcome.found, repaired=outcome.repaired, unread=outcome.unread, pending=outcome.pending
    )


def _print(environment: str, outcome: restoring.Outcome) -> None:
    console = output.console()
    for finding in outcome.repaired[:_SHOWN]:
        _show(console, finding, verb="restored 已恢复")
    for finding in outcome.found[:_SHOWN]:
        _show(console, finding, verb="drifted 漂移")
    more = max(len(outcome.repaired) - _SHOWN, 0) + max(len(outcome.found) - _SHOWN, 0)
    if more:
        console.print(f"… and {more} more; --json lists them")
    for one in outcome.unread:
        console.print(f"could not look 无法检查  {one.side}  {one.subject}: {one.reason}", soft_wrap=True)
    if outcome.pending:
        count = len(outcome.pending)
        console.print(f"{count} things are about to change by the inventory and were not looked at: govcloud plan")
    console.print(_conclusion(environment, outcome))


def _conclusion(environment: str, outcome: restoring.Outcome) -> str:
    if outcome.unread:
        unread = counting.counted(len(outcome.unread), "part")
        return f"\nNobody can say whether '{environment}' drifted: {unread} could not be looked at."
    restored = f"{len(outcome.repaired)} restored, " if outcome.repaired else ""
    if not outcome.found:
        return f"\n{restored}no drift: '{environment}' is as it was deployed."
    by_hand = sum(not finding.step and finding.mend is None for finding in outcome.found)
    told = f"\n{restored}{len(outcome.found)} drifted."
    if by_hand < len(outcome.found):
        told += " Next: govcloud drift --repair, or govcloud deploy where the inventory changed too."
    if by_hand:
        told += f" {by_hand} are in no plan: look at them, then delete them by hand."
    return told


def _show(console: Console, finding: run_drift.Finding, *, verb: str) -> None:
    place = f"{finding.side}  {finding.subject}" + (f"  {finding.field}" if finding.field else "")
    tenant = f"  (tenant 租户 {finding.tenant})" if finding.tenant else ""
    console.print(f"{verb}  {place}: {finding.what.value}{tenant}", soft_wrap=True)
    if finding.withheld:
        console.print("    differs; it is a secret", soft_wrap=True)
    elif finding.field:
        told = finding.to_json()
        console.print(f"    expected {_value(told['expected'])}, found {_value(told['found'])}", soft_wrap=True)


def _value(value: Any) -> str:
    """As JSON, which also keeps control characters from the terminal."""
    text = "nothing" if value is None else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 160 else f"{text[:157]}..."
