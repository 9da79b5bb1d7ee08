"""`govcloud doctor`: what is there, what is missing, what would be done."""

from __future__ import annotations

import dataclasses
import datetime

import click

from govcloud_cli import errors
from govcloud_cli.commands import options, output
from govcloud_cli.run.tools import catalog, diagnosis, findings, needs

_STYLES = {
    findings.Status.READY: ("✓", "green"),
    findings.Status.WOULD_BE_DONE: ("+", "cyan"),
    findings.Status.NOTE: ("!", "yellow"),
    findings.Status.BLOCKED: ("✗", "bold red"),
}


@click.command(short_help="Tell what is there, what is missing and what would be done.")
@options.environment
@options.as_json
def doctor(environment: str, as_json: bool) -> int:
    """Tell what is there, what is missing and what would be done.

    Changes nothing. Exit code 0: `deploy` can run, perhaps after installing what is missing; 1: something blocks it.

    \b
    Examples:
      govcloud doctor
      govcloud doctor --env production --json
    """
    substrate, needed, inventory = _read(environment)
    now = datetime.datetime.now(datetime.UTC)
    tools = diagnosis.diagnose(embedded=substrate != "existing", now=now, names=needed)
    checks = (*tools, inventory, *_vpn(environment, now))
    possible = diagnosis.can_deploy(checks)
    if as_json:
        document = {
            "environment": environment,
            "substrate": substrate,
            "canDeploy": possible,
            "checks": [dataclasses.asdict(check) for check in checks],
        }
        output.print_json(document)
    else:
        _print(checks, possible=possible)
    return errors.ExitCode.DONE if possible else errors.ExitCode.FAILED


def _read(environment: str) -> tuple[str, tuple[str, ...], findings.Check]:
    """The environment's substrate and tools; `embedded` and all of them if its inventory cannot be read."""
    from govcloud_cli.inventory import loading

    folder = options.find_inventory(environment)
    try:
        read = loading.load(folder)
    except errors.GovcloudError as error:
        unread = findings.blocked("inventory", error.message, f"govcloud validate --env {environment}")
        return "embedded", tuple(catalog.TOOLS), unread
    spec = read.platform.spec
    return spec.substrate, needs.needed(spec.machines), findings.ready("inventory", str(folder))


def _vpn(environment: str, now: datetime.datetime) -> tuple[findings.Check, ...]:
    """What of people's certificates ends soon; nothing where there is no VPN."""
    from govcloud_cli.model import platforms
    from govcloud_cli.run import workspace
    from govcloud_cli.run.vpn import expiry

    space = workspace.locate(options.find_inventory(environment))
    told = [one for side in platforms.Side for one in expiry.warnings(space.side(side), now=now)]
    return tuple(findings.note("vpn", one) for one in told)


def _print(checks: tuple[findings.Check, ...], *, possible: bool) -> None:
    from rich import table, text

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
    screen = output.console()
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
