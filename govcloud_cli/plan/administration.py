"""The management networks: where platform engineers are, and where they find a machine."""

from __future__ import annotations

import ipaddress

from govcloud_cli.model import inventory, platforms

ENGINEER_INDEX = 1
"""In the lab the platform engineer's own address is the first of the management network."""


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


def addresses(machine: platforms.Machine) -> list[str]:
    """A machine's addresses in its management network, as far as it has any."""
    return [str(address) for address in (machine.management, machine.management6) if address is not None]


def zone_addresses(machine: platforms.Machine) -> list[str]:
    """A machine's addresses in its zones, both families."""
    return [str(address) for place in machine.interfaces for address in (place.address, place.address6)]


def single(addresses_of: list[str]) -> list[str]:
    """Addresses as prefixes of one address each."""
    return [str(ipaddress.ip_network(address)) for address in addresses_of]
