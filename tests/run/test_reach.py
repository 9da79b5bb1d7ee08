from __future__ import annotations

from govcloud_cli.model import platforms
from govcloud_cli.plan import build
from govcloud_cli.run import reach
from tests.support import inventories


def test_a_labs_machines_are_reached_from_inside_their_management_network() -> None:
    ways = [reach.of(side) for side in inventories.plan(inventories.lab()).sides]
    assert [way.namespace for way in ways] == ["gc00000-int-s-management", "gc00000-ext-s-management"]
    assert ways[0].command(["id", "-u"]) == ["nsenter", "--net=/run/netns/gc00000-int-s-management", "id", "-u"]
    assert not ways[0].exists


def test_real_hosts_are_reached_from_where_we_are() -> None:
    (side,) = build.build(inventories.lab(), places={}, sides=[platforms.Side.INTERNAL], today=inventories.TODAY).sides
    way = reach.of(side)
    assert way.command(["id"]) == ["id"]
    assert way.exists
