from __future__ import annotations

from typing import Any

import pytest

from govcloud_cli.compliance import subjects
from govcloud_cli.model import policies
from tests.compliance.checks import estates

DEMO = estates.k8s("Namespace", "demo", labels={"team": "demo"})
OTHER = estates.k8s("Namespace", "other", labels={"team": "other"})
ENVIRONMENT = estates.of(policies.Input.ENVIRONMENT, "lab", id="lab")
BOTH = ["Ingress", "Egress"]
EXISTS = {"key": "a", "operator": "Exists"}


@pytest.mark.parametrize(
    ("closed", "open_"),
    [
        ([estates.policy("deny", policyTypes=BOTH)], ""),
        ([estates.policy("deny")], "egress"),
        ([estates.policy("deny", egress=[{"to": [{"podSelector": {}}]}])], ""),
        ([estates.policy("deny", policyTypes=["Egress"])], "ingress"),
        ([estates.policy("a", policyTypes=["Egress"]), estates.policy("b", policyTypes=["Ingress"])], ""),
        ([estates.policy("deny", policyTypes=BOTH, egress=[{}])], "egress"),
        ([estates.policy("deny", policyTypes=BOTH, ingress=[{"ports": [{"port": 443}]}])], ""),
        ([estates.policy("deny", policyTypes=BOTH, selector={"matchLabels": {"a": "b"}})], "egress, ingress"),
        (
            [
                estates.policy(
                    "deny", policyTypes=BOTH, selector={"matchExpressions": [{"key": "a", "operator": "Exists"}]}
                )
            ],
            "egress, ingress",
        ),
        ([estates.policy("deny", "other", policyTypes=BOTH)], "egress, ingress"),
        ([estates.policy("deny", "", policyTypes=BOTH)], "egress, ingress"),
        ([], "egress, ingress"),
    ],
)
def test_a_namespace_is_closed_in_both_directions(closed: Any, open_: str) -> None:
    text = f"no NetworkPolicy closes it by default: {open_} of its pods is open"
    expected = [("Namespace/demo", text, ("metadata", "name"))] if open_ else []
    assert estates.found("namespacesDenyByDefault", DEMO, *closed) == expected


@pytest.mark.parametrize("name", ["kube-system", "kube-public", "kube-node-lease", "default"])
def test_clusters_own_namespaces_are_not_judged(name: str) -> None:
    one = estates.k8s("Namespace", name)
    assert estates.found("namespacesDenyByDefault", one) == []
    assert estates.found("namespacesBounded", one) == []


def rule(*ports: Any, peer: Any = None) -> dict[str, Any]:
    told: dict[str, Any] = {"ports": list(ports)} if ports else {}
    return told | ({"from": [peer]} if peer is not None else {})


ALL: dict[str, Any] = {"podSelector": {}}


@pytest.mark.parametrize(
    ("one", "other", "repeated"),
    [
        ([rule({"port": 1}, peer=ALL)], [rule({"port": 1}, peer=ALL)], ["b"]),
        ([rule({"port": 1}, peer=ALL)], [rule({"port": 1, "protocol": "TCP"}, peer=ALL)], ["b"]),
        ([rule({"port": 1}, peer=ALL)], [rule({"port": 1, "protocol": "UDP"}, peer=ALL)], []),
        ([rule({"port": 1}, peer=ALL)], [rule({"port": 1}, peer=ALL), rule({"port": 2}, peer=ALL)], ["a"]),
        ([rule({"port": 1}, peer=ALL)], [rule(peer=ALL)], ["a"]),
        ([rule({"port": 1}, peer=ALL)], [rule({"port": 1})], ["a"]),
        ([rule({"port": 1}, peer=ALL)], [{}], ["a"]),
        ([{}], [rule({"port": 1}, peer=ALL)], ["b"]),
        ([rule({"port": 1}, peer=ALL)], [rule({"port": 2}, peer=ALL)], []),
        ([rule({"port": 1}, {"port": 2}, peer=ALL)], [rule({"port": 1}, peer=ALL), rule({"port": 3}, peer=ALL)], []),
        ([], [], ["b"]),
        ([], [rule({"port": 1})], []),
    ],
)
def test_a_policy_whose_effect_another_has_is_told(one: Any, other: Any, repeated: Any) -> None:
    given = (
        estates.policy("a", policyTypes=["Ingress"], ingress=one),
        estates.policy("b", policyTypes=["Ingress"], ingress=other),
    )
    assert estates.keys("networkPoliciesDistinct", *given) == [f"NetworkPolicy/demo/{name}" for name in repeated]


