from __future__ import annotations

import ipaddress
import itertools
import json
import pathlib
from collections.abc import Iterator, Sequence
from typing import Any

import hypothesis
import pytest
from hypothesis import strategies

from govcloud_cli.model import inventory, platforms
from govcloud_cli.plan import flows, platform_flows
from tests.support import inventories

GOLDEN = pathlib.Path(__file__).parent.parent / "golden" / "lab-verdicts.json"

_ENDS = {
    platforms.Side.EXTERNAL: [
        {"zone": "external"}, {"zone": "internet"}, {"machine": "border"}, {"machine": "external-db"},
        {"machine": "external-k8s"}, {"machine": "external-client"}, {"machine": "internet-client"},
        {"machine": "external-identity"}, {"machine": "gateway"}, {"vpn": "staff"},
    ],
    platforms.Side.INTERNAL: [
        {"zone": "internal"}, {"machine": "internal-db"}, {"machine": "internal-k8s"}, {"machine": "internal-client"},
    ],
}  # fmt: skip
_NEVER_TO: list[dict[str, str]] = [{"vpn": "staff"}]
_NOT_BY_VPN: list[dict[str, str]] = [{"machine": "gateway"}, {"zone": "internet"}, {"machine": "internet-client"}]
_PORTS = [22, 123, 5432, 6432, 8443]


@strategies.composite
def declared(draw: strategies.DrawFn) -> inventory.Inventory:
    """The lab with other flows, such as the inventory's checks let through: none to itself, none across the air gap."""
    found: list[dict[str, Any]] = []
    for number in range(draw(strategies.integers(0, 5))):
        ends = _ENDS[draw(strategies.sampled_from(platforms.Side))]
        source, destination = draw(strategies.permutations(ends))[:2]
        if destination in _NEVER_TO or (source in _NEVER_TO and destination in _NOT_BY_VPN):
            continue
        found.append({
            "id": f"flow-{number}",
            "from": source,
            "to": destination,
            "protocol": draw(strategies.sampled_from(["tcp", "udp"])),
            "ports": draw(strategies.lists(strategies.sampled_from(_PORTS), min_size=1, max_size=3, unique=True)),
            "reason": "because",
        })  # fmt: skip
    return inventories.with_flows(found)


def verdicts(spec: inventory.Inventory, machine: platforms.Machine) -> dict[str, list[str]]:
    """A machine's verdict maps, one readable line per rule."""
    return {
        "forward": list(_lines(flows.forwards(spec, machine))),
        "input": list(_lines(flows.inputs(spec, machine))),
        "output": list(_lines(flows.outputs(spec, machine))),
    }


def _lines(pairs: Sequence[flows.ZonePair]) -> Iterator[str]:
    for pair in pairs:
        if not pair.rules:
            yield f"{pair.source} > {pair.destination}: nothing"
        for rule in pair.rules:
            ports = ",".join(map(str, rule.ports))
            ways = f"{' '.join(rule.sources)} > {' '.join(rule.destinations)}"
            yield f"{pair.source} > {pair.destination}: {rule.id} {rule.protocol} {ports} {ways}"


def opens(
    pairs: Sequence[flows.ZonePair], *, way: tuple[str, str], packet: tuple[str, str], port: tuple[str, int]
) -> bool:
    """Whether one of the rules between two zones lets a packet (source and destination address) through."""
    source, destination = map(ipaddress.ip_address, packet)
    return any(
        any(source in ipaddress.ip_network(prefix) for prefix in rule.sources)
        and any(destination in ipaddress.ip_network(prefix) for prefix in rule.destinations)
        and rule.protocol == port[0]
        and port[1] in rule.ports
        for pair in pairs
        if (pair.source, pair.destination) == way
        for rule in pair.rules
    )


def test_the_verdicts_of_every_lab_machine_are_those_that_were_reviewed() -> None:
    spec = inventories.lab()
    found = {machine.id: verdicts(spec, machine) for machine in spec.platform.spec.machines}
    expected = json.loads(GOLDEN.read_text(encoding="utf-8"))
    assert found == expected, "review the difference; then write the new verdicts to the golden file"


def test_the_golden_verdicts_open_nothing_from_the_internet_inwards() -> None:
    """Read with the eyes of an auditor: of all that crosses the border, only offices reading web sites."""
    border = json.loads(GOLDEN.read_text(encoding="utf-8"))["border"]
    crossing = [line for line in border["forward"] if "nothing" not in line]
    assert len(crossing) == 1
    assert crossing[0].startswith("external > internet: external-web tcp 80,443 ")


