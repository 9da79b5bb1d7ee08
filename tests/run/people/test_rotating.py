"""Which stacks a sync runs for passwords alone, and what it ends afterwards."""

from __future__ import annotations

import pathlib
from typing import Any

import pytest

from govcloud_cli import errors
from govcloud_cli.model import platforms
from govcloud_cli.plan import plans, shards, steps
from govcloud_cli.plan import rotations as planned
from govcloud_cli.run import applied, rotations, sites, workspace
from govcloud_cli.run.people import rotating
from tests.support import inventories

TENANT = "finance"
STEP = shards.shard_of(TENANT)


def plan(generations: dict[str, int] | None = None) -> plans.SidePlan:
    found = next(one for one in inventories.lab_plan().sides if one.side is platforms.Side.EXTERNAL)
    return planned.turned(found, generations or {})


@pytest.fixture
def folder(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> workspace.SideFolder:
    """A side that was deployed with the first generation everywhere."""
    # The roles' digests are of no matter here.
    names = {role for host in plan().hosts for role in host.roles}
    facts = inventories.facts(platforms.Side.EXTERNAL, roles=dict.fromkeys(names, "r"))
    monkeypatch.setattr(sites, "facts", lambda *_: facts)
    made = workspace.SideFolder(path=tmp_path / ".govcloud" / "external", side=platforms.Side.EXTERNAL)
    record = applied.load(made)
    for step in steps.of(plan(), facts):
        record.finish(step)
    return made


def test_without_later_generations_nothing_is_due(folder: workspace.SideFolder) -> None:
    assert rotating.due(plan(), folder) == rotating.Due()


def test_a_later_generation_makes_the_tenants_stack_due(folder: workspace.SideFolder) -> None:
    found = rotating.due(plan({TENANT: 2}), folder)
    assert ([step.name for step in found.steps], found.tenants, found.waiting) == ([STEP], (TENANT,), ())
    record = applied.load(folder)
    record.finish(found.steps[0])
    assert rotating.due(plan({TENANT: 2}), folder) == rotating.Due()


def test_a_stack_that_a_killed_run_began_is_still_due(folder: workspace.SideFolder) -> None:
    found = rotating.due(plan({TENANT: 2}), folder)
    applied.load(folder).begin(found.steps[0])
    assert [step.name for step in rotating.due(plan({TENANT: 2}), folder).steps] == [STEP]


def test_a_stack_that_changed_otherwise_waits_for_a_deploy(folder: workspace.SideFolder) -> None:
    record = applied.load(folder)
    record.entries[STEP]["ConfigMap/finance-prod/extra"] = "0"
    record.save()
    found = rotating.due(plan({TENANT: 2}), folder)
    assert (found.steps, found.tenants, found.waiting) == ((), (), (TENANT,))


def test_a_stack_that_was_never_applied_is_a_deploys(tmp_path: pathlib.Path, folder: workspace.SideFolder) -> None:
    other = workspace.SideFolder(path=tmp_path / ".govcloud" / "other", side=platforms.Side.EXTERNAL)
    assert rotating.due(plan({TENANT: 2}), other) == rotating.Due()


class Ends:
    """What would be ended."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *, fails: bool = False) -> None:
        self.tenants: list[str] = []
        self._fails = fails
        monkeypatch.setattr(rotating, "end_sessions", self.end)

    def end(self, of: Any, *_: Any) -> int:
        if self._fails:
            raise errors.GovcloudError("the pooler does not answer")
        found = [one.tenant for one in of]
        self.tenants += found
        return 3 if found else 0


def test_sessions_end_once_and_only_when_the_new_password_is_in_force(
    folder: workspace.SideFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    ends = Ends(monkeypatch)
    rotations.save(folder, rotations.Rotations().bumped("li.wei", [TENANT]))
    turned = plan({TENANT: 2})
    assert (rotating.cut(turned, folder), ends.tenants) == (rotating.Ended(), []), "the old password is still in force"
    (step,) = rotating.due(turned, folder).steps
    applied.load(folder).finish(step)
    assert rotating.cut(turned, folder) == rotating.Ended(tenants=(TENANT,), sessions=3)
    assert set(ends.tenants) == {TENANT}
    assert (rotating.cut(turned, folder), rotations.load(folder).uncut) == (rotating.Ended(), ())


def test_sessions_that_could_not_be_ended_are_ended_next_time(
    folder: workspace.SideFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    rotations.save(folder, rotations.Rotations().bumped("li.wei", [TENANT]))
    turned = plan({TENANT: 2})
    applied.load(folder).finish(rotating.due(turned, folder).steps[0])
    Ends(monkeypatch, fails=True)
    with pytest.raises(errors.GovcloudError, match="pooler does not answer"):
        rotating.cut(turned, folder)
    assert rotations.load(folder).uncut == (TENANT,)
