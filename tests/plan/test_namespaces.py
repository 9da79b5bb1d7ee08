from __future__ import annotations

import dataclasses
import json
import pathlib

import pytest

from govcloud_cli.model import inventory as inventories
from govcloud_cli.model import platforms
from govcloud_cli.plan import namespaces, shards
from tests.support import freezes, tenant_inventories

GOLDEN = pathlib.Path(__file__).parent.parent / "golden"


def scope_of(inventory: inventories.Inventory, name: str) -> namespaces.Scope:
    found = [scope for side in platforms.Side for scope in namespaces.scopes(inventory, side)]
    return next(scope for scope in found if scope.namespace == name)


@pytest.mark.parametrize("name", ["finance-prod", "archives-prod"])
def test_the_objects_of_a_namespace_are_those_that_were_reviewed(name: str) -> None:
    scope = scope_of(tenant_inventories.golden(), name)
    found = json.loads(json.dumps(shards.manifests(scope), default=str))
    expected = json.loads((GOLDEN / f"{name}.json").read_text())
    assert found == expected, "review the difference; then write the new objects to the golden file"


def test_a_side_holds_the_namespaces_of_its_own_tenants_only() -> None:
    inventory = tenant_inventories.golden()
    names = {side: [scope.namespace for scope in namespaces.scopes(inventory, side)] for side in platforms.Side}
    assert names[platforms.Side.INTERNAL] == ["security-prod"]
    assert names[platforms.Side.EXTERNAL] == ["archives-prod", "finance-prod", "finance-test"]


def test_pods_are_held_to_the_restricted_standard_of_a_pinned_version() -> None:
    labels = namespaces.namespace(scope_of(tenant_inventories.golden(), "archives-prod"))["metadata"]["labels"]
    for mode in ("enforce", "audit", "warn"):
        assert labels[f"pod-security.kubernetes.io/{mode}"] == "restricted"
        assert labels[f"pod-security.kubernetes.io/{mode}-version"] == namespaces.POD_SECURITY_VERSION


def test_names_for_people_are_annotations_because_labels_take_no_chinese() -> None:
    metadata = namespaces.namespace(scope_of(tenant_inventories.golden(), "finance-prod"))["metadata"]
    assert metadata["annotations"]["govcloud.io/display-name"] == "财政局 预算一体化"
    assert all(value.isascii() for value in metadata["labels"].values())


def test_a_frozen_namespace_says_so_and_why() -> None:
    inventory = freezes.frozen(tenant_inventories.golden(), "archives")
    metadata = namespaces.namespace(scope_of(inventory, "archives-prod"))["metadata"]
    assert metadata["labels"]["govcloud.io/phase"] == "frozen"
    assert metadata["annotations"]["govcloud.io/frozen-because"] == "audit is under way"


def test_a_freeze_changes_its_tenants_namespaces_alone_and_a_thaw_brings_all_of_it_back() -> None:
    active = tenant_inventories.golden()
    frozen = freezes.frozen(active, "archives")
    thawed = dataclasses.replace(frozen, freezes=())

    def manifests(inventory: inventories.Inventory, name: str) -> tuple[namespaces.Manifest, ...]:
        return shards.manifests(scope_of(inventory, name))

    assert manifests(frozen, "archives-prod") != manifests(active, "archives-prod")
    assert manifests(frozen, "finance-prod") == manifests(active, "finance-prod")
    for side in platforms.Side:
        assert shards.plan(thawed, side) == shards.plan(active, side)


def test_no_object_that_holds_data_goes_away_in_a_freeze() -> None:
    def kept(inventory: inventories.Inventory) -> set[tuple[str, str]]:
        found = shards.manifests(scope_of(inventory, "finance-prod"))
        kinds = {"NetworkPolicy", "RoleBinding"}
        return {(item["kind"], item["metadata"]["name"]) for item in found if item["kind"] not in kinds}

    active = tenant_inventories.golden()
    frozen = freezes.frozen(active, "finance")
    assert kept(frozen) == kept(active)
    databases = [shard.databases for shard in shards.plan(frozen, platforms.Side.EXTERNAL)]
    names = {one.database for found in databases for one in found}
    assert names == {one.database for shard in shards.plan(active, platforms.Side.EXTERNAL) for one in shard.databases}
    assert all(one.frozen for found in databases for one in found)
