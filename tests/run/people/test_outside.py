"""What leavers and movers lose at the gateway: in the register, and by the script that runs there."""

from __future__ import annotations

import dataclasses
import pathlib

import pytest

from govcloud_cli.governance import people_changes
from govcloud_cli.model import platforms
from govcloud_cli.plan import plans, vpn
from govcloud_cli.run import workspace
from govcloud_cli.run.people import outside, places
from govcloud_cli.run.vpn import certificates, desk, issuing, register
from tests.support import gateways, inventories, people_service
from tests.support import vpn as vpn_support

FINANCE, HEALTH, OUTSIDE = "org:yunxi-finance", "org:yunxi-health", "org:elsewhere"


@dataclasses.dataclass(frozen=True)
class World:
    """A side with a gateway where everybody that is asked for has a certificate and a tunnel."""

    place: places.Place
    machine: gateways.Machine

    @property
    def member(self) -> str:
        """Somebody of a group."""
        assert self.place.plan.vpn is not None
        return self.place.plan.vpn.members[0].person

    def cuts(self, *, deployed: bool = False) -> outside.Cuts:
        return outside.of(self.place, clock=lambda: people_service.NOW, environ={}, deployed=deployed)

    def lets_in(self, person: str) -> None:
        """Give a certificate, the gateway's file, and a tunnel."""
        holder = certificates.Holder(person=person, display_name=person, organisation="org")
        office = desk.of_site(self.place.site, self.place.side, clock=lambda: people_service.NOW, environ={})
        issuing.by_request(office, holder, vpn_support.request())
        (self.machine.place / "people" / person).touch()
        self.machine.connect([{**gateways.LI_CONNECTED, "Username": person}])

    def left(self, person: str) -> tuple[str, bool]:
        """Why the certificate ended (empty: it did not), and whether the gateway has the person's file."""
        (issued,) = (one for one in register.read(register.path_of(self.place.folder)) if one.person == person)
        return issued.reason, (self.machine.place / "people" / person).exists()

    @property
    def disconnected(self) -> list[str]:
        """Whose tunnels were ended."""
        asked = (call.removeprefix("occtl disconnect user ") for call in self.machine.calls)
        return [call for call in asked if " " not in call]


@pytest.fixture
def world(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> World:
    service = people_service.environment(tmp_path, monkeypatch)
    side = next(one for one in inventories.lab_plan().sides if one.side is platforms.Side.EXTERNAL)
    assert side.identity is not None
    found = places.Place(site=service.site, plan=dataclasses.replace(side, network=None), identity=side.identity)
    (workspace.make_folder(found.folder.ssh) / "config").touch()
    return World(found, gateways.Machine(tmp_path / "gateway", monkeypatch))


def move(person: str, before: str, after: str) -> people_changes.Move:
    return people_changes.Move(person=person, account="u", added=(after,), removed=(before,))


def test_a_side_without_gateway_has_nothing_to_end(world: World) -> None:
    plan: plans.SidePlan = dataclasses.replace(world.place.plan, vpn=None)
    assert World(dataclasses.replace(world.place, plan=plan), world.machine).cuts() == outside.Cuts()


def test_leavers_lose_certificates_and_tunnels(world: World) -> None:
    world.lets_in("gone")
    (cut,) = world.cuts().leaves
    cut([people_changes.Leave(person="gone", account="u", reason="not in people.yaml")])
    assert (world.left("gone")[0], world.disconnected) == ("left", ["gone"])


def test_who_is_in_no_group_any_more_loses_the_certificate_too(world: World) -> None:
    world.lets_in("nobody.here")
    (cut,) = world.cuts().moves
    cut([move("nobody.here", FINANCE, OUTSIDE)])
    assert (world.left("nobody.here")[0], world.disconnected) == ("moved", ["nobody.here"])


@pytest.mark.parametrize(("deployed", "comes_in"), [(False, False), (True, True)])
def test_who_comes_from_another_group_is_cut_and_waits_for_the_gateway_to_know(
    world: World, deployed: bool, comes_in: bool
) -> None:
    world.lets_in(world.member)
    (cut,) = world.cuts(deployed=deployed).moves
    cut([move(world.member, OUTSIDE, FINANCE)])
    assert (world.left(world.member), world.disconnected) == (("", comes_in), [world.member])


def test_a_move_within_the_group_cuts_nothing(world: World) -> None:
    assert world.place.plan.vpn is not None
    spec, one = world.place.site.spec, world.place.plan.vpn.members[0]
    same = next(o.id for o in spec.platform.spec.organisations if vpn.group_of(spec, o.id) == one.group)
    world.lets_in(one.person)
    (cut,) = world.cuts().moves
    cut([move(one.person, f"org:{same}", FINANCE)])
    assert (world.left(one.person), world.machine.calls) == (("", True), [])
