"""Machines: which side they stand on, what they join, how they are reached, what they serve."""

from __future__ import annotations

import ipaddress
import itertools
from collections.abc import Iterator

from govcloud_cli.inventory import findings
from govcloud_cli.inventory.crosschecks import addresses
from govcloud_cli.model import interfaces, platforms

_ALONE = (
    platforms.Service.DATABASE,
    platforms.Service.KUBERNETES,
    platforms.Service.IDENTITY,
    platforms.Service.SSLVPN,
)


def machines_stay_on_one_side(world: findings.World) -> Iterator[findings.Finding]:
    """No machine has a foot on each side of the air gap."""
    for index, machine in enumerate(world.platform.spec.machines):
        sides = {zone.side for zone in world.zones_of(machine)}
        if len(sides) > 1:
            zones = ", ".join(zone.id for zone in world.zones_of(machine))
            yield _finding(
                world,
                "GC1401",
                ("spec", "machines", index, "interfaces"),
                f"machine '{machine.id}' would span the air gap: it stands in {zones}",
                found=zones,
            )


def only_borders_join_zones(world: findings.World) -> Iterator[findings.Finding]:
    """A machine in two zones is a border or a gateway, and a border is in two zones."""
    for index, machine in enumerate(world.platform.spec.machines):
        zones = {interface.zone for interface in machine.interfaces}
        border = platforms.Service.BORDER in machine.services
        gateway = platforms.Service.SSLVPN in machine.services  # `vpn` tells in which zones it may be.
        if len(zones) > 1 and not border and not gateway:
            yield _finding(
                world,
                "GC1402",
                ("spec", "machines", index, "interfaces"),
                f"machine '{machine.id}' stands in {len(zones)} zones and is no border",
                found=", ".join(sorted(zones)),
            )
        if len(zones) < 2 and border:
            yield _finding(
                world,
                "GC1403",
                ("spec", "machines", index, "services"),
                f"border '{machine.id}' stands in one zone only",
                found=", ".join(zones),
            )


def zones_are_joined_once(world: findings.World) -> Iterator[findings.Finding]:
    """Two zones have one border between them."""
    first: dict[tuple[str, str], str] = {}
    for index, machine in enumerate(world.platform.spec.machines):
        if platforms.Service.BORDER not in machine.services:
            continue
        zones = sorted({interface.zone for interface in machine.interfaces})
        for pair in itertools.combinations(zones, 2):
            if pair in first:
                message = f"borders '{first[pair]}' and '{machine.id}' both join {pair[0]} and {pair[1]}"
                yield _finding(world, "GC1404", ("spec", "machines", index, "interfaces"), message, found=machine.id)
            first.setdefault(pair, machine.id)


def machines_are_reachable(world: findings.World) -> Iterator[findings.Finding]:
    """In the lab by their management addresses, on one's own hosts by `ssh`."""
    for index, machine in enumerate(world.platform.spec.machines):
        where = ("spec", "machines", index)
        if not world.embedded and machine.ssh is None:
            message = f"machine '{machine.id}' does not say how to reach it"
            yield _finding(world, "GC1410", (*where, "id"), message, found="no ssh")
        both = (("management", machine.management), ("management6", machine.management6))
        administered = any(service in _ALONE for service in machine.services)
        required = both if world.embedded else both[:1] if administered else ()
        missing = [field for field, address in required if address is None]
        if missing:
            message = f"machine '{machine.id}' lacks {' and '.join(missing)}"
            yield _finding(world, "GC1406", (*where, "id"), message, found=f"no {', '.join(missing)}")


def the_lab_makes_its_machines(world: findings.World) -> Iterator[findings.Finding]:
    """What describes a real host says nothing about a machine of the lab."""
    if not world.embedded:
        return
    for index, machine in enumerate(world.platform.spec.machines):
        where = ("spec", "machines", index)
        named: list[tuple[findings.Where, str]] = []
        if machine.ssh is not None:
            named.append((("ssh",), machine.ssh.host))
        if machine.management_device != interfaces.MANAGEMENT:
            named.append((("managementDevice",), machine.management_device))
        for place, interface in enumerate(machine.interfaces):
            if interface.device is not None:
                named.append((("interfaces", place, "device"), interface.device))
        for field, value in named:
            message = f"machine '{machine.id}' is made by the lab and cannot have {field[-1]}"
            yield _finding(world, "GC1409", (*where, *field), message, found=value)


