"""Who may do what: the cluster roles of tenants' members, and their bindings in each namespace.

Nobody in a tenant may write what confines the tenant: quota, limits, network policies, roles, bindings.
No role has `escalate`, `bind` or `impersonate`, and none names resources by a wildcard, so a kind that the
cluster learns tomorrow is closed until it is opened here.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from govcloud_cli.model import tenants
from govcloud_cli.plan import namespaces

RBAC = "rbac.authorization.k8s.io"
READ = ("get", "list", "watch")
WRITE = ("create", "update", "patch")

Rule = dict[str, Any]

_SEEN = {
    "": (
        "configmaps", "endpoints", "events", "limitranges", "namespaces", "namespaces/status",
        "persistentvolumeclaims", "pods", "pods/log", "pods/status", "replicationcontrollers", "resourcequotas",
        "resourcequotas/status", "serviceaccounts", "services",
    ),
    "apps": ("controllerrevisions", "daemonsets", "deployments", "deployments/scale", "replicasets", "statefulsets"),
    "autoscaling": ("horizontalpodautoscalers",),
    "batch": ("cronjobs", "jobs"),
    "discovery.k8s.io": ("endpointslices",),
    "events.k8s.io": ("events",),
    "networking.k8s.io": ("networkpolicies",),
    "policy": ("poddisruptionbudgets",),
}  # fmt: skip
"""What a viewer sees: all of the tenant's own work and what confines it, but no secret and no grant."""

_WORKLOADS = {
    "": ("configmaps", "pods", "secrets", "services"),
    "apps": ("deployments", "deployments/scale", "statefulsets", "statefulsets/scale"),
    "autoscaling": ("horizontalpodautoscalers",),
    "batch": ("cronjobs", "jobs"),
    "policy": ("poddisruptionbudgets",),
}
"""What a maintainer runs. Endpoints and slices are not among them: they would lead a service to anyone's address."""


def cluster_role_name(role: tenants.Role) -> str:
    """The cluster role of a member role, e.g. `govcloud:tenant-viewer`."""
    return f"govcloud:tenant-{role.value}"


def tenant_roles() -> tuple[namespaces.Manifest, ...]:
    """The three cluster roles of tenants' members, each with what the one below it may do."""
    viewer = [rule(group, resources, READ) for group, resources in _SEEN.items()]
    maintainer = [
        *viewer,
        # Who may start a pod can mount any secret of its namespace, so hiding secrets from him would only pretend.
        rule("", ("secrets",), READ),
        *(rule(group, resources, (*WRITE, "delete")) for group, resources in _WORKLOADS.items()),
        rule("", ("persistentvolumeclaims",), WRITE),
        rule("", ("pods/attach", "pods/exec", "pods/portforward"), ("create", "get")),
        rule("", ("pods/eviction",), ("create",)),
    ]
    owner = [
        *maintainer,
        # Only the owner may destroy data or many things at once.
        rule("", ("persistentvolumeclaims",), ("delete",)),
        *(rule(group, _whole(resources), ("deletecollection",)) for group, resources in _WORKLOADS.items()),
        rule("", ("serviceaccounts",), (*WRITE, "delete")),
        rule(RBAC, ("rolebindings", "roles"), READ),
    ]
    rules = {tenants.Role.OWNER: owner, tenants.Role.MAINTAINER: maintainer, tenants.Role.VIEWER: viewer}
    return tuple(cluster_role(cluster_role_name(role), rules[role]) for role in tenants.Role)


def role_bindings(scope: namespaces.Scope) -> tuple[namespaces.Manifest, ...]:
    """One binding per member role that some identity group has in the tenant.

    While it is frozen everybody only looks: whoever may delete could take away what it was frozen to keep.
    """
    found = []
    for role in tenants.Role:
        members = [member for member in scope.tenant.spec.members if _role_now(scope, member) is role]
        groups = sorted({member.group for member in members})
        if groups:
            found.append(
                scope.manifest(
                    "RoleBinding",
                    f"tenant-{role.value}",
                    api_version=f"{RBAC}/v1",
                    roleRef=role_ref(cluster_role_name(role)),
                    subjects=[group_subject(group) for group in groups],
                )
            )
    return tuple(found)


def _role_now(scope: namespaces.Scope, member: tenants.Member) -> tenants.Role:
    return member.role if scope.frozen is None else tenants.Role.VIEWER


def cluster_role(name: str, rules: Iterable[Rule]) -> namespaces.Manifest:
    """A cluster role of ours."""
    return namespaces.manifest("ClusterRole", name, api_version=f"{RBAC}/v1", rules=list(rules))


def rule(group: str, resources: Iterable[str], verbs: Iterable[str]) -> Rule:
    """One rule for resources of one API group."""
    return {"apiGroups": [group], "resources": list(resources), "verbs": list(verbs)}


def role_ref(name: str) -> dict[str, str]:
    """What a binding says of the cluster role it gives."""
    return {"apiGroup": RBAC, "kind": "ClusterRole", "name": name}


def group_subject(group: str) -> dict[str, str]:
    """What a binding says of an identity group."""
    return {"apiGroup": RBAC, "kind": "Group", "name": group}


def _whole(resources: Iterable[str]) -> tuple[str, ...]:
    return tuple(resource for resource in resources if "/" not in resource)
