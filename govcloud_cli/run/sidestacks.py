"""The Pulumi stacks of one side: what the cluster has once, and its tenants' shards."""

from __future__ import annotations

import pathlib
from collections.abc import Callable, Collection, Sequence
from typing import TYPE_CHECKING

from govcloud_cli import counting, errors
from govcloud_cli.plan import steps
from govcloud_cli.run import drift, preparing, progress, reach, stacks, workspace

if TYPE_CHECKING:
    from govcloud_cli.run import siderun

KINDS = (steps.StepKind.IDENTITY, steps.StepKind.PLATFORM, steps.StepKind.TENANTS)


def run(side: siderun.SideRun, subject: drift.Subject, look: drift.ServicesLook) -> None:
    """Every stack whose plan differs from what was last applied, or in which something drifted."""
    if any(one.steps for one in look.unread) and not side.rebuilt:
        # What did not answer may have been restored with its machine.
        look = drift.look_at_services(subject)
    side.unread += look.unread
    again = {finding.step for finding in look.found} | {step for one in look.unread for step in one.steps}
    again |= {*look.stale}
    with side.journal.step(side.name("stacks")) as result:
        ordered = [step for step in subject.steps if step.kind in KINDS and _has_work(side, step)]
        # Whatever cannot be taken back stops nothing else.
        failed = _mend(side, subject, look)
        due = [step for step in ordered if side.rebuilt or step.name in again or not side.record.is_done(step)]
        if due:
            refreshed = {step.name for step in due if side.rebuilt or step.name in again}
            _apply(side, due, refreshed, look, result)
            side.record.tenants = sorted(tenant.id for tenant in side.plan.tenants)
            side.record.save()
        else:
            objects = counting.counted(sum(len(step.entries) for step in ordered), "object")
            result.note = f"{objects} in {counting.counted(len(ordered), 'stack')} as last applied"
        if drift.is_realm_outdated(subject):
            drift.keep_realm(subject)
        _prove(side, subject, look, result, done={step.name for step in due} | side.begun & {drift.ROLES})
        if failed is not None:
            raise failed


def repair(side: siderun.SideRun, subject: drift.Subject, look: drift.ServicesLook) -> None:
    """The stacks in which something drifted and whose plan is as last applied; of the others it is told."""
    side.unread += [*look.unread, *drift.unknown(subject.side, look)]
    again = {finding.step for finding in look.found}
    due = [step for step in subject.steps if step.name in again and side.record.is_done(step)]
    if not look.found:
        return
    with side.journal.step(side.name("stacks")) as result:
        failed = _mend(side, subject, look)
        if due:
            _apply(side, due, {step.name for step in due}, look, result)
        done = {step.name for step in due} | side.begun & {drift.ROLES}
        _prove(side, subject, look, result, done=done)
        waiting = sum(bool(finding.step) and finding.step not in done for finding in look.found)
        if waiting:
            told = f"{waiting} left to `govcloud deploy`: what their stacks shall hold changed since"
            result.note = "; ".join(filter(None, (result.note, told)))
        if failed is not None:
            raise failed


def turn(side: siderun.SideRun, due: Sequence[steps.Step]) -> None:
    """The stacks `due` alone, as their plans are, without a look at what drifted."""
    with side.journal.step(side.name("stacks")) as result:
        _apply(side, due, (), drift.ServicesLook(), result)


def _mend(side: siderun.SideRun, subject: drift.Subject, look: drift.ServicesLook) -> errors.GovcloudError | None:
    if any(finding.mend is not None for finding in look.found):
        side.announce()
    try:
        drift.mend(subject, look.found)
    except errors.GovcloudError as error:
        return error
    return None


