"""What one side's cluster has once: roles, the platform's namespace, admission policies."""

from __future__ import annotations

import datetime
import pathlib
from collections.abc import Sequence

import pulumi

from govcloud_cli.compliance import enforcement
from govcloud_cli.inventory import loading, rulebook
from govcloud_cli.model import platforms
from govcloud_cli.plan import cluster as clusters
from govcloud_cli.plan import namespaces
from stacks.components import manifests


def program(objects: Sequence[namespaces.Manifest], *, cluster: manifests.Access) -> None:
    """Register the cluster-wide `objects`, as `plan.cluster.manifests` gives them."""
    opts = pulumi.ResourceOptions(provider=cluster.provider())
    for name, found in manifests.by_namespace(objects).items():
        if name:
            manifests.Namespace(name, found, opts=opts)
        else:
            for manifest in found:
                manifests.register(manifest, opts=opts)


def configured() -> None:
    """Register what the stack's configuration names; `Pulumi.yaml` describes it."""
    config = pulumi.Config()
    folder = pathlib.Path(config.require("inventory"))
    inventory = loading.load(folder)
    book = rulebook.of(folder.resolve().parents[1] / rulebook.NAME)
    today = datetime.datetime.now(datetime.UTC).date()
    guards = enforcement.guards(book, inventory.platform.spec.policies, today=today)
    objects = (*clusters.manifests(inventory, platforms.Side(config.require("side"))), *guards)
    program(objects, cluster=manifests.Access(kubeconfig=config.require("kubeconfig")))
