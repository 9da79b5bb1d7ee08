"""What leavers and movers lose at the gateway."""

from __future__ import annotations

import dataclasses
import pathlib
from typing import Any

import pytest

from govcloud_cli.governance import people_changes
from govcloud_cli.model import platforms
from govcloud_cli.plan import plans
from govcloud_cli.run.people import outside, places
from govcloud_cli.run.vpn import cutting, desk, gateway
from tests.support import inventories, people_service

FINANCE, HEALTH, OUTSIDE = "org:yunxi-finance", "org:yunxi-health", "org:elsewhere"


@pytest.fixture
def ended(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, ...]]:
    found: list[tuple[Any, ...]] = []
    monkeypatch.setattr(cutting, "cut", lambda _, __, people, reason: found.append((people, reason)))
    monkeypatch.setattr(cutting, "publish", lambda _, __, people, forget: found.append((people, "forget", forget)))
    monkeypatch.setattr(desk, "of_site", lambda *_, **__: None)
    monkeypatch.setattr(gateway, "of", lambda *_: None)
    return found


@pytest.fixture
def place(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> places.Place:
    world = people_service.environment(tmp_path, monkeypatch)
    side = next(one for one in inventories.lab_plan().sides if one.side is platforms.Side.EXTERNAL)
    assert side.identity is not None
    return places.Place(site=world.site, plan=side, identity=side.identity)


def cuts(place: places.Place, *, deployed: bool = False) -> outside.Cuts:
    return outside.of(place, clock=lambda: people_service.NOW, environ={}, deployed=deployed)


def member(place: places.Place) -> str:
    assert place.plan.vpn is not None
    return place.plan.vpn.members[0].person


def move(person: str, before: str, after: str) -> people_changes.Move:
    return people_changes.Move(person=person, account="u", added=(after,), removed=(before,))


def test_a_side_without_gateway_has_nothing_to_end(place: places.Place) -> None:
    plan: plans.SidePlan = dataclasses.replace(place.plan, vpn=None)
    assert cuts(dataclasses.replace(place, plan=plan)) == outside.Cuts()


def test_leavers_lose_certificates_and_tunnels(place: places.Place, ended: list[Any]) -> None:
    (cut,) = cuts(place).leaves
    cut([people_changes.Leave(person="gone", account="u", reason="not in people.yaml")])
    assert ended == [(["gone"], "left")]


def test_who_is_in_no_group_any_more_loses_the_certificate_too(place: places.Place, ended: list[Any]) -> None:
    (cut,) = cuts(place).moves
    cut([move("nobody.here", FINANCE, OUTSIDE)])
    assert ended == [(["nobody.here"], "moved")]


@pytest.mark.parametrize(("deployed", "forgotten"), [(False, True), (True, False)])
def test_who_comes_from_another_group_is_cut_and_waits_for_the_gateway_to_know(
    place: places.Place, ended: list[Any], deployed: bool, forgotten: bool
) -> None:
    (cut,) = cuts(place, deployed=deployed).moves
    person = member(place)
    cut([move(person, OUTSIDE, FINANCE)])
    assert ended == [([person], "forget", [person] if forgotten else ())]


def test_a_move_within_the_group_cuts_nothing(place: places.Place, ended: list[Any]) -> None:
    assert place.plan.vpn is not None
    spec = place.site.spec
    from govcloud_cli.plan import vpn

    one = place.plan.vpn.members[0]
    same = next(o.id for o in spec.platform.spec.organisations if vpn.group_of(spec, o.id) == one.group)
    (cut,) = cuts(place).moves
    cut([move(one.person, f"org:{same}", FINANCE)])
    assert ended == []