def test_a_border_names_every_pair_of_its_zones_so_that_nothing_is_left_to_a_default() -> None:
    spec = inventories.lab()
    pairs = {(pair.source, pair.destination) for pair in flows.forwards(spec, spec.machine("border"))}
    assert pairs == {("external", "internet"), ("internet", "external")}


def test_only_border_and_gateway_forward() -> None:
    spec = inventories.lab()
    assert [m.id for m in spec.platform.spec.machines if flows.forwards(spec, m)] == ["border", "gateway"]


def test_a_gateway_forwards_from_its_groups_to_its_external_zone_and_nothing_else() -> None:
    """Neither between two groups, nor back to them, nor from the internet."""
    other = inventories.lab().platform.spec.vpn
    assert other is not None
    (staff,) = other.groups
    second = staff.model_copy(
        update={"id": "police", "organisations": ("yunxi-police",), "pool": ipaddress.ip_network("10.22.0.0/24")}
    )
    spec = inventories.with_spec(inventories.lab(), vpn=other.model_copy(update={"groups": (staff, second)}))
    pairs = {(pair.source, pair.destination): pair.rules for pair in flows.forwards(spec, spec.machine("gateway"))}
    assert pairs.keys() == {("vpn-staff", "external"), ("vpn-police", "external")}
    assert {rule.id for rule in pairs["vpn-staff", "external"]} == {"staff-login", "staff-api"}
    assert pairs["vpn-police", "external"] == (), "the other group's flows are not its own"
    for rule in pairs["vpn-staff", "external"]:
        assert rule.sources == ("10.21.0.0/24", "fd21::/112")


def test_who_comes_in_by_vpn_reaches_a_named_machine_from_the_pool_and_not_the_border_or_gateway() -> None:
    spec = inventories.lab()
    entering = {
        machine.id: {pair.destination for pair in flows.inputs(spec, machine) if pair.source == "vpn-staff"}
        for machine in spec.platform.spec.machines
    }
    assert {name for name, zones in entering.items() if zones} == {"external-identity", "external-k8s"}
    assert all(zones <= {"external"} for zones in entering.values())


def test_a_machine_in_two_zones_calls_from_the_one_that_it_shares_so_that_no_border_is_opened_for_it() -> None:
    spec = inventories.lab()
    crossing = [rule.id for pair in flows.forwards(spec, spec.machine("border")) for rule in pair.rules]
    assert not [name for name in crossing if name.startswith("platform-gateway")]
    lines = verdicts(spec, spec.machine("gateway"))["output"]
    assert [line for line in lines if "platform-gateway-identity" in line] == [
        "external > external: platform-gateway-identity tcp 443 10.20.0.22/32 fd20::22/128 > 10.20.0.21/32 fd20::21/128"
    ]


@hypothesis.given(declared())
def test_no_two_rules_of_a_pair_overlap_because_a_verdict_map_takes_none_that_do(spec: inventory.Inventory) -> None:
    for machine in spec.platform.spec.machines:
        for pair in (*flows.inputs(spec, machine), *flows.outputs(spec, machine)):
            cells = [
                (rule.protocol, port, ipaddress.ip_network(source), ipaddress.ip_network(destination))
                for rule in pair.rules
                for port in rule.ports
                for source in rule.sources
                for destination in rule.destinations
            ]
            for one, other in itertools.combinations(cells, 2):
                assert one[:2] != other[:2] or not (_overlap(one[2], other[2]) and _overlap(one[3], other[3]))


def _overlap(one: ipaddress.IPv4Network | ipaddress.IPv6Network, other: Any) -> bool:
    return one.version == other.version and one.overlaps(other)


def test_a_flow_to_a_whole_zone_does_not_open_its_gateway() -> None:
    spec = inventories.with_flows([
        {"id": "all", "from": {"zone": "external"}, "to": {"zone": "external"}, "ports": [22], "reason": "because"},
        {"id": "vpn", "from": {"vpn": "staff"}, "to": {"zone": "external"}, "ports": [22], "reason": "because"},
    ])  # fmt: skip
    gateway = spec.machine("gateway")
    assert {rule.id for pair in flows.inputs(spec, gateway) for rule in pair.rules} == {
        "platform-vpn-tcp", "platform-vpn-udp",
    }  # fmt: skip


