"""Traffic between tenants: open only where both ask for it.

A tenant's allowance is for all its environments. `peer.environment` names one environment of the
other tenant; left out, each environment meets the one of the same name.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable

from govcloud_cli.model import tenants


@dataclasses.dataclass(frozen=True, kw_only=True, order=True)
class Passage:
    """One port from one tenant's environment to another's."""

    source: str
    source_environment: tenants.EnvironmentName
    destination: str
    destination_environment: tenants.EnvironmentName
    protocol: str
    port: int


def wished(tenant: tenants.Tenant, allowance: tenants.Allowance, other: tenants.Tenant) -> frozenset[Passage]:
    """What one allowance of `tenant`, whose peer is `other`, asks for."""
    theirs = {environment.name for environment in other.spec.environments}
    passages = set()
    for environment in tenant.spec.environments:
        target = allowance.peer.environment or environment.name
        if target not in theirs:
            continue
        ends = ((tenant.metadata.id, environment.name), (other.metadata.id, target))
        source, destination = ends if allowance.direction is tenants.Direction.OUTBOUND else ends[::-1]
        for port in allowance.ports:
            passages.add(
                Passage(
                    source=source[0],
                    source_environment=source[1],
                    destination=destination[0],
                    destination_environment=destination[1],
                    protocol=allowance.protocol,
                    port=port,
                )
            )
    return frozenset(passages)


def agreed(everyone: Iterable[tenants.Tenant]) -> frozenset[Passage]:
    """What both ends ask for: all that may pass between tenants."""
    by_id = {tenant.metadata.id: tenant for tenant in everyone}
    asked: dict[tenants.Direction, set[Passage]] = {direction: set() for direction in tenants.Direction}
    for tenant in by_id.values():
        for allowance in tenant.spec.network.allow:
            other = by_id.get(allowance.peer.tenant or "")
            if other is not None:
                asked[allowance.direction] |= wished(tenant, allowance, other)
    return frozenset(asked[tenants.Direction.OUTBOUND] & asked[tenants.Direction.INBOUND])
