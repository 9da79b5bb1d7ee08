"""`govcloud audit`: who did what, when, and whether the record of it is whole."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from govcloud_cli import errors
from govcloud_cli.commands import access, audit_output, groups, options, output, runs

if TYPE_CHECKING:
    from govcloud_cli.governance import chain, chain_report
    from govcloud_cli.run.access import days
    from govcloud_cli.run.audit import reading

WORDS: dict[str, tuple[str, str]] = {
    "verify": ("audit", "Find out whether the audit log is whole; changes nothing."),
    "show": ("audit", "Show who did what, and when."),
    "access": ("access", "Show log-ins, failures and VPN sessions."),
    "collect": ("access", "Take log-ins and VPN sessions into the audit."),
}

_FILE = click.Path(path_type=Path, dir_okay=False)
_DATE = click.DateTime(["%Y-%m-%d"])


@click.group(cls=groups.Words, table=WORDS, short_help="Show who did what, and prove that nothing of it was changed.")
def audit() -> None:
    """The audit log (审计日志): every change and decision, chained and signed.

    \b
    Examples:
      govcloud audit show --tenant finance --since 2026-01-01
      govcloud audit verify
      govcloud audit verify log.jsonl --key key.pub --head remembered.jsonl
    """


@click.command(short_help=WORDS["verify"][1])
@click.argument("log", type=_FILE, required=False)
@click.option("--key", type=_FILE, help="The log's public key; else the key.pub beside it.")
@click.option("--head", "heads", type=_FILE, multiple=True, help="Heads that somebody remembers; may be repeated.")
@click.option("--remember", type=_FILE, help="Add the head of a log that is right to this file, to keep elsewhere.")
@options.environment
@options.side
@options.as_json
@click.pass_context
def verify(
    context: click.Context,
    *,
    log: Path | None,
    key: Path | None,
    heads: tuple[Path, ...],
    remember: Path | None,
    environment: str,
    side: str | None,
    as_json: bool,
) -> None:
    """Read an audit log to its end and name the first bad record, if there is one. Offline; changes nothing.

    Without LOG: the environment's own logs, against their second place. With LOG: a copy that you were given; that its
    end was not cut off can then only be seen with a head that you remember (--head).

    \b
    Examples:
      govcloud audit verify
      govcloud audit verify --remember ~/heads.jsonl
      govcloud audit verify log.jsonl --key key.pub --head heads.jsonl

    Exit code: 0 only if every record, and the end, is proven; else 1.
    """
    from govcloud_cli.run.access import routine
    from govcloud_cli.run.audit import reading as run_reading

    known = tuple(dict.fromkeys((*heads, *((remember,) if remember and remember.exists() else ()))))
    found: list[tuple[reading.Reading, chain_report.Report]] = []
    changed: list[days.Finding] = []
    for one in _readings(log, key, known, environment=environment, side=side):
        held = routine.held_by(one)
        report = one.report()
        changed += access.check_beside(one.log, held, given=log is not None)
        found.append((one, report))
        if remember and report.head and report.verdict != "tampered":
            run_reading.remember(remember, report.head)
    right = all(report.verdict == "verified" for _, report in found) and not changed
    if as_json:
        logs = [audit_output.log_document(one, report) for one, report in found]
        output.print_json({"ok": right, "logs": logs, "access": [vars(finding) for finding in changed]})
    else:
        for one, report in found:
            audit_output.print_report(one, report)
        access.print_findings(changed)
    context.exit(int(errors.ExitCode.DONE if right else errors.ExitCode.FAILED))


@click.command(short_help=WORDS["show"][1])
@click.option("--tenant", shell_complete=options.complete_tenant, help="Only what is about this tenant.")
@click.option("--person", shell_complete=options.complete_person, help="Only what this person did.")
@click.option("--action", help="Only this action, such as deploy-began.")
@click.option("--since", type=_DATE, metavar="DATE", help="From this day on (UTC).")
@click.option("--until", type=_DATE, metavar="DATE", help="To the end of this day (UTC), e.g. 2026-12-31.")
@options.environment
@options.side
@options.as_json
def show(
    *,
    tenant: str | None,
    person: str | None,
    action: str | None,
    since: datetime.datetime | None,
    until: datetime.datetime | None,
    environment: str,
    side: str | None,
    as_json: bool,
) -> None:
    """Show the records of the audit log (审计日志), oldest first; verifies them as it reads, and warns.

    \b
    Examples:
      govcloud audit show
      govcloud audit show --tenant finance --since 2026-01-01
      govcloud audit show --person li.wei --action request-approved --json
    """

    def wanted(entry: chain.Entry) -> bool:
        return (
            tenant in {None, entry.tenant}
            and person in {None, entry.actor.person}
            and action in {None, entry.action}
            and (since is None or entry.time[:10] >= f"{since:%Y-%m-%d}")
            and (until is None or entry.time[:10] <= f"{until:%Y-%m-%d}")
        )

    records, reports = [], []
    for one in _readings(None, None, (), environment=environment, side=side):
        records += [(record, right) for record, right in one.records() if wanted(record.entry)]
        reports.append((one, one.report()))
    records.sort(key=lambda pair: pair[0].entry.time)
    if as_json:
        document = {
            "verified": all(report.verdict == "verified" for _, report in reports),
            "records": [audit_output.record_document(record, right=right) for record, right in records],
            "logs": [audit_output.log_document(one, report) for one, report in reports],
        }
        output.print_json(document)
        return
    if records:
        audit_output.print_records(records)
    else:
        output.console().print("No such records (没有符合条件的记录).")
    for one, report in reports:
        if report.verdict != "verified":
            audit_output.print_report(one, report, stderr=True)


def _readings(
    log: Path | None, key: Path | None, heads: tuple[Path, ...], *, environment: str, side: str | None
) -> Iterator[reading.Reading]:
    from govcloud_cli.run.audit import places
    from govcloud_cli.run.audit import reading as run_reading

    if log is not None:
        yield run_reading.of_file(log, key=key, remembered=heads)
        return
    site = runs.site(environment, side, abandoned=True)
    name, found = site.spec.environment, False
    for one in site.sides:
        where = places.of_site(site, one)
        read = run_reading.of_side(where, environment=name, side=one.value, key=key, remembered=heads)
        if read is not None:
            found = True
            yield read
    if not found:
        raise errors.GovcloudError(
            f"environment '{name}' has no audit log yet",
            remedy=f"it begins with the first deploy: govcloud deploy{options.flag(environment)}",
        )
