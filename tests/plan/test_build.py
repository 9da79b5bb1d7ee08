from __future__ import annotations

import dataclasses
import ipaddress
import json
import os

from govcloud_cli.model import platforms
from govcloud_cli.plan import build, credentials, network, plans, steps
from tests.support import inventories

INTERNAL, EXTERNAL = platforms.Side.INTERNAL, platforms.Side.EXTERNAL


def sides() -> dict[platforms.Side, plans.SidePlan]:
    return {side.side: side for side in inventories.plan(inventories.lab()).sides}


def net(side: platforms.Side) -> network.NetworkPlan:
    found = sides()[side].network
    assert found is not None
    return found


def test_the_two_sides_share_no_machine_segment_address_or_tenant() -> None:
    one, other = sides().values()
    assert not {host.name for host in one.hosts} & {host.name for host in other.hosts}
    assert not {tenant.id for tenant in one.tenants} & {tenant.id for tenant in other.tenants}
    texts = [plans.digest(side.network) for side in (one, other)]
    assert texts[0] != texts[1]
    places = [
        {
            address.partition("/")[0]
            for machine in net(side).machines
            for nic in machine.nics
            for address in nic.addresses
        }
        for side in (INTERNAL, EXTERNAL)
    ]
    assert not places[0] & places[1]


def test_every_zone_is_a_segment_of_its_own_and_management_is_isolated() -> None:
    assert [switch.name for switch in net(EXTERNAL).switches] == ["management", "external", "internet"]
    assert [switch.isolated for switch in net(EXTERNAL).switches] == [True, False, False]
    assert net(EXTERNAL).switches[0].addresses == ("172.31.20.1/24", "fdff:20::1/64")
    assert all(not switch.addresses for switch in net(EXTERNAL).switches[1:]), "we have no address in a zone"


def test_machines_are_wired_as_the_inventory_says_on_both_families() -> None:
    border = next(machine for machine in net(EXTERNAL).machines if machine.name == "border")
    assert [(nic.name, nic.switch) for nic in border.nics] == [
        ("mgmt0", "management"), ("external", "external"), ("internet", "internet"),
    ]  # fmt: skip
    for machine in (machine for side in (INTERNAL, EXTERNAL) for machine in net(side).machines):
        for nic in machine.nics:
            assert [ipaddress.ip_interface(address).version for address in nic.addresses] == [4, 6]


def test_only_border_and_gateway_route_and_everybody_else_in_its_zones_goes_through_the_border() -> None:
    for machine in net(EXTERNAL).machines:
        if machine.name in {"border", "gateway"}:
            assert machine.gateways == ()
            assert machine.sysctls
        else:
            assert machine.gateways in {("10.20.0.1", "fd20::1"), ("10.30.0.1", "fd30::1")}
            assert not machine.sysctls
    assert all(machine.gateways == () for machine in net(INTERNAL).machines), "no way leads off the internal side"


def test_answers_to_those_who_came_in_by_vpn_go_back_by_the_gateway() -> None:
    back = (
        network.Route(prefix="10.21.0.0/24", gateway="10.20.0.22"),
        network.Route(prefix="fd21::/112", gateway="fd20::22"),
    )
    found = {machine.name: machine.routes for machine in net(EXTERNAL).machines}
    without = {"gateway", "internet-client"}
    assert found == {name: () if name in without else back for name in found}, "the border has them too"
    assert not any(machine.routes for machine in net(INTERNAL).machines)
    assert network.from_json(network.to_json(net(EXTERNAL))) == net(EXTERNAL)


def test_each_sides_api_server_and_identity_service_get_a_way_from_the_host() -> None:
    found = {side: [(one.name, one.address, one.port) for one in net(side).forwards] for side in (INTERNAL, EXTERNAL)}
    assert found == {
        INTERNAL: [(build.API_FORWARD, "172.31.10.12", 6443)],
        EXTERNAL: [(build.API_FORWARD, "172.31.20.12", 6443), (build.IDENTITY_FORWARD, "172.31.20.21", 443)],
    }


def test_real_hosts_have_no_network_plan() -> None:
    spec = inventories.lab()
    plan = build.build(spec, places={}, sides=[EXTERNAL], today=inventories.TODAY)
    (side,) = plan.sides
    assert side.network is None
    assert "network" not in [step.name for step in steps.of(side, inventories.facts(EXTERNAL))]


def test_one_side_can_be_planned_without_the_other_and_comes_out_the_same() -> None:
    spec = inventories.lab()
    (alone,) = build.build(
        spec, places={INTERNAL: inventories.place(INTERNAL)}, sides=[INTERNAL], today=inventories.TODAY
    ).sides
    assert alone == sides()[INTERNAL]


def test_endpoints_are_what_a_zone_can_reach() -> None:
    listed = {
        (point.name, point.machine, point.address, point.port, point.protocol) for point in sides()[EXTERNAL].endpoints
    }
    assert listed == {
        ("time", "border", "10.20.0.1", 123, "udp"),
        ("database", "external-db", "10.20.0.11", 6432, "tcp"),
        ("kubernetes", "external-k8s", "10.20.0.12", 6443, "tcp"),
        ("identity", "external-identity", "10.20.0.21", 443, "tcp"),
        # Where staff who are outside find it.
        ("sslvpn", "gateway", "10.30.0.22", 443, "tcp"),
    }


def test_every_tenant_of_the_lab_has_its_place_on_the_side_of_its_zone() -> None:
    spec = inventories.lab()
    places = {tenant.id: side.side for side in sides().values() for tenant in side.tenants}
    assert places == {tenant.metadata.id: spec.zone(tenant.spec.zone).side for tenant in spec.tenants}
    for tenant in (tenant for side in sides().values() for tenant in side.tenants):
        assert tenant.namespaces


def test_a_plan_holds_no_secret_and_has_no_place_to_hold_one() -> None:
    """A plan is printed, stored and compared; what it needs of a secret is the secret's name."""
    master = os.urandom(32)
    for side in sides().values():
        text = json.dumps(dataclasses.asdict(side), default=str) + repr(side)
        names = [role for shard in side.shards for one in shard.databases for role in (one.rw, one.ro)]
        assert names
        assert all(credentials.password(master, role, 1) not in text for role in names)
        assert master.hex() not in text
        assert "PRIVATE KEY" not in text
        assert "<Kind.PASSWORD:" in text, "the gap is there by name"
