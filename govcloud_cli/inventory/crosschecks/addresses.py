"""Prefixes and addresses: usable, apart from each other, each address one machine's."""

from __future__ import annotations

import dataclasses
import ipaddress
import itertools
from collections.abc import Iterator, Mapping

from govcloud_cli.inventory import findings
from govcloud_cli.model import platforms

_Network = ipaddress.IPv4Network | ipaddress.IPv6Network
_Address = ipaddress.IPv4Address | ipaddress.IPv6Address
_LENGTHS = {4: (8, 29), 6: (32, 120)}
_POOL_LENGTHS = {4: (16, 29), 6: (64, 124)}
# What the gateway gives to whom no group is known, so that no firewall knows it; and IPv4 in the clothes of IPv6, which
# would be a zone's prefix without overlapping it.
_NO_POOLS: tuple[_Network, ...] = (ipaddress.ip_network("192.0.2.0/24"), ipaddress.ip_network("::ffff:0:0/96"))


@dataclasses.dataclass(frozen=True, kw_only=True)
class _Prefix:
    where: findings.Where
    name: str
    value: _Network
    lengths: Mapping[int, tuple[int, int]]
    """By IP version: the shortest and the longest that it may be."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class _Place:
    """An address and the network that it is said to be in."""

    where: findings.Where
    machine: platforms.Machine
    network: str
    prefix: _Network | None
    address: _Address
    keeps_first: bool
    """True where the network's first address is not for this machine."""
    kept_for: str


def prefixes_are_usable(world: findings.World) -> Iterator[findings.Finding]:
    """Neither loopback nor multicast, neither tiny nor huge."""
    for prefix in _prefixes(world.platform):
        value = prefix.value
        shortest, longest = prefix.lengths[value.version]
        special = value.is_loopback or value.is_multicast or value.is_link_local or value.is_unspecified
        special |= prefix.lengths is _POOL_LENGTHS and any(
            one.version == value.version and value.overlaps(one) for one in _NO_POOLS
        )
        if special or not shortest <= value.prefixlen <= longest:
            yield findings.Finding(
                code="GC1305",
                document=world.platform,
                where=prefix.where,
                message=f"{value} is of no use for {prefix.name}",
                found=str(value),
                allowed=f"a network of /{shortest} to /{longest}, neither loopback, link-local nor multicast",
            )


def prefixes_do_not_overlap(world: findings.World) -> Iterator[findings.Finding]:
    """Zones, management networks and VPN pools, on both sides of the air gap."""
    for first, second in itertools.combinations(_prefixes(world.platform), 2):
        if first.value.version == second.value.version and first.value.overlaps(second.value):
            yield findings.Finding(
                code="GC1301",
                document=world.platform,
                where=second.where,
                message=f"{second.value} of {second.name} overlaps {first.value} of {first.name}",
                found=str(second.value),
            )


def addresses_are_in_their_network(world: findings.World) -> Iterator[findings.Finding]:
    """A machine's addresses are in the zone or management network they stand for."""
    for place in _places(world):
        if place.prefix is not None and place.address not in place.prefix:
            yield findings.Finding(
                code="GC1302",
                document=world.platform,
                where=place.where,
                message=f"{place.address} of machine '{place.machine.id}' is not in {place.network} ({place.prefix})",
                found=str(place.address),
                allowed=f"an address in {place.prefix}",
            )


def addresses_can_be_a_machines(world: findings.World) -> Iterator[findings.Finding]:
    """Network, broadcast and subnet router addresses belong to nobody; the first one is kept."""
    for place in _places(world):
        prefix, address = place.prefix, place.address
        if prefix is None or address not in prefix:
            continue
        reason = ""
        if address == prefix.network_address:
            reason = "is the network's own address" if prefix.version == 4 else "is the subnet router address"
        elif prefix.version == 4 and address == prefix.broadcast_address:
            reason = "is the broadcast address"
        elif place.keeps_first and address == prefix.network_address + 1:
            reason = f"is kept for {place.kept_for}"
        if reason:
            yield findings.Finding(
                code="GC1303",
                document=world.platform,
                where=place.where,
                message=f"{address} {reason} in {place.network}",
                found=str(address),
                allowed=f"{prefix.network_address + 2} and up",
            )


def addresses_are_unique(world: findings.World) -> Iterator[findings.Finding]:
    """However they are spelled."""
    first: dict[_Address, str] = {}
    for place in _places(world):
        if place.address in first:
            yield findings.Finding(
                code="GC1304",
                document=world.platform,
                where=place.where,
                message=f"{place.address} is already an address of machine '{first[place.address]}'",
                found=str(place.address),
            )
        first.setdefault(place.address, place.machine.id)


def _prefixes(platform: platforms.Platform) -> Iterator[_Prefix]:
    for index, zone in enumerate(platform.spec.zones):
        where: findings.Where = ("spec", "zones", index)
        name = f"zone '{zone.id}'"
        yield _Prefix(where=(*where, "cidr"), name=name, value=zone.cidr, lengths=_LENGTHS)
        yield _Prefix(where=(*where, "cidr6"), name=name, value=zone.cidr6, lengths=_LENGTHS)
    for side in platforms.Side:
        network = management_of(platform, side)
        if network is not None:
            name = f"the {side} management network"
            where = ("spec", "management", side.value)
            yield _Prefix(where=(*where, "cidr"), name=name, value=network.cidr, lengths=_LENGTHS)
            yield _Prefix(where=(*where, "cidr6"), name=name, value=network.cidr6, lengths=_LENGTHS)
    for index, group in enumerate(platform.spec.vpn.groups if platform.spec.vpn is not None else ()):
        name = f"VPN group '{group.id}'"
        where = ("spec", "vpn", "groups", index)
        yield _Prefix(where=(*where, "pool"), name=name, value=group.pool, lengths=_POOL_LENGTHS)
        yield _Prefix(where=(*where, "pool6"), name=name, value=group.pool6, lengths=_POOL_LENGTHS)


def management_of(platform: platforms.Platform, side: platforms.Side) -> platforms.ManagementNetwork | None:
    """The management network of one side."""
    management = platform.spec.management
    return management.internal if side is platforms.Side.INTERNAL else management.external


def _places(world: findings.World) -> Iterator[_Place]:
    zones = world.zones
    for index, machine in enumerate(world.platform.spec.machines):
        border = platforms.Service.BORDER in machine.services
        for position, interface in enumerate(machine.interfaces):
            zone = zones.get(interface.zone)
            for field, address in (("address", interface.address), ("address6", interface.address6)):
                prefix = None if zone is None else (zone.cidr if field == "address" else zone.cidr6)
                yield _Place(
                    where=("spec", "machines", index, "interfaces", position, field),
                    machine=machine,
                    network=f"zone '{interface.zone}'",
                    prefix=prefix,
                    address=address,
                    keeps_first=not border,
                    kept_for="the zone's border",
                )
        yield from _management_places(world, index, machine)


def _management_places(world: findings.World, index: int, machine: platforms.Machine) -> Iterator[_Place]:
    sides = {zone.side for zone in world.zones_of(machine)}
    network = management_of(world.platform, sides.pop()) if len(sides) == 1 else None
    for field, address in (("management", machine.management), ("management6", machine.management6)):
        if address is None:
            continue
        prefix = None if network is None else (network.cidr if field == "management" else network.cidr6)
        yield _Place(
            where=("spec", "machines", index, field),
            machine=machine,
            network="the management network of its side",
            prefix=prefix,
            address=address,
            keeps_first=world.embedded,
            kept_for="the platform engineer",
        )
