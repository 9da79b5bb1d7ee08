from __future__ import annotations

import hypothesis
import pytest
from hypothesis import strategies

from govcloud_cli.model import names, platforms, tenants
from govcloud_cli.plan import belongings, databases, shards, steps
from tests.support import tenant_inventories

IDS = strategies.from_regex(r"[a-z][a-z0-9]{0,5}(-[a-z0-9]{1,5}){0,3}", fullmatch=True).filter(
    lambda text: 2 <= len(text) <= 30 and not names.is_reserved(text)
)
DATABASES = strategies.from_regex(r"[a-z][a-z0-9]{1,8}", fullmatch=True)
ENVIRONMENTS = strategies.sampled_from([name.value for name in tenants.EnvironmentName])


@hypothesis.given(owner=IDS, asked=IDS, environment=ENVIRONMENTS, database=DATABASES)
def test_a_name_belongs_to_the_tenant_it_was_made_for_and_to_no_other(
    owner: str, asked: str, environment: str, database: str
) -> None:
    name = databases.database_name(owner, environment, database)
    assert belongings.is_database_of(asked, name) is (asked == owner)
    for suffix in ("owner", "rw", "ro", "access"):
        assert belongings.is_role_of(asked, f"{name}_{suffix}") is (asked == owner)
    assert belongings.is_namespace_of(asked, f"{owner}-{environment}") is (asked == owner)


@pytest.mark.parametrize(
    ("tenant", "name"),
    [
        ("finance", "finance_prod_x_dev_main"),
        ("finance", "finance_production_main"),
        ("finance", "finance_prod_"),
        ("finance", "finance_main"),
        ("finance", "postgres"),
        ("finance", "myfinance_prod_main"),
    ],
)
def test_a_longer_tenants_database_is_not_the_shorter_ones(tenant: str, name: str) -> None:
    assert not belongings.is_database_of(tenant, name)
    assert not belongings.is_role_of(tenant, f"{name}_rw")


@pytest.mark.parametrize(
    "name", ["finance", "finance-", "finance-prod-x", "finance-production", "kube-system", "-prod"]
)
def test_only_a_whole_name_is_a_tenants_namespace(name: str) -> None:
    assert not belongings.is_namespace_of("finance", name)


@pytest.mark.parametrize("role", ["finance_prod_main_admin", "finance_prod_main", "pgbouncer_auth", "govcloud_admin"])
def test_only_the_platforms_own_roles_of_a_database_are_a_tenants(role: str) -> None:
    assert not belongings.is_role_of("finance", role)


def test_every_entry_of_a_shard_is_one_tenants() -> None:
    (shard,) = shards.plan(tenant_inventories.golden(), platforms.Side.EXTERNAL, count=1)
    entries = steps.manifest_entries(shard.manifests) | steps.database_entries(shard.databases)
    for entry in entries:
        owners = [tenant for tenant in shard.tenants if belongings.is_entry_of(tenant, entry)]
        assert len(owners) == 1, entry
    assert not belongings.is_entry_of("finance", "ClusterRole/finance-prod"), "what is in no namespace is nobody's"
