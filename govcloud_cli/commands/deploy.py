"""`govcloud deploy`: from whatever there is to what the inventory says."""

from __future__ import annotations

import os
import sys
import time
from typing import TYPE_CHECKING

import click

from govcloud_cli import errors
from govcloud_cli.commands import options, output, runs, summary

if TYPE_CHECKING:
    from govcloud_cli.run import progress as run_progress
    from govcloud_cli.run import sites


@click.command(short_help="Bring the platform to what the inventory says, and verify it.")
@options.environment
@options.side
@click.option("--yes", "-y", is_flag=True, help="Do not ask before changing hosts of your own.")
@click.option("--no-install", is_flag=True, help="Refuse instead of installing what this host lacks.")
@click.option("--remove", "removals", metavar="NAME", multiple=True, help="Delete this tenant, namespace or database.")
@click.option("--refresh-image", is_flag=True, help="Build a newer base image; machines that exist keep theirs.")
@click.option("--leavers", type=click.IntRange(min=0), metavar="N", help="So many people leave; needed when many do.")
@click.option("--expect-no-changes", is_flag=True, help="Exit 7 if anything had to be changed.")
@click.option(
    "--ansible-strategy",
    type=click.Choice(["mitogen_linear", "linear"]),
    default="mitogen_linear",
    show_default=True,
    help="mitogen is several times faster; linear is plain Ansible.",
)
@options.as_json
def deploy(  # noqa: PLR0917 - click names its arguments
    environment: str,
    side: str | None,
    yes: bool,
    no_install: bool,
    removals: tuple[str, ...],
    refresh_image: bool,
    leavers: int | None,
    expect_no_changes: bool,
    ansible_strategy: str,
    as_json: bool,
) -> int:
    """Bring the platform to what the inventory says, and verify it from outside.

    Does only what differs; may be stopped anywhere and run again. Who is gone from people.yaml is shut out first.

    \b
    Examples:
      govcloud deploy
      govcloud deploy --env production --side external --yes
      govcloud deploy --remove old-tenant --json
    """
    started = time.monotonic()
    moment = runs.now()
    with runs.locked(environment, "deploy", moment) as holding:
        from govcloud_cli.run import deploy as run_deploy
        from govcloud_cli.run import siderun

        site = runs.site(environment, side)
        _confirm(site, yes=yes)
        request = siderun.Request(
            install=not no_install,
            removals=frozenset(removals),
            refresh_image=refresh_image,
            strategy=ansible_strategy,
        )
        order = run_deploy.Order(
            site=site,
            folder=options.find_inventory(environment),
            request=request,
            holding=holding,
            clock=runs.now,
            environ=os.environ,
            logs=runs.log_folder(site.space, "deploy", moment),
            leavers=leavers,
        )
        with runs.journal(quiet=as_json) as journal:
            try:
                result = run_deploy.deploy(order, journal=journal)
            except errors.GovcloudError as error:
                if not as_json:
                    raise
                _failed(error, journal, seconds=time.monotonic() - started)
                return error.exit_code
            steps = runs.steps_document(journal)
    seconds = time.monotonic() - started
    if as_json:
        output.print_json(
            {
                "ok": True,
                "changed": result.changed,
                "steps": steps,
                "repaired": [finding.to_json() for finding in result.repaired],
                "drift": [finding.to_json() for finding in result.left],
                "notices": [summary.notice(one) for one in result.notices],
                "seconds": round(seconds, 3),
            }
        )
    else:
        summary.show(site, result, seconds)
    if expect_no_changes and result.changed:
        return errors.ExitCode.CHANGES_FOUND
    return errors.ExitCode.DONE


def _failed(error: errors.GovcloudError, journal: run_progress.Journal, *, seconds: float) -> None:
    """The same document as of a deploy that went well, and the error."""
    steps = runs.steps_document(journal)
    changed = any(step["changed"] for step in steps)
    told = output.error_document(error)
    output.print_json(told | {"changed": changed, "steps": steps, "seconds": round(seconds, 3)})


def _confirm(site: sites.Site, *, yes: bool) -> None:
    if site.embedded or yes:
        return
    if not sys.stdin.isatty():
        raise errors.UsageError(
            f"environment {site.spec.environment} stands on hosts of your own, and nobody is here to ask",
            remedy="look at `govcloud plan`, then run `govcloud deploy --yes`",
        )
    hosts = ", ".join(machine.id for machine in site.spec.platform.spec.machines)
    click.confirm(f"Change the hosts {hosts}?", abort=True, err=True)
