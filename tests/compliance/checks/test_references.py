from __future__ import annotations

from typing import Any

import pytest

from govcloud_cli.compliance import subjects
from tests.compliance.checks import estates

WEB = estates.workload("web", labels={"app": "web", "tier": "front"})


@pytest.mark.parametrize(
    ("service", "leads"),
    [
        (estates.k8s("Service", "s", "demo", spec={"selector": {"app": "web"}}), True),
        (estates.k8s("Service", "s", "demo", spec={"selector": {"app": "web", "tier": "front"}}), True),
        (estates.k8s("Service", "s", "demo", spec={"selector": {"app": "web", "tier": "back"}}), False),
        (estates.k8s("Service", "s", "demo", spec={"selector": {"app": "x"}}), False),
        (estates.k8s("Service", "s", "demo", spec={"selector": {"app": 1}}), False),
        (estates.k8s("Service", "s", "demo", spec={"selector": {}}), True),
        (estates.k8s("Service", "s", "demo", spec={}), True),
        (estates.k8s("Service", "s", "elsewhere", spec={"selector": {"app": "x"}}), True),
    ],
)
def test_a_service_leads_to_pods(service: subjects.Subject, *, leads: bool) -> None:
    expected = [] if leads else [("Service/demo/s", "it leads to no pod", ("spec", "selector"))]
    assert estates.found("servicesSelect", WEB, service) == expected


def account(name: str, namespace: str = "demo") -> subjects.Subject:
    return estates.k8s("ServiceAccount", name, namespace)


@pytest.mark.parametrize(
    ("given", "used"),
    [
        ((estates.workload("w", serviceAccountName="bot"),), True),
        ((estates.workload("w", serviceAccount="bot"),), True),
        ((estates.workload("w"),), False),
        ((estates.workload("w", serviceAccountName="other"),), False),
        ((estates.workload("w", "other", serviceAccountName="bot"),), True),
        ((estates.workload("w", "other", serviceAccountName="bot"), estates.workload("v")), False),
        ((), True),
    ],
    ids=["named", "old name", "unnamed", "another's", "elsewhere alone", "elsewhere", "no workload at hand"],
)
def test_an_account_is_used_by_workloads(given: Any, *, used: bool) -> None:
    text = "no workload runs under it, and no binding names it"
    expected = [] if used else [("ServiceAccount/demo/bot", text, ("metadata", "name"))]
    assert estates.found("accountsInUse", account("bot"), *given) == expected


def binding(
    *holders: Any, kind: str = "ClusterRole", name: str = "view", of: str = "RoleBinding", namespace: str = "demo"
) -> subjects.Subject:
    return estates.k8s(of, "b", namespace, roleRef={"kind": kind, "name": name}, subjects=list(holders))


BOT = {"kind": "ServiceAccount", "name": "bot"}


@pytest.mark.parametrize(
    ("bound", "used"),
    [
        (binding(BOT), True),
        (binding({**BOT, "namespace": "demo"}, namespace="other"), True),
        (binding({**BOT, "namespace": "other"}), False),
        (binding({**BOT, "namespace": "demo"}, of="ClusterRoleBinding", namespace=""), True),
        (binding({"kind": "User", "name": "bot"}), False),
    ],
)
def test_an_account_is_used_by_bindings(bound: Any, *, used: bool) -> None:
    found = estates.keys("accountsInUse", account("bot"), account("default"), estates.workload("w"), bound)
    assert found == ([] if used else ["ServiceAccount/demo/bot"])


ROLE = estates.k8s("Role", "reader", "demo")
OURS = estates.k8s("ClusterRole", "ours")


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ((ROLE, binding(kind="Role", name="reader")), ""),
        ((binding(kind="Role", name="reader"),), "there is no Role reader"),
        ((ROLE, binding(kind="Role", name="reader", namespace="other")), "there is no Role reader"),
        ((OURS, binding(name="ours")), ""),
        ((OURS, binding(name="theirs")), "there is no ClusterRole theirs"),
        ((OURS, binding(name="system:auth-delegator")), ""),
        *(((OURS, binding(name=name)), "") for name in ("admin", "cluster-admin", "edit", "view")),
        ((binding(name="theirs"),), ""),
    ],
)
def test_a_binding_names_a_role_that_is_there(given: Any, message: str) -> None:
    found = estates.found("bindingsResolve", *given)
    assert [one[1:] for one in found] == ([(message, ("roleRef", "name"))] if message else [])


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ((account("bot"), binding({}, BOT)), ""),
        ((account("web"), binding({}, BOT)), "there is no ServiceAccount bot in demo"),
        ((account("web"), binding({}, {**BOT, "name": "default"})), ""),
        ((account("web"), binding({}, {**BOT, "namespace": "other"})), ""),
        (
            (account("web", "other"), binding({}, {**BOT, "namespace": "other"})),
            "there is no ServiceAccount bot in other",
        ),
        ((binding({}, BOT),), ""),
    ],
)
def test_a_binding_names_accounts_that_are_there(given: Any, message: str) -> None:
    found = estates.found("bindingsResolve", *given)
    assert [one[1:] for one in found] == ([(message, ("subjects", 1, "name"))] if message else [])


