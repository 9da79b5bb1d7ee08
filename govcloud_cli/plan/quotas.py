"""What each quota tier is worth, as a namespace's ResourceQuota and LimitRange."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from types import MappingProxyType

from govcloud_cli.model import tenants
from govcloud_cli.plan import namespaces


@dataclasses.dataclass(frozen=True, kw_only=True)
class Worth:
    """The most that one namespace may ask for."""

    cpu: int
    """Cores requested, all pods together; limits may be twice that."""
    memory: int
    """GiB requested, all pods together; limits may be twice that."""
    storage: int
    """GiB of all volumes together."""
    pods: int
    container_cpu: int
    """Cores that one container may use."""
    container_memory: int
    """GiB that one container may use."""


TIERS: Mapping[tenants.Tier, Worth] = MappingProxyType(
    {
        tenants.Tier.XS: Worth(cpu=1, memory=2, storage=10, pods=10, container_cpu=1, container_memory=1),
        tenants.Tier.S: Worth(cpu=2, memory=4, storage=50, pods=20, container_cpu=2, container_memory=2),
        tenants.Tier.M: Worth(cpu=4, memory=8, storage=100, pods=40, container_cpu=4, container_memory=4),
        tenants.Tier.L: Worth(cpu=8, memory=16, storage=250, pods=80, container_cpu=8, container_memory=8),
        tenants.Tier.XL: Worth(cpu=16, memory=32, storage=500, pods=160, container_cpu=16, container_memory=16),
    }
)


def resource_quota(scope: namespaces.Scope) -> namespaces.Manifest:
    """The namespace's share. Nothing of it opens a port past the border: no node ports, no load balancers."""
    worth = TIERS[scope.environment.quota]
    # Quantities are in the form that the API server stores, so that drift compares equal.
    hard = {
        "requests.cpu": str(worth.cpu),
        "requests.memory": f"{worth.memory}Gi",
        "limits.cpu": str(2 * worth.cpu),
        "limits.memory": f"{2 * worth.memory}Gi",
        "requests.storage": f"{worth.storage}Gi",
        "persistentvolumeclaims": str(worth.pods),
        "pods": str(worth.pods),
        "services": str(worth.pods),
        "services.nodeports": "0",
        "services.loadbalancers": "0",
        "secrets": str(2 * worth.pods),
        "configmaps": str(2 * worth.pods),
        "count/deployments.apps": str(worth.pods),
        "count/jobs.batch": str(2 * worth.pods),
        "count/cronjobs.batch": str(worth.pods),
    }
    return scope.manifest("ResourceQuota", "tenant", labels=_tier(scope), spec={"hard": hard})


def limit_range(scope: namespaces.Scope) -> namespaces.Manifest:
    """What a container gets that asks for nothing, and the least and most it may ask for."""
    worth = TIERS[scope.environment.quota]
    container = {
        "type": "Container",
        "default": {"cpu": "500m", "memory": "256Mi", "ephemeral-storage": "1Gi"},
        "defaultRequest": {"cpu": "50m", "memory": "128Mi", "ephemeral-storage": "128Mi"},
        "max": {
            "cpu": str(worth.container_cpu),
            "memory": f"{worth.container_memory}Gi",
            "ephemeral-storage": "8Gi",
        },
        "min": {"cpu": "10m", "memory": "16Mi", "ephemeral-storage": "1Mi"},
    }
    claim = {
        "type": "PersistentVolumeClaim",
        "max": {"storage": f"{worth.storage}Gi"},
        "min": {"storage": "64Mi"},
    }
    return scope.manifest("LimitRange", "tenant", labels=_tier(scope), spec={"limits": [container, claim]})


def _tier(scope: namespaces.Scope) -> dict[str, str]:
    return {f"{namespaces.PREFIX}quota": scope.environment.quota.value}
