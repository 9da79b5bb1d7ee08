"""Subjects for tests of checks, each as short as it can be."""

from __future__ import annotations

from typing import Any

from govcloud_cli.compliance import checks, subjects
from govcloud_cli.model import policies

GROUPS = {
    "Namespace": "v1", "Service": "v1", "ServiceAccount": "v1", "Pod": "v1", "PersistentVolumeClaim": "v1",
    "ResourceQuota": "v1", "LimitRange": "v1", "Deployment": "apps/v1", "StatefulSet": "apps/v1",
    "DaemonSet": "apps/v1", "CronJob": "batch/v1", "NetworkPolicy": "networking.k8s.io/v1",
    "Ingress": "networking.k8s.io/v1", "PodDisruptionBudget": "policy/v1", "Schedule": "velero.io/v1",
    "Role": "rbac.authorization.k8s.io/v1", "ClusterRole": "rbac.authorization.k8s.io/v1",
    "RoleBinding": "rbac.authorization.k8s.io/v1", "ClusterRoleBinding": "rbac.authorization.k8s.io/v1",
}  # fmt: skip
"""Kind -> API version."""


def found(check: str, *given: subjects.Subject) -> list[tuple[str, str, subjects.Path]]:
    """Key, message and path of everything that a check finds."""
    return [(one.subject.key, one.message, one.path) for one in checks.CHECKS[check](given)]


def keys(check: str, *given: subjects.Subject) -> list[str]:
    """The keys of what a check finds."""
    return [key for key, _, _ in found(check, *given)]


def messages(check: str, *given: subjects.Subject) -> list[str]:
    """What a check says."""
    return [message for _, message, _ in found(check, *given)]


def k8s(kind: str, name: str, namespace: str = "", *, labels: Any = None, **body: Any) -> subjects.Subject:
    """A Kubernetes object, called `<Kind>/<namespace>/<name>`."""
    metadata: dict[str, Any] = {"name": name}
    if namespace:
        metadata["namespace"] = namespace
    if labels:
        metadata["labels"] = labels
    document = {"apiVersion": GROUPS[kind], "kind": kind, "metadata": metadata, **body}
    key = "/".join(part for part in (kind, namespace, name) if part)
    return subjects.Subject(input=policies.Input.KUBERNETES, key=key, document=document)


def workload(
    name: str,
    namespace: str = "demo",
    *,
    kind: str = "Deployment",
    labels: Any = None,
    replicas: Any = None,
    **pod: Any,
) -> subjects.Subject:
    """A workload whose pods have `labels` and the spec `pod`."""
    template = {"metadata": {"labels": labels or {"app": name}}, "spec": pod}
    spec: dict[str, Any] = {"template": template}
    if replicas is not None:
        spec["replicas"] = replicas
    return k8s(kind, name, namespace, spec=spec)


def policy(name: str, namespace: str = "demo", *, selector: Any = None, **spec: Any) -> subjects.Subject:
    """A NetworkPolicy."""
    return k8s("NetworkPolicy", name, namespace, spec={"podSelector": selector or {}, **spec})


def of(kind: policies.Input, key: str, /, **document: Any) -> subjects.Subject:
    """A subject of any other input."""
    return subjects.Subject(input=kind, key=key, document=document)


def zone(identifier: str, kind: str = "external", **document: Any) -> subjects.Subject:
    """A zone."""
    return of(policies.Input.ZONE, identifier, id=identifier, kind=kind, **document)


def end(*zones: str, machine: str = "", services: Any = (), prefixes: Any = ()) -> dict[str, Any]:
    """An end of a flow; `zones` are kinds, each also the zone's id."""
    told = {
        "zones": [{"id": one, "kind": one} for one in zones],
        "services": list(services),
        "prefixes": list(prefixes),
    }
    return {**told, "machine": machine} if machine else {**told, "zone": zones[0] if zones else ""}


def flow(identifier: str, source: Any, to: Any, *ports: int, **document: Any) -> subjects.Subject:
    """A flow."""
    ends = {"from": source, "to": to}
    return of(policies.Input.FLOW, identifier, id=identifier, ports=list(ports), **ends, **document)


def host(identifier: str, **document: Any) -> subjects.Subject:
    """A machine."""
    return of(policies.Input.HOST, identifier, id=identifier, **document)


def tenant(identifier: str, *, allow: Any = (), context: Any = None, **spec: Any) -> subjects.Subject:
    """A tenant."""
    body = {**spec, "network": {"allow": list(allow)}}
    return of(policies.Input.TENANT, identifier, metadata={"id": identifier}, spec=body, context=context or {})
