"""The provider's own configuration: what the official provider accepts, as far as we serve it."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any, Final

from govcloud_cli import errors
from govcloud_cli.providers import resource, wire
from govcloud_cli.providers.kubernetes import access

_TEXTS: Final = ("kubeconfig", "context", "cluster", "namespace", "clusterIdentifier")
_ONLY_FALSE: Final = ("alwaysRender", "deleteUnreachable", "skipUpdateUnreachable")
_ONLY_TRUE: Final = (
    "enableServerSideApply",
    "enableConfigMapMutable",
    "enableSecretMutable",
    "upsertExistingObjects",
)
_NOT_SERVED: Final = ("renderYamlToDirectory", "helmReleaseSettings")
_WITHOUT_EFFECT: Final = (
    "suppressDeprecationWarnings",
    "suppressHelmHookWarnings",
    "kubeClientSettings",
    "version",
    "pluginDownloadURL",
)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Settings:
    """One provider's configuration, known and checked."""

    kubeconfig: str = dataclasses.field(repr=False)
    context: str | None
    cluster: str | None
    namespace: str | None
    force: bool
    """Take over fields from other managers everywhere."""


def settings(config: Mapping[str, Any]) -> Settings:
    """Return the settings in `config`. Raises `errors.UsageError` without a kubeconfig."""
    kubeconfig = config.get("kubeconfig")
    if not isinstance(kubeconfig, str) or not kubeconfig:
        raise errors.UsageError(
            "the builtin `kubernetes` provider was given no kubeconfig",
            remedy="make a `pulumi_kubernetes.Provider` with `kubeconfig=`; ambient kubeconfigs are not used",
        )
    return Settings(
        kubeconfig=kubeconfig,
        context=config.get("context"),
        cluster=config.get("cluster"),
        namespace=config.get("namespace"),
        force=_flag(config.get("enablePatchForce")) is True,
    )


def check(new: resource.Properties) -> resource.Checked:
    """Judge a provider's configuration; the kubeconfig becomes secret."""
    failures = [
        resource.Failure(property=name, reason=reason)
        for name, value in new.items()
        if value not in (None, "", wire.UNKNOWN) and (reason := _reason(name, value))
    ]
    inputs = dict(new)
    if isinstance(kubeconfig := new.get("kubeconfig"), str):
        inputs["kubeconfig"] = wire.Secret(kubeconfig)
        try:
            access.load(kubeconfig, context=_known(new, "context"), cluster=_known(new, "cluster"))
        except errors.UsageError as error:
            failures.append(resource.Failure(property="kubeconfig", reason=f"{error.message}; {error.remedy}"))
    return resource.Checked(inputs=inputs, failures=tuple(failures))


def diff(old: resource.Properties, new: resource.Properties) -> resource.Difference:
    """Replace what was made only when the provider now means another cluster; new credentials are an update."""
    changed = resource.changed(old, new)
    if new.get("clusterIdentifier") or old.get("clusterIdentifier"):
        other = "clusterIdentifier" in changed and bool(old.get("clusterIdentifier"))
        return resource.Difference(changed=changed, replace=("clusterIdentifier",) if other else ())
    moved = tuple(name for name in ("kubeconfig", "context", "cluster") if name in changed)
    other = bool(moved) and _server(old) is not None and _server(old) != _server(new)
    return resource.Difference(changed=changed, replace=moved if other else ())


def _reason(name: str, value: Any) -> str | None:
    """Return why `name` cannot have `value`; None if it can."""
    if name.startswith("__") or name in _WITHOUT_EFFECT:
        return None
    if name in _TEXTS:
        return None if isinstance(value, str) else "must be a string"
    if name in _NOT_SERVED:
        return "is not served by the builtin provider; use `engine.plugins: official`"
    if name not in (*_ONLY_FALSE, *_ONLY_TRUE, "enablePatchForce"):
        return "is not a setting that the builtin provider knows"
    flag = _flag(value)
    if flag is None:
        return "must be true or false"
    if (flag and name in _ONLY_FALSE) or (not flag and name in _ONLY_TRUE):
        return f"cannot be {str(flag).lower()}: the builtin provider always uses server-side apply and adopts"
    return None


def _flag(value: Any) -> bool | None:
    """Return a flag that Pulumi's SDK may have written as JSON text."""
    if isinstance(value, bool):
        return value
    return {"true": True, "false": False}.get(str(value))


def _known(config: Mapping[str, Any], name: str) -> str | None:
    value = config.get(name)
    return value if isinstance(value, str) and value else None


def _server(config: Mapping[str, Any]) -> str | None:
    kubeconfig = _known(config, "kubeconfig")
    if kubeconfig is None:
        return None
    try:
        return access.load(kubeconfig, context=_known(config, "context"), cluster=_known(config, "cluster")).server
    except errors.UsageError:
        return None
