"""The management networks: where platform engineers are, and where they find a machine."""

from __future__ import annotations

import ipaddress

from govcloud_cli.model import inventory, platforms

ENGINEER_INDEX = 1
"""In the lab the platform engineer's own address is the first of the management network."""

_NOBODYS = (
    *("0.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "224.0.0.0/4", "240.0.0.0/4"),
    *("::1/128", "::ffff:0:0/96", "ff00::/8"),
)
"""Addresses that no packet from another network has as its source (RFC 6890, RFC 4291)."""


def network(spec: inventory.Inventory, side: platforms.Side) -> platforms.ManagementNetwork | None:
    """The management network of one side."""
    networks = spec.platform.spec.management
    return networks.internal if side is platforms.Side.INTERNAL else networks.external


def engineers(spec: inventory.Inventory, side: platforms.Side) -> tuple[str, ...]:
    """Where platform engineers' commands come from, as prefixes: as declared, else the one address of the lab's."""
    own = network(spec, side)
    if own is None:
        return ()
    if own.engineers:
        return tuple(str(prefix) for prefix in own.engineers)
    return (f"{own.cidr[ENGINEER_INDEX]}/32", f"{own.cidr6[ENGINEER_INDEX]}/128")


def elsewhere(spec: inventory.Inventory, zone: platforms.Zone) -> tuple[str, ...]:
    """Prefixes that packets from beyond an internet zone never come from: all that is ours, and what nobody has."""
    declared = spec.platform.spec.vpn
    networks: list[platforms.Network] = [one for one in spec.platform.spec.zones if one.id != zone.id]
    networks += [own for side in platforms.Side if (own := network(spec, side)) is not None]
    ours = [prefix for one in networks for prefix in (one.cidr, one.cidr6)]
    ours += [prefix for group in (declared.groups if declared else ()) for prefix in (group.pool, group.pool6)]
    desks = [prefix for side in platforms.Side for prefix in engineers(spec, side)]
    return tuple(dict.fromkeys((*map(str, ours), *desks, *_NOBODYS)))


def addresses(machine: platforms.Machine) -> list[str]:
    """A machine's addresses in its management network, as far as it has any."""
    return [str(address) for address in (machine.management, machine.management6) if address is not None]


def reached_at(machine: platforms.Machine) -> str:
    """The IPv4 address at which the platform reaches a machine: its own in the management network, else its first."""
    return str(machine.management or machine.interfaces[0].address)


def zone_addresses(machine: platforms.Machine) -> list[str]:
    """A machine's addresses in its zones, both families."""
    return [str(address) for place in machine.interfaces for address in (place.address, place.address6)]


def single(addresses_of: list[str]) -> list[str]:
    """Addresses as prefixes of one address each."""
    return [str(ipaddress.ip_network(address)) for address in addresses_of]
