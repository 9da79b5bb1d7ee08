"""What objects of one namespace say of each other: services, accounts, bindings, disruptions, hosts, backups."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from govcloud_cli.compliance import subjects
from govcloud_cli.compliance.checks import check, objects, reading

Json = Any
Failures = Iterator[check.CheckFailure]

_RBAC = "rbac.authorization.k8s.io"
_is_service = objects.is_a("Service", group="")
_is_account = objects.is_a("ServiceAccount", group="")
_is_role = objects.is_a("Role", "ClusterRole", group=_RBAC)
_is_binding = objects.is_a("RoleBinding", "ClusterRoleBinding", group=_RBAC)
_is_budget = objects.is_a("PodDisruptionBudget", group="policy")
_is_ingress = objects.is_a("Ingress", group="networking.k8s.io")
_BUILT_IN_ROLES = frozenset({"admin", "cluster-admin", "edit", "view"})


def services_select(found: Sequence[subjects.Subject]) -> Failures:
    """Services that lead to no pod, where the namespace's workloads are at hand."""
    pods = objects.Pods(found)
    for one in filter(_is_service, found):
        selector = reading.mapping(one.document, "spec", "selector")
        if selector and not pods.any_in(objects.namespace(one), {"matchLabels": selector}):
            yield check.CheckFailure(subject=one, message="it leads to no pod", path=("spec", "selector"))


def accounts_in_use(found: Sequence[subjects.Subject]) -> Failures:
    """Service accounts that no workload runs under and no binding names, where workloads are at hand."""
    used: set[tuple[str, str]] = set()
    inhabited: set[str] = set()
    for one in filter(objects.is_workload, found):
        inhabited.add(objects.namespace(one))
        spec = reading.mapping(objects.template(one), "spec")
        name = reading.text(spec, "serviceAccountName") or reading.text(spec, "serviceAccount") or "default"
        used.add((objects.namespace(one), name))
    for one in filter(_is_binding, found):
        used |= {(space, name) for _, space, name in _accounts(one)}
    for one in filter(_is_account, found):
        place = (objects.namespace(one), objects.name(one))
        if place[0] in inhabited and place not in used and place[1] != "default":
            text = "no workload runs under it, and no binding names it"
            yield check.CheckFailure(subject=one, message=text, path=("metadata", "name"))


def _accounts(binding: subjects.Subject) -> Iterator[tuple[int, str, str]]:
    for index, holder in enumerate(reading.items(binding.document, "subjects")):
        if reading.text(holder, "kind") == "ServiceAccount":
            space = reading.text(holder, "namespace") or objects.namespace(binding)
            yield index, space, reading.text(holder, "name")


def bindings_resolve(found: Sequence[subjects.Subject]) -> Failures:
    """Bindings of roles and service accounts that are not there, where others of their kind are."""
    roles = {(objects.namespace(one), objects.name(one)) for one in found if objects.kind(one) == "Role"}
    cluster_roles = {objects.name(one) for one in found if objects.kind(one) == "ClusterRole"}
    accounts = {(objects.namespace(one), objects.name(one)) for one in filter(_is_account, found)}
    listed = {space for space, _ in accounts}
    for one in filter(_is_binding, found):
        kind, name = (reading.text(one.document, "roleRef", field) for field in ("kind", "name"))
        if kind == "Role" and (objects.namespace(one), name) not in roles:
            yield check.CheckFailure(subject=one, message=f"there is no Role {name}", path=("roleRef", "name"))
        known = name in cluster_roles | _BUILT_IN_ROLES or name.startswith("system:")
        if kind == "ClusterRole" and cluster_roles and not known:
            yield check.CheckFailure(subject=one, message=f"there is no ClusterRole {name}", path=("roleRef", "name"))
        for index, space, account in _accounts(one):
            if space in listed and (space, account) not in accounts and account != "default":
                text = f"there is no ServiceAccount {account} in {space}"
                yield check.CheckFailure(subject=one, message=text, path=("subjects", index, "name"))


def disruptions_bounded(found: Sequence[subjects.Subject]) -> Failures:
    """Workloads of several replicas that a drain may take away at once, and budgets that let none go."""
    budgets = objects.Selectors(filter(_is_budget, found), lambda one: reading.at(one.document, "spec", "selector"))
    for one in filter(_is_replicated, found):
        own = budgets.taking(objects.namespace(one), objects.labels(objects.template(one)))
        if not own:
            text = "no PodDisruptionBudget keeps some of its replicas running"
            yield check.CheckFailure(subject=one, message=text, path=("spec", "replicas"))
        replicas = _replicas(one)
        for budget in own:
            # What lets none go whatever it is about, policy `disruption-budget` tells.
            least = reading.number(budget.document, "spec", "minAvailable")
            if least is not None and least >= replicas:
                text = f"it keeps all {replicas} pods of {objects.name(one)}: no node can be mended"
                yield check.CheckFailure(subject=budget, message=text, path=("spec", "minAvailable"))


