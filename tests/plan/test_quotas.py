from __future__ import annotations

import itertools
import re

import pytest

from govcloud_cli.model import platforms, tenants
from govcloud_cli.model import quotas as worths
from govcloud_cli.plan import namespaces, quotas
from tests.support import tenant_inventories


def scope_with(tier: tenants.Tier) -> namespaces.Scope:
    tenant = tenant_inventories.tenant("archives", environments=[{"name": "prod", "quota": tier.value}])
    (scope,) = namespaces.scopes(tenant_inventories.inventory_of(tenant), platforms.Side.EXTERNAL)
    return scope


OWN = {"cpu": 6, "memoryGi": 48, "storageGi": 300, "pods": 12, "justification": "year-end accounts need memory"}


def scope_of_its_own(**changed: int) -> namespaces.Scope:
    tenant = tenant_inventories.tenant("archives", environments=[{"name": "prod", "customQuota": OWN | changed}])
    (scope,) = namespaces.scopes(tenant_inventories.inventory_of(tenant), platforms.Side.EXTERNAL)
    return scope


def test_a_quota_of_ones_own_is_what_the_namespace_gets() -> None:
    manifest = quotas.resource_quota(scope_of_its_own())
    hard = manifest["spec"]["hard"]
    assert (hard["requests.cpu"], hard["requests.memory"]) == ("6", "48Gi")
    assert (hard["limits.cpu"], hard["requests.storage"], hard["pods"]) == ("12", "300Gi", "12")
    assert manifest["metadata"]["labels"]["govcloud.io/quota"] == "custom"


@pytest.mark.parametrize(("cpu", "container"), [(6, "6"), (64, "16")])
def test_one_container_is_never_larger_than_a_node(cpu: int, container: str) -> None:
    limits, _ = quotas.limit_range(scope_of_its_own(cpu=cpu))["spec"]["limits"]
    assert limits["max"] == {"cpu": container, "memory": "16Gi", "ephemeral-storage": "8Gi"}


def test_without_a_quota_it_is_the_default_tier() -> None:
    tenant = tenant_inventories.tenant("archives")
    (scope,) = namespaces.scopes(tenant_inventories.inventory_of(tenant), platforms.Side.EXTERNAL)
    assert quotas.resource_quota(scope) == quotas.resource_quota(scope_with(worths.DEFAULT))


def test_every_tier_has_its_worth_and_each_is_worth_more_than_the_one_before() -> None:
    ordered = [worths.TIERS[tier] for tier in tenants.Tier]
    for smaller, larger in itertools.pairwise(ordered):
        assert (smaller.cpu, smaller.memory, smaller.storage, smaller.pods) < (
            larger.cpu,
            larger.memory,
            larger.storage,
            larger.pods,
        )


@pytest.mark.parametrize("tier", list(tenants.Tier))
def test_no_tier_opens_a_port_past_the_border(tier: tenants.Tier) -> None:
    hard = quotas.resource_quota(scope_with(tier))["spec"]["hard"]
    assert hard["services.nodeports"] == "0"
    assert hard["services.loadbalancers"] == "0"


@pytest.mark.parametrize("tier", list(tenants.Tier))
def test_one_container_fits_into_the_quota_and_the_default_fits_into_the_limits(tier: tenants.Tier) -> None:
    worth = worths.TIERS[tier]
    container, claim = quotas.limit_range(scope_with(tier))["spec"]["limits"]
    assert int(container["max"]["cpu"]) <= worth.cpu
    assert int(container["max"]["memory"].removesuffix("Gi")) <= worth.memory
    assert claim["max"]["storage"] == f"{worth.storage}Gi"
    assert container["default"]["memory"] == "256Mi", "less than every tier's maximum of at least 1Gi"


@pytest.mark.parametrize("tier", list(tenants.Tier))
def test_pods_that_ask_for_nothing_fill_the_quota_before_their_memory_does(tier: tenants.Tier) -> None:
    worth = worths.TIERS[tier]
    assert worth.pods * 128 <= worth.memory * 1024, "128Mi are requested by default"
    assert worth.pods * 50 <= worth.cpu * 1000, "50m are requested by default"


@pytest.mark.parametrize("tier", list(tenants.Tier))
def test_quantities_are_canonical_so_that_drift_compares_equal(tier: tenants.Tier) -> None:
    scope = scope_with(tier)
    values = list(quotas.resource_quota(scope)["spec"]["hard"].values())
    for limit in quotas.limit_range(scope)["spec"]["limits"]:
        values += [value for group in limit.values() if isinstance(group, dict) for value in group.values()]
    for value in values:
        match = re.fullmatch(r"(\d+)(m|Mi|Gi)?", value)
        assert match, value
        number, unit = int(match[1]), match[2]
        assert not (unit == "m" and number % 1000 == 0), f"{value} is stored as cores"
        assert not (unit == "Mi" and number % 1024 == 0), f"{value} is stored as Gi"
