from __future__ import annotations

import collections
import json

import hypothesis
import pytest
from hypothesis import strategies

from govcloud_cli.model import platforms
from govcloud_cli.plan import credentials, shards
from tests.support import tenant_inventories

TENANT = strategies.from_regex(r"[a-z][a-z0-9]{1,20}", fullmatch=True)


def test_the_shards_that_are_deployed_stay_what_they_are() -> None:
    found = {tenant: shards.shard_of(tenant, 8) for tenant in ("finance", "archives", "security", "health")}
    assert found == {
        "finance": "tenants-00",
        "archives": "tenants-00",
        "security": "tenants-03",
        "health": "tenants-01",
    }, "another shard means: deleted in one stack, created in another"


@hypothesis.given(tenant=TENANT, count=strategies.integers(1, 100))
def test_a_tenant_has_one_shard_among_those_that_there_are(tenant: str, count: int) -> None:
    name = shards.shard_of(tenant, count)
    assert name in {f"tenants-{number:02d}" for number in range(count)}
    assert name == shards.shard_of(tenant, count)


@pytest.mark.parametrize("count", [0, -1, 101])
def test_a_number_of_shards_that_names_cannot_tell_apart_is_refused(count: int) -> None:
    with pytest.raises(ValueError, match="1 to 100 shards"):
        shards.shard_of("finance", count)


def test_tenants_spread_evenly() -> None:
    sizes = collections.Counter(shards.shard_of(f"tenant{number}", 8) for number in range(8000))
    assert len(sizes) == 8
    assert min(sizes.values()) > 850
    assert max(sizes.values()) < 1150


@hypothesis.settings(max_examples=20)
@hypothesis.given(others=strategies.sets(TENANT, max_size=5))
def test_no_tenant_moves_or_changes_when_others_come_or_go(others: set[str]) -> None:
    def of_finance(extra: set[str]) -> list[tuple[str, str]]:
        wanted = [tenant_inventories.tenant(name) for name in sorted({"finance", *extra})]
        plans = shards.plan(tenant_inventories.inventory_of(*wanted), platforms.Side.EXTERNAL)
        return [
            (shard.id, json.dumps(item, default=str))
            for shard in plans
            for item in shard.manifests
            if item["metadata"]["labels"]["govcloud.io/tenant"] == "finance"
        ]

    assert of_finance(others) == of_finance(set())


def test_a_side_has_all_its_shards_and_none_of_the_other_sides_tenants() -> None:
    inventory = tenant_inventories.golden()
    internal = shards.plan(inventory, platforms.Side.INTERNAL)
    external = shards.plan(inventory, platforms.Side.EXTERNAL)
    assert [shard.id for shard in internal] == [f"tenants-{number:02d}" for number in range(shards.SHARDS)]
    assert {tenant for shard in internal for tenant in shard.tenants} == {"security"}
    assert {tenant for shard in external for tenant in shard.tenants} == {"archives", "finance"}


def test_every_object_is_in_exactly_one_shard() -> None:
    inventory = tenant_inventories.golden()
    one = shards.plan(inventory, platforms.Side.EXTERNAL, count=1)[0]
    many = shards.plan(inventory, platforms.Side.EXTERNAL, count=8)
    assert sorted(json.dumps(item, default=str) for item in one.manifests) == sorted(
        json.dumps(item, default=str) for shard in many for item in shard.manifests
    )
    assert set(one.databases) == {plan for shard in many for plan in shard.databases}


def test_the_digest_changes_with_the_content_and_only_then() -> None:
    first = shards.plan(tenant_inventories.golden(), platforms.Side.EXTERNAL, count=1)[0]
    again = shards.plan(tenant_inventories.golden(), platforms.Side.EXTERNAL, count=1)[0]
    changed = shards.plan(
        tenant_inventories.inventory_of(tenant_inventories.tenant("finance")), platforms.Side.EXTERNAL, count=1
    )[0]
    assert first.digest == again.digest
    assert first.digest != changed.digest
    assert json.loads(first.to_json())["id"] == "tenants-00"


def test_what_is_neither_json_nor_a_secret_text_cannot_be_in_a_plan() -> None:
    broken = shards.ShardPlan(
        id="tenants-00",
        side=platforms.Side.EXTERNAL,
        manifests=({"kind": "Secret", "data": {"password": credentials.file_ref("bare")}},),
        databases=(),
    )
    with pytest.raises(TypeError, match="not SecretRef"):
        broken.to_json()
