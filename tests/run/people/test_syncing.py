"""The order of a sync, with an identity service in memory; `test_people_engine` has a real one."""

from __future__ import annotations

import pathlib
from typing import Any

import pytest

from govcloud_cli import errors
from govcloud_cli.run import rotations
from govcloud_cli.run.people import places, side, syncing
from tests.support import people_service

LI = {"id": "li.wei", "displayName": "李伟", "organisation": "yunxi-health", "groups": ["finance:viewers"]}


@pytest.fixture
def world(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> people_service.Environment:
    made = people_service.environment(tmp_path, monkeypatch)
    made.service.add("li.wei", "org:yunxi-finance", "finance:owners", shown="李伟")
    return made.says(monkeypatch, LI)


def sync(world: people_service.Environment, cut: Any) -> syncing.Outcome:
    from govcloud_cli.run import sites

    (place,) = places.within(world.site, sites.plan(world.site, today=people_service.NOW.date()))
    api = world.service
    one = syncing.Sync(
        api=api,
        outlook=side.look_at(place, api, today=people_service.NOW.date()),
        folder=world.folder,
        record=lambda *_: None,
        move_cuts=(cut,),
    )
    return one.run()


def test_a_movers_tunnel_is_cut_before_the_groups_change(world: people_service.Environment) -> None:
    seen: list[tuple[str, set[str]]] = []
    outcome = sync(
        world, lambda moves: seen.extend((m.person, set(world.service.user(m.person)["groups"])) for m in moves)
    )
    assert seen == [("li.wei", {"org:yunxi-finance", "finance:owners"})]
    assert (outcome.moved, world.service.user("li.wei")["groups"]) == (1, {"org:yunxi-health", "finance:viewers"})


def test_a_tunnel_that_could_not_be_cut_leaves_the_office_and_nothing_else_of_before(
    world: people_service.Environment,
) -> None:
    def broken(_: object) -> None:
        raise errors.GovcloudError("the gateway does not answer")

    outcome = sync(world, broken)
    assert outcome.failures == ["1 movers: the gateway does not answer"]
    assert world.service.user("li.wei")["groups"] == {"org:yunxi-finance", "finance:viewers"}
    assert rotations.load(world.folder).generations == {"finance": 2}
    cut: list[str] = []
    outcome = sync(world, lambda moves: cut.extend(one.person for one in moves))
    assert (cut, outcome.failures) == (["li.wei"], [])
    assert world.service.user("li.wei")["groups"] == {"org:yunxi-health", "finance:viewers"}
    assert rotations.load(world.folder).generations == {"finance": 2}, "once is enough"
