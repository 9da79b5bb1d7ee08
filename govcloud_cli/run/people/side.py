"""One side's people in a run, `people sync` or a deploy: the accounts, then what they knew; audited, resumable."""

from __future__ import annotations

import dataclasses
import datetime
import functools
import threading
from collections.abc import Callable, Iterable, Mapping

from govcloud_cli import counting, errors
from govcloud_cli.governance import chain, people_changes, people_refusals
from govcloud_cli.model import platforms
from govcloud_cli.plan import plans
from govcloud_cli.providers.keycloak import session
from govcloud_cli.run import ledger, progress, rotations, siderun, workspace
from govcloud_cli.run.people import outside, places, rotating, syncing
from govcloud_cli.run.probing import probe_people

_SHOWN = 5


@dataclasses.dataclass(kw_only=True)
class Work:
    """What a run has for the people of all its sides."""

    clock: ledger.Clock
    environ: Mapping[str, str]
    journal: progress.Journal
    book: ledger.Ledger
    leavers: int | None = None
    """`--leavers`: so many, exactly."""
    _counted: people_refusals.Leavers = dataclasses.field(default_factory=dict)
    _lock: threading.Lock = dataclasses.field(default_factory=threading.Lock)

    def count(self, found: Mapping[platforms.Side, people_changes.Changes]) -> None:
        """Count who leaves, each once however often a side is looked at.

        Raises `errors.UsageError` for a mass leave that nobody counted.
        """
        with self._lock:
            self._counted = people_refusals.refuse_mass_leave(found, self.leavers, before=self._counted)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Synced:
    """What became of a side's accounts."""

    changes: people_changes.Changes
    outcome: syncing.Outcome


@dataclasses.dataclass(frozen=True, kw_only=True)
class Rotated:
    """What became of the passwords and secrets that people of a side knew."""

    tenants: tuple[str, ...] = ()
    """Whose new ones are in force, and the database sessions of before ended."""
    sessions: int = 0
    """How many those were."""
    waiting: tuple[str, ...] = ()
    """Tenants whose turn comes with the next deploy."""
    error: errors.GovcloudError | None = None
    """What failed; it is still due."""


def look_at(
    place: places.Place, api: session.Api, *, today: datetime.date, coming: Iterable[str] = ()
) -> syncing.Outlook:
    """What a sync of one side would do; `coming`: groups that will have been made by then."""
    known = place.site.spec.people
    return syncing.look(api, known, everyone=place.tenants, applied=place.applied, today=today, coming=coming)


def sync_side(
    work: Work,
    place: places.Place,
    outlook: syncing.Outlook | None = None,
    *,
    leaves_only: bool = False,
    deployed: bool = False,
) -> Synced:
    """Bring a side's accounts to what `outlook` says (None: to what they are now to be).

    `deployed`: whether the gateway knows of today's groups. Raises `errors.UsageError`, with nothing done, for leavers
    in this very outlook whom nobody counted; `errors.GovcloudError` where nothing more may be done.
    """
    name = f"{place.side.value}/{'leave' if leaves_only else 'people'}"
    cuts = outside.of(place, clock=work.clock, environ=work.environ, deployed=deployed)
    with work.journal.step(name) as step, place.opened() as api:
        if outlook is None:
            outlook = look_at(place, api, today=work.clock().date())
        work.count({place.side: outlook.changes})
        # Otherwise an account called like a probe's would be one that no sync ever ends.
        swept = 0 if leaves_only else probe_people.sweep(api, now=work.clock().timestamp())
        sync = syncing.Sync(
            api=api,
            outlook=outlook,
            folder=place.folder,
            record=functools.partial(work.book.note, place.side),
            cuts=cuts.leaves,
            move_cuts=cuts.moves,
            leaves_only=leaves_only,
            report=lambda text: work.journal.doing(name, text),
        )
        outcome = sync.run()
        step.changed = bool(outcome.done or swept)
        step.note = (_left if leaves_only else note)(outcome, outlook.changes)
    return Synced(changes=outlook.changes, outcome=outcome)


def rotate_side(
    work: Work,
    plan: plans.SidePlan,
    folder: workspace.SideFolder,
    run_of: Callable[[rotating.Due], siderun.SideRun],
) -> Rotated:
    """Bring into force what generations this run, or one that was killed, asked for. `plan` has those of now.

    `run_of` makes the run in which stacks are due. What fails is in the answer.
    """
    found = rotating.due(plan, folder)
    if not (found.steps or rotations.load(folder).uncut):
        return Rotated(waiting=found.waiting)
    with work.journal.step(f"{plan.side.value}/passwords") as step:
        ended = rotating.Ended()
        try:
            try:
                rotating.rotate(run_of(found), found)
            finally:
                # Also where a stack failed: those of the others.
                ended = end_former(work, plan, folder, waiting=found.waiting)
        except errors.GovcloudError as error:
            step.failed, step.note = True, f"failed: {error.message}"
            return Rotated(tenants=ended.tenants, sessions=ended.sessions, waiting=found.waiting, error=error)
        step.changed = bool(found.steps or ended.sessions)
        tenants = counting.counted(len(ended.tenants), "tenant")
        step.note = f"{tenants}, {counting.counted(ended.sessions, 'session')} ended"
    return Rotated(tenants=ended.tenants, sessions=ended.sessions, waiting=found.waiting)


def end_former(
    work: Work, plan: plans.SidePlan, folder: workspace.SideFolder, *, waiting: tuple[str, ...] = ()
) -> rotating.Ended:
    """End what former passwords opened, of every tenant whose stack has run since, and put that on record.

    Raises `errors.GovcloudError`; then it is to be done again.
    """
    ended = rotating.cut(plan, folder)
    if ended.tenants:
        told = {"tenants": ended.tenants, "sessions": ended.sessions, "waiting": waiting}
        work.book.note(plan.side, chain.Action.PASSWORDS_ROTATED, told)
    return ended


def note(outcome: syncing.Outcome, changes: people_changes.Changes) -> str:
    """What a sync came to, in a line."""
    if not any(True for _ in changes):
        return f"{counting.counted(changes.accounts, 'account')} as people.yaml says"
    told = f"{outcome.joined} joined, {outcome.moved} moved, {outcome.left} left, {outcome.returned} returned"
    return f"{told}, {len(outcome.failures)} failed" if outcome.failures else told


def _left(outcome: syncing.Outcome, changes: people_changes.Changes) -> str:
    told = f"{outcome.left} left: {', '.join(one.person for one in changes.leaves[:_SHOWN])}"
    return "; ".join((told, *outcome.failures[:_SHOWN]))
