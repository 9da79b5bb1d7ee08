"""An environment's quota as a namespace's ResourceQuota and LimitRange."""

from __future__ import annotations

from govcloud_cli.model import quotas
from govcloud_cli.plan import namespaces

_GROWTH = (
    "persistentvolumeclaims",
    "pods",
    "services",
    "count/deployments.apps",
    "count/jobs.batch",
    "count/cronjobs.batch",
)
"""What a frozen namespace gets no more of; what is there stays. Its secrets are ours, and must be restorable."""


def resource_quota(scope: namespaces.Scope) -> namespaces.Manifest:
    """The namespace's share. Nothing of it opens a port past the border: no node ports, no load balancers."""
    worth = quotas.worth(scope.environment)
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
    if scope.frozen is not None:
        hard |= dict.fromkeys(_GROWTH, "0")
    return scope.manifest("ResourceQuota", "tenant", labels=_tier(scope), spec={"hard": hard})


def limit_range(scope: namespaces.Scope) -> namespaces.Manifest:
    """What a container gets that asks for nothing, and the least and most it may ask for."""
    worth = quotas.worth(scope.environment)
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
    return {f"{namespaces.PREFIX}quota": quotas.label(scope.environment)}
