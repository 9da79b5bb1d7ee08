"""Flows: on one side of the air gap, between two places, with a way from one to the other."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

from govcloud_cli.inventory import findings
from govcloud_cli.model import platforms


def flows_stay_on_one_side(world: findings.World) -> Iterator[findings.Finding]:
    """Whether their ends are zones, machines or VPN groups."""
    for index, flow in enumerate(world.platform.spec.flows):
        sides = world.sides_of(flow.source) | world.sides_of(flow.destination)
        if len(sides) > 1:
            yield findings.Finding(
                code="GC1501",
                document=world.platform,
                where=("spec", "flows", index, "to"),
                message=f"flow '{flow.id}' would cross the air gap",
                found=f"{_shown(flow.source)} to {_shown(flow.destination)}",
            )


def flows_find_a_way(world: findings.World) -> Iterator[findings.Finding]:
    """A border joins the zones of both ends, unless they share one; VPN users get into the gateway's zone only."""
    joined = _joined(world)
    for index, flow in enumerate(world.platform.spec.flows):
        if flow.source == flow.destination and flow.source.machine is not None:
            yield _finding(world, "GC1504", index, f"flow '{flow.id}' goes from a machine to itself", flow)
            continue
        sources, destinations = _zones(world, flow.source), _zones(world, flow.destination)
        reach = frozenset[frozenset[str]]() if flow.source.vpn is not None else joined
        if not sources or not destinations or len(world.sides_of(flow.source) | world.sides_of(flow.destination)) > 1:
            continue
        pairs = itertools.product(sources, destinations)
        if not any(one == other or frozenset({one, other}) in reach for one, other in pairs):
            between = "gateway" if flow.source.vpn is not None else "border"
            ends = f"{_shown(flow.source)} and {_shown(flow.destination)}"
            message = f"flow '{flow.id}' finds no {between} between {ends}"
            yield _finding(world, "GC1503", index, message, flow)


def _joined(world: findings.World) -> frozenset[frozenset[str]]:
    return frozenset(
        frozenset(pair)
        for _, machine in world.serving(platforms.Service.BORDER)
        for pair in itertools.combinations({interface.zone for interface in machine.interfaces}, 2)
    )


def _zones(world: findings.World, end: platforms.FlowEnd) -> tuple[str, ...]:
    if end.zone is not None:
        return (end.zone,) if end.zone in world.zones else ()
    if end.vpn is not None:
        gateways = world.serving(platforms.Service.SSLVPN)
        places = (zone for _, one in gateways for zone in world.zones_of(one))
        return tuple(zone.id for zone in places if zone.kind is platforms.ZoneKind.EXTERNAL)
    machine = world.machines.get(str(end.machine))
    return tuple(zone.id for zone in world.zones_of(machine)) if machine else ()


def _finding(world: findings.World, code: str, index: int, message: str, flow: platforms.Flow) -> findings.Finding:
    return findings.Finding(
        code=code,
        document=world.platform,
        where=("spec", "flows", index, "to"),
        message=message,
        found=f"{_shown(flow.source)} to {_shown(flow.destination)}",
    )


def _shown(end: platforms.FlowEnd) -> str:
    kinds = (("zone", end.zone), ("machine", end.machine), ("vpn", end.vpn))
    return next(f"{kind} {identifier}" for kind, identifier in kinds if identifier is not None)
