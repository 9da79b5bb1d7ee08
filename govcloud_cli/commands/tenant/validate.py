"""`govcloud tenant validate`: what a request costs, what is left of its budget, who decides; before it is merged."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from govcloud_cli import errors
from govcloud_cli.commands import options

if TYPE_CHECKING:
    import datetime
    import pathlib
    from collections.abc import Sequence

    from govcloud_cli.governance import assessments
    from govcloud_cli.run import history


@click.command(short_help="Say what a request costs, what is left, and who decides; changes nothing.")
@click.argument("names", metavar="[TENANT]...", nargs=-1, shell_complete=options.complete_tenant)
@click.option(
    "--changed-since",
    "reference",
    metavar="REF",
    help="Judge what changed since the last commit in common with REF, as one change: for CI.",
)
@options.environment
@options.as_json
@click.pass_context
def validate(
    context: click.Context, names: tuple[str, ...], reference: str | None, environment: str, as_json: bool
) -> None:
    """Check the inventory, then say of each tenant (租户) what it costs and what is left of its budget (预算).

    With --changed-since also what class the change is of (变更分级) and who decides (审批). Refused are more than one
    tenant in a change, an id that changes, platform.yaml or people.yaml changed beside, and more than the budget has.
    Changes nothing; needs neither root nor a deployed platform.

    \b
    Examples:
      govcloud tenant validate
      govcloud tenant validate finance
      govcloud tenant validate --changed-since origin/main
      govcloud tenant validate --changed-since origin/main --json

    Exit code: 0 if all is right, 2 if not.
    """
    from govcloud_cli.commands import output, runs
    from govcloud_cli.commands.tenant import reports

    folder = options.find_inventory(environment)
    now = runs.now()
    report, start = _judge(folder, reference, now)
    report = _only(report, names, changed=reference is not None)
    about = folder.resolve().name
    if as_json:
        output.print_json(reports.document(report, environment=about, start=start))
    else:
        told = reports.text(report, environment=about, start=start, today=now.date())
        output.console().print(told, soft_wrap=True)
    if report.refusals:
        context.exit(int(errors.ExitCode.BAD_INPUT))


def _judge(
    folder: pathlib.Path, reference: str | None, now: datetime.datetime
) -> tuple[assessments.Report, history.Base | None]:
    from govcloud_cli.commands.tenant import ids
    from govcloud_cli.governance import assessments, comparisons
    from govcloud_cli.inventory import loading
    from govcloud_cli.run import assessing, history

    start = None if reference is None else history.base(folder, reference)
    try:
        spec = loading.load(folder)
    except errors.InventoryError as error:
        raise ids.with_what_helps(error, folder, start) from error
    if start is None:
        return assessments.assess(spec), None
    compared = comparisons.Comparison(before=history.inventory_at(folder, start), now=spec)
    return assessments.assess_change(compared, assessing.known(folder, compared, now)), start


def _only(report: assessments.Report, names: Sequence[str], *, changed: bool) -> assessments.Report:
    """The report with only the tenants that are named; all if none is."""
    import dataclasses
    import difflib

    if not names:
        return report
    known = [one.tenant.metadata.id for one in report.assessments]
    for name in names:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            raise errors.UsageError(
                f"tenant '{name}' did not change" if changed else f"there is no tenant '{name}'",
                remedy=f"did you mean '{near[0]}'?" if near else "`govcloud tenant list` shows them",
            )
    chosen = tuple(one for one in report.assessments if one.tenant.metadata.id in names)
    return dataclasses.replace(report, assessments=chosen)
