"""A whole `people sync`: every chosen side, accounts first, then what they knew; audited, resumable."""

from __future__ import annotations

import dataclasses
import datetime
import functools
import pathlib
from collections.abc import Mapping, Sequence

from govcloud_cli.governance import people_changes
from govcloud_cli.plan import plans, rotations
from govcloud_cli.run import ledger, lock, preparing, process, progress, siderun, sites
from govcloud_cli.run import rotations as rotation_record
from govcloud_cli.run.access import routine
from govcloud_cli.run.people import places, rotating, side, syncing

VERB = "people sync"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Order:
    """A sync that was asked for, with the environment's lock held."""

    site: sites.Site
    holding: lock.Held
    clock: ledger.Clock
    environ: Mapping[str, str]
    logs: pathlib.Path
    leavers: int | None = None
    """`--leavers`: so many, exactly."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class SideResult:
    """What became of one side."""

    side: str
    changes: people_changes.Changes
    outcome: syncing.Outcome
    rotated: tuple[str, ...] = ()
    """Tenants whose database passwords were changed."""
    sessions: int = 0
    """Database sessions that were ended."""
    waiting: tuple[str, ...] = ()
    """Tenants whose passwords change with the next deploy."""
    failures: tuple[str, ...] = ()

    @property
    def whole(self) -> bool:
        """Whether nothing is left to do."""
        return not (self.failures or self.waiting)

    @property
    def changed(self) -> bool:
        """Whether anything was done."""
        return bool(self.outcome.done or self.rotated or self.sessions)


def look(found: Sequence[places.Place], *, today: datetime.date) -> dict[str, syncing.Outlook]:
    """What a sync would do, per side; changes nothing."""
    outlooks = {}
    for place in found:
        with place.opened() as api:
            outlooks[place.side.value] = side.look_at(place, api, today=today)
    return outlooks


def due(place: places.Place, changes: people_changes.Changes) -> tuple[str, ...]:
    """Tenants of a side whose passwords and secrets a sync would change, as far as the next deploy need not."""
    waiting = rotating.due(place.plan, place.folder)
    there = {tenant for shard in place.plan.shards for tenant in rotations.of_shard(shard)}
    return tuple(sorted({*waiting.tenants, *(tenant for tenant in changes.rotate if tenant in there)}))


def sync(order: Order, journal: progress.Journal) -> tuple[SideResult, ...]:
    """Do it on every side. Raises `errors.UsageError` before anything is done for a mass leave that nobody counted."""
    process.mark(str(order.holding.space.path))
    process.end_leftovers(str(order.holding.space.path))
    today = order.clock().date()
    plan = sites.plan(order.site, today=today, guards=())
    found = places.of(order.site, plan)
    book = ledger.opened(order.site, clock=order.clock, verb=VERB, environ=order.environ)
    work = side.Work(clock=order.clock, environ=order.environ, journal=journal, book=book, leavers=order.leavers)
    outlooks = look(found, today=today)
    work.count({place.side: outlooks[place.side.value].changes for place in found})
    # Accounts on every side before anybody's stack: what was looked at is not old by then.
    synced = [side.sync_side(work, place, outlooks[place.side.value]) for place in found]
    results = _rotated(order, work, found, synced)
    routine.follow(order.site, plan, journal, clock=order.clock, environ=order.environ)
    return results


def _rotated(
    order: Order, work: side.Work, found: Sequence[places.Place], synced: Sequence[side.Synced]
) -> tuple[SideResult, ...]:
    rotated: list[side.Rotated] = []
    error: BaseException | None = None
    try:
        rotated += (_rotate(order, work, place) for place in found)
        error = next((one.error for one in rotated if one.error is not None), None)
    except BaseException as caught:
        error = caught
        raise
    finally:
        work.book.end(error, changed={step.name: step.changed for step in work.journal.results})
    return tuple(_result(place, done, turned) for place, done, turned in zip(found, synced, rotated, strict=True))


def _rotate(order: Order, work: side.Work, place: places.Place) -> side.Rotated:
    if not rotation_record.load(place.folder).generations:
        return side.Rotated()
    # Once more: with the generations of now.
    plan = next(one for one in sites.plan(order.site, today=order.clock().date()).sides if one.side is place.side)
    return side.rotate_side(work, plan, place.folder, functools.partial(_run, order, plan, work))


def _result(place: places.Place, synced: side.Synced, rotated: side.Rotated) -> SideResult:
    failures = list(synced.outcome.failures)
    if rotated.error is not None:
        failures.append(": ".join(filter(None, ("database passwords", rotated.error.message, rotated.error.cause))))
    return SideResult(
        side=place.side.value,
        changes=synced.changes,
        outcome=synced.outcome,
        rotated=rotated.tenants,
        sessions=rotated.sessions,
        waiting=rotated.waiting,
        failures=tuple(failures),
    )


def _run(order: Order, plan: plans.SidePlan, work: side.Work, found: rotating.Due) -> siderun.SideRun:
    prepared = preparing.prepare(order.site, install=False, report=lambda _: None)
    return siderun.SideRun(
        site=order.site,
        plan=plan,
        tools=prepared.tools,
        request=siderun.Request(install=False),
        journal=work.journal,
        now=order.clock(),
        logs=order.logs,
        announce=functools.partial(work.book.begin, plan, found.tenants),
    )
