"""Databases: which are on machines of their own, and whose those machines are."""

from __future__ import annotations

from collections.abc import Iterator

from govcloud_cli.inventory import findings
from govcloud_cli.inventory.crosschecks import references
from govcloud_cli.model import platforms, tenants

_DEDICATED = tenants.DatabaseTier.DEDICATED


def machines_are_dedicated_to_tenants(world: findings.World) -> Iterator[findings.Finding]:
    """Only a database machine is one tenant's, of a tenant that there is, on his side of the air gap."""
    for index, machine in enumerate(world.platform.spec.machines):
        owner = machine.dedicated_to
        if owner is None:
            continue
        where: findings.Where = ("spec", "machines", index, "dedicatedTo")
        if platforms.Service.DATABASE not in machine.services:
            message = f"machine '{machine.id}' is dedicated to '{owner}' and holds no databases"
            yield _machine(world, where, message, found=", ".join(machine.services))
        if owner in world.unread:
            continue
        tenant = world.tenants_by_id.get(owner)
        if tenant is None:
            yield references.nothing(world.platform, where, "tenant", owner, tuple(world.tenants_by_id))
            continue
        home, sides = world.zones.get(tenant.spec.zone), {zone.side for zone in world.zones_of(machine)}
        if home is not None and sides and home.side not in sides:
            message = f"machine '{machine.id}' is not on the {home.side} side, where '{owner}' is"
            yield _machine(world, where, message, found=owner)


def reasons_are_given_for_dedicated_ones(world: findings.World) -> Iterator[findings.Finding]:
    """A dedicated database says why, and only such a one does."""
    for tenant, where, database in _databases(world):
        dedicated = database.tier is _DEDICATED
        if dedicated is (database.reason is not None):
            continue
        lacks = "is dedicated and does not say why" if dedicated else "gives a reason and is on the shared tier"
        yield findings.Finding(
            code="GC1709",
            document=tenant,
            where=(*where, "reason"),
            message=f"database '{database.id}' {lacks}",
            found="no reason" if dedicated else "a reason",
            remedy="add `reason`, or remove `tier`" if dedicated else "remove `reason`, or add `tier: dedicated`",
        )


def dedicated_ones_have_their_machine(world: findings.World) -> Iterator[findings.Finding]:
    """On the tenant's side there is a database machine that is his."""
    for tenant, where, database in _databases(world):
        zone = world.zones.get(tenant.spec.zone)
        if database.tier is not _DEDICATED or zone is None:
            continue
        if not any(_serves(world, machine, tenant, zone.side) for machine in world.platform.spec.machines):
            yield findings.Finding(
                code="GC1710",
                document=tenant,
                where=(*where, "tier"),
                message=f"no database machine on the {zone.side} side is dedicated to '{tenant.metadata.id}'",
                found=database.tier,
                allowed=f"a machine there with services [database] and dedicatedTo: {tenant.metadata.id}",
            )


def _serves(world: findings.World, machine: platforms.Machine, tenant: tenants.Tenant, side: platforms.Side) -> bool:
    return (
        machine.dedicated_to == tenant.metadata.id
        and platforms.Service.DATABASE in machine.services
        and side in {zone.side for zone in world.zones_of(machine)}
    )


def _databases(world: findings.World) -> Iterator[tuple[tenants.Tenant, findings.Where, tenants.Database]]:
    for tenant in world.tenants:
        for index, environment in enumerate(tenant.spec.environments):
            for place, database in enumerate(environment.databases):
                yield tenant, ("spec", "environments", index, "databases", place), database


def _machine(world: findings.World, where: findings.Where, message: str, *, found: str) -> findings.Finding:
    return findings.Finding(code="GC1417", document=world.platform, where=where, message=message, found=found)
