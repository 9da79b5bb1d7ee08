from __future__ import annotations

import dataclasses
from typing import Any

import hypothesis
from hypothesis import strategies

from govcloud_cli.model import platforms, tenants
from govcloud_cli.plan import namespaces, network_policies
from tests.support import freezes, tenant_inventories

ALLOWANCE = strategies.fixed_dictionaries(
    {
        "direction": strategies.sampled_from(["inbound", "outbound"]),
        "peer": strategies.sampled_from(
            [{"tenant": "taxation"}, {"tenant": "taxation", "environment": "prod"}, {"zone": "citizens"}]
        ),
        "protocol": strategies.sampled_from(["tcp", "udp"]),
        "ports": strategies.lists(strategies.integers(1, 65535), min_size=1, max_size=3),
        "reason": strategies.sampled_from(["first reason", "second reason"]),
    }
)


def policies(**fields: Any) -> list[namespaces.Manifest]:
    tenant = tenant_inventories.tenant("finance", **fields)
    (scope,) = namespaces.scopes(tenant_inventories.inventory_of(tenant), platforms.Side.EXTERNAL)
    return list(network_policies.network_policies(scope))


def named(found: list[namespaces.Manifest], prefix: str) -> namespaces.Manifest:
    (policy,) = (item for item in found if item["metadata"]["name"].startswith(prefix))
    return policy


@hypothesis.given(allow=strategies.lists(ALLOWANCE, max_size=6), zone=strategies.sampled_from(["service", "citizens"]))
def test_every_namespace_denies_both_directions_whatever_is_allowed(allow: list[dict[str, Any]], zone: str) -> None:
    found = policies(allow=allow, zone=zone)
    denying = named(found, "default-deny")
    assert denying["spec"] == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
    names = [item["metadata"]["name"] for item in found]
    assert len(names) == len(set(names))
    assert all(item["metadata"]["annotations"][network_policies.REASON] for item in found)


@hypothesis.given(allow=strategies.lists(ALLOWANCE, max_size=6))
def test_no_policy_has_a_peer_or_port_list_that_would_mean_everybody(allow: list[dict[str, Any]]) -> None:
    for item in policies(allow=allow):
        for direction, ends in (("ingress", "from"), ("egress", "to")):
            for rule in item["spec"].get(direction, []):
                assert rule[ends], "an empty list of peers means all of them"
                assert "ports" not in rule or rule["ports"], "an empty list of ports means all of them"
                for peer in rule[ends]:
                    selector = peer.get("namespaceSelector", {"matchLabels": {"none": "here"}})
                    assert selector["matchLabels"], "an empty selector means every namespace"


@hypothesis.given(allow=strategies.lists(ALLOWANCE, max_size=5), data=strategies.data())
def test_the_order_of_allowances_means_nothing(allow: list[dict[str, Any]], data: strategies.DataObject) -> None:
    shuffled = data.draw(strategies.permutations(allow))
    names = [item["metadata"]["name"] for item in policies(allow=allow)]
    assert names == [item["metadata"]["name"] for item in policies(allow=shuffled)]


def test_a_tenant_peer_is_known_by_labels_that_only_the_platform_sets() -> None:
    allow = [{"direction": "inbound", "peer": {"tenant": "taxation"}, "ports": [8443], "reason": "receipts"}]
    policy = named(policies(allow=allow), "allow-inbound-taxation-prod")
    labels = {"govcloud.io/tenant": "taxation", "govcloud.io/environment": "prod"}
    assert policy["spec"] == {
        "podSelector": {},
        "policyTypes": ["Ingress"],
        "ingress": [
            {
                "from": [{"namespaceSelector": {"matchLabels": labels}}],
                "ports": [{"protocol": "TCP", "port": 8443}],
            }
        ],
    }
    assert policy["metadata"]["annotations"][network_policies.REASON] == "receipts"


def test_a_zone_peer_is_its_prefix_of_either_family() -> None:
    allow = [{"direction": "inbound", "peer": {"zone": "citizens"}, "ports": [443], "reason": "公开预算查询"}]
    policy = named(policies(allow=allow), "allow-inbound-zone-citizens")
    assert policy["spec"]["ingress"][0]["from"] == [
        {"ipBlock": {"cidr": "10.30.0.0/24"}},
        {"ipBlock": {"cidr": "fd30::/64"}},
    ]


