"""Brings an environment to its plan, one side of the air gap beside the other, and proves it.

Every step is done only if its plan or the world differs from when it last succeeded; a run killed anywhere
goes on where it stopped, because a step is recorded after it ended and every step adopts what it finds.
"""

from __future__ import annotations

import concurrent.futures
import dataclasses
import datetime
import pathlib
from collections.abc import Collection, Sequence

from govcloud_cli import errors
from govcloud_cli.plan import plans, steps
from govcloud_cli.run import applied, lock, preparing, process, progress, sides, sites, verify


@dataclasses.dataclass(frozen=True, kw_only=True)
class Result:
    """What a deploy came to."""

    plan: plans.Plan
    steps: tuple[progress.StepResult, ...]
    probes: tuple[verify.Checked, ...]

    @property
    def changed(self) -> bool:
        """Whether anything had to be done."""
        return any(step.changed for step in self.steps)


def deploy(
    site: sites.Site, request: sides.Request, *, journal: progress.Journal, now: datetime.datetime, logs: pathlib.Path
) -> Result:
    """Deploy `site`. Raises `errors.GovcloudError` for the first thing that failed, after the other side has ended."""
    with lock.held(site.space, verb="deploy", now=now):
        process.mark(str(site.space.path))
        process.end_leftovers(str(site.space.path))
        _refuse_removals(site, sites.plan(site), request.removals)
        with journal.step("prepare") as step:
            prepared = preparing.prepare(
                site,
                install=request.install,
                refresh_image=request.refresh_image,
                report=lambda text: journal.doing("prepare", text),
            )
            sites.prepare_keys(site)
            step.changed = bool(prepared.made)
            step.note = f"made {', '.join(prepared.made)}" if prepared.made else "tools and base image are cached"
        plan = sites.plan(site)
        runs = [
            sides.SideRun(
                site=site, plan=side, tools=prepared.tools, request=request, journal=journal, now=now, logs=logs
            )
            for side in plan.sides
        ]
        _side_by_side(runs)
        checked = _verify(site, plan, runs, journal=journal, logs=logs)
    return Result(plan=plan, steps=tuple(journal.results), probes=checked)


def _side_by_side(runs: Sequence[sides.SideRun]) -> None:
    with concurrent.futures.ThreadPoolExecutor(max_workers=len(runs)) as pool:
        futures = [pool.submit(run.run) for run in runs]
        try:
            failures = [error for future in futures if (error := future.exception()) is not None]
        except BaseException:
            process.end_children()
            raise
    if failures:
        raise _together(failures)


def _together(failures: Sequence[BaseException]) -> BaseException:
    """The first failure; where both sides failed, with the second one's words too."""
    first, *others = failures
    if isinstance(first, errors.GovcloudError):
        told = [f"{other.where}: {other.message}" for other in others if isinstance(other, errors.GovcloudError)]
        first.cause = "\n".join(filter(None, [first.cause, *told])) or None
    return first


def _verify(
    site: sites.Site, plan: plans.Plan, runs: Sequence[sides.SideRun], *, journal: progress.Journal, logs: pathlib.Path
) -> tuple[verify.Checked, ...]:
    with journal.step("verify") as step:
        # Where machines look as they did when their roles' tests passed, those would read the same again.
        hosts = {run.plan.side: run.record.untested for run in runs}
        checked = verify.verify(
            site, plan, report=lambda text: journal.doing("verify", text), logs=logs, role_tests=hosts
        )
        wrong = [check for check in checked if not check.ok]
        step.note = f"{len(checked) - len(wrong)} of {len(checked)} probes as expected"
        if wrong:
            raise verify.mismatch(wrong, logs=logs)
        for run in runs:
            if run.record.untested:
                run.record.untested = []
                run.record.save()
    return checked


def _refuse_removals(site: sites.Site, plan: plans.Plan, allowed: Collection[str]) -> None:
    if site.abandoned:
        side = site.abandoned[0]
        raise errors.UsageError(
            f"the inventory no longer has the {side} side, which was deployed",
            where=str(site.space.side(side).path),
            cause="its machines would go on without anybody looking after them",
            remedy=f"put its zones and machines back, or remove it on purpose: govcloud destroy --side {side}"
            if site.embedded
            else "put its zones and machines back, or decommission its hosts and move that folder away",
        )
    kept = sorted(set(allowed) & {tenant.metadata.id for tenant in site.spec.tenants})
    if kept:
        raise errors.UsageError(
            f"--remove names tenants that the inventory still has: {', '.join(kept)}",
            remedy="remove their files under tenants/ too, or leave --remove out",
        )
    removed = [
        tenant
        for side in plan.sides
        for tenant in steps.removed_tenants(side, applied.load(site.space.side(side.side)).tenants)
    ]
    refused = sorted(set(removed) - set(allowed))
    if refused:
        flags = " ".join(f"--remove {tenant}" for tenant in refused)
        raise errors.UsageError(
            f"the inventory no longer has {len(refused)} deployed tenants: {', '.join(refused)}",
            cause="their namespaces and databases would be deleted, and a missing file alone never deletes",
            remedy=f"put the files back, or delete them on purpose: govcloud deploy {flags}",
        )