def ssh_stays_open(world: findings.World) -> Iterator[findings.Finding]:
    """A host is reached by its management address: the firewall takes SSH there alone."""
    for index, machine in enumerate(world.platform.spec.machines):
        try:
            address = ipaddress.ip_address(machine.ssh.host if machine.ssh else "")
        except ValueError:
            continue  # A name; what it resolves to is not in the inventory.
        own = [str(found) for found in (machine.management, machine.management6) if found is not None]
        through = [zone for zone in world.zones.values() if address in zone.cidr or address in zone.cidr6]
        networks = [addresses.management_of(world.platform, zone.side) for zone in world.zones_of(machine)]
        near = any(address in network.cidr or address in network.cidr6 for network in networks if network is not None)
        if through:
            reason = f"{address} is in zone '{through[0].id}'"
        elif near and own and str(address) not in own:
            reason = f"{address} is not its management address"
        else:
            continue
        yield _finding(
            world,
            "GC1415",
            ("spec", "machines", index, "ssh", "host"),
            f"SSH to machine '{machine.id}' would be shut out: {reason}",
            found=str(address),
            allowed=" or ".join(own) or "an address in its side's management network, or a name",
        )


def networks_have_their_own_interface(world: findings.World) -> Iterator[findings.Finding]:
    """On each machine: one interface for each zone, and one for the management network."""
    for index, machine in enumerate(world.platform.spec.machines):
        where: findings.Where = ("spec", "machines", index)
        # Of an interface that no zone stands behind, the zone's own fault tells.
        places = [
            (("interfaces", place), one.device_name) for place, one in enumerate(machine.interfaces) if one.device
        ]
        taken = [one.device_name for one in machine.interfaces if not one.device]
        for field, name in (*places, (("managementDevice",), machine.management_device)):
            if name in taken or name == "lo":
                shown = field if field == ("managementDevice",) else (*field, "device")
                message = f"interface '{name}' of machine '{machine.id}' would stand in two networks"
                if name == "lo":
                    message = f"'lo' of machine '{machine.id}' is in no network"
                yield _finding(world, "GC1416", (*where, *shown), message, found=name)
            taken.append(name)


def each_zone_has_its_client(world: findings.World) -> Iterator[findings.Finding]:
    """In the lab: one machine `<zone>-client` per zone, that does nothing else."""
    if not world.embedded:
        return
    served: set[str] = set()
    for index, machine in enumerate(world.platform.spec.machines):
        if platforms.Service.CLIENT not in machine.services:
            continue
        zone = machine.interfaces[0].zone
        expected = f"{zone}-client"
        served.add(zone)
        if machine.id != expected or machine.services != (platforms.Service.CLIENT,):
            yield _finding(
                world,
                "GC1408",
                ("spec", "machines", index, "id"),
                f"the client of zone '{zone}' is named '{machine.id}' and serves as {', '.join(machine.services)}",
                found=machine.id,
                allowed=f"{expected}, with the service client alone",
            )
    for index, zone_ in enumerate(world.platform.spec.zones):
        if zone_.id not in served:
            message = f"zone '{zone_.id}' has no client machine"
            yield _finding(
                world, "GC1407", ("spec", "zones", index, "id"), message, found="none",
                remedy=f"add the machine {zone_.id}-client with the service client",
            )  # fmt: skip


def services_are_alone_on_their_side(world: findings.World) -> Iterator[findings.Finding]:
    """Of each central service one machine a side at most, of databases one shared and one for each tenant."""
    first: dict[tuple[platforms.Side, platforms.Service, str | None], str] = {}
    for index, machine in enumerate(world.platform.spec.machines):
        for service in _ALONE:
            if service not in machine.services:
                continue
            sides = {zone.side for zone in world.zones_of(machine)}
            for side in sides if len(sides) == 1 else ():
                tenant = machine.dedicated_to if service is platforms.Service.DATABASE else None
                other = first.setdefault((side, service, tenant), machine.id)
                if other != machine.id:
                    whose = f"the {side} side" if tenant is None else f"'{tenant}' on the {side} side"
                    message = f"machines '{other}' and '{machine.id}' are both {service} of {whose}"
                    yield _finding(world, "GC1411", ("spec", "machines", index, "services"), message, found=machine.id)


def _finding(
    world: findings.World,
    code: str,
    where: findings.Where,
    message: str,
    *,
    found: str,
    allowed: str = "",
    remedy: str = "",
) -> findings.Finding:
    return findings.Finding(
        code=code, document=world.platform, where=where, message=message, found=found, allowed=allowed, remedy=remedy
    )
