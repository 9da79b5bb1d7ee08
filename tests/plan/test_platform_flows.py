from __future__ import annotations

import pytest

from govcloud_cli import resources
from govcloud_cli.compliance import inputs
from govcloud_cli.inventory import loading
from govcloud_cli.model import inventory, platforms
from govcloud_cli.plan import flows, hosts, platform_flows, probes
from tests.support import inventories

EXTERNAL = platforms.Side.EXTERNAL


def shown(spec: inventory.Inventory) -> set[str]:
    found = platform_flows.of_services(spec)
    ends = {flow.id: f"{flow.source.machine or flow.source.zone} > {flow.destination.machine}" for flow in found}
    return {f"{flow.id}: {ends[flow.id]} {flow.protocol} {flow.ports}" for flow in found}


def without(*services: str) -> inventory.Inventory:
    spec = inventories.lab()
    kept = tuple(one for one in spec.platform.spec.machines if not set(services) & set(one.services))
    return inventories.with_spec(spec, machines=kept)


def test_the_labs_services_need_of_each_other_what_was_reviewed() -> None:
    assert shown(inventories.lab()) == {
        "platform-external-identity-db: external-identity > external-db tcp (5432,)",
        "platform-external-k8s-identity: external-k8s > external-identity tcp (443,)",
        "platform-gateway-identity: gateway > external-identity tcp (443,)",
        "platform-gateway-time: gateway > border udp (123,)",
        "platform-vpn-tcp: internet > gateway tcp (443,)",
        "platform-vpn-udp: internet > gateway udp (443,)",
    }


def test_a_service_that_is_not_there_needs_nothing() -> None:
    assert shown(without("identity", "sslvpn")) == set()
    assert not [line for line in shown(without("sslvpn")) if "gateway" in line or "vpn" in line]
    assert not [line for line in shown(without("kubernetes")) if "k8s" in line]


def test_an_identity_service_uses_the_shared_database_and_nobodys_own() -> None:
    example = loading.load(resources.folder("inventories") / "example")
    (line,) = (line for line in shown(example) if "identity-db" in line)
    assert "identity > services-db" in line


def test_their_ids_are_valid_and_each_is_there_once_whatever_the_side() -> None:
    ids = [flow.id for flow in platform_flows.every(inventories.lab())]
    assert len(ids) == len(set(ids))
    assert all(len(identifier) <= 30 for identifier in ids)


@pytest.mark.parametrize("declared", [True, False])
def test_firewalls_probes_and_policies_know_the_same_flows(declared: bool) -> None:
    spec = inventories.lab() if declared else inventories.with_flows([])
    known = {flow.id for flow in platform_flows.every(spec)}
    plan = inventories.new_plan(spec)
    judged = {
        one.document["id"] for one in inputs.of_plan(plan, defaults={}, folder="town") if one.key.startswith("flow:")
    }
    carried = {
        rule["id"]
        for side in plan.sides
        for host in side.hosts
        for kind in ("forward", "input", "output")
        for pair in host.variables[f"zone_firewall_{kind}_pairs"]
        for rule in pair["flows"]
    }
    assert judged == known
    # What a wider flow allows already is not carried a second time.
    assert known - carried == ({"platform-external-k8s-identity"} if declared else set())
    for protocol, port in (("tcp", 443), ("tcp", 5432)):
        assert any((probe.protocol, probe.port) == (protocol, port) for probe in probes.packets(spec, EXTERNAL))


def test_from_the_internet_only_the_gateways_front_answers_and_its_quiet_port_is_not_probed() -> None:
    found = {probe.id: probe.expected for probe in probes.packets(inventories.lab(), EXTERNAL)}
    reached = {name for name, seen in found.items() if "/internet-client/" in name and seen is probes.Outcome.OPEN}
    assert {name for name in reached if "udp-123" not in name} == {
        f"packet/internet-client/gateway/internet/tcp-443/v{version}" for version in (4, 6)
    }
    assert "packet/internet-client/gateway/internet/udp-443/v4" not in found, "DTLS answers no stranger"
    assert found["packet/external-client/gateway/external/udp-443/v4"] is probes.Outcome.BLOCKED
    assert found["packet/external-client/external-identity/external/tcp-443/v4"] is probes.Outcome.OPEN
    assert found["packet/external-client/external-identity/external/tcp-8443/v4"] is probes.Outcome.BLOCKED
    assert found["packet/external-client/external-db/external/tcp-5432/v4"] is probes.Outcome.BLOCKED


def test_the_gateway_knows_the_time_although_a_whole_zone_does_not_mean_it() -> None:
    spec = inventories.lab()
    (host,) = (host for host in hosts.plan(spec, EXTERNAL, ()) if host.name == "gateway")
    assert host.variables["baseline_time_servers"] == ["10.20.0.1", "10.30.0.1"]
    assert not [pair for pair in flows.inputs(spec, spec.machine("gateway")) if pair.source == "external"], (
        "nothing comes from the offices"
    )
