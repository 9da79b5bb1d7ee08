"""`govcloud tenant decommission`: remove a tenant after a second person's decision and a backup."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import click

from govcloud_cli import errors
from govcloud_cli.commands import options, output, runs
from govcloud_cli.commands.tenant import choosing

if TYPE_CHECKING:
    import datetime
    import pathlib
    from collections.abc import Mapping

    from govcloud_cli.governance import chain
    from govcloud_cli.run import lock, progress, sites
    from govcloud_cli.run.decommission import proceeding


@click.command(short_help="Remove a tenant after a second person's decision and a backup.")
@choosing.argument
@options.environment
@click.option("--plan", "only_plan", is_flag=True, help="Say what would be done and what stands in the way.")
@click.option("--yes", "-y", is_flag=True, help="Do it.")
@click.option("--no-install", is_flag=True, help="Refuse instead of installing what this host lacks.")
@options.as_json
def decommission(  # noqa: PLR0917 - click names its arguments
    tenant: str, environment: str, only_plan: bool, yes: bool, no_install: bool, as_json: bool
) -> int:
    """Remove a tenant and all it has (注销): back up first, prove that nothing is left afterwards.

    Needs an approved request of a second person, and refuses while pods, volumes, connections or consumers exist, or
    when that cannot be read. Stopped anywhere, the same command goes on.

    \b
    Examples:
      govcloud request submit finance --decommission
      govcloud tenant decommission finance --plan
      govcloud tenant decommission finance --yes
    """
    moment = runs.now()
    if only_plan:
        return _plan(_task(environment, tenant, moment), environment, as_json=as_json)
    if not yes:
        raise errors.UsageError(
            f"decommission removes all data of {tenant} from the platform",
            remedy=f"look at `govcloud tenant decommission {tenant} --plan`, then add --yes",
        )
    with runs.locked(environment, "decommission", moment) as holding, runs.journal(quiet=as_json) as journal:
        from govcloud_cli.run.decommission import proceeding

        task = _task(environment, tenant, moment)
        deployer = _deployer(tenant, task.folder, holding, journal, install=not no_install)
        target = proceeding.proceed(task, deploy=deployer, record=_recorder(task), journal=journal)
        steps = runs.steps_document(journal)
    if as_json:
        output.print_json({"ok": True, "tenant": tenant, "backup": str(target), "steps": steps})
    else:
        _done(task, target)
    return errors.ExitCode.DONE


def _done(task: proceeding.Task, target: pathlib.Path) -> None:
    console = output.console()
    console.print(f"Tenant {task.tenant} is gone, nothing of it is left.\nBackup: {target}", soft_wrap=True)
    for machine in task.site.spec.platform.spec.machines:
        if machine.dedicated_to == task.tenant:
            console.print(f"Machine {machine.id} was its alone: remove it from platform.yaml.")
    console.print("Next: commit the removal of its file.")


def _task(environment: str, tenant: str, moment: datetime.datetime) -> proceeding.Task:
    """The decommission at hand: of a tenant that is there, or of one whose removal an earlier run began."""
    from govcloud_cli.run import request_audit
    from govcloud_cli.run.decommission import proceeding

    whole = runs.site(environment)
    side = proceeding.unfinished(whole.space, tenant) if _is_gone(whole, tenant) else None
    if side is None:
        side = whole.spec.zone(choosing.find(whole.spec, tenant).spec.zone).side
    site = runs.site(environment, side.value)
    return proceeding.Task(
        folder=options.find_inventory(environment), site=site, tenant=tenant, now=moment, seen=request_audit.known(site)
    )


def _is_gone(site: sites.Site, tenant: str) -> bool:
    return tenant not in {one.metadata.id for one in site.spec.tenants}


def _plan(task: proceeding.Task, environment: str, *, as_json: bool) -> int:
    from govcloud_cli.run.decommission import proceeding

    denied = False
    if not task.file.exists():
        found: dict[str, Any] = {"begun": True, "approval": None, "reasons": [], "removes": []}
    else:
        seen = proceeding.outlook(task)
        looked, denied = seen.reading, seen.denied is not None
        found = {
            "begun": False,
            "approval": seen.approval,
            "reasons": [*filter(None, [seen.denied]), *seen.obstacles],
            "removes": [
                *(f"namespace {name}" for name in looked.namespaces),
                *(f"database {one.name} on {one.machine}" for one in looked.databases),
                *(f"role {name}" for name in looked.roles),
                *(f"file {path}" for path in (task.file, task.freeze) if path.exists()),
            ],
        }
    if as_json:
        output.print_json({"ok": not found["reasons"], "tenant": task.tenant, **found})
    else:
        _print(task.tenant, environment, found)
    if denied:
        # As `--yes` would exit.
        return errors.ExitCode.POLICY_DENIED
    return errors.ExitCode.FAILED if found["reasons"] else errors.ExitCode.DONE


def _print(tenant: str, environment: str, found: dict[str, Any]) -> None:
    console = output.console()
    if found["begun"]:
        console.print("An earlier run backed it up and began its removal; the same command goes on.")
    for what in found["removes"]:
        console.print(f"- {what}", soft_wrap=True)
    for reason in found["reasons"]:
        console.print(f"in the way 阻碍: {reason}", soft_wrap=True)
    if not found["reasons"]:
        if found["approval"]:
            console.print(f"Approved: {found['approval']}", soft_wrap=True)
        console.print(f"Next: govcloud tenant decommission {tenant} --yes --env {environment}", soft_wrap=True)


def _deployer(
    tenant: str, folder: pathlib.Path, holding: lock.Held, journal: progress.Journal, *, install: bool
) -> proceeding.Deployer:
    from govcloud_cli.run import deploy, siderun

    def deployed(site: sites.Site) -> None:
        order = deploy.Order(
            site=site,
            folder=folder,
            request=siderun.Request(install=install, removals=frozenset({tenant})),
            holding=holding,
            clock=runs.now,
            environ=os.environ,
            logs=runs.log_folder(site.space, "decommission", runs.now()),
        )
        deploy.deploy(order, journal=journal)

    return deployed


def _recorder(task: proceeding.Task) -> proceeding.Recorder:
    """Opens the log when the first record is due: nothing is written for what is refused."""
    from govcloud_cli.run import ledger

    def record(action: chain.Action, details: Mapping[str, Any]) -> None:
        book = ledger.opened(task.site, clock=runs.now, verb="decommission", environ=os.environ)
        book.note(task.side, action, details, tenant=task.tenant)

    return record
