"""References lead somewhere, and lists name each thing once."""

from __future__ import annotations

import difflib
from collections.abc import Hashable, Iterable, Iterator

from govcloud_cli.inventory import findings
from govcloud_cli.model import tenants


def references_resolve(world: findings.World) -> Iterator[findings.Finding]:
    """Of machines, flows, organisations, people and tenants; of freezes `freezes` tells."""
    yield from _platform_references(world)
    yield from _people_references(world)
    for tenant in world.tenants:
        yield from _tenant_references(world, tenant)


def entries_are_listed_once(world: findings.World) -> Iterator[findings.Finding]:
    """Services, ports, environments, databases, members, organisations of VPN groups or that a person decides for."""
    yield from _platform_lists(world)
    for tenant in world.tenants:
        yield from _tenant_lists(tenant)
    for freeze in world.freezes:
        yield from _twice(freeze, ("spec", "environments"), "environment", freeze.spec.environments)
    if world.people is not None:
        for index, person in enumerate(world.people.spec.people):
            yield from _twice(world.people, ("spec", "people", index, "approves"), "organisation", person.approves)
            yield from _twice(world.people, ("spec", "people", index, "groups"), "group", person.groups)


def _platform_lists(world: findings.World) -> Iterator[findings.Finding]:
    for index, machine in enumerate(world.platform.spec.machines):
        yield from _twice(world.platform, ("spec", "machines", index, "services"), "service", machine.services)
        zones = [interface.zone for interface in machine.interfaces]
        yield from _twice(world.platform, ("spec", "machines", index, "interfaces"), "zone", zones, within="zone")
    for index, flow in enumerate(world.platform.spec.flows):
        yield from _twice(world.platform, ("spec", "flows", index, "ports"), "port", flow.ports)
    vpn = world.platform.spec.vpn
    for index, group in enumerate(vpn.groups if vpn is not None else ()):
        where: findings.Where = ("spec", "vpn", "groups", index)
        yield from _twice(world.platform, (*where, "organisations"), "organisation", group.organisations)
        yield from _twice(world.platform, (*where, "dns"), "address", [str(address) for address in group.dns])
    portal = world.platform.spec.identity.portal
    if portal is not None:
        where = ("spec", "identity", "portal", "redirectUris")
        yield from _twice(world.platform, where, "address", portal.redirect_uris)


def _tenant_lists(tenant: tenants.Tenant) -> Iterator[findings.Finding]:
    spec = tenant.spec
    yield from _twice(
        tenant, ("spec", "environments"), "environment", [env.name for env in spec.environments], within="name"
    )
    for index, environment in enumerate(spec.environments):
        ids = [database.id for database in environment.databases]
        where: findings.Where = ("spec", "environments", index, "databases")
        yield from _twice(tenant, where, "database", ids, within="id")
        for place, database in enumerate(environment.databases):
            yield from _twice(tenant, (*where, place, "extensions"), "extension", database.extensions)
    yield from _twice(tenant, ("spec", "members"), "group", [one.group for one in spec.members], within="group")
    for index, allowance in enumerate(spec.network.allow):
        yield from _twice(tenant, ("spec", "network", "allow", index, "ports"), "port", allowance.ports)
    applications = [(one.environment, one.id) for one in spec.applications]
    yield from _twice(tenant, ("spec", "applications"), "application", applications, within="id")
    for index, application in enumerate(spec.applications):
        where = ("spec", "applications", index, "redirectUris")
        yield from _twice(tenant, where, "address", application.redirect_uris)
    keys = [(one.direction, one.peer, one.protocol, one.ports) for one in spec.network.allow]
    yield from _twice(tenant, ("spec", "network", "allow"), "allowance", keys)


def _platform_references(world: findings.World) -> Iterator[findings.Finding]:
    spec = world.platform.spec
    zones = tuple(world.zones)
    where: findings.Where
    for index, machine in enumerate(spec.machines):
        for place, interface in enumerate(machine.interfaces):
            if interface.zone not in zones:
                where = ("spec", "machines", index, "interfaces", place, "zone")
                yield nothing(world.platform, where, "zone", interface.zone, zones)
    yield from _flow_references(world)
    ids = tuple(organisation.id for organisation in spec.organisations)
    for index, organisation in enumerate(spec.organisations):
        if organisation.parent is not None and organisation.parent not in ids:
            where = ("spec", "organisations", index, "parent")
            yield nothing(world.platform, where, "organisation", organisation.parent, ids)
    for index, group in enumerate(spec.vpn.groups if spec.vpn is not None else ()):
        for place, identifier in enumerate(group.organisations):
            if identifier not in ids:
                where = ("spec", "vpn", "groups", index, "organisations", place)
                yield nothing(world.platform, where, "organisation", identifier, ids)


