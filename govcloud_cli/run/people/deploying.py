"""People within a deploy: leavers before anything else is touched, everybody else when the stacks have made the groups.

What a leaver knew gets its next generation before the plan is made, so the deploy's own stacks bring it into force. A
realm that is not there yet, or does not answer, has its leavers seen to with the rest: the deploy may mend it.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Mapping
from typing import Any

from govcloud_cli import errors
from govcloud_cli.governance import chain
from govcloud_cli.model import platforms
from govcloud_cli.plan import plans
from govcloud_cli.plan import rotations as planned_rotations
from govcloud_cli.run import applied, ledger, progress, rotations, sides, sites
from govcloud_cli.run.people import foreseeing, outside, places, rotating, runs, syncing


@dataclasses.dataclass(kw_only=True)
class People:
    """The people of one deploy."""

    site: sites.Site
    clock: ledger.Clock
    environ: Mapping[str, str]
    journal: progress.Journal
    leavers: int | None = None
    """`--leavers`: so many, exactly."""
    _seen: set[platforms.Side] = dataclasses.field(default_factory=set)
    """Sides whose leavers were counted before anything was done."""
    _same: dict[platforms.Side, str] = dataclasses.field(default_factory=dict)
    """Sides where nobody is to change, with what was seen."""

    def leave(self, plan: plans.Plan, book: ledger.Ledger) -> None:
        """Shut out who has left, on every side whose realm answers.

        Raises `errors.UsageError` before anything is done for a mass leave that nobody counted. What cannot be done for
        somebody is left to `settle`.
        """
        found = [(place, known) for place in places.within(self.site, plan) if (known := self._look(place)) is not None]
        runs.refuse_mass_leave([known.changes for _, known in found], self.leavers)
        self._seen = {place.side for place, _ in found}
        for place, known in found:
            if known.changes.leaves:
                self._leave(place, known, book)
            elif not any(True for _ in known.changes):
                self._same[place.side] = runs.note(syncing.Outcome(), known.changes)

    def settle(self, run: sides.SideRun, book: ledger.Ledger) -> None:
        """Do all that is left for one side, whose steps have run; its plan has the generations of now afterwards.

        Raises `errors.PartlyDoneError` if something could not be done for somebody: the next deploy does it.
        """
        if run.plan.identity is None:
            return
        place = places.Place(site=self.site, plan=run.plan, identity=run.plan.identity)
        failures: list[str] = []
        if place.side in self._same and rotating.IDENTITY not in run.begun and not rotations.load(run.folder).open:
            # A realm of 10,000 accounts is not read twice for nothing.
            with self.journal.step(run.name("people")) as step:
                step.note = self._same[place.side]
            self._passwords(run, book)
            return
        with self.journal.step(run.name("people")) as step, place.opened() as api:
            outlook = runs.look_at(place, api, today=self.clock().date())
            if place.side not in self._seen:
                runs.refuse_mass_leave([outlook.changes], self.leavers)
            outcome = self._sync(place, api, outlook, book, name=step.name, deployed=True).run()
            failures += outcome.failures
            step.changed = bool(outcome.done)
            step.note = runs.note(outcome, outlook.changes)
        try:
            self._passwords(run, book)
        except errors.GovcloudError as error:
            # Whom nothing could be done for is not to be lost beside the stack.
            error.cause = "\n".join(filter(None, (error.cause, *failures))) or None
            raise
        if failures:
            raise errors.PartlyDoneError(
                f"{len(failures)} changes of people could not be made",
                where=run.name("people"),
                cause="\n".join(failures),
                remedy="mend the cause and run `govcloud deploy` again: it goes on where this run stopped",
            )

    def _look(self, place: places.Place) -> syncing.Outlook | None:
        """What a realm that is there says; None of one that is not."""
        if not applied.load(place.folder).entries.get(rotating.IDENTITY):
            return None
        name = f"{place.side.value}/leavers"
        with self.journal.step(name) as step:
            try:
                with place.opened(patience=foreseeing.PATIENCE) as api:
                    found = runs.look_at(place, api, today=self.clock().date())
            except errors.GovcloudError as error:
                step.note = f"the identity service does not answer, so leavers wait for its repair: {error.message}"
                return None
            number = len(found.changes.leaves)
            step.note = f"{found.changes.accounts} accounts, " + (f"{number} leave" if number else "nobody leaves")
            return found

    def _leave(self, place: places.Place, outlook: syncing.Outlook, book: ledger.Ledger) -> None:
        with self.journal.step(f"{place.side.value}/leave") as step, place.opened() as api:
            sync = self._sync(place, api, outlook, book, name=step.name, deployed=False)
            sync.leaves_only = True
            outcome = sync.run()
            step.changed = bool(outcome.done)
            told = f"{outcome.left} left: {', '.join(one.person for one in outlook.changes.leaves[:_SHOWN])}"
            step.note = "; ".join((told, *outcome.failures[:_SHOWN]))

    def _sync(
        self,
        place: places.Place,
        api: Any,
        outlook: syncing.Outlook,
        book: ledger.Ledger,
        *,
        name: str,
        deployed: bool,
    ) -> syncing.Sync:
        cuts = outside.of(place, clock=self.clock, environ=self.environ, deployed=deployed)
        return syncing.Sync(
            api=api,
            outlook=outlook,
            folder=place.folder,
            record=functools.partial(book.note, place.side),
            cuts=cuts.leaves,
            move_cuts=cuts.moves,
            report=lambda text: self.journal.doing(name, text),
        )

    def _passwords(self, run: sides.SideRun, book: ledger.Ledger) -> None:
        """Bring into force what movers' generations ask for, and leavers' where the realm was only now mended."""
        record = rotations.load(run.folder)
        run.plan = planned_rotations.turned(run.plan, record.generations)
        found = rotating.due(run.plan, run.folder)
        if not (found.steps or record.uncut):
            return
        with self.journal.step(run.name("passwords")) as step:
            ended = rotating.rotate(run, found)
            step.changed = bool(found.steps or ended)
            step.note = f"{len(found.tenants)} tenants, {ended} sessions ended"
        told = {"tenants": found.tenants, "sessions": ended, "waiting": found.waiting}
        book.note(run.plan.side, chain.Action.PASSWORDS_ROTATED, told)


_SHOWN = 5
