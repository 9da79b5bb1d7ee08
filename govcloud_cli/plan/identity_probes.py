"""What `verify` tries as people with accounts, and at the identity service's front in the zones.

Two tenants are enough to show that a token is worth something at its own tenant's and nothing at another's.
"""

from __future__ import annotations

import dataclasses
import ipaddress
import itertools
from collections.abc import Iterator, Sequence

from govcloud_cli.model import inventory, platforms, tenants
from govcloud_cli.plan import databases, flows, identity_places, namespaces, probes, services

_ALLOWED, _FORBIDDEN, _BLOCKED = probes.Outcome.ALLOWED, probes.Outcome.FORBIDDEN, probes.Outcome.BLOCKED

MOST_TENANTS = 2
CLUSTER = "cluster"
"""Target of what would concern everybody."""
SLOW = frozenset({"expired"})
"""Acts that wait until a token is past its end; a deploy does not wait for them."""
BAD_TOKENS = ("forged-signature", "unsigned", "altered-groups", "other-audience", "other-client", "expired")
"""Tokens with which the API server must not even know who asks: 401, not 403."""
_WRITERS = (tenants.Role.MAINTAINER, tenants.Role.OWNER)
"""Who reads Secrets and writes; whoever has less right is tried first."""

Page = tuple[str, str]
"""What a page is called in a probe's id, and its path."""
_OPEN_PAGES: tuple[Page, ...] = (
    ("discovery", f"/realms/{identity_places.REALM}/.well-known/openid-configuration"),
    ("account", f"/realms/{identity_places.REALM}/account/"),
)
_CLOSED_PAGES: tuple[Page, ...] = (
    ("root", "/"),
    ("admin", "/admin/"),
    ("admin-console", "/admin/master/console/"),
    ("realm-console", f"/admin/{identity_places.REALM}/console/"),
    ("admin-api", f"/admin/realms/{identity_places.REALM}/users"),
    ("master", "/realms/master"),
    ("master-token", "/realms/master/protocol/openid-connect/token"),
    ("registration", f"/realms/{identity_places.REALM}/clients-registrations/default"),
    ("health", "/health"),
    ("health-ready", "/health/ready"),
    ("metrics", "/metrics"),
    ("dots", f"/realms/{identity_places.REALM}/../../admin/master/console/"),
    ("escaped", f"/realms/{identity_places.REALM}/%2e%2e/%2e%2e/admin/master/console/"),
    ("semicolon", f"/realms/{identity_places.REALM}/..;/..;/admin/master/console/"),
)
"""What only the management network is offered, also by ways that servers read differently."""
_MANAGEMENT_PAGES: tuple[Page, ...] = (
    ("admin-console", "/admin/master/console/"),
    ("health-ready", "/health/ready"),
)
_TLS: tuple[tuple[str, probes.Outcome], ...] = (
    ("1.0", _FORBIDDEN),
    ("1.1", _FORBIDDEN),
    ("1.2", _ALLOWED),
    ("1.3", _ALLOWED),
)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Sample:
    """A tenant that somebody is a member of while `verify` runs."""

    group: str
    """Of those who may write; no other sample's tenant knows it."""
    namespace: str
    database: databases.DatabasePlan | None

    @property
    def secret(self) -> str | None:
        """The Secret with a password for the database."""
        return None if self.database is None else f"database-{self.database.id}-ro"


def plan(spec: inventory.Inventory, side: platforms.Side) -> Iterator[probes.Probe]:
    """Everything that is tried on one side; nothing where it has no identity service."""
    place = identity_places.of(spec, side)
    if place is None:
        return
    if services.machine_of(spec, side, platforms.Service.KUBERNETES) is not None:
        yield from tokens(samples(namespaces.scopes(spec, side)))
    yield from _front(spec, side, place.machine)


def samples(scopes: Sequence[namespaces.Scope]) -> tuple[Sample, ...]:
    """At most two tenants, those with a database first; one environment of each."""
    found: dict[str, Sample] = {}
    taken: set[str] = set()
    for scope in sorted(scopes, key=lambda one: not one.environment.databases):
        groups = {member.group for member in scope.tenant.spec.members}
        group = _writer(scope.tenant)
        tenant = scope.tenant.metadata.id
        if scope.frozen is not None or group is None or tenant in found or groups & taken:
            continue
        found[tenant] = Sample(group=group, namespace=scope.namespace, database=next(iter(databases.plan(scope)), None))
        taken |= groups
        if len(found) == MOST_TENANTS:
            break
    return tuple(found.values())


