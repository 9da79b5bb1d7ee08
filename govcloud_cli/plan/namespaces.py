"""A tenant's namespace per environment, and the shape that every planned Kubernetes object has.

An object is its plain JSON manifest, decided once here: what `plan` compares is what the stacks apply.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from govcloud_cli.governance import lifecycle
from govcloud_cli.model import inventory as inventories
from govcloud_cli.model import platforms, tenants

Manifest = dict[str, Any]
"""A Kubernetes object as JSON; a credential in it is a `credentials.SecretText`, never the value."""

PREFIX = "govcloud.io/"
"""Of the labels and annotations that only the platform may set."""
MANAGED = {"app.kubernetes.io/managed-by": "govcloud"}
SELECTOR = ",".join(f"{key}={value}" for key, value in MANAGED.items())
"""Finds everything that is ours in a cluster."""

POD_SECURITY_PREFIX = "pod-security.kubernetes.io/"
POD_SECURITY_VERSION = "v1.36"
"""Pinned, so that an upgraded cluster does not refuse yesterday's pods; an older cluster reads it as its latest."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Scope:
    """One tenant in one of its environments: all that a namespace's objects follow from."""

    inventory: inventories.Inventory
    tenant: tenants.Tenant
    environment: tenants.Environment
    freezes: Mapping[lifecycle.Place, str]
    """Everything that is frozen in the inventory, and why."""

    @property
    def frozen(self) -> str | None:
        """Why it is frozen; None if it is not."""
        return self.freezes.get((self.tenant.metadata.id, self.environment.name))

    @property
    def namespace(self) -> str:
        """`<tenant>-<environment>`; unambiguous, because no tenant id may end in an environment's name."""
        return f"{self.tenant.metadata.id}-{self.environment.name.value}"

    @property
    def zone(self) -> platforms.Zone:
        """The zone that the tenant lives in."""
        return self.inventory.zone(self.tenant.spec.zone)

    def manifest(
        self,
        kind: str,
        name: str,
        *,
        api_version: str = "v1",
        labels: Mapping[str, str] | None = None,
        annotations: Mapping[str, str] | None = None,
        **body: Any,
    ) -> Manifest:
        """An object in this namespace, labelled with its tenant and environment."""
        own = peer_labels(self.tenant.metadata.id, self.environment.name)
        return manifest(
            kind,
            name,
            api_version=api_version,
            namespace=self.namespace,
            labels=own | dict(labels or {}),
            annotations=annotations,
            **body,
        )


def scopes(inventory: inventories.Inventory, side: platforms.Side) -> tuple[Scope, ...]:
    """Every namespace to be on one side of the air gap, ordered by tenant and environment name.

    `inventory` is `lifecycle.settled`, or what is past its last day is planned as if it were not.
    """
    freezes = lifecycle.frozen(inventory.freezes)
    found = (
        Scope(inventory=inventory, tenant=tenant, environment=environment, freezes=freezes)
        for tenant in inventory.tenants
        for environment in tenant.spec.environments
        if inventory.zone(tenant.spec.zone).side is side
    )
    return tuple(sorted(found, key=lambda scope: (scope.tenant.metadata.id, scope.environment.name.value)))


def peer_labels(tenant: str, environment: tenants.EnvironmentName) -> dict[str, str]:
    """The labels by which network policies know a tenant's namespace."""
    return {f"{PREFIX}tenant": tenant, f"{PREFIX}environment": environment.value}


def manifest(
    kind: str,
    name: str,
    *,
    api_version: str = "v1",
    namespace: str | None = None,
    labels: Mapping[str, str] | None = None,
    annotations: Mapping[str, str] | None = None,
    **body: Any,
) -> Manifest:
    """Return an object marked as ours. `body`: its top-level fields (`spec=…`, `rules=…`) as JSON."""
    metadata: dict[str, Any] = {"name": name}
    if namespace is not None:
        metadata["namespace"] = namespace
    metadata["labels"] = MANAGED | dict(labels or {})
    if annotations:
        metadata["annotations"] = dict(annotations)
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata, **body}


def pod_security() -> dict[str, str]:
    """The labels that hold a namespace's pods to the `restricted` standard."""
    labels = {}
    for mode in ("enforce", "audit", "warn"):
        labels[f"{POD_SECURITY_PREFIX}{mode}"] = "restricted"
        labels[f"{POD_SECURITY_PREFIX}{mode}-version"] = POD_SECURITY_VERSION
    return labels


def namespace(scope: Scope) -> Manifest:
    """The namespace itself: what it is as labels, who answers for it as annotations."""
    metadata, spec = scope.tenant.metadata, scope.tenant.spec
    labels = {
        "organisation": spec.organisation,
        "zone": spec.zone,
        "data-class": spec.data_class.value,
        "mlps": str(spec.mlps),
    }
    annotations = {
        "display-name": metadata.display_name,
        "owner": spec.owner,
        "technical-lead": spec.technical_lead,
        "contact-mailbox": spec.contact.mailbox,
        "contact-phone": spec.contact.phone,
    }
    if scope.frozen is not None:
        labels["phase"] = lifecycle.Phase.FROZEN.value
        annotations["frozen-because"] = scope.frozen
    return manifest(
        "Namespace",
        scope.namespace,
        labels=peer_labels(metadata.id, scope.environment.name) | _prefixed(labels) | pod_security(),
        annotations=_prefixed(annotations),
    )


def service_account(scope: Scope) -> Manifest:
    """The account that pods get unless they name another: without a token for the API server."""
    return scope.manifest("ServiceAccount", "default", automountServiceAccountToken=False)


def _prefixed(values: Mapping[str, str]) -> dict[str, str]:
    return {f"{PREFIX}{key}": value for key, value in values.items()}
