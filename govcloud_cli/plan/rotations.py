"""Secrets of a later generation: who knew one and left must find it changed.

These are database passwords and what tenants' applications prove themselves with at log-in. A generation is in the
references of a tenant's Secrets, in its databases' plans and in its clients', so that what changes a secret makes the
tenant's stack due (and that of the realm), and every place that has it changes in one run. The first generation shows
nowhere.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from govcloud_cli.plan import credentials, identity, namespaces, plans, shards, steps

Generations = Mapping[str, int]
"""Tenant -> the generation of its secrets; 1 for whoever is not named."""

_TENANT = f"{namespaces.PREFIX}tenant"
_APPLICATION = f"{namespaces.PREFIX}application"


def turned(side: plans.SidePlan, generations: Generations) -> plans.SidePlan:
    """`side` with these generations; who is not named keeps what it has."""
    later = {tenant: number for tenant, number in generations.items() if number > 1}
    if not later:
        return side
    return dataclasses.replace(
        side,
        shards=tuple(shard_of(shard, later) for shard in side.shards),
        identity=None if side.identity is None else realm_of(side.identity, later),
    )


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


def realm_of(realm: identity.IdentityPlan, generations: Generations) -> identity.IdentityPlan:
    """`realm` with these generations, whatever it has."""
    return dataclasses.replace(realm, clients=tuple(_client(one, generations) for one in realm.clients))


def of_shard(shard: shards.ShardPlan) -> dict[str, int]:
    """The generation of every tenant of a shard that has secrets."""
    found = {one.tenant: one.generation for one in shard.databases}
    for manifest in _application_secrets(shard):
        (reference,) = manifest["data"]["clientSecret"].parts
        found[manifest["metadata"]["labels"][_TENANT]] = reference.generation
    return found


def changing(shard: shards.ShardPlan, applied: Mapping[str, str]) -> frozenset[str]:
    """Tenants of later generations whose secrets, as last `applied` (entries of `steps`), are others."""
    generations = of_shard(shard)
    owners = {entry: one.tenant for one in shard.databases for entry in steps.database_entries([one])}
    for manifest in _application_secrets(shard):
        owners[steps.manifest_entry(manifest)] = manifest["metadata"]["labels"][_TENANT]
    entries = _entries(shard)
    return frozenset(
        tenant
        for entry, tenant in owners.items()
        if generations[tenant] > 1 and entry in applied and applied[entry] != entries[entry]
    )


def is_due(shard: shards.ShardPlan, applied: Mapping[str, str]) -> bool | None:
    """Whether a stack waits for nothing but later secrets; None if something else of it changed too.

    `applied`: the entries last applied (`steps`). What else changed is for a deploy, which asks whether it may.
    """
    return _is_due(lambda older: _entries(shard_of(shard, older)), applied, of_shard(shard))


def is_realm_due(realm: identity.IdentityPlan, applied: Mapping[str, str], secrets: Mapping[str, str]) -> bool | None:
    """As `is_due`, for the realm: its clients have the secrets of tenants' applications. `secrets`: `Facts.secrets`."""
    generations = {one.tenant: one.secret.generation for one in realm.clients if one.tenant and one.secret}
    return _is_due(lambda older: steps.identity_entries(realm_of(realm, older), secrets), applied, generations)


def _is_due(
    entries_of: Callable[[Generations], Mapping[str, str]], applied: Mapping[str, str], generations: Generations
) -> bool | None:
    entries = entries_of({})
    different = {entry for entry in {*entries, *applied} if entries.get(entry) != applied.get(entry)}
    if not different:
        return False
    explained: set[str] = set()
    for older in _former(generations):
        before = entries_of(older)
        explained |= {entry for entry in different if before.get(entry) == applied.get(entry) is not None}
    return True if different <= explained else None


def _former(generations: Generations) -> Iterator[Generations]:
    """Every tenant with each generation that it had."""
    for tenant, number in generations.items():
        for older in range(number - 1, 0, -1):
            yield {tenant: older}


def _application_secrets(shard: shards.ShardPlan) -> Iterator[namespaces.Manifest]:
    for manifest in shard.manifests:
        if manifest["kind"] == "Secret" and _APPLICATION in manifest["metadata"].get("labels", {}):
            yield manifest


def _entries(shard: shards.ShardPlan) -> dict[str, str]:
    return steps.manifest_entries(shard.manifests) | steps.database_entries(shard.databases)


def _client(client: identity.Client, generations: Generations) -> identity.Client:
    if client.tenant is None or client.tenant not in generations or client.secret is None:
        return client
    changed = credentials.of_generation(client.secret, generations[client.tenant])
    return dataclasses.replace(client, secret=changed)


def _manifest(manifest: namespaces.Manifest, generations: Generations) -> namespaces.Manifest:
    tenant = manifest["metadata"].get("labels", {}).get(_TENANT)
    if manifest["kind"] != "Secret" or tenant not in generations:
        return manifest
    changed: namespaces.Manifest = _value(manifest, generations[tenant])
    return changed


def _value(value: Any, generation: int) -> Any:
    match value:
        case credentials.SecretText(parts=parts):
            return credentials.SecretText(tuple(_part(part, generation) for part in parts))
        case dict():
            return {name: _value(item, generation) for name, item in value.items()}
    return value


def _part(part: str | credentials.SecretRef, generation: int) -> str | credentials.SecretRef:
    return part if isinstance(part, str) else credentials.of_generation(part, generation)
