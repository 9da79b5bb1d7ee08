"""Kinds and the resources that hold them."""

from __future__ import annotations

import pytest

from govcloud_cli.compliance import kinds


@pytest.mark.parametrize(
    ("kind", "plural"),
    [
        ("Pod", "pods"),
        ("NetworkPolicy", "networkpolicies"),
        ("Ingress", "ingresses"),
        ("IngressClass", "ingressclasses"),
        ("StorageClass", "storageclasses"),
        ("Endpoints", "endpoints"),
        ("EndpointSlice", "endpointslices"),
        ("ServiceCIDR", "servicecidrs"),
        ("IPAddress", "ipaddresses"),
        ("CSIStorageCapacity", "csistoragecapacities"),
        ("PriorityClass", "priorityclasses"),
        ("Gateway", "gateways"),
        ("Mailbox", "mailboxes"),
        ("CiliumNetworkPolicy", "ciliumnetworkpolicies"),
    ],
)
def test_a_kind_is_in_the_resource_of_its_plural(kind: str, plural: str) -> None:
    assert kinds.plural(kind) == plural


@pytest.mark.parametrize(
    ("api_version", "kind", "group"),
    [
        ("v1", "Pod", ""),
        ("apps/v1", "Deployment", "apps"),
        ("extensions/v1beta1", "Deployment", "apps"),
        ("extensions/v1beta1", "NetworkPolicy", "networking.k8s.io"),
        ("extensions/v1beta1", "Other", "extensions"),
        ("example.com/v2", "Deployment", "example.com"),
        ("", "", ""),
    ],
)
def test_a_kind_is_in_the_group_that_serves_it_today(api_version: str, kind: str, group: str) -> None:
    assert kinds.group_of(api_version, kind) == group