def budget(namespace: str = "demo", **spec: Any) -> subjects.Subject:
    return estates.k8s(
        "PodDisruptionBudget", "b", namespace, spec={"selector": {"matchLabels": {"app": "web"}}, **spec}
    )


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (budget(maxUnavailable=1), ""),
        (budget(minAvailable=2), ""),
        (budget(minAvailable="50%"), ""),
        (budget(minAvailable=3), "it keeps all 3 pods of web"),
        (budget(minAvailable=4), "it keeps all 3 pods of web"),
        (budget(maxUnavailable=0), ""),
        (budget("other", maxUnavailable=1), "no PodDisruptionBudget"),
        (budget(maxUnavailable=1, selector={"matchLabels": {"app": "x"}}), "no PodDisruptionBudget"),
    ],
)
@pytest.mark.parametrize("kind", ["Deployment", "StatefulSet"])
def test_a_drain_takes_some_and_leaves_some(given: Any, message: str, kind: str) -> None:
    web = estates.workload("web", kind=kind, replicas=3)
    found = estates.found("disruptionsBounded", web, given)
    expected: tuple[str, subjects.Path] = ("PodDisruptionBudget/demo/b", ("spec", "minAvailable"))
    if message.startswith("no"):
        expected = (f"{kind}/demo/web", ("spec", "replicas"))
    assert [(one[0], one[2]) for one in found] == ([expected] if message else [])
    assert all(message in one[1] for one in found)


@pytest.mark.parametrize(
    "one",
    [
        estates.workload("web", replicas=1),
        estates.workload("web"),
        estates.workload("web", kind="DaemonSet", replicas=3),
        estates.k8s("Service", "web", "demo", spec={"replicas": 3}),
    ],
)
def test_what_has_no_second_replica_needs_no_budget(one: subjects.Subject) -> None:
    assert estates.found("disruptionsBounded", one) == []


def ingress(namespace: str, *hosts: str, tls: Any = ()) -> subjects.Subject:
    spec = {"rules": [{}, *({"host": host} for host in hosts)], "tls": [{"hosts": list(tls)}]}
    return estates.k8s("Ingress", "i", namespace, spec=spec)


def test_a_host_is_served_from_one_namespace() -> None:
    given = (ingress("a", "x.example"), ingress("a", "x.example"), ingress("b", "y.example", "X.example"))
    text = "x.example is served from namespace a too"
    assert estates.found("ingressHostsOnce", *given) == [("Ingress/b/i", text, ("spec", "rules", 2, "host"))]


def test_a_certificates_name_is_a_host_too() -> None:
    given = (ingress("a", tls=["z.example"]), ingress("b", tls=["y.example", "z.example"]))
    path = ("spec", "tls", 0, "hosts", 1)
    assert [one[2] for one in estates.found("ingressHostsOnce", *given)] == [path]


CLAIM = estates.k8s("PersistentVolumeClaim", "data", "demo", spec={})


def schedule(*included: str, excluded: Any = (), **spec: Any) -> subjects.Subject:
    template = {"includedNamespaces": list(included), "excludedNamespaces": list(excluded)}
    return estates.k8s("Schedule", "s", "backup", spec={"template": template, **spec})


@pytest.mark.parametrize(
    ("given", "copied"),
    [
        ((schedule("demo"),), True),
        ((schedule(),), True),
        ((schedule("*"),), True),
        ((schedule("other"),), False),
        ((schedule("*", excluded=["demo"]),), False),
        ((schedule(excluded=["other"]),), True),
        ((schedule("demo", paused=True),), False),
        ((schedule("demo", paused=False),), True),
        ((schedule(excluded=["demo"]), schedule("demo")), True),
        ((), False),
    ],
)
def test_what_keeps_data_is_copied(given: Any, *, copied: bool) -> None:
    expected = [] if copied else [("PersistentVolumeClaim/demo/data", NOT_COPIED, ("spec",))]
    assert estates.found("statefulBackedUp", CLAIM, *given) == expected


NOT_COPIED = "no backup schedule copies what it keeps"


def test_a_set_with_volumes_keeps_data_and_one_without_does_not() -> None:
    claims = {"volumeClaimTemplates": [{"metadata": {"name": "data"}}]}
    assert estates.keys("statefulBackedUp", estates.k8s("StatefulSet", "s", "demo", spec=claims)) == [
        "StatefulSet/demo/s"
    ]
    assert estates.found("statefulBackedUp", estates.k8s("StatefulSet", "s", "demo", spec={})) == []
    assert estates.found("statefulBackedUp", estates.k8s("Deployment", "s", "demo", spec=claims)) == []
