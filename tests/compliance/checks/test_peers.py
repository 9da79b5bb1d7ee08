from __future__ import annotations

from typing import Any

import pytest

from govcloud_cli.compliance.checks import peers
from tests.compliance.checks import estates


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ({}, {"Ingress"}),
        ({"egress": [{}]}, {"Ingress", "Egress"}),
        ({"egress": []}, {"Ingress"}),
        ({"policyTypes": ["Egress"]}, {"Egress"}),
        ({"policyTypes": []}, set()),
        ({"policyTypes": ["Sideways", 1]}, set()),
    ],
)
def test_the_api_fills_in_what_a_policy_closes(spec: Any, expected: Any) -> None:
    assert peers.closes(estates.policy("p", **spec)) == expected


def test_only_a_policy_without_labels_is_about_every_pod() -> None:
    assert peers.selects_all(estates.policy("p", selector={}))
    assert peers.selects_all(estates.policy("p", selector={"matchLabels": {}}))
    assert not peers.selects_all(estates.policy("p", selector={"matchLabels": {"a": "b"}}))
    assert not peers.selects_all(estates.policy("p", selector={"matchExpressions": [{"key": "a"}]}))
    assert not peers.selects_all(estates.k8s("NetworkPolicy", "p", "demo", spec={})), "the API refuses it"


def test_a_policy_of_another_group_is_none() -> None:
    other = estates.k8s("NetworkPolicy", "p", "demo", spec={})
    assert peers.is_policy(other)
    other.document["apiVersion"] = "crd.projectcalico.org/v1"
    assert not peers.is_policy(other)


def test_namespaces_are_found_by_any_selector() -> None:
    known = peers.Namespaces(
        [estates.k8s("Namespace", "a", labels={"team": "x", "env": "prod"}), estates.k8s("Namespace", "b")]
    )
    assert known.selected({"matchLabels": {"team": "x"}}) == ("a",)
    assert known.selected({"matchLabels": {"team": "x", "env": "test"}}) == ()
    assert known.selected({"matchLabels": {"kubernetes.io/metadata.name": "b"}}) == ("b",)
    assert known.selected({"matchExpressions": [{"key": "team", "operator": "Exists"}]}) == ("a",)
    assert set(known.selected({})) == {"a", "b", "default", "kube-system", "kube-public", "kube-node-lease"}
    assert known.selected("nonsense") == ()
    assert known.selected({"matchLabels": {"team": "x"}}) == ("a",), "asked again"
