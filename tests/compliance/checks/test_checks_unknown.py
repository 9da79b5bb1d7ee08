"""A value that Pulumi does not know yet, where a check looks: the check must not take it for a pass."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from govcloud_cli.compliance import checks, subjects
from govcloud_cli.model import policies
from tests.compliance.checks import estates

NAMESPACE = estates.k8s("Namespace", "demo", labels={"govcloud.io/tenant": "finance"})
POLICY = estates.policy("p", policyTypes=["Ingress", "Egress"])
WEB = estates.workload("web", replicas=3)
JOB = estates.k8s("CronJob", "job", "demo", spec={"jobTemplate": {"spec": {"template": {}}}})
JOB_POD = ("spec", "jobTemplate", "spec", "template")
SERVICE = estates.k8s("Service", "s", "demo", spec={"selector": {"app": "web"}})
ACCOUNT = estates.k8s("ServiceAccount", "bot", "demo")
BINDING = estates.k8s("ClusterRoleBinding", "b", roleRef={"kind": "ClusterRole", "name": "view"}, subjects=[])
ROLE = estates.k8s("ClusterRole", "view", rules=[])
INGRESS = estates.k8s("Ingress", "i", "demo", spec={"rules": [{"host": "x.example"}]})
CLAIM = estates.k8s("PersistentVolumeClaim", "c", "demo", spec={})
SCHEDULE = estates.k8s("Schedule", "s", "backup", spec={"template": {}})
BUDGET = estates.k8s("PodDisruptionBudget", "b", "demo", spec={"selector": {"matchLabels": {"app": "web"}}})
QUOTA = estates.k8s("ResourceQuota", "q", "demo", spec={"hard": {"pods": "1"}})
LIMITS = estates.k8s("LimitRange", "l", "demo", spec={"limits": [{}]})
HOST = estates.host("m", side="external", services=["time"], variables={"kubernetes_service_cidrs": ["10.96.0.0/16"]})
RESOURCE = estates.of(policies.Input.RESOURCE, "r", type="x:index:Y", name="n", inputs={})


@pytest.mark.parametrize(
    ("check", "one", "path", "others"),
    [
        ("namespacesDenyByDefault", POLICY, ("spec", "policyTypes"), [NAMESPACE]),
        ("namespacesDenyByDefault", POLICY, ("metadata", "namespace"), [NAMESPACE]),
        ("networkPoliciesDistinct", POLICY, ("spec", "ingress", 0), []),
        ("networkPoliciesInUse", POLICY, ("spec", "podSelector"), [WEB]),
        ("networkPoliciesInUse", POLICY, ("spec", "ingress", 0), []),
        ("networkPoliciesInUse", POLICY, ("spec", "egress", 0), []),
        ("networkPoliciesInUse", NAMESPACE, ("metadata", "labels"), [POLICY]),
        ("allowancesMutual", POLICY, ("spec", "egress", 0, "ports"), [NAMESPACE]),
        ("namespacesBounded", QUOTA, ("spec", "hard"), [NAMESPACE, LIMITS]),
        ("namespacesBounded", LIMITS, ("metadata", "namespace"), [NAMESPACE, QUOTA]),
        ("administratorsDisjoint", BINDING, ("roleRef", "name"), [ROLE]),
        ("administratorsDisjoint", BINDING, ("subjects", 0, "name"), [ROLE]),
        ("administratorsDisjoint", ROLE, ("rules",), [BINDING]),
        ("sharedServicesUsed", WEB, ("spec", "template", "spec", "containers", 0, "image"), []),
        ("sharedServicesUsed", JOB, (*JOB_POD, "spec", "initContainers", 0, "ports"), []),
        ("sharedServicesUsed", JOB, ("spec", "jobTemplate"), []),
        ("networkPoliciesInUse", JOB, (*JOB_POD, "metadata", "labels", "app"), [POLICY]),
        ("accountsInUse", JOB, (*JOB_POD, "spec", "serviceAccountName"), [ACCOUNT]),
        ("servicesSelect", JOB, (*JOB_POD, "metadata", "labels"), [SERVICE]),
        ("disruptionsBounded", WEB, ("spec", "template", "metadata", "labels"), [BUDGET]),
        ("sharedServicesUsed", RESOURCE, ("type",), []),
        ("servicesSelect", SERVICE, ("spec", "selector"), [WEB]),
        ("servicesSelect", WEB, ("spec", "template", "metadata", "labels"), [SERVICE]),
        ("accountsInUse", ACCOUNT, ("metadata", "name"), []),
        ("accountsInUse", WEB, ("spec", "template", "spec", "serviceAccountName"), [ACCOUNT]),
        ("bindingsResolve", BINDING, ("roleRef", "name"), []),
        ("bindingsResolve", BINDING, ("subjects", 0), []),
        ("bindingsResolve", ROLE, ("metadata", "name"), [BINDING]),
        ("disruptionsBounded", WEB, ("spec", "replicas"), [BUDGET]),
        ("disruptionsBounded", BUDGET, ("spec", "minAvailable"), [WEB]),
        ("ingressHostsOnce", INGRESS, ("spec", "rules", 0, "host"), []),
        ("statefulBackedUp", CLAIM, ("metadata", "namespace"), [SCHEDULE]),
        ("statefulBackedUp", SCHEDULE, ("spec", "template"), [CLAIM]),
        ("zonesJoined", HOST, ("services",), []),
        ("zonesJoined", HOST, ("variables", "zone_firewall_forward_pairs"), []),
        ("networksApart", HOST, ("variables", "kubernetes_service_cidrs", 0), []),
        ("networksApart", HOST, ("variables", "sslvpn_groups"), []),
        ("retentionConsistent", HOST, ("variables", "kubernetes_audit_days"), []),
        ("timeOnEverySide", HOST, ("services", 0), []),
        ("servicesOnce", HOST, ("services", 0), []),
    ],
)
def test_an_unknown_value_is_no_pass(check: str, one: subjects.Subject, path: subjects.Path, others: Any) -> None:
    hanging = dataclasses.replace(one, unknown=(path,))
    found = [failure for failure in checks.CHECKS[check]([hanging, *others]) if failure.subject is hanging]
    assert [(failure.unknown, failure.path) for failure in found if failure.unknown] == [(True, path)]
    for other in (("status", "phase"), ("spec", "template", "spec", "containers", 0, "env", 0, "value")):
        elsewhere = dataclasses.replace(one, unknown=(other,))
        if one is WEB or other[0] == "status":
            assert not any(failure.unknown for failure in checks.CHECKS[check]([elsewhere, *others]))