def _flow_references(world: findings.World) -> Iterator[findings.Finding]:
    spec = world.platform.spec
    zones, machines = tuple(world.zones), tuple(world.machines)
    groups = tuple(group.id for group in spec.vpn.groups) if spec.vpn is not None else ()
    for index, flow in enumerate(spec.flows):
        for side, end in (("from", flow.source), ("to", flow.destination)):
            where: findings.Where = ("spec", "flows", index, side)
            if end.zone in {"management", "mgmt0"} and end.zone not in zones:
                yield findings.Finding(
                    code="GC1502",
                    document=world.platform,
                    where=(*where, "zone"),
                    message=f"flow '{flow.id}' names the management network",
                    found=str(end.zone),
                )
            elif end.zone is not None and end.zone not in zones:
                yield nothing(world.platform, (*where, "zone"), "zone", end.zone, zones)
            if end.machine is not None and end.machine not in machines:
                yield nothing(world.platform, (*where, "machine"), "machine", end.machine, machines)
            if end.vpn is not None and end.vpn not in groups:
                yield nothing(world.platform, (*where, "vpn"), "VPN group", end.vpn, groups)


def _people_references(world: findings.World) -> Iterator[findings.Finding]:
    if world.people is None:
        return
    ids = tuple(organisation.id for organisation in world.platform.spec.organisations)
    where: findings.Where
    for index, person in enumerate(world.people.spec.people):
        if person.organisation is not None and person.organisation not in ids:
            where = ("spec", "people", index, "organisation")
            yield nothing(world.people, where, "organisation", person.organisation, ids)
        for place, identifier in enumerate(person.approves):
            if identifier not in ids:
                where = ("spec", "people", index, "approves", place)
                yield nothing(world.people, where, "organisation", identifier, ids)


def _tenant_references(world: findings.World, tenant: tenants.Tenant) -> Iterator[findings.Finding]:
    spec = tenant.spec
    organisations = tuple(organisation.id for organisation in world.platform.spec.organisations)
    if spec.organisation not in organisations:
        yield nothing(tenant, ("spec", "organisation"), "organisation", spec.organisation, organisations)
    if spec.zone not in world.zones:
        yield nothing(tenant, ("spec", "zone"), "zone", spec.zone, tuple(world.zones))
    where: findings.Where
    own = tuple(environment.name for environment in spec.environments)
    for index, application in enumerate(spec.applications):
        if application.environment not in own:
            where = ("spec", "applications", index, "environment")
            yield nothing(tenant, where, "environment", application.environment, own)
    known = world.tenants_by_id
    for index, allowance in enumerate(spec.network.allow):
        where = ("spec", "network", "allow", index, "peer")
        peer = allowance.peer
        if peer.zone is not None and peer.zone not in world.zones:
            yield nothing(tenant, (*where, "zone"), "zone", peer.zone, tuple(world.zones))
        if peer.tenant is None or peer.tenant in world.unread:
            continue
        if peer.tenant not in known:
            yield nothing(tenant, (*where, "tenant"), "tenant", peer.tenant, tuple(known))
        elif peer.environment is not None:
            theirs = tuple(env.name for env in known[peer.tenant].spec.environments)
            if peer.environment not in theirs:
                yield nothing(
                    tenant, (*where, "environment"), f"environment of '{peer.tenant}'", peer.environment, theirs
                )


def _twice(
    document: findings.Document, where: findings.Where, noun: str, entries: Iterable[Hashable], *, within: str = ""
) -> Iterator[findings.Finding]:
    seen: set[Hashable] = set()
    for index, entry in enumerate(entries):
        if entry in seen:
            shown = "" if isinstance(entry, tuple) else f" '{entry}'"
            yield findings.Finding(
                code="GC1206",
                document=document,
                where=(*where, index, within) if within else (*where, index),
                message=f"{noun}{shown} is listed twice",
                found=shown.strip(" '"),
            )
        seen.add(entry)


def nothing(
    document: findings.Document, where: findings.Where, noun: str, identifier: str, known: tuple[str, ...]
) -> findings.Finding:
    """That there is no `noun` of the id `identifier`; `known` are the ids that there are."""
    near = difflib.get_close_matches(identifier, known, n=1)
    return findings.Finding(
        code="GC1205",
        document=document,
        where=where,
        message=f"there is no {noun} '{identifier}'",
        found=identifier,
        allowed=", ".join(known[:12]) + (", …" if len(known) > 12 else ""),
        remedy=f"did you mean '{near[0]}'?" if near else "",
    )
