"""Every check by its policy's samples, and whatever else anybody could write."""

from __future__ import annotations

import functools
from typing import Any

import hypothesis
import pytest
from hypothesis import strategies

from govcloud_cli import resources
from govcloud_cli.compliance import checks, judging, rules, samples, subjects
from govcloud_cli.compliance.cel import engine
from govcloud_cli.inventory import rulebook, sample_files
from govcloud_cli.model import policies

AREAS = ("estate", "hosts", "resources", "tenants", "zones")


@functools.cache
def book() -> dict[str, rulebook.Entry]:
    loaded = rulebook.load([resources.folder("policies")])
    return {entry.policy.metadata.id: entry for entry in loaded.entries if entry.area in AREAS}


@functools.cache
def rule(policy: str) -> rules.Rule:
    return rules.compile(book()[policy].policy, libraries={}, engine=asked())


@functools.cache
def asked() -> engine.Engine:
    return engine.Engine({"registries": []})


NAMES = sorted(
    path.parent.name for area in AREAS for path in (resources.folder("policies") / area).glob("*/policy.yaml")
)


@pytest.mark.parametrize("policy", NAMES)
def test_a_policy_agrees_with_its_samples(policy: str) -> None:
    assert samples.check(sample_files.read(book()[policy]), rule(policy)) == ()


def test_every_check_is_named_by_one_policy() -> None:
    named = [entry.policy.spec.check for entry in book().values() if entry.policy.spec.check is not None]
    assert sorted(named) == sorted(checks.CHECKS)


def test_a_policy_of_ours_is_explained_in_both_languages() -> None:
    for entry in book().values():
        spec = entry.policy.spec
        for text in (entry.policy.metadata.title.zh, spec.remediation.zh):
            assert any("\u4e00" <= letter <= "\u9fff" for letter in text), entry.policy.metadata.id
        assert spec.controls.mlps, entry.policy.metadata.id
        assert spec.controls.nist, entry.policy.metadata.id


WORDS = [
    "apiVersion", "kind", "metadata", "name", "namespace", "labels", "spec", "podSelector", "policyTypes", "ingress",
    "egress", "from", "to", "ports", "port", "endPort", "namespaceSelector", "matchLabels", "matchExpressions",
    "ipBlock", "cidr", "cidr6", "selector", "template", "containers", "image", "subjects", "roleRef", "rules",
    "verbs", "resources", "zones", "services", "interfaces", "address", "management", "variables", "members",
    "network", "allow", "peer", "zone", "tenant", "context", "peers", "replicas", "host", "type", "id", "prefixes",
    "approvers", "waiverApprovers", "kubernetes_service_cidrs", "zone_firewall_forward_pairs", "machines", "audit",
    "copyTo", "substrate", "hard",
]  # fmt: skip
VALUES = [
    "", "*", "prod", "10.0.0.0/8", "10.0.0.1", "fd00::/64", "Ingress", "In", "kind", "internal", "internet", "existing",
    "Group", 0, 1, 65536, -1, 1.5, True, False, None, "postgres:16", "100%",
]  # fmt: skip
JSON: Any = strategies.recursive(
    strategies.sampled_from(VALUES),
    lambda inner: (
        strategies.lists(inner, max_size=3) | strategies.dictionaries(strategies.sampled_from(WORDS), inner, max_size=4)
    ),
    max_leaves=12,
)
KINDS = [
    ("v1", "Namespace"), ("v1", "Service"), ("v1", "ServiceAccount"), ("v1", "Pod"), ("v1", "ResourceQuota"),
    ("v1", "LimitRange"), ("v1", "PersistentVolumeClaim"), ("apps/v1", "Deployment"), ("apps/v1", "StatefulSet"),
    ("batch/v1", "CronJob"), ("networking.k8s.io/v1", "NetworkPolicy"), ("networking.k8s.io/v1", "Ingress"),
    ("policy/v1", "PodDisruptionBudget"), ("rbac.authorization.k8s.io/v1", "ClusterRole"),
    ("rbac.authorization.k8s.io/v1", "ClusterRoleBinding"), ("rbac.authorization.k8s.io/v1", "RoleBinding"),
    ("velero.io/v1", "Schedule"),
]  # fmt: skip


@strategies.composite
def odd_subjects(draw: strategies.DrawFn) -> subjects.Subject:
    """A subject of any input; of Kubernetes' kinds those that checks look at, filled with anything."""
    kind = draw(strategies.sampled_from(policies.Input))
    document = draw(JSON)
    if kind is policies.Input.KUBERNETES and isinstance(document, dict):
        version, name = draw(strategies.sampled_from(KINDS))
        document = {"metadata": draw(JSON), "spec": draw(JSON), **document, "apiVersion": version, "kind": name}
    return subjects.Subject(input=kind, key="odd", document=document)


@hypothesis.given(strategies.lists(odd_subjects(), max_size=6))
@hypothesis.settings(max_examples=80)
def test_no_document_is_too_odd_for_a_check(found: list[subjects.Subject]) -> None:
    for tested in checks.CHECKS.values():
        for failure in tested(found):
            assert failure.message
            assert failure.subject in found


def test_messages_hold_nothing_that_a_manifest_hides_in_values() -> None:
    deployment = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "web", "namespace": "demo"},
        "spec": {
            "replicas": 3,
            "template": {
                "metadata": {"labels": {"app": "web"}},
                "spec": {"containers": [{"image": "postgres:16", "env": [{"name": "P", "value": "hunter2"}]}]},
            },
        },
    }
    one = subjects.Subject(input=policies.Input.KUBERNETES, key="k8s:x", document=deployment)
    found = judging.judge([rule(name) for name in NAMES if book()[name].policy.spec.check], [one])
    assert {result.policy.metadata.id for result in found.results} >= {"shared-services-used", "disruptions-bounded"}
    assert "hunter2" not in " ".join(result.message for result in found.results)
