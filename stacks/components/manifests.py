"""Planned manifests as Pulumi resources: one typed resource of the official SDK per object, or one per namespace."""

from __future__ import annotations

import dataclasses
import importlib
import re
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType

import pulumi

from govcloud_cli import errors
from govcloud_cli.plan import credentials, namespaces
from govcloud_cli.providers import objects as bundled

# Named as text and imported when needed: the SDK has a module per API group, each worth tens of milliseconds.
_SDK = "pulumi_kubernetes"
_MODULES: Mapping[str, str] = MappingProxyType(
    {
        "v1": f"{_SDK}.core.v1",
        "admissionregistration.k8s.io/v1": f"{_SDK}.admissionregistration.v1",
        "networking.k8s.io/v1": f"{_SDK}.networking.v1",
        "rbac.authorization.k8s.io/v1": f"{_SDK}.rbac.v1",
        "scheduling.k8s.io/v1": f"{_SDK}.scheduling.v1",
    }
)
KINDS: Mapping[str, str] = MappingProxyType(
    {
        "ClusterRole": "rbac.authorization.k8s.io/v1",
        "ClusterRoleBinding": "rbac.authorization.k8s.io/v1",
        "ConfigMap": "v1",
        "LimitRange": "v1",
        "Namespace": "v1",
        "NetworkPolicy": "networking.k8s.io/v1",
        "PriorityClass": "scheduling.k8s.io/v1",
        "ResourceQuota": "v1",
        "RoleBinding": "rbac.authorization.k8s.io/v1",
        "Secret": "v1",
        "ServiceAccount": "v1",
        "ValidatingAdmissionPolicy": "admissionregistration.k8s.io/v1",
        "ValidatingAdmissionPolicyBinding": "admissionregistration.k8s.io/v1",
    }
)
"""The kinds that our stacks use, and the API version of each."""

Values = pulumi.Input[credentials.Resolver]
"""What gives secrets' values; an output where the master secret is one, as in a stack's configuration."""

_WORD = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Access:
    """How to reach a cluster."""

    kubeconfig: str
    """Path of a kubeconfig file."""
    bundled: bool = False
    """Whether a tenant's namespace is one resource of our own provider, which serves a thousand tenants in a tenth of
    the time. The vendor's plugin knows only the typed resource per object."""

    def provider(self) -> pulumi.ProviderResource:
        """The provider, set to server-side apply that takes over what is already there."""
        provider: pulumi.ProviderResource = importlib.import_module(_SDK).Provider(
            "kubernetes",
            kubeconfig=self.kubeconfig,
            enable_server_side_apply=True,
            # A killed run, and Kubernetes itself (service account `default`), leave objects that we then own.
            enable_patch_force=True,
            upsert_existing_objects=True,
            # Otherwise a changed value means delete and create, with a gap between them.
            enable_config_map_mutable=True,
            enable_secret_mutable=True,
        )
        return provider


def namespace(
    name: str,
    manifests: Sequence[namespaces.Manifest],
    *,
    cluster: Access,
    values: Values | None = None,
    opts: pulumi.ResourceOptions,
) -> pulumi.Resource:
    """Register a namespace with everything in it, as `cluster` wants it. `opts` names the provider."""
    kind = Bundle if cluster.bundled else Namespace
    return kind(name, manifests, values=values, opts=opts)


class Bundle(pulumi.CustomResource):
    """A namespace and everything in it as one resource; see `govcloud_cli.providers.kubernetes.bundle`."""

    def __init__(
        self,
        name: str,
        manifests: Sequence[namespaces.Manifest],
        *,
        values: Values | None = None,
        opts: pulumi.ResourceOptions,
    ) -> None:
        """As for `Namespace`."""
        objects = {bundled.key_of(manifest): _text(manifest, values) for manifest in manifests}
        super().__init__(bundled.TOKEN, name, {"name": name, "objects": objects}, opts)


class Namespace(pulumi.ComponentResource):
    """A namespace and everything in it."""

    def __init__(
        self,
        name: str,
        manifests: Sequence[namespaces.Manifest],
        *,
        values: Values | None = None,
        opts: pulumi.ResourceOptions,
    ) -> None:
        """`manifests`: the `Namespace` and its objects. `opts` names the provider."""
        super().__init__("govcloud:tenants:Namespace", name, None, opts)
        # A component does not hand `provider` to its children, only `providers`; naming it is clear in both.
        child = pulumi.ResourceOptions(parent=self, provider=opts.provider)
        own = next(manifest for manifest in manifests if manifest["kind"] == "Namespace")
        self.namespace = register(own, opts=child)
        within = pulumi.ResourceOptions.merge(child, pulumi.ResourceOptions(depends_on=[self.namespace]))
        self.objects = [register(manifest, values=values, opts=within) for manifest in manifests if manifest is not own]
        self.register_outputs({"name": name})


def register(
    manifest: namespaces.Manifest, *, values: Values | None = None, opts: pulumi.ResourceOptions
) -> pulumi.Resource:
    """Register one object as a resource of its SDK class. Raises `errors.GovcloudError` for a kind without one."""
    kind = manifest["kind"]
    if KINDS.get(kind) != manifest["apiVersion"]:
        raise errors.GovcloudError(
            f"no stack applies {manifest['apiVersion']} {kind}",
            where=logical_name(manifest),
            remedy="list the kind in stacks/components/manifests.py",
        )
    cls = getattr(importlib.import_module(_MODULES[manifest["apiVersion"]]), kind)
    body = {key: value for key, value in manifest.items() if key not in {"apiVersion", "kind"}}
    if kind == "Secret":
        body["data"] = _data(manifest, values)
    resource: pulumi.Resource = cls(
        logical_name(manifest), opts=opts, **{_argument(key): value for key, value in body.items()}
    )
    return resource


def logical_name(manifest: namespaces.Manifest) -> str:
    """`<kind>/<namespace>/<name>`, without the namespace for what is in none: unique in a stack, never changing."""
    metadata = manifest["metadata"]
    return "/".join(part for part in (manifest["kind"], metadata.get("namespace"), metadata["name"]) if part)


def by_namespace(manifests: Iterable[namespaces.Manifest]) -> dict[str, list[namespaces.Manifest]]:
    """Objects by the namespace they are or are in, in the order given; under the empty name: those of the cluster."""
    found: dict[str, list[namespaces.Manifest]] = {}
    for manifest in manifests:
        metadata = manifest["metadata"]
        home = metadata["name"] if manifest["kind"] == "Namespace" else metadata.get("namespace", "")
        found.setdefault(home, []).append(manifest)
    return found


def _text(manifest: namespaces.Manifest, values: Values | None) -> pulumi.Input[str]:
    if manifest["kind"] != "Secret":
        return bundled.text_of(manifest)
    return _filled(manifest, values).apply(bundled.text_of)


def _data(manifest: namespaces.Manifest, values: Values | None) -> pulumi.Output[dict[str, str]]:
    return _filled(manifest, values).apply(lambda filled: dict(filled["data"]))


def _filled(manifest: namespaces.Manifest, values: Values | None) -> pulumi.Output[namespaces.Manifest]:
    """The object with its secrets' values, itself secret."""
    if values is None:
        raise errors.GovcloudError("a Secret needs its values", where=logical_name(manifest))
    return pulumi.Output.secret(values).apply(lambda value_of: credentials.resolve(manifest, value_of))


def _argument(key: str) -> str:
    """The SDK's name of a top-level field: `roleRef` is `role_ref`. Fields below keep their JSON names."""
    return _WORD.sub("_", key).lower()
