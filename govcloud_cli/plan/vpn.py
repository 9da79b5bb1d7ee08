"""The SSL-VPN as values: groups of staff, their addresses, and whom the gateway lets in."""

from __future__ import annotations

import dataclasses
import datetime

from govcloud_cli.model import inventory, platforms

AUTHORITY = "vpn-ca"
"""The authority that signs people's certificates and nothing else; its files in the side's `pki/`."""
ZONE_PREFIX = "vpn-"
"""A group is a zone of its own to the firewalls: `vpn-<group>`."""
DEVICE = "vpns"
"""What the gateway's tunnel devices are called, before their number."""


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


def plan(spec: inventory.Inventory, side: platforms.Side, *, today: datetime.date) -> VpnPlan | None:
    """The gateway of a side; None if it has none."""
    declared = spec.platform.spec.vpn
    machines = [one for one in spec.platform.spec.machines if platforms.Service.SSLVPN in one.services]
    machine = next((one for one in machines if spec.side_of(one) is side), None)
    if machine is None or declared is None:
        return None
    outer = next(one for one in machine.interfaces if spec.zone(one.zone).kind is platforms.ZoneKind.INTERNET)
    named = {organisation: group.id for group in declared.groups for organisation in group.organisations}
    parents = {one.id: one.parent for one in spec.platform.spec.organisations}
    members = []
    for person in spec.people:
        at: str | None = None if person.leaves_on is not None and person.leaves_on < today else person.organisation
        while at is not None and at not in named:
            at = parents.get(at)
        if at is not None:
            members.append(Member(person=person.id, group=named[at]))
    groups = tuple(
        Group(
            id=one.id, pool=str(one.pool), pool6=str(one.pool6), routes=(), dns=tuple(str(server) for server in one.dns)
        )
        for one in declared.groups
    )
    return VpnPlan(
        machine=machine.id,
        address=str(outer.address),
        address6=str(outer.address6),
        groups=groups,
        members=tuple(sorted(members, key=lambda one: one.person)),
    )
