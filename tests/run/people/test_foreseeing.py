"""What a deploy would do about people."""

from __future__ import annotations

import pathlib

import pytest

from govcloud_cli.plan import people_entries
from govcloud_cli.run import applied, rotations, sites
from govcloud_cli.run.people import foreseeing
from tests.support import people_service

LI = {"id": "li.wei", "displayName": "李伟", "organisation": "yunxi-finance", "groups": ["finance:owners"]}


def test_before_the_realm_is_made_everybody_joins_with_the_groups_that_will_be_there(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = people_service.environment(tmp_path, monkeypatch).says(monkeypatch, LI)
    plan = sites.plan(world.site, today=people_service.NOW.date())
    (found,) = foreseeing.foresee(world.site, plan, today=people_service.NOW.date()).values()
    assert [(one.person, one.groups) for one in found.changes.joins] == [
        ("li.wei", ("finance:owners", "org:yunxi-finance"))
    ]
    assert found.changes.missing == {}


def test_leavers_generations_are_those_of_the_plan_and_nothing_is_written(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = people_service.environment(tmp_path, monkeypatch)
    record = applied.load(world.folder)
    record.entries["identity"] = {"Realm/govcloud": "x"}
    record.save()
    world.service.add("gone", "org:yunxi-finance", "finance:maintainers")
    said = world.says(monkeypatch, LI)
    plan = sites.plan(said.site, today=people_service.NOW.date())
    (found,) = foreseeing.foresee(said.site, plan, today=people_service.NOW.date()).values()
    turned = foreseeing.turned(plan.sides[0], said.site, found.changes)
    generations = {d.tenant: d.generation for shard in turned.shards for d in shard.databases}
    assert (generations["finance"], set(generations.values())) == (2, {1, 2})
    assert rotations.load(world.folder) == rotations.Rotations()


def test_what_former_members_know_is_foretold(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    world = people_service.environment(tmp_path, monkeypatch).says(monkeypatch, LI)
    rotations.save(world.folder, rotations.Rotations(owed=["finance", "gone-since"]))
    plan = sites.plan(world.site, today=people_service.NOW.date())
    (found,) = foreseeing.foresee(world.site, plan, today=people_service.NOW.date()).values()
    assert found.withdrawn == ("finance",)
    told = people_entries.secrets(found.changes, found.withdrawn)
    assert [(one.action.value, one.entry) for one in told] == [("~", "Secrets/finance")]
