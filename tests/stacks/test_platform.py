"""The platform's stack, everything about it that can be decided without an engine."""

from __future__ import annotations

import pulumi
import pytest

from govcloud_cli import errors
from govcloud_cli.model import platforms
from govcloud_cli.plan import cluster
from stacks.components import manifests
from stacks.platform import program
from tests.support import engine, tenant_inventories

OBJECTS = cluster.manifests(tenant_inventories.golden(), platforms.Side.EXTERNAL)


@pytest.fixture(scope="module")
def registered() -> list[engine.Registered]:
    access = manifests.Access(kubeconfig="/nowhere/kubeconfig")
    return engine.run(lambda: program.program(OBJECTS, cluster=access))


def test_every_cluster_wide_object_is_applied_exactly_as_it_was_planned(registered: list[engine.Registered]) -> None:
    found = {item.name: item.inputs for item in registered if item.type.startswith("kubernetes:")}
    assert found == {manifests.logical_name(item): item for item in OBJECTS}


def test_every_resource_names_its_provider(registered: list[engine.Registered]) -> None:
    assert {item.provider for item in registered if item.type.startswith("kubernetes:")} == {"kubernetes"}


def test_the_systems_namespace_comes_before_what_is_in_it(registered: list[engine.Registered]) -> None:
    (facts,) = (item for item in registered if item.type.endswith(":ConfigMap"))
    assert facts.after == {"Namespace/govcloud-system"}
    assert facts.parent == "govcloud-system"


def test_a_kind_that_no_stack_applies_is_refused_by_name() -> None:
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "stray"}}
    with pytest.raises(errors.GovcloudError, match="no stack applies v1 Pod"):
        manifests.register(pod, opts=pulumi.ResourceOptions())
