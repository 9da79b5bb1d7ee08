"""What the tenants' stack makes of a freeze."""

from __future__ import annotations

from govcloud_cli.model import platforms
from govcloud_cli.plan import shards
from tests.stacks import test_tenants
from tests.support import freezes, tenant_inventories


def test_a_frozen_database_keeps_all_its_resources_and_its_roles_do_not_log_in() -> None:
    frozen = freezes.frozen(tenant_inventories.golden(), "finance")
    (shard,) = shards.plan(frozen, platforms.Side.EXTERNAL, count=1)
    found = test_tenants.of_type(test_tenants.registered_by(shard), "postgresql:")
    active = test_tenants.of_type(test_tenants.registered_by(test_tenants.the_shard()), "postgresql:")
    # The engine registers them in no fixed order.
    was = {(item.type, item.name): item.inputs for item in active}
    assert {(item.type, item.name) for item in found} == was.keys()
    changed = {item.name: item.inputs for item in found if item.inputs != was[item.type, item.name]}
    assert {name.rpartition("_")[2] for name in changed} == {"rw", "ro"}
    assert not any(inputs["login"] for inputs in changed.values())
    assert all(inputs["password"] for inputs in changed.values()), "so that a thaw needs no new one"
