"""Brings an environment to its plan, one side of the air gap beside the other, and proves it.

Every step is done only if its plan or the world differs from when it last succeeded; a run killed anywhere
goes on where it stopped, because a step is recorded after it ended and every step adopts what it finds.
"""

from __future__ import annotations

import concurrent.futures
import contextlib
import dataclasses
import datetime
import functools
import pathlib
from collections.abc import Callable, Iterator, Mapping, Sequence

from govcloud_cli import errors
from govcloud_cli.governance import lifecycle
from govcloud_cli.plan import plans
from govcloud_cli.run import (
    drift,
    enforcing,
    gates,
    ledger,
    lock,
    preparing,
    process,
    progress,
    removals,
    requests,
    siderun,
    sides,
    sites,
    verify,
)
from govcloud_cli.run.access import routine
from govcloud_cli.run.people import deploying
from govcloud_cli.run.people import side as people_side


@dataclasses.dataclass(frozen=True, kw_only=True)
class Order:
    """A deploy that was asked for, with the environment's lock held."""

    site: sites.Site
    folder: pathlib.Path
    """Of the inventory; `requests/` is in it."""
    request: siderun.Request
    holding: lock.Held
    clock: ledger.Clock
    environ: Mapping[str, str]
    """What says who runs this."""
    logs: pathlib.Path
    leavers: int | None = None
    """`--leavers`: so many people leave, exactly."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Result:
    """What a deploy came to."""

    plan: plans.Plan
    steps: tuple[progress.StepResult, ...]
    probes: tuple[verify.Checked, ...]
    repaired: tuple[drift.Finding, ...] = ()
    """What had drifted and is as planned again."""
    left: tuple[drift.Finding, ...] = ()
    """What drifted and people have to look at."""
    notices: tuple[lifecycle.Notice, ...] = ()
    """Environments whose last day is near."""

    @property
    def changed(self) -> bool:
        """Whether anything had to be done."""
        return any(step.changed for step in self.steps)


def deploy(order: Order, *, journal: progress.Journal) -> Result:
    """Deploy. Raises `errors.GovcloudError` for what failed first, when both sides have come to their end."""
    process.mark(str(order.holding.space.path))
    process.end_leftovers(str(order.holding.space.path))
    site, now = order.site, order.clock()
    guards = enforcing.guards(site.spec, site.space, today=now.date())
    plan = sites.plan(site, today=now.date(), guards=guards)
    removals.refuse(site, plan, order.request.removals)
    book = ledger.opened(site, clock=order.clock, verb="deploy", environ=order.environ)
    work = people_side.Work(clock=order.clock, environ=order.environ, journal=journal, book=book, leavers=order.leavers)
    staff = deploying.People(site=site, work=work)
    # Nobody is shut out before the gates have opened; to look who would be takes as long as they do.
    with _beside(lambda: staff.look(plan)):
        cleared = _gates(order, plan, book, journal=journal, now=now)
    staff.leave(plan)
    prepared = _prepared(order, journal)
    # Once more: the base image and the keys have been made by now, and leavers' secrets have other generations.
    plan = sites.plan(site, today=now.date(), guards=guards)
    runs = [_run_of(order, side, prepared, book, cleared, journal=journal, now=now) for side in plan.sides]
    try:
        side_by_side(runs, lambda run: _run_side(run, book, cleared, plan, staff))
        # With the generations of now: movers' secrets changed after everything else.
        plan = dataclasses.replace(plan, sides=tuple(run.plan for run in runs))
        with _beside(lambda: routine.follow(site, plan, journal, clock=order.clock, environ=order.environ)):
            checked = _verify(site, plan, runs, journal=journal, logs=order.logs)
    except BaseException as error:
        book.end(error, changed={step.name: step.changed for step in journal.results})
        raise
    book.end(None, changed={step.name: step.changed for step in journal.results})
    return Result(
        plan=plan,
        steps=tuple(journal.results),
        probes=checked,
        repaired=tuple(finding for run in runs for finding in run.repaired),
        left=tuple(finding for run in runs for finding in run.left),
        notices=_notices(site, now),
    )


@contextlib.contextmanager
def _beside(act: Callable[[], None]) -> Iterator[None]:
    """Do `act` while the body runs. Raises what the body does, else what `act` does, when both have ended."""
    with concurrent.futures.ThreadPoolExecutor(max_workers=1) as pool:
        future = pool.submit(act)
        try:
            yield
        except KeyboardInterrupt:
            process.end_children()
            raise
    future.result()


def _gates(
    order: Order, plan: plans.Plan, book: ledger.Ledger, *, journal: progress.Journal, now: datetime.datetime
) -> requests.Clearance:
    """What may be deployed. Raises `errors.PolicyDeniedError` for what may not."""
    with journal.step("approvals") as step:
        cleared = gates.approvals(order.site, order.folder, book, now=now)
        step.note = gates.approvals_note(cleared)
    with journal.step("policies") as step:
        step.note = gates.policies_note(gates.policies(order.site, order.folder, plan, today=now.date()))
    return cleared


def _notices(site: sites.Site, now: datetime.datetime) -> tuple[lifecycle.Notice, ...]:
    ours = {tenant.metadata.id for tenant in site.spec.tenants if site.spec.zone(tenant.spec.zone).side in site.sides}
    return tuple(one for one in lifecycle.notices(site.spec, today=now.date()) if one.tenant in ours)


def _prepared(order: Order, journal: progress.Journal) -> preparing.Prepared:
    with journal.step("prepare") as step:
        install, renew = order.request.install, order.request.refresh_image
        report = functools.partial(journal.doing, "prepare")
        prepared = preparing.prepare(order.site, install=install, refresh_image=renew, report=report)
        sites.prepare_keys(order.site)
        step.changed = bool(prepared.made)
        step.note = f"made {', '.join(prepared.made)}" if prepared.made else "tools and base image are cached"
    return prepared


def _run_of(
    order: Order,
    side: plans.SidePlan,
    prepared: preparing.Prepared,
    book: ledger.Ledger,
    cleared: requests.Clearance,
    *,
    journal: progress.Journal,
    now: datetime.datetime,
) -> siderun.SideRun:
    return siderun.SideRun(
        site=order.site,
        plan=side,
        tools=prepared.tools,
        request=order.request,
        journal=journal,
        now=now,
        logs=order.logs,
        announce=lambda: book.begin(side, ledger.changed_tenants(cleared, side.side)),
    )


def _run_side(
    run: siderun.SideRun,
    book: ledger.Ledger,
    cleared: requests.Clearance,
    plan: plans.Plan,
    staff: deploying.People,
) -> None:
    try:
        try:
            sides.run(run)
        except errors.PartlyDoneError as error:
            # One tenant's failed stack keeps nobody's leaver, and no former password, waiting.
            staff.settle_beside(error, run)
            raise
        staff.settle(run)
    finally:
        # Also of a run that failed midway: what it applied is applied.
        book.settle(run, cleared, plan.inventory)


def side_by_side(runs: Sequence[siderun.SideRun], act: Callable[[siderun.SideRun], None]) -> None:
    """Both sides at once. Raises what failed, when both have come to their end."""
    with concurrent.futures.ThreadPoolExecutor(max_workers=len(runs)) as pool:
        futures = [pool.submit(act, run) for run in runs]
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
    site: sites.Site, plan: plans.Plan, runs: Sequence[siderun.SideRun], journal: progress.Journal, logs: pathlib.Path
) -> tuple[verify.Checked, ...]:
    with journal.step("verify") as step:
        # Where machines look as they did when their roles' tests passed, those would read the same again; and where
        # nothing was changed since people were let in and refused as planned, no accounts are made for that.
        extents = {
            run.plan.side: verify.Extent(
                hosts=tuple(run.record.untested), people=not run.record.signed_in or bool(run.repaired)
            )
            for run in runs
        }
        checked = verify.verify(
            site,
            plan,
            report=lambda text: journal.doing("verify", text),
            logs=logs,
            extents=extents,
        )
        wrong = [check for check in checked if not check.ok]
        step.note = f"{len(checked) - len(wrong)} of {len(checked)} probes as expected"
        if wrong:
            raise verify.mismatch(wrong, logs=logs)
        for run in runs:
            if run.record.untested or not run.record.signed_in:
                run.record.untested, run.record.signed_in = [], True
                run.record.save()
    return checked