def test_two_policies_that_share_a_part_are_both_needed() -> None:
    ports = ((1, 2), (1, 3), (2, 3))
    given = [
        estates.policy(f"p{one}{other}", policyTypes=["Ingress"], ingress=[rule({"port": one}, {"port": other})])
        for one, other in ports
    ]
    assert estates.found("networkPoliciesDistinct", *given) == []


def test_a_policy_is_compared_with_those_of_its_namespace_selector_and_directions() -> None:
    one = estates.policy("a", policyTypes=["Ingress"], ingress=[rule({"port": 1})])
    for other in (
        estates.policy("b", "other", policyTypes=["Ingress"], ingress=[rule({"port": 1})]),
        estates.policy("b", selector={"matchLabels": {"a": "b"}}, policyTypes=["Ingress"], ingress=[rule({"port": 1})]),
        estates.policy("b", policyTypes=["Egress"], egress=[rule({"port": 1})]),
    ):
        assert estates.found("networkPoliciesDistinct", one, other) == []
    wider = estates.policy("b", policyTypes=BOTH, ingress=[rule({"port": 1})])
    text = "b has its whole effect already"
    assert estates.found("networkPoliciesDistinct", one, wider) == [("NetworkPolicy/demo/a", text, ("spec",))]


def test_many_policies_of_one_namespace_are_compared_in_time() -> None:
    given = [estates.policy(f"p{port}", ingress=[rule({"port": port})]) for port in range(5000)]
    assert estates.found("networkPoliciesDistinct", *given) == []


WEB = estates.workload("web", labels={"app": "web"})


@pytest.mark.parametrize(
    ("selector", "kind", "selected"),
    [
        ({}, "Deployment", True),
        ({"matchLabels": {"app": "web"}}, "Deployment", True),
        ({"matchLabels": {"app": "web"}}, "CronJob", True),
        ({"matchLabels": {"app": "other"}}, "Deployment", False),
        ({"matchExpressions": [{"key": "app", "operator": "In", "values": ["web"]}]}, "Deployment", True),
        ({"matchExpressions": [{"key": "app", "operator": "In", "values": ["x"]}]}, "Deployment", False),
        ({"matchExpressions": [{"key": "app", "operator": "NotIn", "values": ["web"]}]}, "Deployment", False),
        ({"matchExpressions": [{"key": "tier", "operator": "NotIn", "values": ["web"]}]}, "Deployment", True),
        ({"matchExpressions": [{"key": "app", "operator": "Exists"}]}, "Deployment", True),
        ({"matchExpressions": [{"key": "app", "operator": "DoesNotExist"}]}, "Deployment", False),
        ({"matchExpressions": [{"key": "tier", "operator": "DoesNotExist"}]}, "Deployment", True),
        ({"matchExpressions": [{"key": "app", "operator": "Like"}]}, "Deployment", False),
    ],
)
def test_a_policy_selects_pods(selector: Any, kind: str, *, selected: bool) -> None:
    pods = {"template": {"metadata": {"labels": {"app": "web"}}}}
    spec = pods if kind == "Deployment" else {"jobTemplate": {"spec": pods}}
    found = estates.found(
        "networkPoliciesInUse", estates.k8s(kind, "web", "demo", spec=spec), estates.policy("p", selector=selector)
    )
    expected = [("NetworkPolicy/demo/p", "it selects no pod", ("spec", "podSelector"))]
    assert found == ([] if selected else expected)


