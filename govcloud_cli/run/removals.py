"""What a deploy would destroy: refused unless it is named, because a line that is missing alone never deletes."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from govcloud_cli import errors
from govcloud_cli.model import tenants
from govcloud_cli.plan import belongings, plans, steps
from govcloud_cli.run import applied, decisions, sites

_DATA = ("Namespace/", "Database/")
"""Kinds of entries that hold a tenant's data."""


def refuse(site: sites.Site, plan: plans.Plan, allowed: Collection[str]) -> None:
    """Refuse what `allowed` does not name: tenants, namespaces and databases as PostgreSQL names them.

    Raises `errors.UsageError` with everything that would go, and with the flags that let it.
    """
    _abandoned(site)
    gone = [name for side in plan.sides for name in _gone(site, side)]
    unknown = sorted(set(allowed) - set(gone))
    if unknown:
        raise errors.UsageError(
            f"--remove names what nothing would remove: {', '.join(unknown)}",
            cause="the inventory still has it, or it was never deployed",
            remedy=f"removable now: {', '.join(gone)}" if gone else "leave --remove out",
        )
    refused = sorted(set(gone) - set(allowed))
    if refused:
        flags = " ".join(f"--remove {name}" for name in refused)
        raise errors.UsageError(
            f"the inventory no longer has what is deployed: {', '.join(refused)}",
            cause="their data would be deleted, and a missing file or line alone never deletes",
            remedy=f"put them back, or delete them on purpose: govcloud deploy {flags}",
        )
    moved = [text for side in plan.sides for text in _moved(site, side)]
    if moved:
        raise errors.UsageError(
            f"{len(moved)} databases would change their server",
            cause="\n".join(moved) + "\na database does not move with its data: the new one would be empty",
            remedy="declare another database id with the other tier, copy the data, then remove this one",
        )


def _abandoned(site: sites.Site) -> None:
    if not site.abandoned:
        return
    side = site.abandoned[0]
    raise errors.UsageError(
        f"the inventory no longer has the {side} side, which was deployed",
        where=str(site.space.side(side).path),
        cause="its machines would go on without anybody looking after them",
        remedy=f"put its zones and machines back, or remove it on purpose: govcloud destroy --side {side}"
        if site.embedded
        else "put its zones and machines back, or decommission its hosts and move that folder away",
    )


def _gone(site: sites.Site, side: plans.SidePlan) -> Iterator[str]:
    """Tenants that are gone as a whole, else the namespaces and databases that a tenant gave up."""
    record = applied.load(site.space.side(side.side))
    removed = steps.removed_tenants(side, record.tenants)
    yield from removed
    planned = {
        *(f"Namespace/{name}" for tenant in side.tenants for name in tenant.namespaces),
        *(f"Database/{name}" for tenant in side.tenants for name in tenant.databases),
    }
    known = {entry for step, entries in record.entries.items() if step.startswith("tenants-") for entry in entries}
    for entry in sorted(known - planned):
        whole = any(belongings.is_entry_of(tenant, entry) for tenant in removed)
        if entry.startswith(_DATA) and not whole:
            yield entry.partition("/")[2]


def _moved(site: sites.Site, side: plans.SidePlan) -> Iterator[str]:
    """Databases whose tier is another than when they were last applied."""
    last = decisions.load(site.space.side(side.side)).tenants
    for tenant in site.spec.tenants:
        entry = last.get(tenant.metadata.id)
        before = None if entry is None else entry.applied
        if before is None or site.spec.zone(tenant.spec.zone).side is not side.side:
            continue
        tiers = _tiers(before)
        for place, tier in _tiers(tenant).items():
            if tiers.get(place, tier) is not tier:
                yield f"{tenant.metadata.id} {'/'.join(place)}: {tiers[place]} to {tier}"


def _tiers(tenant: tenants.Tenant) -> dict[tuple[str, str], tenants.DatabaseTier]:
    return {
        (environment.name.value, database.id): database.tier
        for environment in tenant.spec.environments
        for database in environment.databases
    }
