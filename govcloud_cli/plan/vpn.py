"""The SSL-VPN as values: groups of staff, their addresses, and whom the gateway lets in."""

from __future__ import annotations

import dataclasses
import datetime
import hashlib
import ipaddress
from collections.abc import Iterator

from govcloud_cli.model import inventory, people, platforms, vpns
from govcloud_cli.plan import services

AUTHORITY = "vpn-ca"
"""The authority that signs people's certificates and nothing else; its files in the side's `pki/`."""
ZONE_PREFIX = "vpn-"
"""A group is a zone of its own to the firewalls: `vpn-<group>`."""
DEVICE = "vpns"
"""What the gateway's tunnel devices are called, before their number."""


_LONGEST_PERSON = 40
"""What the gateway takes for a person's name: `_sslvpn_person` of the role."""


def certificate(machine: str) -> str:
    """What a gateway's own certificate is called, without `.crt`."""
    return f"sslvpn-{machine}"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Group:
    """Staff who get the same way in."""

    id: str
    pool: str
    pool6: str
    routes: tuple[str, ...]
    """Prefixes that clients send through the tunnel: what flows from the group lead to, both families."""
    dns: tuple[str, ...]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Member:
    """Somebody who may come in, with a certificate of his own."""

    person: str
    group: str


@dataclasses.dataclass(frozen=True, kw_only=True)
class VpnPlan:
    """The gateway of one side; only the external one can have any."""

    machine: str
    address: str
    """Where clients connect, in the internet zone."""
    address6: str
    groups: tuple[Group, ...]
    members: tuple[Member, ...]
    """Ordered by person; a leaver is not among them."""
    probes: tuple[Member, ...] = ()
    """One per group, whom `verify` makes an account and a certificate for while it runs; otherwise nobody is it."""


def plan(spec: inventory.Inventory, side: platforms.Side, *, today: datetime.date) -> VpnPlan | None:
    """The gateway of `side` as of `today` (UTC); None if it has none."""
    gateway = services.machine_of(spec, side, platforms.Service.SSLVPN)
    front = None if gateway is None else outward(spec, gateway)
    if gateway is None or front is None:
        return None
    return VpnPlan(
        machine=gateway.id,
        address=str(front.address),
        address6=str(front.address6),
        groups=tuple(
            Group(
                id=one.id,
                pool=str(one.pool),
                pool6=str(one.pool6),
                routes=_routes(spec, one),
                dns=tuple(str(address) for address in one.dns),
            )
            for one in groups(spec)
        ),
        members=tuple(_members(spec, today)),
        probes=tuple(Member(person=probe_of(one.id), group=one.id) for one in groups(spec)),
    )


def groups(spec: inventory.Inventory) -> tuple[vpns.VpnGroup, ...]:
    """The declared groups, in their order."""
    declared = spec.platform.spec.vpn
    return () if declared is None else declared.groups


def group(spec: inventory.Inventory, identifier: str) -> vpns.VpnGroup:
    """The group of that id; the reader guarantees that every reference resolves."""
    return next(one for one in groups(spec) if one.id == identifier)


def probe_of(group_id: str) -> str:
    """Who `verify` comes in as, one per group; short enough to be a person's name whatever the group's id."""
    if len(people.PROBE) + len(group_id) <= _LONGEST_PERSON:
        return f"{people.PROBE}{group_id}"
    return f"{people.PROBE}{group_id[:12]}-{hashlib.sha256(group_id.encode()).hexdigest()[:12]}"


def zone_of(one: vpns.VpnGroup) -> str:
    """What the firewalls call the zone of a group."""
    return f"{ZONE_PREFIX}{one.id}"


def inward(spec: inventory.Inventory, gateway: platforms.Machine) -> platforms.Interface | None:
    """A gateway's place in its external zone: where those who came in go on from, and where answers go back to."""
    places = (place for place in gateway.interfaces if spec.zone(place.zone).kind is platforms.ZoneKind.EXTERNAL)
    return next(places, None)


def outward(spec: inventory.Inventory, gateway: platforms.Machine) -> platforms.Interface | None:
    """A gateway's place in the internet zone: where clients connect."""
    places = (place for place in gateway.interfaces if spec.zone(place.zone).kind is platforms.ZoneKind.INTERNET)
    return next(places, None)


def inward_zone(spec: inventory.Inventory) -> str | None:
    """The zone that VPN users are let into; None where there is no gateway."""
    gateway = services.machine_of(spec, platforms.Side.EXTERNAL, platforms.Service.SSLVPN)
    place = None if gateway is None else inward(spec, gateway)
    return None if place is None else place.zone


def group_of(spec: inventory.Inventory, organisation: str) -> str | None:
    """The group that an organisation's people are in: that of the nearest one named, itself or above it."""
    named = {identifier: one.id for one in groups(spec) for identifier in one.organisations}
    parents = {entry.id: entry.parent for entry in spec.platform.spec.organisations}
    at: str | None = organisation
    while at is not None and at not in named:
        at = parents.get(at)
    return None if at is None else named[at]


def _members(spec: inventory.Inventory, today: datetime.date) -> Iterator[Member]:
    for person in sorted(spec.people, key=lambda one: one.id):
        belongs = None if person.organisation is None or person.has_left(today) else group_of(spec, person.organisation)
        if belongs is not None:
            yield Member(person=person.id, group=belongs)


def _routes(spec: inventory.Inventory, one: vpns.VpnGroup) -> tuple[str, ...]:
    found: set[ipaddress.IPv4Network | ipaddress.IPv6Network] = set()
    for flow in spec.platform.spec.flows:
        if flow.source.vpn == one.id:
            found.update(_prefixes(spec, flow.destination))
    return tuple(str(prefix) for prefix in sorted(found, key=lambda prefix: (prefix.version, prefix)))


def _prefixes(
    spec: inventory.Inventory, end: platforms.FlowEnd
) -> Iterator[ipaddress.IPv4Network | ipaddress.IPv6Network]:
    """Where a flow from a group leads to, as far as it is in the zone that they are let into."""
    if end.zone is not None:
        zone = spec.zone(end.zone)
        yield from (zone.cidr, zone.cidr6)
        return
    for place in spec.machine(str(end.machine)).interfaces:
        if place.zone == inward_zone(spec):
            yield from (ipaddress.ip_network(place.address), ipaddress.ip_network(place.address6))
