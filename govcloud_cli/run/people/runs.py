"""A whole `people sync`: every chosen side, accounts first, then what they knew; audited, resumable."""

from __future__ import annotations

import dataclasses
import datetime
import functools
import pathlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from govcloud_cli import errors
from govcloud_cli.governance import chain, people_changes, people_refusals
from govcloud_cli.plan import rotations
from govcloud_cli.run import ledger, lock, preparing, process, progress, sides, sites
from govcloud_cli.run import rotations as rotation_record
from govcloud_cli.run.access import routine
from govcloud_cli.run.people import connection, outside, places, rotating, syncing
from govcloud_cli.run.probing import probe_people

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
            outlooks[place.side.value] = look_at(place, api, today=today)
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
    outlooks = look(found, today=today)
    refuse_mass_leave([one.changes for one in outlooks.values()], order.leavers)
    book = ledger.opened(order.site, clock=order.clock, verb=VERB, environ=order.environ)
    results = tuple(_side(order, place, book, journal, today) for place in found)
    routine.follow(order.site, plan, journal, clock=order.clock, environ=order.environ)
    return results


def refuse_mass_leave(of_sides: Sequence[people_changes.Changes], counted: int | None) -> None:
    """As `people_refusals.refuse_mass_leave`, for all sides of a run."""
    total = sum(one.leavers for one in of_sides)
    for one in of_sides:
        # Of both sides together: who gives a number has seen the plan of both.
        people_refusals.refuse_mass_leave(one, one.leavers if counted == total else counted)


def look_at(
    place: places.Place, api: connection.Api, *, today: datetime.date, coming: Iterable[str] = ()
) -> syncing.Outlook:
    """What a sync of one side would do; `coming`: groups that will have been made by then."""
    return syncing.look(api, place.site.spec.people, everyone=place.tenants, today=today, coming=coming)


def _side(
    order: Order, place: places.Place, book: ledger.Ledger, journal: progress.Journal, today: datetime.date
) -> SideResult:
    name = f"{place.side.value}/people"

    def record(action: chain.Action, details: Mapping[str, Any]) -> None:
        book.note(place.side, action, details)

    cuts = outside.of(place, clock=order.clock, environ=order.environ)
    with journal.step(name) as step, place.opened() as api:
        # Otherwise an account called like a probe's would be one that no sync ever ends.
        swept = probe_people.sweep(api, now=order.clock().timestamp())
        outlook = look_at(place, api, today=today)
        sync_of = syncing.Sync(
            api=api,
            outlook=outlook,
            folder=place.folder,
            record=record,
            cuts=cuts.leaves,
            move_cuts=cuts.moves,
            report=lambda text: journal.doing(name, text),
        )
        outcome = sync_of.run()
        step.changed = bool(outcome.done or swept)
        step.note = note(outcome, outlook.changes)
    result = SideResult(
        side=place.side.value, changes=outlook.changes, outcome=outcome, failures=tuple(outcome.failures)
    )
    return _passwords(order, place, book, journal, result)


def _passwords(
    order: Order, place: places.Place, book: ledger.Ledger, journal: progress.Journal, result: SideResult
) -> SideResult:
    """Bring into force what generations the sync (this one, or one that was killed) asked for."""
    record = rotation_record.load(place.folder)
    if not record.generations:
        return result
    # Once more: with the generations of now.
    plan = next(one for one in sites.plan(order.site, today=order.clock().date()).sides if one.side is place.side)
    found = rotating.due(plan, place.folder)
    result = dataclasses.replace(result, waiting=found.waiting)
    if not (found.steps or record.uncut):
        return result
    error: errors.GovcloudError | None = None
    with journal.step(f"{place.side.value}/passwords") as step:
        try:
            ended = rotating.rotate(_run(order, plan, book, journal, found), found)
        except errors.GovcloudError as caught:
            error = caught
            step.note = f"failed: {caught.message}"
        else:
            step.changed = bool(found.steps or ended)
            step.note = f"{len(found.tenants)} tenants, {ended} sessions ended"
            result = dataclasses.replace(result, rotated=found.tenants, sessions=ended)
            told = {"tenants": found.tenants, "sessions": ended, "waiting": found.waiting}
            book.note(place.side, chain.Action.PASSWORDS_ROTATED, told)
    book.end(error, changed={step.name: step.changed for step in journal.results})
    if error is not None:
        told_as = ": ".join(filter(None, ("database passwords", error.message, error.cause)))
        result = dataclasses.replace(result, failures=(*result.failures, told_as))
    return result


def _run(
    order: Order,
    plan: Any,
    book: ledger.Ledger,
    journal: progress.Journal,
    found: rotating.Due,
) -> sides.SideRun:
    prepared = preparing.prepare(order.site, install=False, report=lambda _: None)
    return sides.SideRun(
        site=order.site,
        plan=plan,
        tools=prepared.tools,
        request=sides.Request(install=False),
        journal=journal,
        now=order.clock(),
        logs=order.logs,
        announce=functools.partial(book.begin, plan, found.tenants),
    )


def note(outcome: syncing.Outcome, changes: people_changes.Changes) -> str:
    """What a sync came to, in a line."""
    if not any(True for _ in changes):
        return f"{changes.accounts} accounts as people.yaml says"
    told = f"{outcome.joined} joined, {outcome.moved} moved, {outcome.left} left, {outcome.returned} returned"
    return f"{told}, {len(outcome.failures)} failed" if outcome.failures else told
