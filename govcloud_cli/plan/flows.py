"""From flows, declared and the platform's own, to the verdict maps of every machine's firewall.

The same flow opens the border or gateway on its way, the source's output and the destination's input; what no
flow names stays dropped at all three. A group of VPN users is a zone of its own, behind the gateway.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator

from govcloud_cli.model import inventory, platforms
from govcloud_cli.plan import flow_rules, platform_flows, vpn


@dataclasses.dataclass(frozen=True, kw_only=True)
class ZonePair:
    """All that is allowed from one zone to another; empty means nothing is."""

    source: str
    destination: str
    rules: tuple[flow_rules.FlowRule, ...]


@dataclasses.dataclass(frozen=True, kw_only=True)
class End:
    """One end of a flow within one zone."""

    zone: str
    machine: str | None
    prefixes: tuple[str, ...]


def ends(spec: inventory.Inventory, end: platforms.FlowEnd) -> tuple[End, ...]:
    """Where a flow's end is: one zone, each interface of a machine, or the zone of a VPN group."""
    if end.zone is not None:
        zone = spec.zone(end.zone)
        return (End(zone=zone.id, machine=None, prefixes=(str(zone.cidr), str(zone.cidr6))),)
    if end.vpn is not None:
        group = vpn.group(spec, end.vpn)
        return (End(zone=vpn.zone_of(group), machine=None, prefixes=(str(group.pool), str(group.pool6))),)
    machine = spec.machine(str(end.machine))
    return tuple(
        End(zone=interface.zone, machine=machine.id, prefixes=_host(interface)) for interface in machine.interfaces
    )


def forwards(spec: inventory.Inventory, machine: platforms.Machine) -> tuple[ZonePair, ...]:
    """What `machine` passes on; empty unless it is a border or gateway.

    A border has every ordered pair of its zones. A gateway has its VPN groups towards its external zone and nothing
    else: neither between groups, nor back, nor from the internet.
    """
    if platforms.Service.SSLVPN in machine.services:
        inward = vpn.inward(spec, machine)
        pairs = [] if inward is None else [(vpn.zone_of(group), inward.zone) for group in vpn.groups(spec)]
    elif platforms.Service.BORDER in machine.services:
        zones = [interface.zone for interface in machine.interfaces]
        pairs = [(source, destination) for source in zones for destination in zones if source != destination]
    else:
        return ()
    return tuple(
        ZonePair(
            source=source,
            destination=destination,
            rules=tuple(flow_rules.distinct([*_forwarded(spec, machine, source, destination)])),
        )
        for source, destination in pairs
    )


def inputs(spec: inventory.Inventory, machine: platforms.Machine) -> tuple[ZonePair, ...]:
    """What `machine` itself accepts, by the zone it comes from and the zone it arrives in."""
    found: dict[tuple[str, str], list[flow_rules.FlowRule]] = {}
    for flow, source, destination in _reachable(spec, platform_flows.every(spec)):
        for interface in machine.interfaces:
            if destination.zone != interface.zone or not _means(destination, machine) or source.machine == machine.id:
                continue
            rule = _rule(flow, sources=source.prefixes, destinations=_host(interface))
            found.setdefault((source.zone, interface.zone), []).append(rule)
    return _pairs(found)


def published(spec: inventory.Inventory, machine: platforms.Machine) -> ZonePair | None:
    """What a gateway offers to whoever comes by the internet zone, whose prefixes are only the near end; else None."""
    front = vpn.outward(spec, machine) if platforms.Service.SSLVPN in machine.services else None
    if front is None:
        return None
    rules = tuple(
        _rule(flow, sources=(), destinations=_host(front))
        for flow in platform_flows.of_services(spec)
        if flow.source.zone == front.zone and flow.destination.machine == machine.id
    )
    return ZonePair(source=front.zone, destination=front.zone, rules=rules)


