"""What a side's cluster has once: roles, the platform's own namespace, and the guard of governed labels."""

from __future__ import annotations

from typing import Any

from govcloud_cli.model import inventory as inventories
from govcloud_cli.model import platforms
from govcloud_cli.plan import access, namespaces, network_policies

SYSTEM_NAMESPACE = "govcloud-system"
ENGINEERS = "govcloud:platform-engineers"
"""The identity group that runs the platform."""
AUDITORS = "govcloud:auditors"
"""The identity group that may look at everything but secrets, and change nothing."""
GOVERN = "govern"
"""The verb on namespaces that lets a user set governed labels; `cluster-admin` has it, as every verb."""

ADMISSION = "admissionregistration.k8s.io"

_AUDITED = {
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

_GOVERNED = f"(key.startsWith('{namespaces.PREFIX}') || key.startsWith('{namespaces.POD_SECURITY_PREFIX}'))"


def manifests(inventory: inventories.Inventory, side: platforms.Side) -> tuple[namespaces.Manifest, ...]:
    """Every cluster-wide object of one side, in the order in which they are applied."""
    audited = [access.rule(group, resources, access.READ) for group, resources in _AUDITED.items()]
    return (
        *access.tenant_roles(),
        access.cluster_role("govcloud:auditor", audited),
        _cluster_binding(ENGINEERS, "cluster-admin"),
        _cluster_binding(AUDITORS, "govcloud:auditor"),
        *_system_namespace(inventory, side),
        *_governed_labels(),
    )


def _cluster_binding(group: str, role: str) -> namespaces.Manifest:
    return namespaces.manifest(
        "ClusterRoleBinding",
        group,
        api_version=f"{access.RBAC}/v1",
        roleRef=access.role_ref(role),
        subjects=[access.group_subject(group)],
    )


def _system_namespace(inventory: inventories.Inventory, side: platforms.Side) -> tuple[namespaces.Manifest, ...]:
    platform = inventory.platform
    root = next(organisation for organisation in platform.spec.organisations if organisation.parent is None)
    facts = {
        "id": platform.metadata.id,
        "displayName": platform.metadata.display_name,
        "organisation": root.id,
        "organisationDisplayName": root.display_name,
        "environment": inventory.environment,
        "side": side.value,
    }
    return (
        namespaces.manifest("Namespace", SYSTEM_NAMESPACE, labels=namespaces.pod_security()),
        namespaces.manifest(
            "NetworkPolicy",
            "default-deny",
            api_version=network_policies.API_VERSION,
            namespace=SYSTEM_NAMESPACE,
            annotations={network_policies.REASON: "nothing is allowed but what is declared"},
            spec=network_policies.DENY,
        ),
        namespaces.manifest("ConfigMap", "platform", namespace=SYSTEM_NAMESPACE, data=facts),
    )


def _governed_labels() -> tuple[namespaces.Manifest, ...]:
    """Network policies trust namespaces' labels: only the platform may set them, whoever else may edit namespaces."""
    name = "governed-labels.govcloud.io"
    unchanged = "key in variables.before && variables.before[key] == variables.after[key]"
    same = f"variables.after.all(key, !{_GOVERNED} || ({unchanged}))"
    kept = f"variables.before.all(key, !{_GOVERNED} || key in variables.after)"
    spec: dict[str, Any] = {
        "failurePolicy": "Fail",
        "matchConstraints": {
            "matchPolicy": "Equivalent",
            "namespaceSelector": {},
            "objectSelector": {},
            "resourceRules": [
                {
                    "apiGroups": [""],
                    "apiVersions": ["v1"],
                    "operations": ["CREATE", "UPDATE"],
                    "resources": ["namespaces"],
                    "scope": "*",
                }
            ],
        },
        "matchConditions": [
            {
                "name": "not-the-platform",
                "expression": f"!authorizer.group('').resource('namespaces').check('{GOVERN}').allowed()",
            }
        ],
        "variables": [
            {"name": "after", "expression": "object.metadata.?labels.orValue({})"},
            {"name": "before", "expression": "oldObject == null ? {} : oldObject.metadata.?labels.orValue({})"},
        ],
        "validations": [
            {
                "expression": f"{same} && {kept}",
                "message": "labels under govcloud.io/ and pod-security.kubernetes.io/ are set by the platform alone",
                "reason": "Forbidden",
            }
        ],
    }
    binding = {"policyName": name, "validationActions": ["Deny"]}
    return (
        namespaces.manifest("ValidatingAdmissionPolicy", name, api_version=f"{ADMISSION}/v1", spec=spec),
        namespaces.manifest("ValidatingAdmissionPolicyBinding", name, api_version=f"{ADMISSION}/v1", spec=binding),
    )