@pytest.mark.parametrize(
    ("peer", "message"),
    [
        ({"podSelector": {"matchLabels": {"app": "web"}}}, ""),
        ({"podSelector": {"matchLabels": {"app": "x"}}}, "no pod has the labels of a peer"),
        ({"namespaceSelector": {"matchLabels": {"team": "other"}}}, ""),
        ({"namespaceSelector": {"matchLabels": {"team": "x"}}}, "no namespace has the labels of a peer"),
        ({"namespaceSelector": {}, "podSelector": {"matchLabels": {"app": "x"}}}, ""),
        ({"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "kube-system"}}}, ""),
        ({"namespaceSelector": {"matchExpressions": [{"key": "team", "operator": "Exists"}]}}, ""),
        ({"ipBlock": {"cidr": "10.20.0.0/16"}}, ""),
        ({"ipBlock": {"cidr": "fd20::5/128"}}, ""),
        ({"ipBlock": {"cidr": "10.30.0.0/16"}}, "10.30.0.0/16 is in no zone of the platform"),
        ({"ipBlock": {"cidr": "nonsense"}}, ""),
    ],
)
@pytest.mark.parametrize(("direction", "end"), [("ingress", "from"), ("egress", "to")])
def test_a_peer_is_somebody(peer: Any, message: str, direction: str, end: str) -> None:
    zone = estates.zone("z", cidr="10.20.0.0/24", cidr6="fd20::/64")
    spec: dict[str, Any] = {direction: [{}, {end: [{"podSelector": {}}, peer]}]}
    one = estates.policy("p", policyTypes=BOTH, **spec)
    found = estates.found("networkPoliciesInUse", ENVIRONMENT, zone, DEMO, OTHER, WEB, one)
    assert found == ([("NetworkPolicy/demo/p", message, ("spec", direction, 1, end, 1))] if message else [])


@pytest.mark.parametrize(
    "peer",
    [
        {"namespaceSelector": {"matchLabels": {"team": "x"}}},
        {"podSelector": {"matchLabels": {"app": "x"}}},
        {"ipBlock": {"cidr": "10.30.0.0/16"}},
    ],
)
def test_of_what_is_not_at_hand_nothing_is_said(peer: Any) -> None:
    one = estates.policy("p", selector={"matchLabels": {"app": "x"}}, ingress=[{"from": [peer]}])
    assert estates.found("networkPoliciesInUse", DEMO, OTHER, one, estates.workload("web", "other")) == []


def way(name: str, namespace: str, direction: str, team: str, *ports: Any, **more: Any) -> subjects.Subject:
    end = {"Ingress": ("ingress", "from"), "Egress": ("egress", "to")}[direction]
    allowed: dict[str, Any] = {end[1]: [{"namespaceSelector": {"matchLabels": {"team": team}}}], **more}
    if ports:
        allowed["ports"] = list(ports)
    return estates.policy(name, namespace, policyTypes=[direction], **{end[0]: [allowed]})


@pytest.mark.parametrize(
    ("sent", "taken", "agreed"),
    [
        ([{"port": 443}], [{"port": 443}], True),
        ([{"port": 443}], [{"port": 443, "protocol": "TCP"}], True),
        ([{"port": 443}], [{"port": 443, "protocol": "UDP"}], False),
        ([{"port": 443, "protocol": "UDP"}], [{"port": 443, "protocol": "UDP"}], True),
        ([{"port": 443, "protocol": "UDP"}], [{"port": 443}], False),
        ([{"port": 443}], [{"port": 80}], False),
        ([{"port": 443}], [{"port": 400, "endPort": 500}], True),
        ([{"port": 443, "endPort": 600}], [{"port": 400, "endPort": 500}], False),
        ([{"port": 300}], [{"port": 400, "endPort": 500}], False),
        ([{"port": 443}, {"port": 80}], [{"port": 443}], False),
        ([{"port": 443}], [], True),
        ([{"port": 443}], [{"port": "https"}], True),
        ([{"port": "https"}], [{"port": 443}], True),
        ([{"port": 443}], [{"protocol": "TCP"}], True),
        ([{"port": 443.5}], [{"port": 443}], False),
        ([{"port": 443}], [{"port": 443.5}], False),
        ([], [{"port": 443}], True),
    ],
)
def test_what_one_sends_the_other_takes(sent: Any, taken: Any, *, agreed: bool) -> None:
    out = way("out", "demo", "Egress", "other", *sent)
    into = way("into", "other", "Ingress", "demo", *taken)
    text = "other does not allow it: egress of demo is open on one side only"
    found = [one for one in estates.found("allowancesMutual", DEMO, OTHER, out, into) if one[0].endswith("out")]
    assert found == ([] if agreed else [("NetworkPolicy/demo/out", text, ("spec", "egress", 0))])


def test_whoever_takes_is_judged_like_whoever_sends() -> None:
    into = way("into", "other", "Ingress", "demo", {"port": 443})
    shut = estates.policy("deny", "demo", policyTypes=BOTH)
    text = "demo does not allow it: ingress of other is open on one side only"
    expected = [("NetworkPolicy/other/into", text, ("spec", "ingress", 0))]
    assert estates.found("allowancesMutual", DEMO, OTHER, into, shut) == expected


def test_a_namespace_that_closes_nothing_takes_everything() -> None:
    assert estates.found("allowancesMutual", DEMO, OTHER, way("out", "demo", "Egress", "other")) == []


def test_a_rule_for_everybody_takes_what_is_sent() -> None:
    out = way("out", "demo", "Egress", "other", {"port": 443})
    taking = estates.policy("all", "other", policyTypes=["Ingress"], ingress=[{"ports": [{"port": 443}]}])
    assert estates.found("allowancesMutual", DEMO, OTHER, out, taking) == []
    by_address = estates.policy("a", "other", policyTypes=["Ingress"], ingress=[{"from": [{"ipBlock": {}}]}])
    assert estates.keys("allowancesMutual", DEMO, OTHER, out, by_address) == ["NetworkPolicy/demo/out"]
    third = estates.policy(
        "a",
        "other",
        policyTypes=["Ingress"],
        ingress=[{"from": [{"namespaceSelector": {"matchLabels": {"team": "x"}}}]}],
    )
    assert estates.keys("allowancesMutual", DEMO, OTHER, out, third) == ["NetworkPolicy/demo/out"]


def test_of_namespaces_that_are_elsewhere_nothing_is_said() -> None:
    shut = estates.policy("deny", "other", policyTypes=BOTH)
    out = way("out", "demo", "Egress", "other", {"port": 443})
    assert estates.found("allowancesMutual", DEMO, out, shut) == [], "the other one is not at hand"
    assert estates.found("allowancesMutual", OTHER, out, shut) == [], "its own is not at hand"
    dns = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "kube-system"}}}
    asking = estates.policy("dns", policyTypes=["Egress"], egress=[{"to": [dns]}])
    shut_system = estates.policy("deny", "kube-system", policyTypes=BOTH)
    assert estates.found("allowancesMutual", DEMO, asking, shut_system) == [], "nor is the cluster's own"
    own = way("own", "demo", "Egress", "demo", {"port": 443})
    shut_here = estates.policy("deny", "demo", policyTypes=BOTH)
    assert estates.found("allowancesMutual", DEMO, own, shut_here) == [], "within a namespace others see to it"


def test_many_namespaces_are_compared_in_time() -> None:
    given = []
    for number in range(1500):
        given.append(estates.k8s("Namespace", f"n{number}", labels={"team": f"t{number}"}))
        given.append(way("in", f"n{number}", "Ingress", f"t{(number + 1) % 1500}", {"port": 443}))
    found = estates.keys("allowancesMutual", *given)
    assert found == [], "nobody closes egress"
