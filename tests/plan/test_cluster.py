from __future__ import annotations

import json
import pathlib

from govcloud_cli.model import platforms
from govcloud_cli.plan import cluster, namespaces
from tests.support import tenant_inventories

GOLDEN = pathlib.Path(__file__).parent.parent / "golden"


def found() -> list[namespaces.Manifest]:
    return list(cluster.manifests(tenant_inventories.golden(), platforms.Side.EXTERNAL))


def test_the_cluster_wide_objects_are_those_that_were_reviewed() -> None:
    assert found() == json.loads((GOLDEN / "cluster.json").read_text()), "review the difference, then renew the file"


def test_only_engineers_and_the_three_administrators_hold_anything_beyond_a_namespace() -> None:
    bindings = [item for item in found() if item["kind"] == "ClusterRoleBinding"]
    held = {(subject["name"], item["roleRef"]["name"]) for item in bindings for subject in item["subjects"]}
    assert held == {
        ("govcloud:platform-engineers", "cluster-admin"),
        ("govcloud:system-administrators", "govcloud:system-administrator"),
        ("govcloud:security-administrators", "govcloud:security-administrator"),
        ("govcloud:auditors", "govcloud:auditor"),
    }


def test_every_object_has_a_name_of_its_own() -> None:
    keys = [(item["kind"], item["metadata"].get("namespace"), item["metadata"]["name"]) for item in found()]
    assert len(keys) == len(set(keys))


def test_the_platforms_facts_are_those_of_this_side_only() -> None:
    (facts,) = (item["data"] for item in found() if item["kind"] == "ConfigMap")
    assert facts == {
        "id": "qinghe",
        "displayName": "清河市政务云",
        "organisation": "qinghe-city",
        "organisationDisplayName": "清河市人民政府",
        "environment": "unit",
        "side": "external",
    }


def test_the_platforms_own_namespace_denies_both_directions() -> None:
    (policy,) = (item for item in found() if item["kind"] == "NetworkPolicy")
    assert policy["metadata"]["namespace"] == cluster.SYSTEM_NAMESPACE
    assert policy["spec"] == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
