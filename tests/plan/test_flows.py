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
from govcloud_cli.plan import flows
from tests.support import inventories

GOLDEN = pathlib.Path(__file__).parent.parent / "golden" / "lab-verdicts.json"

_ENDS = {
    platforms.Side.EXTERNAL: [
        {"zone": "external"}, {"zone": "internet"}, {"machine": "border"}, {"machine": "external-db"},
        {"machine": "external-k8s"}, {"machine": "external-client"}, {"machine": "internet-client"},
    ],
    platforms.Side.INTERNAL: [
        {"zone": "internal"}, {"machine": "internal-db"}, {"machine": "internal-k8s"}, {"machine": "internal-client"},
    ],
}  # fmt: skip
_PORTS = [22, 123, 5432, 6432, 8443]


@strategies.composite
def declared(draw: strategies.DrawFn) -> inventory.Inventory:
    """The lab with other flows, such as the inventory's checks let through: none to itself, none across the air gap."""
    found: list[dict[str, Any]] = []
    for number in range(draw(strategies.integers(0, 5))):
        ends = _ENDS[draw(strategies.sampled_from(platforms.Side))]
        source, destination = draw(strategies.permutations(ends))[:2]
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


def test_only_a_border_forwards() -> None:
    spec = inventories.lab()
    assert [m.id for m in spec.platform.spec.machines if flows.forwards(spec, m)] == ["border"]


@pytest.mark.parametrize("ends", [("external", "internet"), ("internet", "external")])
def test_a_flow_between_whole_zones_does_not_open_the_border_itself(ends: tuple[str, str]) -> None:
    source, destination = ends
    spec = inventories.with_flows([
        {"id": "all", "from": {"zone": source}, "to": {"zone": destination}, "ports": [22], "reason": "because"},
        {"id": "own", "from": {"zone": source}, "to": {"zone": source}, "ports": [22], "reason": "because"},
    ])  # fmt: skip
    border = spec.machine("border")
    assert flows.inputs(spec, border) == ()
    assert flows.outputs(spec, border) == ()
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
    spec = inventories.with_flows([])
    for machine in spec.platform.spec.machines:
        assert not any(pair.rules for pair in flows.forwards(spec, machine))
        assert flows.inputs(spec, machine) == flows.outputs(spec, machine) == ()


@hypothesis.given(declared())
def test_no_rule_is_there_without_a_declared_flow(spec: inventory.Inventory) -> None:
    known = {flow.id: flow for flow in spec.platform.spec.flows}
    for machine in spec.platform.spec.machines:
        for pairs in (flows.forwards(spec, machine), flows.inputs(spec, machine), flows.outputs(spec, machine)):
            for rule in (rule for pair in pairs for rule in pair.rules):
                flow = known[rule.id]
                assert (rule.protocol, rule.ports, rule.reason) == (flow.protocol, flow.ports, flow.reason)
                assert rule.sources
                assert rule.destinations, "an empty list would mean everybody to nftables"


@hypothesis.given(declared())
def test_nothing_spans_the_air_gap(spec: inventory.Inventory) -> None:
    for machine in spec.platform.spec.machines:
        for pairs in (flows.forwards(spec, machine), flows.inputs(spec, machine), flows.outputs(spec, machine)):
            for pair in pairs:
                assert spec.zone(pair.source).side is spec.zone(pair.destination).side is spec.side_of(machine)


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
        if source in (border, destination):
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