@pytest.mark.parametrize("ends", [("external", "internet"), ("internet", "external")])
def test_a_flow_between_whole_zones_does_not_open_the_border_itself(ends: tuple[str, str]) -> None:
    source, destination = ends
    spec = inventories.with_flows([
        {"id": "all", "from": {"zone": source}, "to": {"zone": destination}, "ports": [22], "reason": "because"},
        {"id": "own", "from": {"zone": source}, "to": {"zone": source}, "ports": [22], "reason": "because"},
    ])  # fmt: skip
    border = spec.machine("border")
    own = [*flows.inputs(spec, border), *flows.outputs(spec, border)]
    assert not [rule.id for pair in own for rule in pair.rules if not rule.id.startswith(platform_flows.PREFIX)]
    for interface in border.interfaces:
        client = spec.machine(f"{source}-client")
        assert not flows.allows(
            spec, source=client, destination=border, interface=interface, protocol="tcp", port=22
        ), "a whole zone does not mean its border"


def test_a_border_is_addressed_in_the_zone_that_its_caller_is_in() -> None:
    spec = inventories.lab()
    lines = verdicts(spec, spec.machine("border"))["input"]
    assert {line.partition(":")[0] for line in lines} == {"external > external", "internet > internet"}


def test_without_flows_nothing_is_open() -> None:
    machines = inventories.lab().platform.spec.machines
    plain = tuple(one for one in machines if not {"identity", "sslvpn"} & set(one.services))
    spec = inventories.with_spec(inventories.with_flows([]), machines=plain)
    for machine in spec.platform.spec.machines:
        assert not any(pair.rules for pair in flows.forwards(spec, machine))
        assert flows.inputs(spec, machine) == flows.outputs(spec, machine) == ()


@hypothesis.given(declared())
def test_no_rule_is_there_without_a_flow(spec: inventory.Inventory) -> None:
    known = {flow.id: flow for flow in platform_flows.every(spec)}
    for machine in spec.platform.spec.machines:
        for pairs in (flows.forwards(spec, machine), flows.inputs(spec, machine), flows.outputs(spec, machine)):
            for rule in (rule for pair in pairs for rule in pair.rules):
                flow = known[rule.id]
                assert (rule.protocol, rule.reason) == (flow.protocol, flow.reason)
                assert set(rule.ports) <= set(flow.ports)
                assert rule.sources
                assert rule.destinations, "an empty list would mean everybody to nftables"


@hypothesis.given(declared())
def test_nothing_spans_the_air_gap(spec: inventory.Inventory) -> None:
    for machine in spec.platform.spec.machines:
        for pairs in (flows.forwards(spec, machine), flows.inputs(spec, machine), flows.outputs(spec, machine)):
            for pair in pairs:
                sides = {_side(spec, pair.source), _side(spec, pair.destination), spec.side_of(machine)}
                assert len(sides) == 1


def _side(spec: inventory.Inventory, zone: str) -> platforms.Side:
    """Of a zone, or of a VPN group's."""
    return platforms.Side.EXTERNAL if zone == "vpn-staff" else spec.zone(zone).side


@hypothesis.settings(max_examples=20)
@hypothesis.given(declared())
def test_what_is_allowed_is_open_at_source_border_and_destination_and_what_is_not_is_shut_at_one_of_them(
    spec: inventory.Inventory,
) -> None:
    border = spec.machine("border")
    machines = spec.platform.spec.machines
    crossing = flows.forwards(spec, border)
    outgoing = {machine.id: flows.outputs(spec, machine) for machine in machines}
    incoming = {machine.id: flows.inputs(spec, machine) for machine in machines}
    ports = [(protocol, port) for protocol in ("tcp", "udp") for port in _PORTS]
    for source, destination, port in itertools.product(machines, machines, ports):
        if source in (border, destination) or len(source.interfaces) > 1:
            continue
        (place,) = source.interfaces
        for interface in destination.interfaces:
            way = (place.zone, interface.zone)
            allowed = flows.allows(
                spec, source=source, destination=destination, interface=interface, protocol=port[0], port=port[1]
            )
            for packet in (
                (str(place.address), str(interface.address)),
                (str(place.address6), str(interface.address6)),
            ):
                gates = [outgoing[source.id], incoming[destination.id]]
                if place.zone != interface.zone and destination is not border:
                    gates.append(crossing)
                assert all(opens(gate, way=way, packet=packet, port=port) for gate in gates) == allowed
