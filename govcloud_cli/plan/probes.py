"""What `verify` tries from outside, and what must come of it.

Everything that the spec allows has a probe that must succeed, so that a platform which denies everything
fails too; everything else in reach has one that must not.
"""

from __future__ import annotations

import dataclasses
import enum
from collections.abc import Iterator, Sequence

from govcloud_cli.model import inventory, platforms
from govcloud_cli.plan import flows, platform_flows, services


class Outcome(enum.StrEnum):
    """What a probe can come to."""

    OPEN = "open"
    """The other end answered."""
    REFUSED = "refused"
    """Packets got through and back, and nothing listens there."""
    BLOCKED = "blocked"
    """No packet came back, or the network said that there is no way."""
    ALLOWED = "allowed"
    FORBIDDEN = "forbidden"
    UNAUTHENTICATED = "unauthenticated"
    """Not even known who asks: HTTP status 401."""
    ERROR = "error"
    """The probe could not be made; never expected."""


class Kind(enum.StrEnum):
    """Who makes the probe, and how."""

    PACKET = "packet"
    DATABASE = "database"
    NAMESPACE = "namespace"
    TOKEN = "token"  # noqa: S105 (a kind's name)
    """By somebody who logged in, at the API server and at databases."""
    WEB = "web"
    """HTTPS and what is not, at the identity service's front."""
    TUNNEL = "tunnel"
    """By a real VPN client at the gateway, and through its tunnel."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Probe:
    """One attempt and its expected outcome."""

    id: str
    """Unique within a plan and stable between runs."""
    kind: Kind
    expected: Outcome
    source: str
    """Machine (packet, web; empty for the engineer), role (database) or group (namespace, token; empty for nobody)
    that tries."""
    target: str
    """Address (packet, web), database, namespace or `namespace/secret` that is tried."""
    port: int = 0
    protocol: str = "tcp"
    act: str = ""
    """What is tried (token, web), where that is more than to get through."""
    by: str = ""
    """With what: `namespace/secret` of a password (token), a path or a version (web)."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class TenantAccess:
    """What the tenant probes need to know of one environment of a tenant."""

    tenant: str
    namespace: str
    groups: tuple[str, ...]
    """Every identity group that may read the namespace; the first one asks."""
    databases: tuple[tuple[str, str], ...]
    """Database name and a role that may log in to it."""
    frozen: bool
    """Whether that role is locked out for now."""


def packets(spec: inventory.Inventory, side: platforms.Side) -> Iterator[Probe]:
    """From each client of `side` to every address and known port of every other machine, the other side's included."""
    known = ports(spec)
    for client in spec.platform.spec.machines:
        if platforms.Service.CLIENT not in client.services or spec.side_of(client) is not side:
            continue
        for machine in spec.platform.spec.machines:
            if machine.id != client.id:
                yield from _towards(spec, client, machine, known)


def tenants(accesses: Sequence[TenantAccess]) -> Iterator[Probe]:
    """Each tenant reaches its own, and not its neighbour's; the neighbours form a ring over all tenants."""
    # The environments of a tenant share its group and its neighbour: what they try twice is tried once.
    yield from dict.fromkeys(_attempts(accesses))
    if accesses:
        yield _namespace("", accesses[0].namespace, Outcome.FORBIDDEN)


def _attempts(accesses: Sequence[TenantAccess]) -> Iterator[Probe]:
    for index, own in enumerate(accesses):
        others = [other for other in (*accesses[index + 1 :], *accesses[:index]) if other.tenant != own.tenant]
        group = own.groups[0]
        yield _namespace(group, own.namespace, Outcome.ALLOWED)
        closed = next((other.namespace for other in others if group not in other.groups), None)
        if closed is not None:
            yield _namespace(group, closed, Outcome.FORBIDDEN)
        for database, role in own.databases:
            yield _database(role, database, Outcome.FORBIDDEN if own.frozen else Outcome.ALLOWED)
            foreign = next((other.databases[0][0] for other in others if other.databases), None)
            if foreign is not None:
                yield _database(role, foreign, Outcome.FORBIDDEN)


def ports(spec: inventory.Inventory) -> tuple[tuple[str, int], ...]:
    """Every port that something listens on or a flow names, so that an opening by mistake shows."""
    offered = {(offer.protocol, offer.port) for offer in services.OFFERS.values() if offer.port is not None}
    inward = {("tcp", port) for port in (services.SSH_PORT, services.ETCD_PORT, services.POSTGRES_PORT)}
    inward |= {("tcp", port) for offer in services.OFFERS.values() for port in offer.management_ports}
    named = {(flow.protocol, port) for flow in platform_flows.every(spec) for port in flow.ports}
    return tuple(sorted(offered | inward | named))


def _towards(
    spec: inventory.Inventory,
    client: platforms.Machine,
    machine: platforms.Machine,
    ports: tuple[tuple[str, int], ...],
) -> Iterator[Probe]:
    offered = {
        (services.OFFERS[service].protocol, services.OFFERS[service].port)
        for service in machine.services
    }  # fmt: skip
    quiet = {port for service in machine.services for port in services.OFFERS[service].quiet}
    for interface in machine.interfaces:
        for protocol, port in ports:
            allowed = flows.allows(
                spec, source=client, destination=machine, interface=interface, protocol=protocol, port=port
            )
            if allowed and (protocol, port) in quiet:
                continue
            listening = Outcome.OPEN if (protocol, port) in offered else Outcome.REFUSED
            for address in (interface.address, interface.address6):
                yield Probe(
                    id=f"packet/{client.id}/{machine.id}/{interface.zone}/{protocol}-{port}/v{address.version}",
                    kind=Kind.PACKET,
                    expected=listening if allowed else Outcome.BLOCKED,
                    source=client.id,
                    target=str(address),
                    port=port,
                    protocol=protocol,
                )


def _namespace(group: str, namespace: str, expected: Outcome) -> Probe:
    return Probe(
        id=f"namespace/{group or 'nobody'}/{namespace}",
        kind=Kind.NAMESPACE,
        expected=expected,
        source=group,
        target=namespace,
    )


def _database(role: str, database: str, expected: Outcome) -> Probe:
    return Probe(id=f"database/{role}/{database}", kind=Kind.DATABASE, expected=expected, source=role, target=database)