def outputs(spec: inventory.Inventory, machine: platforms.Machine) -> tuple[ZonePair, ...]:
    """What `machine` itself may open, by the zone it leaves from and the zone it goes to."""
    found: dict[tuple[str, str], list[flow_rules.FlowRule]] = {}
    for flow, source, destination in _reachable(spec, platform_flows.every(spec)):
        for interface in machine.interfaces:
            if source.zone != interface.zone or not _means(source, machine) or destination.machine == machine.id:
                continue
            rule = _rule(flow, sources=_host(interface), destinations=destination.prefixes)
            found.setdefault((interface.zone, destination.zone), []).append(rule)
    return _pairs(found)


def allows(
    spec: inventory.Inventory,
    *,
    source: platforms.Machine,
    destination: platforms.Machine,
    interface: platforms.Interface,
    protocol: str,
    port: int,
) -> bool:
    """Whether a flow lets `source` reach `destination` at `interface`; what `verify` holds packets against."""
    # First what is cheap to tell: this is asked for every port of every pair of machines.
    named = [flow for flow in platform_flows.every(spec) if flow.protocol == protocol and port in flow.ports]
    return any(
        any(start.zone == place.zone for place in source.interfaces)
        and _means(start, source)
        and end.zone == interface.zone
        and _means(end, destination)
        for _, start, end in _reachable(spec, named)
    )


def lets_in(
    spec: inventory.Inventory,
    *,
    group: str,
    destination: platforms.Machine,
    interface: platforms.Interface,
    protocol: str,
    port: int,
) -> bool:
    """Whether a flow lets who came in by VPN as `group` reach `destination` at `interface`."""
    named = [
        flow
        for flow in platform_flows.every(spec)
        if flow.source.vpn == group and flow.protocol == protocol and port in flow.ports
    ]
    return any(end.zone == interface.zone and _means(end, destination) for _, _, end in _reachable(spec, named))


def _reachable(
    spec: inventory.Inventory, declared: Iterable[platforms.Flow]
) -> Iterator[tuple[platforms.Flow, End, End]]:
    """Every flow of those `declared`, between every place of its ends, as far as packets can take that way.

    A machine in several zones is addressed in the zone its caller is in, if it has an interface there, and calls from
    the one that it shares. Who comes in by VPN is in the gateway's external zone by then.
    """
    for flow in declared:
        sources = ends(spec, flow.source)
        destinations = ends(spec, flow.destination)
        if flow.source.vpn is not None:
            destinations = tuple(end for end in destinations if end.zone == vpn.inward_zone(spec))
        shared = {end.zone for end in sources} & {end.zone for end in destinations}
        for source in sources:
            for destination in destinations:
                if source.zone in shared and destination.zone != source.zone and destination.machine is not None:
                    continue
                if destination.zone in shared and destination.zone != source.zone and source.machine is not None:
                    continue
                yield flow, source, destination


def _forwarded(
    spec: inventory.Inventory, border: platforms.Machine, source_zone: str, destination_zone: str
) -> Iterator[flow_rules.FlowRule]:
    for flow, source, destination in _reachable(spec, platform_flows.every(spec)):
        if (source.zone, destination.zone) == (source_zone, destination_zone) and border.id not in (
            source.machine,
            destination.machine,
        ):
            yield _rule(flow, sources=source.prefixes, destinations=destination.prefixes)


def _rule(flow: platforms.Flow, *, sources: tuple[str, ...], destinations: tuple[str, ...]) -> flow_rules.FlowRule:
    return flow_rules.FlowRule(
        id=flow.id,
        protocol=flow.protocol,
        ports=flow.ports,
        sources=sources,
        destinations=destinations,
        reason=flow.reason,
    )


def _pairs(found: dict[tuple[str, str], list[flow_rules.FlowRule]]) -> tuple[ZonePair, ...]:
    return tuple(
        ZonePair(source=source, destination=destination, rules=tuple(flow_rules.distinct(rules)))
        for (source, destination), rules in sorted(found.items())
    )


def _host(interface: platforms.Interface) -> tuple[str, ...]:
    return (f"{interface.address}/32", f"{interface.address6}/128")


def _means(end: End, machine: platforms.Machine) -> bool:
    """Whether an end of a flow is about `machine`. A whole zone means neither its border nor a gateway: name those."""
    if end.machine is None:
        return not {platforms.Service.BORDER, platforms.Service.SSLVPN} & set(machine.services)
    return end.machine == machine.id
