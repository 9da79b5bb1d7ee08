"""Tenants: who answers, where their data may be, whom they may talk to, and who serves them."""

from __future__ import annotations

from collections.abc import Iterator

from govcloud_cli.inventory import findings
from govcloud_cli.model import consents, organisations, platforms, tenants

FIT_CLASSES = {
    platforms.ZoneKind.INTERNAL: frozenset(tenants.DataClass),
    platforms.ZoneKind.EXTERNAL: frozenset({tenants.DataClass.GENERAL, tenants.DataClass.IMPORTANT}),
    platforms.ZoneKind.INTERNET: frozenset({tenants.DataClass.GENERAL}),
}
"""Data classes that a kind of zone may hold."""

_LEAST_MLPS = {tenants.DataClass.GENERAL: 2, tenants.DataClass.IMPORTANT: 3, tenants.DataClass.CORE: 3}


def tenants_are_departments(world: findings.World) -> Iterator[findings.Finding]:
    """A tenant belongs to a department, not to a government as a whole."""
    known = {entry.id for entry in world.platform.spec.organisations}
    departments = organisations.departments(world.platform.spec.organisations)
    for tenant in world.tenants:
        if tenant.spec.organisation in known - departments:
            yield findings.Finding(
                code="GC1604",
                document=tenant,
                where=("spec", "organisation"),
                message=f"'{tenant.spec.organisation}' is a government, not a department",
                found=tenant.spec.organisation,
            )


def two_people_answer(world: findings.World) -> Iterator[findings.Finding]:
    """The owner is not the technical lead."""
    for tenant in world.tenants:
        if tenant.spec.owner == tenant.spec.technical_lead:
            yield findings.Finding(
                code="GC1701",
                document=tenant,
                where=("spec", "technicalLead"),
                message=f"'{tenant.spec.owner}' is both owner and technical lead",
                found=tenant.spec.technical_lead,
            )


def data_is_in_a_fit_zone(world: findings.World) -> Iterator[findings.Finding]:
    """The class of the data limits the zone and sets the least MLPS level."""
    for tenant in world.tenants:
        spec, zone = tenant.spec, world.zones.get(tenant.spec.zone)
        if zone is not None and spec.data_class not in FIT_CLASSES[zone.kind]:
            yield findings.Finding(
                code="GC1703",
                document=tenant,
                where=("spec", "dataClass"),
                message=f"{spec.data_class} data may not be in zone '{zone.id}' of kind {zone.kind}",
                found=spec.data_class,
            )
        if spec.mlps < _LEAST_MLPS[spec.data_class]:
            yield findings.Finding(
                code="GC1704",
                document=tenant,
                where=("spec", "mlps"),
                message=f"level {spec.mlps} is too low for {spec.data_class} data",
                found=str(spec.mlps),
            )


def allowances_stay_on_one_side(world: findings.World) -> Iterator[findings.Finding]:
    """Peers, tenants or zones, are on the tenant's own side of the air gap."""
    homes = {tenant.metadata.id: tenant.spec.zone for tenant in world.tenants}
    for tenant in world.tenants:
        own = world.zones.get(tenant.spec.zone)
        for index, allowance in enumerate(tenant.spec.network.allow):
            peer = allowance.peer
            name = peer.zone if peer.zone is not None else homes.get(str(peer.tenant), "")
            other = world.zones.get(name)
            if own is not None and other is not None and own.side is not other.side:
                shown = peer.zone or peer.tenant or ""
                yield findings.Finding(
                    code="GC1706",
                    document=tenant,
                    where=("spec", "network", "allow", index, "peer"),
                    message=f"'{shown}' is on the {other.side} side, '{tenant.metadata.id}' on the {own.side} side",
                    found=shown,
                )


def both_tenants_agree(world: findings.World) -> Iterator[findings.Finding]:
    """Every port of an allowance towards a tenant has its mirror image in the other file."""
    by_id = {tenant.metadata.id: tenant for tenant in world.tenants}
    agreed = consents.agreed(world.tenants)
    for tenant in world.tenants:
        for index, allowance in enumerate(tenant.spec.network.allow):
            other = by_id.get(allowance.peer.tenant or "")
            if other is None or other.metadata.id in world.unread or _apart(world, tenant, other):
                continue
            open_ports = {passage.port for passage in consents.wished(tenant, allowance, other) & agreed}
            missing = [port for port in allowance.ports if port not in open_ports]
            if missing:
                yield _not_agreed(tenant, index, allowance, missing)


