"""The SSL-VPN: one gateway between internet and external zone, groups that do not mix, flows that go inwards only."""

from __future__ import annotations

from collections.abc import Iterator

from govcloud_cli.inventory import findings
from govcloud_cli.model import platforms, vpns


def gateways_stand_between(world: findings.World) -> Iterator[findings.Finding]:
    """In one zone of kind external and one of kind internet, and serving as nothing else."""
    for index, machine in world.serving(platforms.Service.SSLVPN):
        where: findings.Where = ("spec", "machines", index)
        zones = world.zones_of(machine)
        # Of a zone that is not there its own fault tells.
        complete = len(zones) == len(machine.interfaces)
        kinds = sorted(zone.kind.value for zone in zones)
        if complete and kinds != [platforms.ZoneKind.EXTERNAL.value, platforms.ZoneKind.INTERNET.value]:
            yield findings.Finding(
                code="GC2001",
                document=world.platform,
                where=(*where, "interfaces"),
                message=f"gateway '{machine.id}' does not stand between the internet and an external zone",
                found=", ".join(f"{zone.id} ({zone.kind.value})" for zone in zones),
            )
        others = [service.value for service in machine.services if service is not platforms.Service.SSLVPN]
        if others:
            yield findings.Finding(
                code="GC2002",
                document=world.platform,
                where=(*where, "services"),
                message=f"gateway '{machine.id}' also serves as {', '.join(others)}",
                found=", ".join(machine.services),
            )


def gateway_and_groups_come_together(world: findings.World) -> Iterator[findings.Finding]:
    """Groups without a gateway have no way in; a gateway without groups lets nobody in."""
    gateways = world.serving(platforms.Service.SSLVPN)
    declared = world.platform.spec.vpn
    if declared is not None and not gateways:
        yield findings.Finding(
            code="GC2003",
            document=world.platform,
            where=("spec", "vpn"),
            message="there are VPN groups and no gateway",
            found="no machine with the service sslvpn",
        )
    for index, machine in gateways if declared is None else ():
        yield findings.Finding(
            code="GC2003",
            document=world.platform,
            where=("spec", "machines", index, "services"),
            message=f"gateway '{machine.id}' has no groups to let in",
            found="no spec.vpn",
        )


def organisations_are_in_one_group(world: findings.World) -> Iterator[findings.Finding]:
    """Two groups that name the same organisation would each claim its people."""
    first: dict[str, str] = {}
    for index, group in enumerate(_groups(world)):
        for place, organisation in enumerate(group.organisations):
            if first.setdefault(organisation, group.id) != group.id:
                yield findings.Finding(
                    code="GC2004",
                    document=world.platform,
                    where=("spec", "vpn", "groups", index, "organisations", place),
                    message=f"organisation '{organisation}' is in the VPN group '{first[organisation]}' already",
                    found=organisation,
                )


def flows_lead_inwards(world: findings.World) -> Iterator[findings.Finding]:
    """A group opens connections and takes none; neither its own gateway's."""
    for index, flow in enumerate(world.platform.spec.flows):
        where: findings.Where = ("spec", "flows", index, "to")
        if flow.destination.vpn is not None:
            yield findings.Finding(
                code="GC2005",
                document=world.platform,
                where=where,
                message=f"flow '{flow.id}' leads to the VPN group '{flow.destination.vpn}'",
                found=f"vpn {flow.destination.vpn}",
            )
        target = world.machines.get(str(flow.destination.machine))
        if flow.source.vpn is not None and target is not None and platforms.Service.SSLVPN in target.services:
            yield findings.Finding(
                code="GC2006",
                document=world.platform,
                where=where,
                message=f"flow '{flow.id}' leads from VPN users to the gateway itself",
                found=f"machine {target.id}",
            )


def _groups(world: findings.World) -> tuple[vpns.VpnGroup, ...]:
    declared = world.platform.spec.vpn
    return () if declared is None else declared.groups
