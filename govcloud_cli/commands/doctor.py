"""`govcloud doctor`: what is there, what is missing, what would be done."""

from __future__ import annotations

import dataclasses
import datetime
import json
import pathlib

import click

from govcloud_cli import errors, resources
from govcloud_cli.run.tools import diagnosis, findings

_STYLES = {
    findings.Status.READY: ("✓", "green"),
    findings.Status.WOULD_BE_DONE: ("+", "cyan"),
    findings.Status.NOTE: ("!", "yellow"),
    findings.Status.BLOCKED: ("✗", "bold red"),
}


@click.command()
@click.option("--env", default="lab", show_default=True, metavar="NAME", help="The environment to look at.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON (schemaVersion 1).")
def doctor(*, env: str, as_json: bool) -> int:
    """Tell what is there, what is missing and what would be done.

    Changes nothing. Exit code 0: `deploy` can run, perhaps after installing what is missing; 1: something blocks it.

    \b
    Examples:
      govcloud doctor
      govcloud doctor --env production --json
    """
    substrate, inventory = _substrate(env)
    now = datetime.datetime.now(datetime.UTC)
    checks = (*diagnosis.diagnose(embedded=substrate != "existing", now=now), inventory)
    possible = diagnosis.can_deploy(checks)
    if as_json:
        document = {
            "schemaVersion": 1,
            "environment": env,
            "substrate": substrate,
            "canDeploy": possible,
            "checks": [dataclasses.asdict(check) for check in checks],
        }
        click.echo(json.dumps(document, ensure_ascii=False, indent=2))
    else:
        _print(checks, possible=possible)
    return errors.ExitCode.DONE if possible else errors.ExitCode.FAILED


def _substrate(env: str) -> tuple[str, findings.Check]:
    """The environment's substrate; `embedded`, the more demanding one, if its inventory cannot be read."""
    from govcloud_cli.inventory import loading

    # The caller's own inventory goes before the one that comes with GovCloud.
    own = pathlib.Path("inventories", env)
    try:
        folder = own if own.is_dir() else resources.folder("inventories") / env
        read = loading.load(folder)
    except errors.GovcloudError as error:
        return "embedded", findings.blocked("inventory", error.message, f"govcloud validate --env {env}")
    return read.platform.spec.substrate, findings.ready("inventory", str(folder))


def _print(checks: tuple[findings.Check, ...], *, possible: bool) -> None:
    from rich import console, table, text

    rows = table.Table(box=None, pad_edge=False, show_header=False)
    rows.add_column(no_wrap=True)
    rows.add_column(no_wrap=True)
    rows.add_column(overflow="fold")
    for check in checks:
        sign, style = _STYLES[check.status]
        told = text.Text(check.found)
        if check.action:
            told.append(f"\nwould: {check.action}", "cyan")
        if check.remedy:
            told.append(f"\nremedy: {check.remedy}", style)
        rows.add_row(text.Text(sign, style), text.Text(check.name, "bold"), told)
    screen = console.Console(highlight=False)
    screen.print(rows)
    screen.print(text.Text(f"\n{_verdict(checks, possible=possible)}", "green" if possible else "bold red"))


def _verdict(checks: tuple[findings.Check, ...], *, possible: bool) -> str:
    todo = sum(check.status is findings.Status.WOULD_BE_DONE for check in checks)
    if not possible:
        blocking = [check.name for check in checks if check.status is findings.Status.BLOCKED]
        return f"deploy cannot run: {', '.join(blocking)}"
    return (
        f"deploy can run; it sees to {todo} missing thing{'s' if todo > 1 else ''} first" if todo else "deploy can run"
    )