def _apart(world: findings.World, tenant: tenants.Tenant, other: tenants.Tenant) -> bool:
    """True across the air gap, where no agreement would help."""
    ends = (world.zones.get(tenant.spec.zone), world.zones.get(other.spec.zone))
    return len({zone.side for zone in ends if zone is not None}) > 1


def _not_agreed(
    tenant: tenants.Tenant, index: int, allowance: tenants.Allowance, missing: list[int]
) -> findings.Finding:
    mirrored = "inbound" if allowance.direction is tenants.Direction.OUTBOUND else "outbound"
    ports = ", ".join(str(port) for port in missing)
    peer = allowance.peer.tenant
    return findings.Finding(
        code="GC1702",
        document=tenant,
        where=("spec", "network", "allow", index),
        message=f"'{peer}' does not list {allowance.protocol} {ports} with '{tenant.metadata.id}' as {mirrored}",
        found=f"{allowance.direction} {allowance.protocol} {ports}",
        allowed=f"in tenants/{peer}.yaml: direction {mirrored}, peer tenant {tenant.metadata.id}, "
        f"protocol {allowance.protocol}, ports [{ports}], for a common environment",
    )


def all_but_prod_ends(world: findings.World) -> Iterator[findings.Finding]:
    """An environment outside prod has a last day."""
    for tenant in world.tenants:
        for index, environment in enumerate(tenant.spec.environments):
            if environment.name is not tenants.EnvironmentName.PROD and environment.expires_on is None:
                yield findings.Finding(
                    code="GC1708",
                    document=tenant,
                    where=("spec", "environments", index, "expiresOn"),
                    message=f"environment {environment.name} of '{tenant.metadata.id}' has no last day",
                    found="no expiresOn",
                )


def quotas_are_of_one_kind(world: findings.World) -> Iterator[findings.Finding]:
    """An environment has a tier or a quota of its own."""
    for tenant in world.tenants:
        for index, environment in enumerate(tenant.spec.environments):
            if environment.quota is not None and environment.custom_quota is not None:
                yield findings.Finding(
                    code="GC1109",
                    document=tenant,
                    where=("spec", "environments", index, "quota"),
                    message=f"environment {environment.name} has both quota and customQuota",
                    found=f"quota {environment.quota} and customQuota",
                    allowed="either quota or customQuota",
                    remedy="keep the tier if it is enough, else remove `quota`",
                )


def their_side_serves_them(world: findings.World) -> Iterator[findings.Finding]:
    """Each side with tenants has a cluster, and a shared database server if they ask for one."""
    offered: dict[platforms.Side, set[platforms.Service]] = {side: set() for side in platforms.Side}
    for machine in world.platform.spec.machines:
        dedicated = {platforms.Service.DATABASE} if machine.dedicated_to is not None else set()
        for zone in world.zones_of(machine):
            offered[zone.side] |= set(machine.services) - dedicated
    for side in world.platform.spec.kubeconfig:
        offered[side].add(platforms.Service.KUBERNETES)
    for tenant in world.tenants:
        zone_ = world.zones.get(tenant.spec.zone)
        if zone_ is None:
            continue
        needs = [platforms.Service.KUBERNETES]
        wanted = [database for environment in tenant.spec.environments for database in environment.databases]
        if any(database.tier is tenants.DatabaseTier.SHARED for database in wanted):
            needs.append(platforms.Service.DATABASE)
        if tenant.spec.applications:
            needs.append(platforms.Service.IDENTITY)
        for service in needs:
            if service not in offered[zone_.side]:
                yield findings.Finding(
                    code="GC1705",
                    document=tenant,
                    where=("spec", "zone"),
                    message=f"the {zone_.side} side has no machine with the service {service} for everybody",
                    found=tenant.spec.zone,
                    allowed=f"a zone on a side with {service}",
                )


def applications_are_told_apart(world: findings.World) -> Iterator[findings.Finding]:
    """A client is `<tenant>-<environment>-<id>`, which two different ones could spell alike."""
    first: dict[str, tenants.Tenant] = {}
    for tenant in world.tenants:
        for index, application in enumerate(tenant.spec.applications):
            client = f"{tenant.metadata.id}-{application.environment}-{application.id}"
            owner = first.setdefault(client, tenant)
            if owner is not tenant:
                yield findings.Finding(
                    code="GC1711",
                    document=tenant,
                    where=("spec", "applications", index, "id"),
                    message=f"'{client}' is the client of an application of '{owner.metadata.id}' already",
                    found=application.id,
                )
