"""Later database passwords: what of a plan changes, and what waits for nothing else."""

from __future__ import annotations

import dataclasses

import pytest

from govcloud_cli.model import platforms
from govcloud_cli.plan import build, credentials, plans, rotations, shards, steps
from tests.support import identity_inventories, inventories

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
    value_of = credentials.resolver(master=MASTER, ca="CA")
    shard = shard_of(rotations.turned(side, {TENANT: 3}))
    plan = next(one for one in shard.databases if one.tenant == TENANT)
    role = value_of(credentials.password_ref(plan.rw, plan.generation))
    assert role == credentials.password(MASTER, plan.rw, 3) != credentials.password(MASTER, plan.rw, 1)
    found = [
        manifest
        for manifest in shard.manifests
        if manifest["kind"] == "Secret" and str(manifest.get("data", {}).get("password", "")).find(plan.rw) > 0
    ]
    for manifest in found:
        data = credentials.resolve(manifest, value_of)["data"]
        assert data["password"] == credentials.resolve({"x": credentials.SecretText((role,))}, value_of)["x"]
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


@pytest.fixture(scope="module")
def with_application() -> plans.SidePlan:
    """A side whose one tenant has an application and no database."""
    spec = identity_inventories.served()
    sides = build.build(spec, places={}, sides=spec.sides, today=inventories.TODAY).sides
    return next(one for one in sides if one.identity is not None)


def test_an_applications_secret_has_the_same_later_generation_in_realm_and_namespace(
    with_application: plans.SidePlan,
) -> None:
    turned = rotations.turned(with_application, {TENANT: 2})
    assert turned.identity is not None
    (client,) = [one for one in turned.identity.clients if one.tenant == TENANT]
    assert client.secret == credentials.application_ref("finance-prod-ledger", 2)
    (secret,) = [
        manifest for manifest in shard_of(turned).manifests if manifest["metadata"]["name"] == "application-ledger"
    ]
    assert str(secret["data"]["clientSecret"]) == "${application/finance-prod-ledger@2}"
    value_of = credentials.resolver(master=MASTER, ca="CA")
    first, second = (value_of(credentials.application_ref("finance-prod-ledger", number)) for number in (1, 2))
    assert first != second
    assert value_of(client.secret) == second
    assert rotations.of_shard(shard_of(turned)) == {TENANT: 2}


@pytest.mark.parametrize(("applied", "wanted"), [(1, 2), (1, 4), (3, 4)])
def test_realm_and_stack_that_wait_for_an_applications_secret_only_are_due(
    with_application: plans.SidePlan, applied: int, wanted: int
) -> None:
    before, after = (rotations.turned(with_application, {TENANT: number}) for number in (applied, wanted))
    assert before.identity is not None
    assert after.identity is not None
    assert rotations.is_due(shard_of(after), entries(shard_of(before))) is True
    assert rotations.changing(shard_of(after), entries(shard_of(before))) == {TENANT}
    last = steps.identity_entries(before.identity, {})
    assert rotations.is_realm_due(after.identity, last, {}) is True
    assert rotations.is_realm_due(before.identity, last, {}) is False
    assert rotations.is_realm_due(after.identity, {**last, "Realm/govcloud": "another"}, {}) is None
