"""What a side's cluster has once: roles, the platform's own namespace, and the guard of governed labels."""

from __future__ import annotations

from typing import Any

from govcloud_cli.model import inventory as inventories
from govcloud_cli.model import people, platforms
from govcloud_cli.plan import access, administrators, namespaces, network_policies

SYSTEM_NAMESPACE = "govcloud-system"
ENGINEERS = "govcloud:platform-engineers"
"""Who runs the platform with everything that it has, by client certificate; no token may claim this group."""
GOVERN = "govern"
"""The verb on namespaces that lets a user set governed labels; `cluster-admin` has it, as every verb."""

ADMISSION = administrators.ADMISSION

_GOVERNED = f"(key.startsWith('{namespaces.PREFIX}') || key.startsWith('{namespaces.POD_SECURITY_PREFIX}'))"


def manifests(inventory: inventories.Inventory, side: platforms.Side) -> tuple[namespaces.Manifest, ...]:
    """Every cluster-wide object of one side, in the order in which they are applied."""
    return (
        *access.tenant_roles(),
        *administrators.roles(),
        _cluster_binding(ENGINEERS, "cluster-admin"),
        *(_cluster_binding(people.DUTY_GROUPS[duty], role) for duty, role in administrators.ROLES.items()),
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
