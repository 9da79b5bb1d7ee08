"""Which requests a policy in the cluster leaves alone: match conditions, true where the policy is to judge.

Nothing here trusts what a tenant can write. A request is known by who makes it (`request.userInfo`, which the API
server vouches for), and what a controller makes by its owner, which only that controller can name in a request of its
own. An object's own labels and annotations exempt nothing.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence
from typing import Any

from govcloud_cli.compliance.cel import literals
from govcloud_cli.model import waivers as waivers_

_AT_ONCE = 200
"""Names per condition; a policy may have 64 conditions, and an expression 100,000 characters."""
_KEY = (
    "'k8s:' + (request.kind.group == '' ? 'core' : request.kind.group) + '/' + request.kind.kind + '/'"
    " + (object.metadata.?namespace.orValue('') == '' ? '' : object.metadata.namespace + '/') + object.metadata.name"
)
"""As `subjects.kubernetes_key`. No name holds a `/`, so no two resources have one key."""
_WITHIN = "object.metadata.?namespace.orValue('') + '/'"
_ACCOUNT = "system:serviceaccount:kube-system:"
"""Service accounts here are the controllers' own; no tenant may write in this namespace."""
_CONTROL_PLANE = ("system:apiserver", "system:cloud-controller-manager", "system:kube-controller-manager",
                  "system:kube-scheduler")  # fmt: skip
_FOR_USERS = ("jobs", "persistentvolumeclaims", "pods", "replicasets")
"""What controllers create from templates that users wrote."""
_HASH = "^.+-[bcdfghjklmnpqrstvwxz2456789]{1,10}$"
"""A ReplicaSet's name: its Deployment's, and the hash of the pod template (k8s.io/apimachinery, SafeEncodeString)."""
_MINUTE = "^.+-[0-9]{1,10}$"
"""A Job's name: its CronJob's, and the minute it was due."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class _Link:
    """What a controller makes for a waived workload: one step from owner to owned."""

    waived: str
    """Group and kind of the workload that a waiver names."""
    controller: str
    """Name of the controller's service account."""
    version: str
    kind: str
    """The owner that the controller names, with `version`; the workload itself, or what was made for it."""
    suffix: str = ""
    """A pattern that the owner's name matches, if it is the workload's name with a last part; else the same name."""


_LINKS = (
    _Link(waived="apps/DaemonSet", controller="daemon-set-controller", version="apps/v1", kind="DaemonSet"),
    _Link(waived="apps/Deployment", controller="deployment-controller", version="apps/v1", kind="Deployment"),
    _Link(
        waived="apps/Deployment", controller="replicaset-controller", version="apps/v1", kind="ReplicaSet", suffix=_HASH
    ),
    _Link(waived="apps/ReplicaSet", controller="replicaset-controller", version="apps/v1", kind="ReplicaSet"),
    _Link(waived="apps/StatefulSet", controller="statefulset-controller", version="apps/v1", kind="StatefulSet"),
    _Link(waived="batch/CronJob", controller="cronjob-controller", version="batch/v1", kind="CronJob"),
    _Link(waived="batch/CronJob", controller="job-controller", version="batch/v1", kind="Job", suffix=_MINUTE),
    _Link(waived="batch/Job", controller="job-controller", version="batch/v1", kind="Job"),
    _Link(
        waived="core/ReplicationController",
        controller="replication-controller",
        version="v1",
        kind="ReplicationController",
    ),
)

Condition = dict[str, Any]
"""A match condition as JSON: `name`, `expression`."""


def conditions(waivers: Iterable[waivers_.Waiver]) -> list[Condition]:
    """Of one policy: what no policy judges, then what `waivers` (of this policy, in force) let be."""
    named = sorted({resource for waiver in waivers for resource in waiver.spec.resources if resource[:4] == "k8s:"})
    found = [_condition("not-the-control-plane", _by_somebody()), _condition("not-bookkeeping", _changes_something())]
    for number, some in enumerate(_batches(named)):
        found.append(_condition(f"not-waived-{number}", f"!({_KEY} in {literals.texts(some)})"))
    for number, (link, some) in enumerate(_run_by(named)):
        found.append(_condition(f"not-run-by-waived-{number}", f"!({_runs_for(link, some)})"))
    return found


def _by_somebody() -> str:
    """Control plane and nodes do what they must; of what controllers make, only that of users' templates is judged."""
    user = "request.userInfo.username"
    ours = f"{user}.startsWith({literals.text(_ACCOUNT)})"
    others = f"{user} in {literals.texts(_CONTROL_PLANE)} || {user}.startsWith('system:node:')"
    for_users = f"request.operation == 'CREATE' && request.resource.resource in {literals.texts(_FOR_USERS)}"
    return f"!({others}) && (!{ours} || ({for_users}))"


def _changes_something() -> str:
    """Finalizers and owners of what is there can be changed, or nothing that a new rule is against could be deleted."""
    apart = literals.texts(("apiVersion", "kind", "metadata", "status"))
    now, before = "dyn(object)", "dyn(oldObject)"
    same = f"{now}.all(key, key in {apart} || (key in {before} && {now}[key] == {before}[key]))"
    kept = f"{before}.all(key, key in {apart} || key in {now})"
    marks = [f"object.metadata.?{field} == oldObject.metadata.?{field}" for field in ("labels", "annotations")]
    return f"request.operation != 'UPDATE' || !({' && '.join([same, kept, *marks])})"


def _run_by(named: Sequence[str]) -> list[tuple[_Link, Sequence[str]]]:
    """Each link with `<namespace>/<name>` of the waived workloads that it hangs on, in batches."""
    found = []
    for link in _LINKS:
        prefix = f"k8s:{link.waived}/"
        workloads = [resource.removeprefix(prefix) for resource in named if resource.startswith(prefix)]
        found += [(link, some) for some in _batches(workloads)]
    return found


def _runs_for(link: _Link, workloads: Sequence[str]) -> str:
    """The controller of `link` asks, and the object's owner is what it says, of one of `workloads`."""
    parts = [
        "owner.?controller.orValue(false)",
        f"owner.apiVersion == {literals.text(link.version)}",
        f"owner.kind == {literals.text(link.kind)}",
    ]
    name = "owner.name"
    if link.suffix:
        parts.append(f"owner.name.matches({literals.text(link.suffix)})")
        name = "owner.name.substring(0, owner.name.lastIndexOf('-'))"
    parts.append(f"({_WITHIN} + {name}) in {literals.texts(workloads)}")
    asks = f"request.userInfo.username == {literals.text(_ACCOUNT + link.controller)}"
    return f"{asks} && object.metadata.?ownerReferences.orValue([]).exists(owner, {' && '.join(parts)})"


def _batches(items: Sequence[str]) -> list[Sequence[str]]:
    return [items[start : start + _AT_ONCE] for start in range(0, len(items), _AT_ONCE)]


def _condition(name: str, expression: str) -> Condition:
    return {"name": name, "expression": expression}
