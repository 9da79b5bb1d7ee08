"""Brings one side's accounts to what `people.yaml` says; killed anywhere and run again, it goes on.

Who leaves is shut out first, everybody at once; then what leads past the identity service (VPN); then the rest. What
was to be done for a leaver is found again in the groups that he still has, which go last; for who changes offices, in
the group of the former one.
"""

from __future__ import annotations

import concurrent.futures
import dataclasses
import datetime
import functools
import itertools
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any, Protocol

from govcloud_cli import errors
from govcloud_cli.governance import chain, people_changes, people_comparing
from govcloud_cli.model import people, tenants
from govcloud_cli.providers.keycloak import session
from govcloud_cli.run import rotations, workspace
from govcloud_cli.run.people import applying, directory, records

Cut = Callable[[Sequence[people_changes.Leave]], None]
"""Ends what leavers have beside their account. May be called again for the same; raises `errors.GovcloudError`."""
MoveCut = Callable[[Sequence[people_changes.Move]], None]
"""Ends what movers no longer may, beside their account; as `Cut`."""
_NAMED = 50
"""People in one audit record."""
_TWO_IMPORTS = 2


class Record(Protocol):
    """Puts a record into the side's audit log. Raises `errors.GovcloudError` if it cannot: nothing is done then."""

    def __call__(self, action: chain.Action, details: Mapping[str, Any]) -> None:
        """Write it, durably."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Outlook:
    """What a sync of one side would do."""

    changes: people_changes.Changes
    directory: directory.Directory


@dataclasses.dataclass(kw_only=True)
class Outcome:
    """What became of it."""

    joined: int = 0
    moved: int = 0
    left: int = 0
    returned: int = 0
    failures: list[str] = dataclasses.field(default_factory=list)
    """`person: what did not work`; everybody else is done."""

    @property
    def done(self) -> int:
        """How many accounts were changed."""
        return self.joined + self.moved + self.left + self.returned


def look(
    api: session.Api,
    known: Sequence[people.Person],
    *,
    everyone: Sequence[tenants.Tenant],
    applied: Sequence[tenants.Tenant] = (),
    today: datetime.date,
    coming: Iterable[str] = (),
) -> Outlook:
    """Read the realm and compare (`people_comparing.changes`). `coming`: groups that will have been made."""
    found = directory.read(api)
    changes = people_comparing.changes(
        known,
        found.accounts,
        offered={*found.groups, *coming},
        everyone=everyone,
        applied=applied,
        today=today,
    )
    return Outlook(changes=changes, directory=found)


@dataclasses.dataclass(kw_only=True)
class Sync:
    """One side's sync."""

    api: session.Api
    outlook: Outlook
    folder: workspace.SideFolder
    record: Record
    cuts: Sequence[Cut] = ()
    move_cuts: Sequence[MoveCut] = ()
    leaves_only: bool = False
    """Whether everybody else waits: for groups that are not there yet."""
    report: Callable[[str], None] = lambda _: None
    outcome: Outcome = dataclasses.field(default_factory=Outcome)

    def run(self) -> Outcome:
        """Do everything. A person who cannot be changed stops nobody else's change.

        Raises `errors.GovcloudError` where nothing more may be done: the audit cannot be written.
        """
        changes = self.outlook.changes
        self._forget({one.person for one in changes})
        if not (changes.leaves if self.leaves_only else any(True for _ in changes)):
            return self.outcome
        self.record(chain.Action.PEOPLE_SYNC_BEGAN, records.counts(changes))
        try:
            self._act(changes)
        except BaseException:
            self.record(chain.Action.PEOPLE_SYNC_ENDED, self._ended() | {"result": "interrupted"})
            raise
        self.record(chain.Action.PEOPLE_SYNC_ENDED, self._ended())
        return self.outcome

    def _act(self, changes: people_changes.Changes) -> None:
        accounts = applying.Accounts(self.api, self.outlook.directory.groups)
        shut = self._shut(accounts, changes.leaves)
        cut = self._cut(shut)
        for leave in shut:
            self._rotate(leave.person, leave.rotate)
        moves = () if self.leaves_only else changes.moves
        apart = self._cut_moves(moves)
        for move in moves:
            self._move(accounts, move, apart=apart)
        for leave in shut:
            self._settle(accounts, leave, cut=cut)
        if not self.leaves_only:
            for person in changes.returns:
                self._return(accounts, person)
            self._join(accounts, changes.joins)

    def _ended(self) -> dict[str, Any]:
        done = self.outcome
        result = "failed" if done.failures and not done.done else "partly" if done.failures else "done"
        numbers = {"joined": done.joined, "moved": done.moved, "left": done.left, "returned": done.returned}
        return {"result": result, **numbers, "failures": done.failures[:_NAMED], "failed": len(done.failures)}

    def _shut(self, accounts: applying.Accounts, leaves: Sequence[people_changes.Leave]) -> list[people_changes.Leave]:
        for some in _batches(leaves, _NAMED):
            self.record(chain.Action.PEOPLE_LEAVING, {"people": [records.leaving(one) for one in some]})
        self.report(f"{len(leaves)} leavers: accounts and sessions")
        with concurrent.futures.ThreadPoolExecutor(max_workers=directory.AT_ONCE) as pool:
            futures = [(leave, pool.submit(accounts.shut, leave)) for leave in leaves]
            return [leave for leave, future in futures if self._worked(leave.person, future.result)]

    def _cut(self, leaves: Sequence[people_changes.Leave]) -> bool:
        """Whether everything beside the accounts has been ended."""
        if not leaves:
            return True
        self.report(f"{len(leaves)} leavers: certificates and tunnels")
        worked = [self._worked(f"{len(leaves)} leavers", functools.partial(cut, leaves)) for cut in self.cuts]
        return all(worked)

    def _cut_moves(self, moves: Sequence[people_changes.Move]) -> bool:
        """Whether tunnels into what movers had are gone."""
        some = [move for move in moves if people_changes.organisations(move.removed)]
        if not some:
            return True
        self.report(f"{len(some)} movers: tunnels")
        worked = [self._worked(f"{len(some)} movers", functools.partial(cut, some)) for cut in self.move_cuts]
        return all(worked)

    def _rotate(self, person: str, of: Sequence[str]) -> None:
        record = rotations.load(self.folder)
        bumped = record.bumped(person, of)
        if of and bumped != record:
            rotations.save(self.folder, bumped)

    def _forget(self, changing: Collection[str]) -> None:
        """Close what a killed run left open about people with whom it was done."""
        for person in rotations.load(self.folder).open:
            if person not in changing:
                self._settled(person)

    def _settled(self, person: str) -> None:
        record = rotations.load(self.folder)
        if person in record.open:
            rotations.save(self.folder, record.settled(person))

    def _settle(self, accounts: applying.Accounts, leave: people_changes.Leave, *, cut: bool) -> None:
        # His groups say what there is still to do; only a whole leave takes them.
        if cut and self._worked(leave.person, lambda: accounts.settle(leave)):
            self._settled(leave.person)
            self.outcome.left += 1
            self.record(chain.Action.PERSON_LEFT, records.leaving(leave))

    def _move(self, accounts: applying.Accounts, move: people_changes.Move, *, apart: bool) -> None:
        if not apart and people_changes.organisations(move.removed):
            # All but the office: while he has its group, the next run sees that a tunnel is still to be cut.
            move = move.within_office()
            if not (move.added or move.removed):
                return
        told = records.moving(move)
        self.record(chain.Action.PERSON_MOVING, told)
        self._rotate(move.person, move.rotate)
        if self._worked(move.person, lambda: accounts.move(move)):
            self._settled(move.person)
            self.outcome.moved += 1
            self.record(chain.Action.PERSON_MOVED, told)

    def _return(self, accounts: applying.Accounts, person: people_changes.Return) -> None:
        told = {"person": person.person, "added": person.added, "removed": person.removed}
        self.record(chain.Action.PERSON_RETURNING, told)
        if self._worked(person.person, lambda: accounts.readmit(person)):
            self.outcome.returned += 1
            self.record(chain.Action.PERSON_RETURNED, told)

    def _join(self, accounts: applying.Accounts, joins: Sequence[people_changes.Join]) -> None:
        batches = list(_batches(joins, applying.BATCH))
        # Two imports at a time are all that a small Keycloak has processors for.
        with concurrent.futures.ThreadPoolExecutor(max_workers=_TWO_IMPORTS) as pool:
            for some in _batches(batches, _TWO_IMPORTS):
                for batch in some:
                    self.record(chain.Action.PEOPLE_JOINING, {"people": [one.person for one in batch]})
                futures = [(batch, pool.submit(accounts.join, batch)) for batch in some]
                for batch, future in futures:
                    joined = self._joined(accounts, batch, future)
                    self.outcome.joined += len(joined)
                    if joined:
                        self.record(chain.Action.PEOPLE_JOINED, {"people": [one.person for one in joined]})
                self.report(f"{self.outcome.joined} of {len(joins)} joiners")

    def _joined(
        self,
        accounts: applying.Accounts,
        batch: Sequence[people_changes.Join],
        future: concurrent.futures.Future[None],
    ) -> list[people_changes.Join]:
        """Those of a batch who have an account now: of one that was refused as a whole, each by himself."""
        try:
            future.result()
        except errors.GovcloudError:
            return [one for one in batch if self._worked(one.person, functools.partial(accounts.join, [one]))]
        return list(batch)

    def _worked(self, whom: str, act: Callable[[], None]) -> bool:
        try:
            act()
        except errors.GovcloudError as error:
            self.outcome.failures.append(": ".join(filter(None, (whom, error.message, error.cause))))
            return False
        return True


def _batches(many: Iterable[Any], size: int) -> Iterable[list[Any]]:
    iterator = iter(many)
    while batch := list(itertools.islice(iterator, size)):
        yield batch