def _apply(
    side: siderun.SideRun,
    due: Sequence[steps.Step],
    refreshed: Collection[str],
    look: drift.ServicesLook,
    result: progress.StepResult,
) -> None:
    """Run the stacks; those `refreshed` look at what is really there first."""
    by_name = {step.name: step for step in due}
    for step in due:
        side.begin(step, _tenants_of(side, step) if step.kind is steps.StepKind.TENANTS else ())

    def done(stack: stacks.StackResult) -> None:
        if not stack.error:
            side.record.finish(by_name[stack.stack])

    found: list[stacks.StackResult] = []
    for operation, names in (
        (stacks.Operation.REFRESH_UP, tuple(name for name in by_name if name in refreshed)),
        (stacks.Operation.UP, tuple(name for name in by_name if name not in refreshed)),
    ):
        if names:
            found += run_stacks(side, names, operation, way=side.way, label="stacks", done=done)
    result.changed = any(stack.changed for stack in found)
    resources = counting.counted(sum(stack.changed for stack in found), "resource")
    result.note = f"{resources} changed in {counting.counted(len(found), 'stack')}"
    failed = [stack for stack in found if stack.error]
    if failed:
        # Nothing is proven then; what had drifted stays on record as it was seen.
        side.left += look.found
    raise_for(side, failed, of=len(found), log=side.log("stacks"))


def _prove(
    side: siderun.SideRun,
    subject: drift.Subject,
    look: drift.ServicesLook,
    result: progress.StepResult,
    *,
    done: Collection[str],
) -> None:
    """Look again: only what is seen as planned counts as repaired.

    What somebody changes again at once fails no deploy: a tenant could stop everybody's with it.
    """
    tried = [finding for finding in look.found if finding.mend is not None or finding.step in done]
    if not tried:
        side.left += look.found
        return
    after = drift.look_at_services(subject)
    still = {(finding.subject, finding.field) for finding in after.found}
    fine = [finding for finding in tried if (finding.subject, finding.field) not in still]
    fine = [] if after.unread else fine
    side.repaired += fine
    side.left += [finding for finding in look.found if finding not in fine]
    result.changed = result.changed or bool(fine)
    told = [f"restored: {drift.shortly(fine)}"] if fine else []
    if others := len(tried) - len(fine):
        told.append(f"{others} drifted again, or could not be looked at")
    result.note = "; ".join(filter(None, (result.note, *told)))


def run_stacks(
    side: siderun.SideRun,
    names: tuple[str, ...],
    operation: stacks.Operation,
    *,
    way: reach.Reach,
    label: str,
    done: Callable[[stacks.StackResult], None] = lambda _: None,
) -> tuple[stacks.StackResult, ...]:
    """Run stacks in one job; `done` is called after each."""
    engine = side.site.spec.platform.spec.engine
    workspace.make_folder(side.folder.state)
    job = stacks.Job(
        side=side.plan,
        stacks=names,
        operation=operation,
        folder=side.folder,
        pulumi=str(side.tools["pulumi"]),
        plugins=engine.plugins,
        backend=engine.backend or f"file://{side.folder.state}",
        kubeconfig=str(preparing.engine_kubeconfig(side.plan, side.folder)),
    )
    return stacks.run(
        job,
        way=way,
        log=side.log("network" if names == ("network",) else "stacks"),
        report=lambda text: side.journal.doing(side.name(label), text),
        done=done,
    )


def raise_for(side: siderun.SideRun, failed: Sequence[stacks.StackResult], *, of: int, log: pathlib.Path) -> None:
    """A failed stack stops no other: its tenants wait while the rest are served, and the exit code says so."""
    if not failed:
        return
    names = ", ".join(stack.stack for stack in failed)
    kind = errors.PartlyDoneError if len(failed) < of else errors.GovcloudError
    raise kind(
        f"{len(failed)} of {of} stacks failed: {names}",
        where=side.name(failed[0].stack),
        cause="\n".join(stack.error for stack in failed),
        log=str(log),
        remedy="mend the cause and run `govcloud deploy` again: it goes on where this run stopped",
    )


def _tenants_of(side: siderun.SideRun, step: steps.Step) -> tuple[str, ...]:
    return next(found for found in side.plan.shards if found.id == step.name).tenants


def _has_work(side: siderun.SideRun, step: steps.Step) -> bool:
    """An empty shard that never held anything needs no stack."""
    return bool(step.entries) or bool(side.record.entries.get(step.name))