def _is_replicated(one: subjects.Subject) -> bool:
    if not objects.is_workload(one) or objects.kind(one) not in {"Deployment", "StatefulSet"}:
        return False
    return _replicas(one) > 1


def _replicas(one: subjects.Subject) -> int:
    return reading.number(one.document, "spec", "replicas") or 1


def hosts_once(found: Sequence[subjects.Subject]) -> Failures:
    """Names of Ingresses that another namespace serves as well: either could take the other's visitors."""
    first: dict[str, str] = {}
    for one in found:
        space = objects.namespace(one)
        for path, host in _hosts(one.document):
            other = first.setdefault(host, space)
            if other != space:
                text = f"{host} is served from namespace {other} too"
                yield check.CheckFailure(subject=one, message=text, path=path)


def _hosts(ingress: Json) -> Iterator[tuple[subjects.Path, str]]:
    rules = enumerate(reading.items(ingress, "spec", "rules"))
    named = ((("spec", "rules", index, "host"), reading.text(rule, "host")) for index, rule in rules)
    tls: Iterator[tuple[subjects.Path, str]] = (
        (("spec", "tls", index, "hosts", number), host)
        for index, entry in enumerate(reading.items(ingress, "spec", "tls"))
        for number, host in enumerate(reading.texts(entry, "hosts"))
    )
    return ((path, host.lower()) for path, host in itertools.chain(named, tls) if host)


_is_claim = objects.is_a("PersistentVolumeClaim", group="")
_is_schedule = objects.is_a("Schedule", group="velero.io")


def stateful_backed_up(found: Sequence[subjects.Subject]) -> Failures:
    """Data of workloads that no schedule copies."""
    schedules = [one for one in filter(_is_schedule, found) if reading.at(one.document, "spec", "paused") is not True]
    for one in filter(_keeps_data, found):
        if not any(_copies(schedule, objects.namespace(one)) for schedule in schedules):
            yield check.CheckFailure(subject=one, message="no backup schedule copies what it keeps", path=("spec",))


def _copies(schedule: subjects.Subject, namespace: str) -> bool:
    template = reading.mapping(schedule.document, "spec", "template")
    if namespace in reading.texts(template, "excludedNamespaces"):
        return False
    return not {"*", namespace}.isdisjoint(reading.texts(template, "includedNamespaces") or ["*"])


def _keeps_data(one: subjects.Subject) -> bool:
    claims: Mapping[str, Json] = reading.mapping(one.document, "spec")
    is_set = objects.kind(one) == "StatefulSet" and bool(reading.items(claims, "volumeClaimTemplates"))
    return is_set or _is_claim(one)


_SPEC = (("spec",), ("metadata",))

CHECKS = {
    "servicesSelect": check.Check(
        concerns=_is_service,
        reads=objects.is_workload,
        find=services_select,
        fields=(("spec", "selector"), ("metadata", "namespace"), *objects.template_fields("metadata", "labels")),
    ),
    "accountsInUse": check.Check(
        concerns=_is_account,
        reads=lambda one: objects.is_workload(one) or _is_binding(one),
        find=accounts_in_use,
        fields=(("subjects",), ("metadata",), *objects.template_fields("spec", "serviceAccountName")),
    ),
    "bindingsResolve": check.Check(
        concerns=_is_binding,
        reads=lambda one: _is_role(one) or _is_account(one),
        find=bindings_resolve,
        fields=(("roleRef",), ("subjects",), ("metadata",)),
    ),
    "disruptionsBounded": check.Check(
        concerns=lambda one: _is_replicated(one) or _is_budget(one),
        find=disruptions_bounded,
        fields=(
            *(("spec", name) for name in ("replicas", "selector", "minAvailable")),
            ("metadata", "namespace"),
            *objects.template_fields("metadata", "labels"),
        ),
    ),
    "ingressHostsOnce": check.Check(concerns=_is_ingress, find=hosts_once, fields=_SPEC),
    "statefulBackedUp": check.Check(
        concerns=_keeps_data, reads=_is_schedule, find=stateful_backed_up, fields=(("metadata",), ("spec", "template"))
    ),
}
