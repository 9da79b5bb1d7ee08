"""The kinds that we serve, as data: scope, what the API does not let change, what the server fills in.

To serve another kind, add an entry and a case file under `tests/providers/kubernetes/cases/`.
A pattern is a dotted path from the top of the manifest; `*` stands for any name or list position.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any, Final

Pattern = tuple[str, ...]
_RBAC: Final = "rbac.authorization.k8s.io"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Kind:
    """One served kind."""

    api_version: str
    name: str
    namespaced: bool
    immutable: tuple[str, ...] = ()
    """Patterns of fields whose change needs a replacement, beside name and namespace."""
    sealed: tuple[str, ...] = ()
    """The same, but only once the recorded object says `immutable: true`."""
    secret: tuple[str, ...] = ()
    """Top-level fields that are always secret."""
    texts: tuple[str, ...] = ()
    """Top-level maps whose values must be strings."""
    quantities: tuple[str, ...] = ()
    """Patterns of Kubernetes quantities, which the server writes in its own way (`1000m` becomes `1`)."""
    defaults: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    """Patterns and values that the server fills in by itself; an import leaves them out. None: whatever the value."""
    whole: tuple[str, ...] = ()
    """Top-level fields that are ours to the last word: what confines people is loosened by what somebody else adds."""
    explicit: tuple[str, ...] = ()
    """Top-level fields whose zero value means something else than their absence."""
    established: bool = False
    """Creation ends only when the object's condition `Established` is true."""

    @property
    def token(self) -> str:
        """Pulumi's resource type, e.g. `kubernetes:core/v1:Namespace`."""
        group = self.api_version if "/" in self.api_version else f"core/{self.api_version}"
        return f"kubernetes:{group}:{self.name}"


def pattern(text: str) -> Pattern:
    """Return the steps of a dotted path; a dot inside a step is written `\\.`."""
    return tuple(step.replace("\0", ".") for step in text.replace("\\.", "\0").split("."))


def matches(pattern: Pattern, path: tuple[str | int, ...]) -> bool:
    """Tell whether `path` is what `pattern` names, or inside it."""
    return len(path) >= len(pattern) and all(want in ("*", step) for want, step in zip(pattern, path, strict=False))


_NAME_LABEL: Final = "metadata.labels.kubernetes\\.io/metadata\\.name"
_DATA: Final = ("data", "binaryData", "stringData", "immutable")
_REFERENCE: Final = {"roleRef.apiGroup": _RBAC, "subjects.*.apiGroup": _RBAC}
_ADMISSION: Final = {
    "matchPolicy": "Equivalent",
    "namespaceSelector": {},
    "objectSelector": {},
    "resourceRules.*.scope": "*",
    "excludeResourceRules.*.scope": "*",
}

SERVED: Final = (
    Kind(
        api_version="v1",
        name="Namespace",
        namespaced=False,
        defaults={"spec.finalizers": ["kubernetes"], _NAME_LABEL: None},
    ),
    Kind(
        api_version="v1",
        name="ConfigMap",
        namespaced=True,
        sealed=_DATA,
        texts=("data", "binaryData"),
    ),
    Kind(
        api_version="v1",
        name="Secret",
        namespaced=True,
        immutable=("type",),
        sealed=_DATA,
        secret=("data", "stringData"),
        texts=("data", "stringData"),
        defaults={"type": "Opaque"},
    ),
    Kind(api_version="v1", name="ServiceAccount", namespaced=True, explicit=("automountServiceAccountToken",)),
    Kind(
        api_version="v1",
        name="Service",
        namespaced=True,
        immutable=("spec.clusterIP", "spec.clusterIPs"),
        defaults={
            "spec.type": "ClusterIP",
            "spec.sessionAffinity": "None",
            "spec.internalTrafficPolicy": "Cluster",
            "spec.ipFamilyPolicy": "SingleStack",
            "spec.clusterIP": None,
            "spec.clusterIPs": None,
            "spec.ipFamilies": None,
            "spec.ports.*.protocol": "TCP",
            "spec.ports.*.targetPort": None,
        },
    ),
    Kind(
        api_version="v1",
        name="ResourceQuota",
        namespaced=True,
        immutable=("spec.scopes", "spec.scopeSelector"),
        whole=("spec",),
        quantities=("spec.hard.*",),
    ),
    Kind(api_version="v1", name="LimitRange", namespaced=True, quantities=("spec.limits.*.*.*",), whole=("spec",)),
    Kind(
        api_version="networking.k8s.io/v1",
        name="NetworkPolicy",
        namespaced=True,
        whole=("spec",),
        defaults={"spec.ingress.*.ports.*.protocol": "TCP", "spec.egress.*.ports.*.protocol": "TCP"},
    ),
    Kind(api_version=f"{_RBAC}/v1", name="Role", namespaced=True, whole=("rules",)),
    Kind(api_version=f"{_RBAC}/v1", name="ClusterRole", namespaced=False, whole=("rules",)),
    Kind(
        api_version=f"{_RBAC}/v1",
        name="RoleBinding",
        namespaced=True,
        immutable=("roleRef",),
        defaults=_REFERENCE,
        whole=("subjects",),
    ),
    Kind(
        api_version=f"{_RBAC}/v1",
        name="ClusterRoleBinding",
        namespaced=False,
        immutable=("roleRef",),
        defaults=_REFERENCE,
        whole=("subjects",),
    ),
    Kind(
        api_version="scheduling.k8s.io/v1",
        name="PriorityClass",
        namespaced=False,
        immutable=("value", "preemptionPolicy"),
        defaults={"preemptionPolicy": "PreemptLowerPriority"},
    ),
    Kind(
        api_version="storage.k8s.io/v1",
        name="StorageClass",
        namespaced=False,
        immutable=("provisioner", "parameters", "reclaimPolicy", "volumeBindingMode"),
        defaults={"reclaimPolicy": "Delete", "volumeBindingMode": "Immediate"},
    ),
    Kind(
        api_version="admissionregistration.k8s.io/v1",
        name="ValidatingAdmissionPolicy",
        namespaced=False,
        whole=("spec",),
        defaults={"spec.failurePolicy": "Fail"}
        | {f"spec.matchConstraints.{key}": value for key, value in _ADMISSION.items()},
    ),
    Kind(
        api_version="admissionregistration.k8s.io/v1",
        name="ValidatingAdmissionPolicyBinding",
        namespaced=False,
        whole=("spec",),
        defaults={f"spec.matchResources.{key}": value for key, value in _ADMISSION.items()},
    ),
    Kind(
        api_version="apiextensions.k8s.io/v1",
        name="CustomResourceDefinition",
        namespaced=False,
        immutable=("spec.scope", "spec.group"),
        defaults={"spec.conversion": {"strategy": "None"}, "spec.names.listKind": None, "spec.names.singular": None},
        established=True,
    ),
)
