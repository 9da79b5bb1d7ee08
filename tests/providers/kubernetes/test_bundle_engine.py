"""A namespace as one resource: the real engine, a real API server."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import pulumi
import pytest
from pulumi import automation

from govcloud_cli.run import engine as engines
from stacks.components import manifests
from tests.providers.kubernetes import conftest

pytestmark = [pytest.mark.engine, pytest.mark.filterwarnings("default")]


def manifest(kind: str, name: str, namespace: str, version: str = "v1", **more: Any) -> dict[str, Any]:
    place = {} if kind == "Namespace" else {"namespace": namespace}
    labels = {"app.kubernetes.io/managed-by": "govcloud"}
    return {"apiVersion": version, "kind": kind, "metadata": {"name": name, "labels": labels, **place}, **more}


def tenant(namespace: str, *, pods: str = "5", policy: bool = True) -> list[dict[str, Any]]:
    spec = {"podSelector": {}, "policyTypes": ["Ingress"]}
    return [
        manifest("Namespace", namespace, namespace),
        manifest("ResourceQuota", "tenant", namespace, spec={"hard": {"pods": pods}}),
        *([manifest("NetworkPolicy", "deny", namespace, "networking.k8s.io/v1", spec=spec)] if policy else []),
    ]


def program(engine: conftest.Engine, objects: list[dict[str, Any]], *, bundled: bool = True) -> Callable[[], None]:
    access = manifests.Access(kubeconfig=engine.kubeconfig, bundled=bundled)

    def registered() -> None:
        name = objects[0]["metadata"]["name"]
        manifests.namespace(name, objects, cluster=access, opts=pulumi.ResourceOptions(provider=access.provider()))

    return registered


def up(engine: conftest.Engine, name: str, objects: list[dict[str, Any]], **options: Any) -> dict[str, int]:
    bundled = options.pop("bundled", True)
    stack = engine.stack(name, cast(Callable[[], None], engines.settled(program(engine, objects, bundled=bundled))))
    changes = stack.up(color="never", **options).summary.resource_changes or {}
    return {str(kind).rpartition(".")[2]: count for kind, count in changes.items()}


def found(ask: conftest.Ask, namespace: str, kind: str, name: str, version: str = "v1") -> dict[str, Any] | None:
    place = None if kind == "Namespace" else namespace
    live: dict[str, Any] | None = ask(lambda client: client.get(version, kind, name, namespace=place))
    return live


def test_it_is_made_kept_changed_and_removed(engine: conftest.Engine, ask: conftest.Ask) -> None:
    assert up(engine, "whole", tenant("whole"))["create"] == 3  # the stack, the provider, the namespace
    policy = ("whole", "NetworkPolicy", "deny", "networking.k8s.io/v1")
    assert found(ask, *policy) is not None
    assert set(up(engine, "whole", tenant("whole"))) == {"same"}
    assert up(engine, "whole", tenant("whole", pods="7", policy=False))["update"] == 1
    assert found(ask, *policy) is None
    quota = found(ask, "whole", "ResourceQuota", "tenant")
    assert quota is not None
    assert quota["spec"]["hard"] == {"pods": "7"}
    engine.stack("whole", lambda: None).destroy(color="never")
    assert found(ask, "whole", "Namespace", "whole") is None


def test_a_look_finds_and_mends_what_was_changed_by_hand(engine: conftest.Engine, ask: conftest.Ask) -> None:
    up(engine, "mended", tenant("mended"))
    by_hand = manifest("ResourceQuota", "tenant", "mended", spec={"hard": {"pods": "500"}})
    ask(lambda client: client.apply(by_hand, force=True))
    ask(lambda client: client.delete("networking.k8s.io/v1", "NetworkPolicy", "deny", namespace="mended"))
    assert up(engine, "mended", tenant("mended"), refresh=True)["update"] == 1
    assert found(ask, "mended", "NetworkPolicy", "deny", "networking.k8s.io/v1") is not None
    quota = found(ask, "mended", "ResourceQuota", "tenant")
    assert quota is not None
    assert quota["spec"]["hard"] == {"pods": "5"}


def test_an_object_that_is_refused_is_named_and_stops_no_other(engine: conftest.Engine, ask: conftest.Ask) -> None:
    with pytest.raises(automation.CommandError, match="ResourceQuota partly/tenant"):
        up(engine, "partly", tenant("partly", pods="many"))
    assert found(ask, "partly", "NetworkPolicy", "deny", "networking.k8s.io/v1") is not None
    assert found(ask, "partly", "ResourceQuota", "tenant") is None
    assert up(engine, "partly", tenant("partly"))["update"] == 1
    assert found(ask, "partly", "ResourceQuota", "tenant") is not None


def test_typed_resources_become_one_without_anything_being_deleted(engine: conftest.Engine, ask: conftest.Ask) -> None:
    up(engine, "moved", tenant("moved"), bundled=False)
    before = found(ask, "moved", "Namespace", "moved")
    up(engine, "moved", tenant("moved"))
    after = found(ask, "moved", "Namespace", "moved")
    assert before is not None
    assert after is not None
    assert after["metadata"]["uid"] == before["metadata"]["uid"]
    assert found(ask, "moved", "NetworkPolicy", "deny", "networking.k8s.io/v1") is not None
