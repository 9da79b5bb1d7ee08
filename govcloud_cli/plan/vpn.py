"""The SSL-VPN as values: groups of staff, their addresses, and whom the gateway lets in."""

from __future__ import annotations

import dataclasses

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
