"""What each service of a machine means: its role, and the ports it offers."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal

from govcloud_cli.model import inventory, platforms

POSTGRES_PORT = 5432
"""PostgreSQL itself: for the platform alone; tenants come through the pooler."""
SSH_PORT = 22
ETCD_PORT = 2379
IDENTITY_ADMIN_PORT = 8443
"""The identity service's, whole: in the management network alone."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Offer:
    """What a service puts on the network."""

    role: str | None
    """Ansible role that provides it; None where another role does."""
    port: int | None
    """Port for the zones; reached only through declared flows."""
    protocol: Literal["tcp", "udp"] = "tcp"
    management_ports: tuple[int, ...] = ()
    """TCP ports for the platform engineer's side, over the management network."""
    quiet: tuple[tuple[Literal["tcp", "udp"], int], ...] = ()
    """Further ports for the zones, at which nothing answers a stranger: whether one is open cannot be probed."""
    units: tuple[str, ...] = ()
    """systemd units that are active where the service is healthy."""


OFFERS: Mapping[platforms.Service, Offer] = MappingProxyType(
    {
        platforms.Service.BORDER: Offer(role=None, port=None),
        platforms.Service.DATABASE: Offer(
            role="database",
            port=6432,
            management_ports=(POSTGRES_PORT, 6432),
            units=("postgresql@15-main.service", "pgbouncer.service"),
        ),
        platforms.Service.KUBERNETES: Offer(
            role="kubernetes",
            port=6443,
            management_ports=(6443,),
            units=("etcd.service", "kube-apiserver.service", "kube-controller-manager.service"),
        ),
        platforms.Service.IDENTITY: Offer(
            role="identity",
            port=443,
            management_ports=(443, IDENTITY_ADMIN_PORT),
            units=("keycloak.service", "haproxy.service"),
        ),
        platforms.Service.SSLVPN: Offer(
            role="sslvpn",
            port=443,
            # DTLS, with a key that was agreed on over TLS.
            quiet=(("udp", 443),),
            units=("ocserv.service",),
        ),
        platforms.Service.TIME: Offer(role=None, port=123, protocol="udp", units=("chrony.service",)),
        platforms.Service.CLIENT: Offer(role=None, port=None),
    }
)

COMMON_ROLES = ("baseline", "zone_firewall")
"""Roles of every machine, before those of its services."""


def port(service: platforms.Service) -> int:
    """The port that a service offers to the zones. Raises `ValueError` for one that offers none."""
    offered = OFFERS[service].port
    if offered is None:
        raise ValueError(f"{service} offers no port")
    return offered


def machine_of(spec: inventory.Inventory, side: platforms.Side, service: platforms.Service) -> platforms.Machine | None:
    """The side's machine with a service of which a side has one; None if there is none."""
    found = (m for m in spec.platform.spec.machines if service in m.services and spec.side_of(m) is side)
    return next((machine for machine in found if machine.dedicated_to is None), None)


def roles_of(machine: platforms.Machine) -> tuple[str, ...]:
    """The Ansible roles of a machine, in the order they run."""
    offered = (OFFERS[service].role for service in machine.services)
    return COMMON_ROLES + tuple(role for role in offered if role is not None)


def management_ports(machine: platforms.Machine) -> tuple[int, ...]:
    """TCP ports that the platform engineer's side may open on a machine."""
    ssh = machine.ssh.port if machine.ssh else SSH_PORT
    ports = {ssh} | {port for service in machine.services for port in OFFERS[service].management_ports}
    return tuple(sorted(ports))


def forwards(machine: platforms.Machine) -> bool:
    """Whether a machine passes packets on for others."""
    return bool({platforms.Service.BORDER, platforms.Service.SSLVPN} & set(machine.services))


_COMMON_UNITS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "baseline": ("ssh.service", "chrony.service", "systemd-journald.service"),
        "zone_firewall": ("govcloud-firewall.service",),
    }
)


def units_of(roles: tuple[str, ...]) -> tuple[str, ...]:
    """The systemd units that must be active on a machine with these roles."""
    units = {**_COMMON_UNITS, **{offer.role: offer.units for offer in OFFERS.values() if offer.role is not None}}
    return tuple(unit for role in roles for unit in units.get(role, ()))
