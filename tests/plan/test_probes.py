from __future__ import annotations

import collections

from govcloud_cli.model import inventory, platforms
from govcloud_cli.plan import flows, probes, services
from tests.support import inventories


def access(tenant: str, environment: str = "prod", *, groups: tuple[str, ...] = ()) -> probes.TenantAccess:
    name = f"{tenant}_{environment}"
    return probes.TenantAccess(
        tenant=tenant,
        namespace=f"{tenant}-{environment}",
        groups=groups or (f"{tenant}:owners",),
        databases=((f"{name}_main", f"{name}_main_ro"),),
        frozen=False,
    )


def packets(spec: inventory.Inventory) -> list[probes.Probe]:
    return [probe for side in spec.sides for probe in probes.packets(spec, side)]


def outcomes(*accesses: probes.TenantAccess) -> dict[str, str]:
    return {probe.id: probe.expected.value for probe in probes.tenants(accesses)}


def test_the_lab_is_probed_a_hundred_times_or_more_and_no_id_is_used_twice() -> None:
    ids = [probe.id for side in inventories.plan(inventories.lab()).sides for probe in side.probes]
    assert len(ids) >= 100
    assert [identifier for identifier, count in collections.Counter(ids).items() if count > 1] == []


def test_ids_are_the_same_in_the_next_run() -> None:
    one, other = (inventories.new_plan(inventories.lab()) for _ in range(2))
    assert [side.probes for side in one.sides] == [side.probes for side in other.sides]


def test_every_declared_flow_has_a_probe_that_must_get_through() -> None:
    spec = inventories.lab()
    through = [probe for probe in packets(spec) if probe.expected is not probes.Outcome.BLOCKED]
    for flow in spec.platform.spec.flows:
        targets = {
            str(address)
            for machine in spec.platform.spec.machines
            for place in machine.interfaces
            for address in (place.address, place.address6)
            if flow.destination.machine == machine.id or flow.destination.zone == place.zone
        }
        for port in flow.ports:
            for family in (4, 6):
                found = [
                    probe
                    for probe in through
                    if (probe.protocol, probe.port) == (flow.protocol, port)
                    and probe.target in targets
                    and probe.id.endswith(f"v{family}")
                ]
                assert found, f"nothing shows that {flow.id} is open on IPv{family}"


def test_what_offers_the_port_answers_and_what_does_not_refuses() -> None:
    expected = {probe.id: probe.expected for probe in packets(inventories.lab())}
    assert expected["packet/external-client/external-db/external/tcp-6432/v4"] is probes.Outcome.OPEN
    assert expected["packet/external-client/border/external/udp-123/v6"] is probes.Outcome.OPEN
    assert expected["packet/external-client/internet-client/internet/tcp-443/v4"] is probes.Outcome.REFUSED
    assert expected["packet/internet-client/external-db/external/tcp-6432/v4"] is probes.Outcome.BLOCKED


def test_every_client_is_shut_out_of_every_other_zone_at_some_port_also_across_the_air_gap() -> None:
    spec = inventories.lab()
    clients = [m for m in spec.platform.spec.machines if platforms.Service.CLIENT in m.services]
    assert len(clients) == len(spec.platform.spec.zones)
    blocked = {
        (probe.source, probe.id.split("/")[3]) for probe in packets(spec) if probe.expected is probes.Outcome.BLOCKED
    }
    for client in clients:
        for zone in spec.platform.spec.zones:
            if zone.id != client.interfaces[0].zone:
                assert (client.id, zone.id) in blocked


def test_nothing_is_expected_to_cross_the_air_gap() -> None:
    spec = inventories.lab()
    for probe in packets(spec):
        _, client, machine = probe.id.split("/")[:3]
        if spec.side_of(spec.machine(client)) is not spec.side_of(spec.machine(machine)):
            assert probe.expected is probes.Outcome.BLOCKED


def test_ports_that_must_stay_shut_are_tried_too() -> None:
    tried = {(probe.protocol, probe.port) for probe in packets(inventories.lab())}
    assert tried >= {("tcp", port) for port in (services.SSH_PORT, services.ETCD_PORT, services.POSTGRES_PORT)}


def test_a_probe_expects_what_the_flows_allow() -> None:
    spec = inventories.lab()
    for probe in packets(spec):
        _, client, machine, zone = probe.id.split("/")[:4]
        destination = spec.machine(machine)
        interface = next(place for place in destination.interfaces if place.zone == zone)
        allowed = flows.allows(
            spec,
            source=spec.machine(client),
            destination=destination,
            interface=interface,
            protocol=probe.protocol,
            port=probe.port,
        )
        assert allowed == (probe.expected is not probes.Outcome.BLOCKED)


def test_tenants_form_a_ring_in_which_each_reaches_its_own_and_not_the_next() -> None:
    found = outcomes(access("a1"), access("b1"), access("c1"))
    for own, neighbour in (("a1", "b1"), ("b1", "c1"), ("c1", "a1")):
        assert found[f"namespace/{own}:owners/{own}-prod"] == "allowed"
        assert found[f"namespace/{own}:owners/{neighbour}-prod"] == "forbidden"
        assert found[f"database/{own}_prod_main_ro/{own}_prod_main"] == "allowed"
        assert found[f"database/{own}_prod_main_ro/{neighbour}_prod_main"] == "forbidden"
    assert found["namespace/nobody/a1-prod"] == "forbidden"
    assert len(found) == 3 * 4 + 1


def test_environments_of_one_tenant_are_not_each_others_strangers() -> None:
    accesses = (access("a1", "test"), access("a1", "prod"), access("b1", "prod"))
    ids = [probe.id for probe in probes.tenants(accesses)]
    found = outcomes(*accesses)
    assert found["namespace/a1:owners/a1-prod"] == found["namespace/a1:owners/a1-test"] == "allowed"
    assert len(ids) == len(set(ids)), "both environments of a1 have b1 as their neighbour: it is tried once"


def test_a_group_that_two_tenants_share_is_not_expected_to_be_shut_out_by_either() -> None:
    shared = "auditors:readers"
    found = outcomes(access("a1", groups=(shared,)), access("b1", groups=("b1:owners", shared)), access("c1"))
    assert f"namespace/{shared}/b1-prod" not in found
    assert found[f"namespace/{shared}/c1-prod"] == "forbidden"


def test_a_single_tenant_has_no_neighbour() -> None:
    assert set(outcomes(access("a1")).values()) == {"allowed", "forbidden"}
    assert outcomes() == {}


def test_every_tenant_of_the_lab_is_tried_from_inside_and_from_next_door() -> None:
    spec = inventories.lab()
    for side in inventories.plan(spec).sides:
        found = [probe for probe in side.probes if probe.kind is probes.Kind.NAMESPACE]
        allowed = {probe.target for probe in found if probe.expected is probes.Outcome.ALLOWED}
        assert allowed == {name for tenant in side.tenants for name in tenant.namespaces}
        assert len([probe for probe in found if probe.expected is probes.Outcome.FORBIDDEN]) >= len(side.tenants)
