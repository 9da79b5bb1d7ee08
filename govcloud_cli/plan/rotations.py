"""Database passwords of a later generation: who knew one and left must find it changed.

A generation is in the references of a tenant's Secrets and in its databases' plans, so that what changes a password
makes the tenant's stack due, and Secret and role change in one run. The first generation shows nowhere.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from govcloud_cli.plan import databases, namespaces, plans, shards, steps

Generations = Mapping[str, int]
"""Tenant -> the generation of its databases' passwords; 1 for whoever is not named."""

_TENANT = f"{namespaces.PREFIX}tenant"


def turned(side: plans.SidePlan, generations: Generations) -> plans.SidePlan:
    """`side`, which has the first generation everywhere, with these."""
    later = {tenant: number for tenant, number in generations.items() if number > 1}
    if not later:
        return side
    return dataclasses.replace(side, shards=tuple(shard_of(shard, later) for shard in side.shards))


def shard_of(shard: shards.ShardPlan, generations: Generations) -> shards.ShardPlan:
    """`shard` with these generations, whatever it has."""
    return dataclasses.replace(
        shard,
        databases=tuple(
            dataclasses.replace(one, generation=generations[one.tenant]) if one.tenant in generations else one
            for one in shard.databases
        ),
        manifests=tuple(_manifest(one, generations) for one in shard.manifests),
    )


def is_due(shard: shards.ShardPlan, applied: Mapping[str, str]) -> bool | None:
    """Whether a stack waits for nothing but later passwords; None if something else of it changed too.

    `applied`: the entries last applied (`steps`). What else changed is for a deploy, which asks whether it may.
    """
    entries = _entries(shard)
    different = {entry for entry in {*entries, *applied} if entries.get(entry) != applied.get(entry)}
    if not different:
        return False
    explained: set[str] = set()
    for tenant, number in {one.tenant: one.generation for one in shard.databases}.items():
        for older in range(number - 1, 0, -1):
            before = _entries(shard_of(shard, {tenant: older}))
            explained |= {entry for entry in different if before.get(entry) == applied.get(entry) is not None}
    return True if different <= explained else None


def _entries(shard: shards.ShardPlan) -> dict[str, str]:
    return steps.manifest_entries(shard.manifests) | steps.database_entries(shard.databases)


def _manifest(manifest: namespaces.Manifest, generations: Generations) -> namespaces.Manifest:
    tenant = manifest["metadata"].get("labels", {}).get(_TENANT)
    if manifest["kind"] != "Secret" or tenant not in generations:
        return manifest
    changed: namespaces.Manifest = _value(manifest, generations[tenant])
    return changed


def _value(value: Any, generation: int) -> Any:
    match value:
        case databases.SecretText(parts=parts):
            return databases.SecretText(tuple(databases.of_generation(part, generation) for part in parts))
        case dict():
            return {name: _value(item, generation) for name, item in value.items()}
    return value
