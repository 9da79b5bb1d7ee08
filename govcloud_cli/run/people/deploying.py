"""People within a deploy: leavers before anything else is touched, everybody else when the stacks have made the groups.

What a leaver knew gets its next generation before the plan is made, so the deploy's own stacks bring it into force. A
realm that is not there yet, or does not answer, has its leavers seen to with the rest: the deploy may mend it.
"""

from __future__ import annotations

import dataclasses

from govcloud_cli import counting, errors
from govcloud_cli.governance import people_comparing
from govcloud_cli.model import people, platforms
from govcloud_cli.plan import plans, shards
from govcloud_cli.run import applied, rotations, siderun, sites
from govcloud_cli.run.people import foreseeing, places, rotating, side, syncing


@dataclasses.dataclass(kw_only=True)
class People:
    """The people of one deploy."""

    site: sites.Site
    work: side.Work
    _known: list[tuple[places.Place, syncing.Outlook]] = dataclasses.field(default_factory=list)
    _same: dict[platforms.Side, str] = dataclasses.field(default_factory=dict)
    """Sides where nobody is to change, with what was seen."""

    def look(self, plan: plans.Plan) -> None:
        """See who leaves, on every side whose realm answers; changes nothing."""
        found = ((place, self._look(place)) for place in places.within(self.site, plan))
        self._known = [(place, known) for place, known in found if known is not None]

    def leave(self, plan: plans.Plan) -> None:
        """Shut out those whom `look` saw leave.

        Raises `errors.UsageError` before anything is done for a mass leave that nobody counted. What cannot be done for
        somebody is left to `settle`.
        """
        self.work.count({place.side: known.changes for place, known in self._known})
        for place in places.within(self.site, plan):
            _owe(place)
        for place, known in self._known:
            if known.changes.leaves:
                side.sync_side(self.work, place, known, leaves_only=True)
            elif not any(True for _ in known.changes) and not _has_probes(known):
                self._same[place.side] = side.note(syncing.Outcome(), known.changes)

    def settle(self, run: siderun.SideRun) -> None:
        """Do all that is left for one side, whose steps have run; its plan has the generations of now afterwards.

        Raises `errors.PartlyDoneError` if something could not be done for somebody: the next deploy does it.
        """
        # Passwords of a later generation are in force now, and what the former ones opened is not to stay.
        side.end_former(self.work, run.plan, run.folder)
        if run.plan.identity is None:
            return
        place = places.Place(site=self.site, plan=run.plan, identity=run.plan.identity)
        failures = self._accounts(place, run)
        _pay(run)
        # What movers knew, and leavers where the realm was only now mended.
        run.turn(rotations.load(run.folder).generations)
        rotated = side.rotate_side(self.work, run.plan, run.folder, lambda _: run)
        if rotated.error is not None:
            # Whom nothing could be done for is not to be lost beside the stack.
            rotated.error.cause = "\n".join(filter(None, (rotated.error.cause, *failures))) or None
            raise rotated.error
        if failures:
            raise errors.PartlyDoneError(
                f"{len(failures)} changes of people could not be made",
                where=run.name("people"),
                cause="\n".join(failures),
                remedy="mend the cause and run `govcloud deploy` again: it goes on where this run stopped",
            )

    def settle_beside(self, error: errors.GovcloudError, run: siderun.SideRun) -> None:
        """Do what can be done for a side of which something failed; what fails here too is told with `error`."""
        if run.plan.identity is not None and not run.record.entries.get(rotating.IDENTITY):
            return
        try:
            self.settle(run)
        except errors.GovcloudError as also:
            told = ": ".join(filter(None, (also.where, also.message, also.cause)))
            error.cause = "\n".join(filter(None, (error.cause, told)))

    def _accounts(self, place: places.Place, run: siderun.SideRun) -> list[str]:
        """What could not be done for whom."""
        if place.side in self._same and rotating.IDENTITY not in run.begun and not rotations.load(run.folder).open:
            # A realm of 10,000 accounts is not read twice for nothing.
            with self.work.journal.step(run.name("people")) as step:
                step.note = self._same[place.side]
            return []
        return side.sync_side(self.work, place, deployed=True).outcome.failures

    def _look(self, place: places.Place) -> syncing.Outlook | None:
        """What a realm that is there says; None of one that is not."""
        if not applied.load(place.folder).entries.get(rotating.IDENTITY):
            return None
        with self.work.journal.step(f"{place.side.value}/leavers") as step:
            try:
                with place.opened(patience=foreseeing.PATIENCE) as api:
                    found = side.look_at(place, api, today=self.work.clock().date())
            except errors.GovcloudError as error:
                step.note = f"the identity service does not answer, so leavers wait for its repair: {error.message}"
                return None
            number = len(found.changes.leaves)
            leave = f"{number or 'nobody'} {'leave' if number > 1 else 'leaves'}"
            step.note = f"{counting.counted(found.changes.accounts, 'account')}, {leave}"
            return found


def _owe(place: places.Place) -> None:
    """Before the stacks: from then on nobody could tell who was a member."""
    tenants = people_comparing.withdrawn(place.applied, place.tenants)
    record = rotations.load(place.folder)
    if not {*tenants} <= {*record.owed}:
        rotations.save(place.folder, record.owing(tenants))


def _pay(run: siderun.SideRun) -> None:
    """Ask for other secrets where former members' bindings are gone: before that, they could read those too."""
    record = rotations.load(run.folder)
    done = {step.name for step in run.steps if run.record.is_done(step)}
    turn = [tenant for tenant in record.owed if shards.shard_of(tenant) in done]
    if turn:
        rotations.save(run.folder, record.paid(turn))


def _has_probes(outlook: syncing.Outlook) -> bool:
    """Whether a killed run's temporary people are there, whom a sync removes."""
    return any(account.person.startswith(people.PROBE) for account in outlook.directory.accounts)
