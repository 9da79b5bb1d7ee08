"""`govcloud drift`: looks at a whole environment, and restores what drifted without a deploy."""

from __future__ import annotations

import concurrent.futures
import dataclasses
import datetime
import functools
import pathlib
from collections.abc import Mapping, Sequence

from govcloud_cli import errors
from govcloud_cli.plan import steps
from govcloud_cli.run import (
    applied,
    deploy,
    drift,
    ledger,
    lock,
    preparing,
    process,
    progress,
    reach,
    siderun,
    sides,
    sites,
)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Outcome:
    """What an environment looks like."""

    found: tuple[drift.Finding, ...]
    """What drifted and still is so."""
    repaired: tuple[drift.Finding, ...] = ()
    unread: tuple[drift.Unread, ...] = ()
    """What could not be looked at."""
    pending: tuple[str, ...] = ()
    """What was not looked at, because it is about to change by plan: `external: Namespace/finance-prod`."""

    @property
    def exit_code(self) -> errors.ExitCode:
        """6 as soon as something could not be looked at: then nobody knows whether that is all."""
        if self.unread:
            return errors.ExitCode.PARTLY_DONE
        return errors.ExitCode.DRIFT_FOUND if self.found else errors.ExitCode.DONE


def look(site: sites.Site, *, today: datetime.date) -> Outcome:
    """Look at every side of `site`; changes nothing. Raises `errors.GovcloudError` where nothing was deployed yet."""
    subjects = _subjects(site, today=today)
    with concurrent.futures.ThreadPoolExecutor(max_workers=len(subjects)) as pool:
        looks = list(pool.map(drift.look, subjects))
    return Outcome(
        found=tuple(finding for one in looks for finding in one.found),
        unread=tuple(unread for one in looks for unread in one.unread) + _unknown(subjects, looks),
        pending=_pending(subjects, looks),
    )


def repair(
    site: sites.Site,
    *,
    holding: lock.Held,
    journal: progress.Journal,
    clock: ledger.Clock,
    environ: Mapping[str, str],
    logs: pathlib.Path,
) -> Outcome:
    """Restore what drifted, with the environment's lock held. What a changed plan touches is left to a deploy.

    Raises the first `errors.GovcloudError`, after the other side has come to its end.
    """
    process.mark(str(holding.space.path))
    process.end_leftovers(str(holding.space.path))
    now = clock()
    subjects = _subjects(site, today=now.date())
    prepared = preparing.prepare(site, install=False, report=lambda _: None)
    book = ledger.opened(site, clock=clock, verb="drift --repair", environ=environ)
    runs = [
        siderun.SideRun(
            site=site,
            plan=subject.plan,
            tools=prepared.tools,
            request=siderun.Request(install=False),
            journal=journal,
            now=now,
            logs=logs,
            announce=functools.partial(book.begin, subject.plan, ()),
        )
        for subject in subjects
    ]
    _recorded(runs, book, journal)
    return Outcome(
        found=tuple(finding for run in runs for finding in run.left),
        repaired=tuple(finding for run in runs for finding in run.repaired),
        unread=tuple(unread for run in runs for unread in run.unread),
    )


def _recorded(runs: Sequence[siderun.SideRun], book: ledger.Ledger, journal: progress.Journal) -> None:
    """Repair the sides; how that ended is on record whatever happens."""
    try:
        deploy.side_by_side(runs, lambda run: _repair(run, book))
    except BaseException as error:
        book.end(error, changed={step.name: step.changed for step in journal.results})
        raise
    book.end(None, changed={step.name: step.changed for step in journal.results})


def _repair(run: siderun.SideRun, book: ledger.Ledger) -> None:
    try:
        sides.repair(run)
    finally:
        book.settle(run, None, run.site.spec)


def _subjects(site: sites.Site, *, today: datetime.date) -> list[drift.Subject]:
    found = []
    for plan in sites.plan(site, today=today).sides:
        folder = site.space.side(plan.side)
        record = applied.load(folder)
        if record.entries:
            ordered = steps.of(plan, sites.facts(plan, folder))
            found.append(drift.Subject(plan=plan, steps=ordered, record=record, folder=folder, way=reach.of(plan)))
    if not found:
        raise errors.GovcloudError(
            f"environment {site.spec.environment} was never deployed, so nothing is known that it could have left",
            where=str(site.space.path),
            remedy="run `govcloud deploy`",
        )
    return found


def _unknown(subjects: Sequence[drift.Subject], looks: Sequence[drift.Look]) -> tuple[drift.Unread, ...]:
    """What cannot be compared, because there is no record of it."""
    pairs = zip(subjects, looks, strict=True)
    return tuple(found for subject, one in pairs for found in drift.unknown(subject.side, one.services))


def _pending(subjects: Sequence[drift.Subject], looks: Sequence[drift.Look]) -> tuple[str, ...]:
    pairs = zip(subjects, looks, strict=True)
    return tuple(f"{subject.side}: {entry}" for subject, one in pairs for entry in one.services.pending)
