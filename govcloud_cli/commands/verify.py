"""`govcloud verify`: does the platform do what the plan says, and nothing else?"""

from __future__ import annotations

import click

from govcloud_cli import errors
from govcloud_cli.commands import options, output, runs


@click.command(short_help="Probe from outside that what is allowed works, and nothing else.")
@options.environment
@options.side
@click.option("--all", "show_all", is_flag=True, help="List every probe, not only the wrong ones.")
@options.as_json
def verify(environment: str, side: str | None, show_all: bool, as_json: bool) -> int:
    """Send packets, log in and ask as tenants would, and run every role's own tests.

    \b
    Examples:
      govcloud verify
      govcloud verify --json | jq '.probes[] | select(.ok | not)'
    """
    from govcloud_cli.run import sites
    from govcloud_cli.run import verify as run_verify

    site = runs.site(environment, side)
    if not site.space.path.exists():
        name = site.spec.environment
        raise errors.GovcloudError(
            f"environment {name} is not deployed", remedy=f"run `govcloud deploy{options.flag(environment)}`"
        )
    logs = runs.log_folder(site.space, "verify", runs.now())
    with runs.journal(quiet=as_json) as journal, journal.step("verify") as step:
        checked = run_verify.verify(
            site,
            sites.plan(site, today=runs.now().date(), guards=()),
            report=lambda text: journal.doing("verify", text),
            logs=logs,
        )
        wrong = [check for check in checked if not check.ok]
        step.note = f"{len(checked) - len(wrong)} of {len(checked)} probes as expected"
        step.failed = bool(wrong)
    if as_json:
        probes = [{"id": check.id, "expected": check.expected, "seen": check.seen, "ok": check.ok} for check in checked]
        output.print_json({"ok": not wrong, "probes": probes})
    else:
        for check in checked if show_all else wrong:
            mark = "ok   " if check.ok else "WRONG"
            output.console().print(f"{mark} {check.id}: expected {check.expected}, seen {check.seen}", soft_wrap=True)
        output.console().print(f"{len(checked) - len(wrong)} of {len(checked)} probes as expected.")
    return errors.ExitCode.FAILED if wrong else errors.ExitCode.DONE