def test_allowances_that_differ_in_their_reason_share_a_policy_that_gives_both() -> None:
    allowance = {"direction": "inbound", "peer": {"zone": "citizens"}, "ports": [443]}
    found = policies(allow=[{**allowance, "reason": "first"}, {**allowance, "reason": "second"}])
    assert named(found, "allow-inbound")["metadata"]["annotations"][network_policies.REASON] == "first; second"


def test_the_pooler_is_open_to_namespaces_with_databases_and_to_no_other() -> None:
    assert not [item for item in policies() if item["metadata"]["name"] == "allow-database"]
    found = policies(environments=[{"name": "prod", "databases": [{"id": "ledger"}]}])
    assert named(found, "allow-database")["spec"]["egress"] == [
        {
            "to": [{"ipBlock": {"cidr": "10.20.0.10/32"}}, {"ipBlock": {"cidr": "fd20::10/128"}}],
            "ports": [{"protocol": "TCP", "port": 6432}],
        }
    ]


def test_only_the_names_service_is_reached_outside_the_namespace_by_default() -> None:
    outside = [
        peer
        for item in policies()
        for rule in item["spec"].get("egress", [])
        for peer in rule["to"]
        if peer != {"podSelector": {}}
    ]
    assert outside == [
        {
            "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "kube-system"}},
            "podSelector": {"matchLabels": {"k8s-app": "kube-dns"}},
        }
    ]


def test_a_peer_without_an_environment_is_its_environment_of_the_same_name() -> None:
    allow = [{"direction": "outbound", "peer": {"tenant": "taxation"}, "ports": [443], "reason": "lookup"}]
    tenant = tenant_inventories.tenant("finance", allow=allow, environments=[{"name": "dev"}, {"name": "test"}])
    scopes = namespaces.scopes(tenant_inventories.inventory_of(tenant), platforms.Side.EXTERNAL)
    for scope in scopes:
        policy = named(list(network_policies.network_policies(scope)), "allow-outbound")
        (peer,) = policy["spec"]["egress"][0]["to"]
        assert peer["namespaceSelector"]["matchLabels"]["govcloud.io/environment"] == scope.environment.name.value
    assert dataclasses.is_dataclass(scopes[0])
    assert scopes[0].environment.name is tenants.EnvironmentName.DEV


def test_a_frozen_namespace_keeps_the_denial_alone() -> None:
    inventory = freezes.frozen(tenant_inventories.golden(), "finance")
    found = [scope for scope in namespaces.scopes(inventory, platforms.Side.EXTERNAL) if scope.frozen]
    assert [scope.namespace for scope in found] == ["finance-prod", "finance-test"]
    for scope in found:
        (only,) = network_policies.network_policies(scope)
        assert only["spec"] == network_policies.DENY


def test_a_passage_is_shut_at_both_ends_while_one_of_them_is_frozen() -> None:
    allow = [
        {"direction": "inbound", "peer": {"tenant": "taxation"}, "ports": [8443], "reason": "receipts"},
        {"direction": "outbound", "peer": {"zone": "citizens"}, "ports": [443], "reason": "notices"},
    ]
    environments = [{"name": "dev"}, {"name": "prod"}]
    inventory = tenant_inventories.inventory_of(
        tenant_inventories.tenant("finance", allow=allow, environments=environments),
        tenant_inventories.tenant("taxation", environments=environments),
    )
    half = dataclasses.replace(inventory, freezes=(freezes.freeze("taxation", "dev"),))
    dev, prod = (
        [policy["metadata"]["name"] for policy in network_policies.network_policies(scope)]
        for scope in namespaces.scopes(half, platforms.Side.EXTERNAL)
        if scope.tenant.metadata.id == "finance"
    )
    assert not [name for name in dev if "taxation" in name]
    assert [name for name in prod if "taxation" in name], "the other environment's passage stays"
    assert [name for name in dev if "citizens" in name], "what leads elsewhere stays"
