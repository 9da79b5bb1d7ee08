"""A tenant's objects as text: what deploy applies, with secrets by their names."""

from __future__ import annotations

import dataclasses
import datetime
import json

import yaml

from govcloud_cli.governance import lifecycle
from govcloud_cli.model import inventory, platforms
from govcloud_cli.plan import databases, namespaces, shards


@dataclasses.dataclass(frozen=True, kw_only=True)
class Rendering:
    """Everything of one tenant that the tenants' stacks hold."""

    tenant: str
    shard: str
    side: platforms.Side
    manifests: tuple[namespaces.Manifest, ...]
    databases: tuple[databases.DatabasePlan, ...]


def of(spec: inventory.Inventory, tenant: str, *, today: datetime.date) -> Rendering:
    """The objects of a tenant that the inventory has, as planned on `today` (UTC)."""
    settled = lifecycle.settled(spec, today=today)
    (own,) = (one for one in settled.tenants if one.metadata.id == tenant)
    side = settled.zone(own.spec.zone).side
    # The others stay in the inventory, because what they freeze or allow is in this one's policies; only it is planned.
    scopes = [scope for scope in namespaces.scopes(settled, side) if scope.tenant is own]
    return Rendering(
        tenant=tenant,
        shard=shards.shard_of(tenant),
        side=side,
        manifests=tuple(manifest for scope in scopes for manifest in shards.manifests(scope)),
        databases=tuple(database for scope in scopes for database in databases.plan(scope)),
    )


def text(rendering: Rendering) -> str:
    """The objects as YAML documents: Kubernetes' own, then one of kind `Database` per database."""
    documents = [
        *rendering.manifests,
        *(
            {
                "apiVersion": "govcloud/v1",
                "kind": "Database",
                "metadata": {"name": database.database},
                "spec": dataclasses.asdict(database),
            }
            for database in rendering.databases
        ),
    ]
    plain = json.loads(json.dumps(documents, default=str))
    return str(yaml.safe_dump_all(plain, explicit_start=True, allow_unicode=True, sort_keys=False, width=120))
