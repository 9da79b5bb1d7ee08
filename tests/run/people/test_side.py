"""What a sync and a deploy have in common, with an identity service in memory."""

from __future__ import annotations

import pathlib
from typing import Any

import pytest

from govcloud_cli import errors
from govcloud_cli.model import platforms
from govcloud_cli.run import ledger, progress, rotations, sites
from govcloud_cli.run.audit import places as audit_places
from govcloud_cli.run.audit import reading
from govcloud_cli.run.people import places, rotating, side
from tests.support import people_service
from tests.support.reporters import Quiet

WANG = {"id": "wang.fang", "displayName": "王芳", "organisation": "yunxi-tax"}
SIDE = platforms.Side.EXTERNAL


class Run:
    """A run about the external side."""

    def __init__(self, world: people_service.Environment, *, leavers: int | None = None) -> None:
        self.world = world
        clock = lambda: people_service.NOW  # noqa: E731
        environ = {"PATH": ""}
        self.work = side.Work(
            clock=clock,
            environ=environ,
            journal=progress.Journal(Quiet()),
            book=ledger.opened(world.site, clock=clock, verb="test", environ=environ),
            leavers=leavers,
        )
        plan = sites.plan(world.site, today=people_service.NOW.date())
        (self.place,) = places.within(world.site, plan)

    def look(self) -> Any:
        return side.look_at(self.place, self.world.service, today=people_service.NOW.date())

    def sync(self, outlook: Any = None, **how: bool) -> side.Synced:
        return side.sync_side(self.work, self.place, outlook, **how)

    def rotate(self) -> side.Rotated:
        run: Any = None
        return side.rotate_side(self.work, self.place.plan, self.place.folder, lambda _: run)

    @property
    def rotated(self) -> list[Any]:
        """What the audit log has of passwords."""
        where = audit_places.of_site(self.world.site, SIDE)
        found = reading.of_side(where, environment="lab", side="external")
        records = [] if found is None else [one.entry for one, right in found.records() if right]
        return [one.details for one in records if one.action == "passwords-rotated"]


@pytest.fixture
def world(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> people_service.Environment:
    made = people_service.environment(tmp_path, monkeypatch).says(monkeypatch, WANG)
    made.service.add("wang.fang", "org:yunxi-tax", shown="王芳")
    return made


def test_who_appears_after_the_look_that_was_counted_is_not_touched_by_it(world: people_service.Environment) -> None:
    world.service.add("gone", "org:yunxi-tax")
    one = Run(world, leavers=1)
    outlook = one.look()
    one.work.count({SIDE: outlook.changes})
    world.service.add("by.hand", "org:yunxi-tax")
    assert one.sync(outlook).outcome.left == 1
    assert [world.service.user(name)["enabled"] for name in ("gone", "by.hand")] == [False, True]


@pytest.mark.parametrize(("first", "more", "leavers"), [(0, 6, None), (3, 3, None), (1, 1, 1)])
def test_a_later_look_counts_with_those_of_before_and_is_refused_with_nothing_done(
    world: people_service.Environment, first: int, more: int, leavers: int | None
) -> None:
    one = Run(world, leavers=leavers)
    for number in range(first):
        world.service.add(f"p{number}", "org:yunxi-tax")
    one.sync(one.look(), leaves_only=True)
    for number in range(more):
        world.service.add(f"q{number}", "org:yunxi-tax")
    before = list(world.service.calls)
    with pytest.raises(errors.UsageError, match=r"--leavers|at once"):
        one.sync()
    assert world.service.calls == before


def test_who_left_with_the_first_look_is_no_leaver_of_the_second(world: people_service.Environment) -> None:
    for number in range(12):
        world.service.add(f"p{number}", "org:yunxi-tax")
    one = Run(world, leavers=12)
    assert one.sync(one.look(), leaves_only=True).outcome.left == 12
    assert one.sync().outcome.done == 0


def test_a_killed_probes_account_goes_when_leavers_are_out(world: people_service.Environment) -> None:
    world.service.add("govcloud-probe-hidden", "finance:owners")
    one = Run(world)
    one.sync(leaves_only=True)
    assert len(world.service.users) == 2
    one.sync()
    assert [user["username"] for user in world.service.users.values()] == ["wang.fang"]
    assert [step.changed for step in one.work.journal.results] == [False, True]


def test_stacks_that_ran_already_are_on_record_once(
    world: people_service.Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = Run(world)
    ends = [rotating.Ended(tenants=("finance",), sessions=3), rotating.Ended()]
    monkeypatch.setattr(rotating, "cut", lambda *_: ends.pop(0))
    for _ in range(2):
        side.end_former(one.work, one.place.plan, one.place.folder)
    assert one.rotated == [{"tenants": ["finance"], "sessions": 3, "waiting": []}]


def test_a_stack_that_failed_keeps_nobody_elses_former_password_alive(
    world: people_service.Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    rotations.save(world.folder, rotations.Rotations().bumped("gone", ["finance"]))

    def broken(*_: Any) -> None:
        raise errors.GovcloudError("the stack failed")

    monkeypatch.setattr(rotating, "rotate", broken)
    monkeypatch.setattr(rotating, "cut", lambda *_: rotating.Ended(tenants=("office",), sessions=1))
    one = Run(world)
    found = one.rotate()
    assert (found.tenants, found.sessions, str(found.error)) == (("office",), 1, "the stack failed")
    assert [record["tenants"] for record in one.rotated] == [["office"]]
    (step,) = one.work.journal.results
    assert (step.name, step.failed, step.note) == ("external/passwords", True, "failed: the stack failed")


def test_nothing_due_is_no_step(world: people_service.Environment) -> None:
    one = Run(world)
    assert (one.rotate(), one.work.journal.results, one.rotated) == (side.Rotated(), [], [])
