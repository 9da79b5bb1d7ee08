"""`govcloud audit collect` and `access`: who came in, who was refused, how much they moved."""

from __future__ import annotations

import datetime
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from govcloud_cli import errors
from govcloud_cli.commands import options, output, runs, steering

if TYPE_CHECKING:
    from govcloud_cli.run.access import collecting, days

_DATE = click.DateTime(["%Y-%m-%d"])


@click.command(short_help="Take log-ins and VPN sessions into the audit.")
@options.environment
@options.side
@options.as_json
def collect(environment: str, side: str | None, as_json: bool) -> int:
    """Take log-ins, failures and sessions (访问记录) from gateway and identity service into the audit. For a timer.

    \b
    Examples:
      govcloud audit collect
    """
    from govcloud_cli.run import sites as run_sites
    from govcloud_cli.run.access import routine

    site = runs.site(environment, side)
    whole = run_sites.plan(site, today=runs.now().date(), guards=())
    asked = [(one.side.value, routine.collect(site, one, clock=runs.now, environ=os.environ)) for one in whole.sides]
    rows = [(name, found) for name, found in asked if found is not None]
    failed = any(found.failures for _, found in rows)
    if as_json:
        told = [{"side": name, **{key: _plain(value) for key, value in vars(found).items()}} for name, found in rows]
        output.print_json({"ok": not failed, "sides": told})
    else:
        for name, found in rows:
            _print_collected(name, found)
        if not rows:
            output.console().print("No gateway and no identity service to collect from (无采集对象).")
    return errors.ExitCode.FAILED if failed else errors.ExitCode.DONE


@click.command(short_help="Show log-ins, failures and VPN sessions.")
@click.option(
    "--person",
    metavar="ID",
    shell_complete=options.complete_person,
    help="Only what this person did, or somebody did in this name.",
)
@click.option("--since", type=_DATE, metavar="DAY", help="From this day on (UTC), e.g. 2026-11-22.")
@options.environment
@options.side
@options.as_json
def access(
    *, person: str | None, since: datetime.datetime | None, environment: str, side: str | None, as_json: bool
) -> None:
    """Show who came in (访问记录): log-ins, failures with their reason, sessions with bytes. As collected so far.

    \b
    Examples:
      govcloud audit access --since 2026-11-22
      govcloud audit access --person li.wei --json
    """
    from govcloud_cli.run.access import collecting as run_collecting
    from govcloud_cli.run.access import days as run_days
    from govcloud_cli.run.access import routine

    site = runs.site(environment, side, abandoned=True)
    first = f"{since:%Y-%m-%d}" if since else ""
    events: list[dict[str, Any]] = []
    findings: list[days.Finding] = []
    for one in site.sides:
        folder = run_collecting.folder_of(site.space.side(one))
        held = routine.held(site, one)
        findings += run_days.check(folder, held)
        events += (
            {"side": one.value, **event}
            for event in run_days.read(folder, held, since=first)
            if person in {None, event.get("person")} and str(event.get("time", "")) >= first
        )
    events.sort(key=lambda event: str(event.get("time")))
    if as_json:
        told = [vars(finding) for finding in findings]
        output.print_json({"verified": not findings, "events": events, "findings": told})
        return
    if events:
        _print_events(events)
    else:
        output.console().print("No such events (没有符合条件的记录).")
    print_findings(findings)


def check_beside(log: Path, held: tuple[days.Held, ...], *, given: bool) -> tuple[days.Finding, ...]:
    """What of the daily files beside a log is not as it says; a log that was `given` to somebody may come alone."""
    from govcloud_cli.run.access import days as run_days

    folder = log.with_name("access")
    return () if given and not folder.is_dir() else run_days.check(folder, held)


def print_findings(findings: list[days.Finding]) -> None:
    """Daily files that were changed, on standard error."""
    for one in findings:
        told = f"TAMPERED 已被改动: access file {one.file}: {one.message}"
        output.console(stderr=True).print(told, soft_wrap=True)


def _plain(value: object) -> object:
    return list(value) if isinstance(value, tuple) else value


def _print_collected(name: str, found: collecting.Collected) -> None:
    console = output.console()
    console.print(f"{name}: {found.events} events, {found.malformed} of them malformed", soft_wrap=True)
    for told in (*found.gaps, *found.failures):
        console.print(f"  {told}", soft_wrap=True)


def _print_events(events: list[dict[str, Any]]) -> None:
    from rich import table, text

    shown = table.Table(
        "time (UTC) 时间",
        "event 事件",
        "person 人员",
        "from 来源",
        "reason 原因",
        "in/out 流量",
        box=None,
        pad_edge=False,
    )
    for event in events:
        moved = f"{event['bytesIn']:,} / {event.get('bytesOut', 0):,}" if "bytesIn" in event else ""
        # Of administration: what was done, and to whom.
        told = " ".join(str(event[name]) for name in ("type", "what", "about") if name in event)
        reason = str(event.get("reason", event.get("raw", told if event.get("event") == "administered" else "")))
        who = (str(event.get("person", "")), str(event.get("address", "")))
        cells = (str(event["time"])[:19].replace("T", " "), f"{event['source']} {event['event']}", *who, reason, moved)
        shown.add_row(*(text.Text(steering.plain(cell).replace("\n", "\\n")) for cell in cells))
    output.console().print(shown)
