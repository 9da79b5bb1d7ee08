"""The traffic that the platform's own services need: it follows from where they stand, so nobody has to declare it.

Whatever asks about flows asks `every`: firewalls, probes and policies judge these like declared ones.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from govcloud_cli.model import inventory, platforms
from govcloud_cli.plan import services, vpn

PREFIX = "platform-"
"""Begins the ids of these flows; no declared flow's does."""


def every(spec: inventory.Inventory) -> tuple[platforms.Flow, ...]:
    """All flows: those declared, in their order, then the platform's own."""
    return (*spec.platform.spec.flows, *of_services(spec))


def of_services(spec: inventory.Inventory) -> tuple[platforms.Flow, ...]:
    """The platform's own flows alone."""
    return tuple(flow for side in spec.sides for flow in (*_identity(spec, side), *_gateway(spec, side)))


def owner(flow: platforms.Flow) -> str:
    """The machine for whose service one of the platform's own flows is."""
    return str(flow.source.machine or flow.destination.machine)


def _identity(spec: inventory.Inventory, side: platforms.Side) -> Iterator[platforms.Flow]:
    identity = services.machine_of(spec, side, platforms.Service.IDENTITY)
    database = services.machine_of(spec, side, platforms.Service.DATABASE)
    kubernetes = services.machine_of(spec, side, platforms.Service.KUBERNETES)
    if identity is not None and database is not None and database.id != identity.id:
        yield _flow(
            f"{side}-identity-db",
            source=_of(identity),
            destination=_of(database),
            port=services.POSTGRES_PORT,
            reason="身份服务访问其数据库 - the identity service keeps accounts and sessions in its database",
        )
    if identity is not None and kubernetes is not None and kubernetes.id != identity.id:
        yield _flow(
            f"{side}-k8s-identity",
            source=_of(kubernetes),
            destination=_of(identity),
            port=services.port(platforms.Service.IDENTITY),
            reason="集群校验登录令牌 - the cluster reads the keys that log-in tokens are signed with",
        )


def _gateway(spec: inventory.Inventory, side: platforms.Side) -> Iterator[platforms.Flow]:
    gateway = services.machine_of(spec, side, platforms.Service.SSLVPN)
    if gateway is None:
        return
    identity = services.machine_of(spec, side, platforms.Service.IDENTITY)
    if identity is not None and identity.id != gateway.id:
        yield _flow(
            "gateway-identity",
            source=_of(gateway),
            destination=_of(identity),
            port=services.port(platforms.Service.IDENTITY),
            reason="安全接入网关校验口令 - the gateway has passwords and one-time codes checked",
        )
    clocks = [
        machine
        for machine in spec.platform.spec.machines
        if platforms.Service.TIME in machine.services and machine.id != gateway.id and spec.side_of(machine) is side
    ]
    for number, clock in enumerate(clocks, start=1):
        yield _flow(
            "gateway-time" if number == 1 else f"gateway-time-{number}",
            source=_of(gateway),
            destination=_of(clock),
            port=services.port(platforms.Service.TIME),
            protocol="udp",
            reason="安全接入网关授时 - certificates and one-time codes are judged by the right time",
        )
    yield from _way_in(spec, gateway)


def _way_in(spec: inventory.Inventory, gateway: platforms.Machine) -> Iterator[platforms.Flow]:
    protocols: tuple[Literal["tcp", "udp"], ...] = ("tcp", "udp")
    front = vpn.outward(spec, gateway)
    if front is None:
        return
    for protocol in protocols:
        yield _flow(
            f"vpn-{protocol}",
            source=platforms.FlowEnd(zone=front.zone),
            destination=_of(gateway),
            port=services.port(platforms.Service.SSLVPN),
            protocol=protocol,
            reason="外出人员由安全接入网关进入 - staff who are outside come in through the gateway",
        )


def _of(machine: platforms.Machine) -> platforms.FlowEnd:
    return platforms.FlowEnd(machine=machine.id)


def _flow(
    name: str,
    *,
    source: platforms.FlowEnd,
    destination: platforms.FlowEnd,
    port: int,
    reason: str,
    protocol: Literal["tcp", "udp"] = "tcp",
) -> platforms.Flow:
    return platforms.Flow(
        id=f"{PREFIX}{name}",
        source=source,
        destination=destination,
        protocol=protocol,
        ports=(port,),
        reason=reason,
    )