def tokens(chosen: Sequence[Sample]) -> Iterator[probes.Probe]:
    """What a token of each sample's member is worth at its own tenant, at the other one, and for the cluster."""
    for own in chosen:
        yield from _at_own(own)
        yield _token(own, "list-namespaces", CLUSTER, _FORBIDDEN)
        yield _token(own, "bind-cluster-role", CLUSTER, _FORBIDDEN)
    for own, other in itertools.permutations(chosen, 2):
        yield from _at_other(own, other)
    for own in chosen[:1]:
        for act in BAD_TOKENS:
            yield _token(own, act, own.namespace, probes.Outcome.UNAUTHENTICATED)


def _at_own(own: Sample) -> Iterator[probes.Probe]:
    for act in ("review", "write"):
        yield _token(own, act, own.namespace, _ALLOWED)
    yield _token(own, "grant", own.namespace, _FORBIDDEN)
    if own.database is not None:
        yield _token(own, "read-password", f"{own.namespace}/{own.secret}", _ALLOWED)
        yield _token(own, "open-database", own.database.database, _ALLOWED, by=_password_of(own))
        yield _token(own, "token-as-password", own.database.database, _FORBIDDEN, by=_password_of(own))


def _at_other(own: Sample, other: Sample) -> Iterator[probes.Probe]:
    for act in ("review", "write", "grant"):
        yield _token(own, act, other.namespace, _FORBIDDEN)
    if other.secret is not None:
        yield _token(own, "read-password", f"{other.namespace}/{other.secret}", _FORBIDDEN)
    if own.database is not None and other.database is not None:
        by = _password_of(own)
        yield _token(own, "open-database", other.database.database, _FORBIDDEN, by=by)
        # And with the other's user name, which is no secret.
        yield _token(own, "log-in-as", other.database.ro, _FORBIDDEN, by=by)


def _password_of(own: Sample) -> str:
    return f"{own.namespace}/{own.secret}"


def _token(own: Sample, act: str, target: str, expected: probes.Outcome, *, by: str = "") -> probes.Probe:
    return probes.Probe(
        id=f"token/{own.group}/{act}/{target}",
        kind=probes.Kind.TOKEN,
        expected=expected,
        source=own.group,
        target=target,
        act=act,
        by=by,
    )


def _writer(tenant: tenants.Tenant) -> str | None:
    for role in _WRITERS:
        found = sorted(member.group for member in tenant.spec.members if member.role is role)
        if found:
            return found[0]
    return None


def _front(spec: inventory.Inventory, side: platforms.Side, machine: platforms.Machine) -> Iterator[probes.Probe]:
    """From each client that may log in, at each address: which pages there are, and how it may be talked to."""
    for client in spec.platform.spec.machines:
        if platforms.Service.CLIENT not in client.services or spec.side_of(client) is not side:
            continue
        for place in machine.interfaces:
            if flows.allows(
                spec, source=client, destination=machine, interface=place, protocol="tcp", port=identity_places.PORT
            ):
                for address in (place.address, place.address6):
                    yield from _Front(client.id, address, place.zone).in_zone()
        if client.management is not None and machine.management is not None:
            yield _Front(client.id, machine.management, "management").page("management-admin", "/admin/", _BLOCKED)
    if machine.management is not None:
        front = _Front("", machine.management, "management")
        for name, path in _MANAGEMENT_PAGES:
            yield front.page(name, path, _ALLOWED)


@dataclasses.dataclass(frozen=True)
class _Front:
    """One address of the service, and from where it is tried."""

    client: str
    address: ipaddress.IPv4Address | ipaddress.IPv6Address
    zone: str

    @property
    def _port(self) -> int:
        return identity_places.ADMIN_PORT if self.zone == "management" else identity_places.PORT

    def in_zone(self) -> Iterator[probes.Probe]:
        """All that is tried in a zone."""
        for name, path in _OPEN_PAGES:
            yield self.page(name, path, _ALLOWED)
        for name, path in _CLOSED_PAGES:
            yield self.page(name, path, _FORBIDDEN)
        for version, expected in _TLS:
            yield self._probe(f"tls{version}", "tls", version, expected)
        for port in (80, identity_places.PORT):
            yield dataclasses.replace(self._probe(f"plain-http-{port}", "plain", "/", _FORBIDDEN), port=port)

    def page(self, name: str, path: str, expected: probes.Outcome) -> probes.Probe:
        """Ask for a page by HTTPS."""
        return self._probe(name, "page", path, expected)

    def _probe(self, name: str, act: str, by: str, expected: probes.Outcome) -> probes.Probe:
        where = f"{self.zone}-v{self.address.version}"
        return probes.Probe(
            id=f"web/{self.client or 'management'}/identity/{where}/{name}",
            kind=probes.Kind.WEB,
            expected=expected,
            source=self.client,
            target=str(self.address),
            port=self._port,
            act=act,
            by=by,
        )
