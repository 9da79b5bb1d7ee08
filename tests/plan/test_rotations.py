"""Later database passwords: what of a plan changes, and what waits for nothing else."""

from __future__ import annotations

import dataclasses

import pytest

from govcloud_cli.model import platforms
from govcloud_cli.plan import databases, plans, rotations, shards, steps
from tests.support import inventories

MASTER = b"m" * 32
TENANT = "finance"


@pytest.fixture
def side() -> plans.SidePlan:
    found = inventories.lab_plan().sides
    return next(one for one in found if one.side is platforms.Side.EXTERNAL)


def shard_of(side: plans.SidePlan, tenant: str = TENANT) -> shards.ShardPlan:
    return next(shard for shard in side.shards if shard.id == shards.shard_of(tenant))


def entries(shard: shards.ShardPlan) -> dict[str, str]:
    return steps.manifest_entries(shard.manifests) | steps.database_entries(shard.databases)


def test_the_first_generation_changes_nothing(side: plans.SidePlan) -> None:
    assert rotations.turned(side, {}) is side
    assert rotations.turned(side, {TENANT: 1}) is side


def test_a_later_generation_changes_the_tenants_secrets_and_databases_and_nothing_else(side: plans.SidePlan) -> None:
    turned = rotations.turned(side, {TENANT: 2})
    before = {entry: digest for shard in side.shards for entry, digest in entries(shard).items()}
    after = {entry: digest for shard in turned.shards for entry, digest in entries(shard).items()}
    different = {entry for entry in before if before[entry] != after[entry]}
    assert before.keys() == after.keys()
    assert different
    for entry in different:
        kind, _, place = entry.partition("/")
        assert (kind, place.partition("-")[0].partition("_")[0]) in {("Secret", TENANT), ("Database", TENANT)}, entry
    assert dataclasses.replace(turned, shards=side.shards) == side


def test_secret_and_role_get_the_same_new_password(side: plans.SidePlan) -> None:
    value_of = databases.resolver(master=MASTER, ca="CA")
    shard = shard_of(rotations.turned(side, {TENANT: 3}))
    plan = next(one for one in shard.databases if one.tenant == TENANT)
    role = value_of(databases.password_ref(plan.rw, plan.generation))
    assert role == databases.password(MASTER, plan.rw, 3) != databases.password(MASTER, plan.rw, 1)
    found = [
        manifest
        for manifest in shard.manifests
        if manifest["kind"] == "Secret" and str(manifest.get("data", {}).get("password", "")).find(plan.rw) > 0
    ]
    for manifest in found:
        data = databases.resolve(manifest, value_of)["data"]
        assert data["password"] == databases.resolve({"x": databases.SecretText((role,))}, value_of)["x"]
        assert "${" not in data["uri"]
    assert found


@pytest.mark.parametrize(("applied", "wanted"), [(1, 2), (1, 5), (4, 5)])
def test_a_stack_that_waits_for_a_password_only_is_due(side: plans.SidePlan, applied: int, wanted: int) -> None:
    last = entries(shard_of(rotations.turned(side, {TENANT: applied})))
    assert rotations.is_due(shard_of(rotations.turned(side, {TENANT: wanted})), last) is True


def test_a_stack_as_applied_is_not_due(side: plans.SidePlan) -> None:
    shard = shard_of(rotations.turned(side, {TENANT: 2}))
    assert rotations.is_due(shard, entries(shard)) is False


@pytest.mark.parametrize("kind", ["ResourceQuota/", "Secret/", "Database/"])
def test_a_stack_that_changed_otherwise_too_is_for_a_deploy(side: plans.SidePlan, kind: str) -> None:
    last = entries(shard_of(side))
    touched = next(entry for entry in last if entry.startswith(kind) and TENANT in entry)
    shard = shard_of(rotations.turned(side, {TENANT: 2}))
    assert rotations.is_due(shard, {**last, touched: "something else"}) is None
    assert rotations.is_due(shard, {entry: last[entry] for entry in last if entry != touched}) is None
