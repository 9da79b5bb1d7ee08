"""`govcloud deploy`: from whatever there is to what the inventory says."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

import click

from govcloud_cli import errors
from govcloud_cli.commands import options, output, runs

if TYPE_CHECKING:
    from govcloud_cli.run import deploy as run_deploy
    from govcloud_cli.run import progress as run_progress
    from govcloud_cli.run import sites


@click.command(short_help="Bring the platform to what the inventory says, and verify it.")
@options.environment
@options.side
@click.option("--yes", "-y", is_flag=True, help="Do not ask before changing hosts of your own.")
@click.option("--no-install", is_flag=True, help="Refuse instead of installing what this host lacks.")
@click.option("--remove", "removals", metavar="TENANT", multiple=True, help="Delete this tenant; may be repeated.")
@click.option("--refresh", is_flag=True, help="Look at every machine and object again, whatever was recorded.")
@click.option("--refresh-image", is_flag=True, help="Build a newer base image; machines that exist keep theirs.")
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
    refresh: bool,
    refresh_image: bool,
    expect_no_changes: bool,
    ansible_strategy: str,
    as_json: bool,
) -> int:
    """Bring the platform to what the inventory says, and verify it from outside.

    Does only what differs; may be stopped anywhere and run again.

    \b
    Examples:
      govcloud deploy
      govcloud deploy --env production --side external --yes
      govcloud deploy --remove old-tenant --json
    """
    from govcloud_cli.run import deploy as run_deploy
    from govcloud_cli.run import sides as run_sides

    started = time.monotonic()
    moment = runs.now()
    site = runs.site(environment, side)
    _confirm(site, yes=yes)
    logs = runs.log_folder(site.space, "deploy", moment)
    request = run_sides.Request(
        install=not no_install,
        removals=frozenset(removals),
        refresh=refresh,
        refresh_image=refresh_image,
        strategy=ansible_strategy,
    )
    with runs.journal(quiet=as_json) as journal:
        try:
            result = run_deploy.deploy(site, request, journal=journal, now=moment, logs=logs)
        except errors.GovcloudError as error:
            if not as_json:
                raise
            _failed(error, journal, seconds=time.monotonic() - started)
            return error.exit_code
        steps = runs.steps_document(journal)
    seconds = time.monotonic() - started
    if as_json:
        output.print_json({"ok": True, "changed": result.changed, "steps": steps, "seconds": round(seconds, 3)})
    else:
        _summary(site, result, seconds)
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


def _summary(site: sites.Site, result: run_deploy.Result, seconds: float) -> None:
    from rich import table

    console = output.console()
    if result.changed:
        console.print(f"Deployed '{site.spec.environment}' in {seconds:.0f} s.")
    else:
        console.print(f"No changes. '{site.spec.environment}' is as specified, looked at in {seconds:.1f} s.")
        console.print("Plan and machines are as when they were last applied; nothing drifted.")
    plan = result.plan
    zones = [zone for zone in site.spec.platform.spec.zones if zone.side in site.sides]
    console.print("\nZones: " + ", ".join(f"{zone.id} {zone.cidr} ({zone.display_name})" for zone in zones))
    console.print("Machines: " + ", ".join(host.name for side in plan.sides for host in side.hosts))
    grid = table.Table("service", "zone", "machine", "endpoint", box=None, pad_edge=False)
    for side in plan.sides:
        for endpoint in side.endpoints:
            place = f"{endpoint.address}:{endpoint.port}/{endpoint.protocol}"
            grid.add_row(endpoint.name, endpoint.zone, endpoint.machine, place)
    console.print(grid)
    tenants = [tenant for side in plan.sides for tenant in side.tenants]
    namespaces = sum(len(tenant.namespaces) for tenant in tenants)
    databases = sum(len(tenant.databases) for tenant in tenants)
    console.print(f"Tenants: {len(tenants)}, with {namespaces} namespaces and {databases} databases")
    console.print(f"Checks passed: {len(result.probes)}")
    clients = [machine.id for machine in site.spec.platform.spec.machines if "client" in machine.services]
    entry = f", govcloud exec {clients[0]} -- ip address" if clients else ""
    console.print(f"\nNext: govcloud status, govcloud verify{entry}")
