from __future__ import annotations

import dataclasses
import datetime

import pytest

from govcloud_cli import resources
from govcloud_cli.inventory import loading
from govcloud_cli.model import inventory, people, platforms
from govcloud_cli.plan import vpn
from tests.support import inventories

EXTERNAL = platforms.Side.EXTERNAL
TODAY = inventories.TODAY


def planned(spec: inventory.Inventory, today: datetime.date = TODAY) -> vpn.VpnPlan:
    found = vpn.plan(spec, EXTERNAL, today=today)
    assert found is not None
    return found


def example() -> inventory.Inventory:
    return loading.load(resources.folder("inventories") / "example")


def staffed(*entries: people.Person) -> inventory.Inventory:
    return dataclasses.replace(example(), people=entries)


def person(identifier: str, organisation: str | None, **fields: object) -> people.Person:
    return people.Person(id=identifier, display_name=identifier, organisation=organisation, **fields)  # type: ignore[arg-type]


def test_clients_find_the_gateway_on_the_internet_and_get_addresses_of_their_group() -> None:
    found = planned(inventories.lab())
    assert (found.machine, found.address, found.address6) == ("gateway", "10.30.0.22", "fd30::22")
    (staff,) = found.groups
    assert (staff.id, staff.pool, staff.pool6, staff.dns) == ("staff", "10.21.0.0/24", "fd21::/112", ())


def test_only_what_flows_from_the_group_lead_to_goes_through_the_tunnel() -> None:
    (staff,) = planned(inventories.lab()).groups
    assert staff.routes == ("10.20.0.12/32", "10.20.0.21/32", "fd20::12/128", "fd20::21/128")
    groups = {group.id: group.routes for group in planned(example()).groups}
    assert groups["staff"] == ("10.121.0.41/32", "fd91:121::41/128")
    assert set(groups["tax"]) - set(groups["staff"]) == {"10.121.0.32/32", "fd91:121::32/128"}


def test_the_internal_side_never_has_a_gateway() -> None:
    for spec in (inventories.lab(), example()):
        assert vpn.plan(spec, platforms.Side.INTERNAL, today=TODAY) is None


@pytest.mark.parametrize(
    ("organisation", "group"),
    [
        ("lanhe", "staff"),
        ("qingtan-office", "staff"),
        ("lanhe-tax", "tax"),
        # Above everybody who is named.
        ("nation", None),
        ("nation-tax", None),
    ],
)
def test_the_nearest_organisation_that_is_named_decides_the_group(organisation: str, group: str | None) -> None:
    assert vpn.group_of(example(), organisation) == group
    members = planned(staffed(person("wang.fang", organisation))).members
    assert [member.group for member in members] == ([] if group is None else [group])


def test_who_has_no_organisation_has_no_account_and_so_no_way_in() -> None:
    assert planned(staffed(person("wang.fang", None))).members == ()


def test_a_leaver_is_a_member_through_his_last_day_and_no_longer() -> None:
    last = datetime.date(2027, 6, 30)
    spec = staffed(person("wang.fang", "lanhe", leaves_on=last))
    assert [member.person for member in planned(spec, last).members] == ["wang.fang"]
    assert planned(spec, last + datetime.timedelta(days=1)).members == ()


def test_members_are_ordered_so_that_the_order_of_a_file_changes_no_machine() -> None:
    one, other = person("wang.fang", "lanhe"), person("chen.jie", "lanhe-tax")
    assert planned(staffed(one, other)) == planned(staffed(other, one))
