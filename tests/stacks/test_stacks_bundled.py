"""Tenants as our own provider takes them: one resource per namespace."""

from __future__ import annotations

import json

import pytest

from govcloud_cli.plan import credentials
from govcloud_cli.providers import objects
from stacks.components import manifests
from stacks.tenants import program
from tests.stacks import test_tenants
from tests.support import engine

CLUSTER = manifests.Access(kubeconfig="/nowhere/kubeconfig", bundled=True)
VALUES = credentials.resolver(master=test_tenants.MASTER, ca="PEM")


@pytest.fixture(scope="module")
def registered() -> dict[str, engine.Registered]:
    shard = test_tenants.the_shard()
    found = engine.run(lambda: program.program(shard, cluster=CLUSTER, database=test_tenants.DATABASE, values=VALUES))
    return {item.name: item for item in found if item.type == objects.TOKEN}


def test_every_planned_object_is_in_its_namespaces_resource(registered: dict[str, engine.Registered]) -> None:
    planned = [credentials.resolve(item, VALUES) for item in test_tenants.the_shard().manifests]
    found = [json.loads(text) for item in registered.values() for text in item.inputs["objects"].values()]
    assert sorted(map(objects.text_of, found)) == sorted(map(objects.text_of, planned))
    for name, item in registered.items():
        assert item.inputs["name"] == name
        assert f"Namespace/{name}" in item.inputs["objects"]


def test_nothing_but_a_secret_is_secret_and_it_is_so_as_a_whole(registered: dict[str, engine.Registered]) -> None:
    for item in registered.values():
        secret = {("objects", key) for key in item.inputs["objects"] if key.startswith("Secret/")}
        assert item.secrets == secret
    assert any(item.secrets for item in registered.values())


def test_every_resource_names_its_provider(registered: dict[str, engine.Registered]) -> None:
    assert {item.provider for item in registered.values()} == {"kubernetes"}
