"""Tenants over stacks: which stack a tenant belongs to, and everything that the stack shall hold.

Pulumi writes a stack's whole state at once, and a failure stops a stack: many small ones keep both small.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
from typing import Any

from govcloud_cli.model import inventory as inventories
from govcloud_cli.model import platforms
from govcloud_cli.plan import access, applications, credentials, databases, namespaces, network_policies, quotas

SHARDS = 16
"""Stacks per side, measured with `make bench`; `docs/performance.md` has the numbers.

Each stack costs a third of a processor second to start, and a changed tenant waits for its whole stack: 16 keep both
small from ten tenants (one to a stack) to a thousand (sixty). A constant of a platform's life: another number moves
tenants between stacks, which deletes and creates them.
"""


@dataclasses.dataclass(frozen=True, kw_only=True)
class ShardPlan:
    """What one stack shall hold: tenants of one side only, in a fixed order."""

    id: str
    side: platforms.Side
    manifests: tuple[namespaces.Manifest, ...]
    databases: tuple[databases.DatabasePlan, ...]

    @property
    def tenants(self) -> tuple[str, ...]:
        """Ids of its tenants, ordered."""
        labels = (manifest["metadata"]["labels"] for manifest in self.manifests)
        return tuple(sorted({label[f"{namespaces.PREFIX}tenant"] for label in labels}))

    def to_json(self) -> str:
        """The plan as canonical JSON; secrets show as `${name}`. Equal plans give equal text."""
        content = {
            "id": self.id,
            "side": self.side.value,
            "manifests": self.manifests,
            "databases": [dataclasses.asdict(database) for database in self.databases],
        }
        return json.dumps(content, default=_secret_text, ensure_ascii=False, sort_keys=True, separators=(",", ":"))

    @property
    def digest(self) -> str:
        """SHA-256 of the JSON, in hexadecimal: the shard is unchanged if this is."""
        return hashlib.sha256(self.to_json().encode()).hexdigest()


def shard_of(tenant_id: str, count: int = SHARDS) -> str:
    """The stack of a tenant, e.g. `tenants-07`: follows from its id alone, so nobody moves when others come or go."""
    if not 1 <= count <= 100:
        raise ValueError(f"a side has 1 to 100 shards, not {count}")
    number = int.from_bytes(hashlib.sha256(tenant_id.encode()).digest()[:8], "big") % count
    return _name(number)


def plan(inventory: inventories.Inventory, side: platforms.Side, *, count: int = SHARDS) -> tuple[ShardPlan, ...]:
    """Every shard of one side, ordered by id. Empty ones too: a stack that lost its last tenant has work to do."""
    own: dict[str, list[namespaces.Scope]] = {_name(number): [] for number in range(count)}
    for scope in namespaces.scopes(inventory, side):
        own[shard_of(scope.tenant.metadata.id, count)].append(scope)
    return tuple(
        ShardPlan(
            id=name,
            side=side,
            manifests=tuple(manifest for scope in scopes for manifest in manifests(scope)),
            databases=tuple(database for scope in scopes for database in databases.plan(scope)),
        )
        for name, scopes in own.items()
    )


def manifests(scope: namespaces.Scope) -> tuple[namespaces.Manifest, ...]:
    """Every object of one namespace: the namespace, then what confines it, then who and what may use it."""
    return (
        namespaces.namespace(scope),
        *network_policies.network_policies(scope),
        quotas.resource_quota(scope),
        quotas.limit_range(scope),
        namespaces.service_account(scope),
        *access.role_bindings(scope),
        *databases.secrets(scope),
        *applications.secrets(scope),
    )


def _name(number: int) -> str:
    return f"tenants-{number:02d}"


def _secret_text(value: Any) -> str:
    if isinstance(value, credentials.SecretText):
        return str(value)
    raise TypeError(f"a manifest holds JSON and SecretText only, not {type(value).__name__}")
