"""One shard of a side's tenants: their databases, and their namespaces with all that is in them."""

from __future__ import annotations

import pathlib

import pulumi

from govcloud_cli import errors
from govcloud_cli.inventory import loading
from govcloud_cli.model import platforms
from govcloud_cli.plan import databases as database_plans
from govcloud_cli.plan import shards
from stacks.components import databases, manifests


def program(
    shard: shards.ShardPlan,
    *,
    cluster: manifests.Access,
    database: databases.Access | None,
    values: manifests.Values,
) -> None:
    """Register everything that the shard holds.

    `database` may be None where the side has no database server. `values` gives each secret's value, e.g.
    `plan.databases.resolver(…)`. Raises `errors.GovcloudError` for a shard that needs access it does not get.
    """
    if shard.databases and database is None:
        raise errors.GovcloudError(
            f"{shard.id} has databases but no access to their server", where=f"{shard.side.value}/{shard.id}"
        )
    kubernetes = pulumi.ResourceOptions(provider=cluster.provider())
    for name, objects in manifests.by_namespace(shard.manifests).items():
        manifests.Namespace(name, objects, values=values, opts=kubernetes)
    if database is not None:
        # Registered without a database too, so that its settings stay those of today when the next one comes.
        postgresql = pulumi.ResourceOptions(provider=database.provider())
        for plan in shard.databases:
            databases.Database(plan, values=values, opts=postgresql)


def configured() -> None:
    """Register what the stack's configuration names; `Pulumi.yaml` describes it."""
    config = pulumi.Config()
    inventory = loading.load(pathlib.Path(config.require("inventory")))
    planned = {shard.id: shard for shard in shards.plan(inventory, platforms.Side(config.require("side")))}
    root = config.require("rootCertificate")
    authority = pathlib.Path(root).read_text(encoding="ascii")
    program(
        planned[config.require("shard")],
        cluster=manifests.Access(kubeconfig=config.require("kubeconfig")),
        database=databases.Access(
            host=config.require("databaseHost"),
            root_certificate=root,
            client_certificate=config.require("clientCertificate"),
            client_key=config.require("clientKey"),
        ),
        values=config.require_secret("masterSecret").apply(
            lambda master: database_plans.resolver(master=bytes.fromhex(master), ca=authority)
        ),
    )
