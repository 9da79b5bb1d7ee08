"""What the three administrators (三员) may do in a cluster: run it, guard it, or look at all of it (GB/T 22239, 8.1.5).

None of them sees a secret, brings a workload of his own, gives rights, or has `escalate`, `bind` or `impersonate`.
Nothing is named by a wildcard.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from govcloud_cli.model import people
from govcloud_cli.plan import access, namespaces

SYSTEM = "govcloud:system-administrator"
SECURITY = "govcloud:security-administrator"
AUDITOR = "govcloud:auditor"
ROLES: Mapping[people.Duty, str] = MappingProxyType(
    {people.Duty.SYSTEM: SYSTEM, people.Duty.SECURITY: SECURITY, people.Duty.AUDIT: AUDITOR}
)
"""The cluster role of each."""
ADMISSION = "admissionregistration.k8s.io"

AUDITED = {
    "": (
        "configmaps", "endpoints", "events", "limitranges", "namespaces", "nodes", "persistentvolumeclaims",
        "persistentvolumes", "pods", "podtemplates", "replicationcontrollers", "resourcequotas", "serviceaccounts",
        "services",
    ),
    ADMISSION: (
        "mutatingwebhookconfigurations", "validatingadmissionpolicies", "validatingadmissionpolicybindings",
        "validatingwebhookconfigurations",
    ),
    "apiextensions.k8s.io": ("customresourcedefinitions",),
    "apiregistration.k8s.io": ("apiservices",),
    "apps": ("controllerrevisions", "daemonsets", "deployments", "replicasets", "statefulsets"),
    "autoscaling": ("horizontalpodautoscalers",),
    "batch": ("cronjobs", "jobs"),
    "certificates.k8s.io": ("certificatesigningrequests",),
    "discovery.k8s.io": ("endpointslices",),
    "events.k8s.io": ("events",),
    "networking.k8s.io": ("ingressclasses", "ingresses", "networkpolicies"),
    "policy": ("poddisruptionbudgets",),
    access.RBAC: ("clusterrolebindings", "clusterroles", "rolebindings", "roles"),
    "scheduling.k8s.io": ("priorityclasses",),
    "storage.k8s.io": ("csidrivers", "storageclasses", "volumeattachments"),
}  # fmt: skip
"""Named one by one: a wildcard would hand over secrets, and pods' logs hold citizens' data."""

_OPERATED = {
    "networking.k8s.io": ("ingressclasses",),
    "policy": ("poddisruptionbudgets",),
    "scheduling.k8s.io": ("priorityclasses",),
    "storage.k8s.io": ("csidrivers", "storageclasses", "volumeattachments"),
}
"""What workloads stand on. Not quotas, which were approved; nor nodes and volumes, which lead to any pod's data."""

_GUARDED = {
    ADMISSION: ("validatingadmissionpolicies", "validatingadmissionpolicybindings"),
    "networking.k8s.io": ("networkpolicies",),
}
"""What holds tenants and attackers. An admission policy can only refuse, a webhook would be shown every secret."""


def roles() -> tuple[namespaces.Manifest, ...]:
    """The three cluster roles; each reads what the auditor reads, so that nobody acts blindly."""
    seen = [access.rule(group, resources, access.READ) for group, resources in AUDITED.items()]
    changed = (*access.WRITE, "delete")
    system = [
        *seen,
        *(access.rule(group, resources, changed) for group, resources in _OPERATED.items()),
        # To stop what harms its neighbours; what is there may be scaled, not replaced.
        access.rule("", ("pods",), ("delete",)),
        access.rule("", ("pods/eviction",), ("create",)),
        access.rule("apps", ("deployments/scale", "statefulsets/scale"), ("get", "update", "patch")),
    ]
    security = [
        *seen,
        *(access.rule(group, resources, changed) for group, resources in _GUARDED.items()),
        # Rights are given in the inventory, where they are approved and recorded; here they can be withdrawn at once.
        access.rule(access.RBAC, ("rolebindings",), ("delete",)),
    ]
    return (
        access.cluster_role(SYSTEM, system),
        access.cluster_role(SECURITY, security),
        access.cluster_role(AUDITOR, seen),
    )
