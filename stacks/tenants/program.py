"""One shard of a side's tenants: their databases, and their namespaces with all that is in them."""

from __future__ import annotations

import dataclasses
import datetime
import pathlib
from collections.abc import Mapping
from types import MappingProxyType

import pulumi

from govcloud_cli import errors
from govcloud_cli.governance import lifecycle
from govcloud_cli.inventory import loading
from govcloud_cli.model import platforms
from govcloud_cli.plan import credentials, database_servers, shards
from stacks.components import databases, manifests


def program(
    shard: shards.ShardPlan,
    *,
    cluster: manifests.Access,
    database: databases.Access | None,
    dedicated: Mapping[str, databases.Access] = MappingProxyType({}),
    values: manifests.Values,
) -> None:
    """Register everything that the shard holds.

    `database` is the server that tenants share, and may be None where the side has none; `dedicated` are those that are
    one tenant's, by machine. `values` gives each secret's value, e.g. `plan.credentials.resolver(…)`. Raises
    `errors.GovcloudError` for a shard that needs access it does not get.
    """
    own = {plan.machine for plan in shard.databases if plan.dedicated}
    if own - set(dedicated) or (database is None and not all(plan.dedicated for plan in shard.databases)):
        raise errors.GovcloudError(
            f"{shard.id} has databases but no access to their server", where=f"{shard.side.value}/{shard.id}"
        )
    kubernetes = pulumi.ResourceOptions(provider=cluster.provider())
    for name, objects in manifests.by_namespace(shard.manifests).items():
        manifests.namespace(name, objects, cluster=cluster, values=values, opts=kubernetes)
    servers = {machine: dedicated[machine].provider(f"postgresql-{machine}") for machine in sorted(own)}
    # Registered without a database too, so that its settings stay those of today when the next one comes.
    shared = None if database is None else database.provider()
    for plan in shard.databases:
        server = servers[plan.machine] if plan.dedicated else shared
        databases.Database(plan, values=values, opts=pulumi.ResourceOptions(provider=server))


def configured() -> None:
    """Register what the stack's configuration names; `Pulumi.yaml` describes it."""
    config = pulumi.Config()
    today = datetime.datetime.now(datetime.UTC).date()
    inventory = lifecycle.settled(loading.load(pathlib.Path(config.require("inventory"))), today=today)
    side = platforms.Side(config.require("side"))
    planned = {shard.id: shard for shard in shards.plan(inventory, side)}
    root = config.require("rootCertificate")
    authority = pathlib.Path(root).read_text(encoding="ascii")
    shared = databases.Access(
        host=config.require("databaseHost"),
        root_certificate=root,
        client_certificate=config.require("clientCertificate"),
        client_key=config.require("clientKey"),
    )
    program(
        planned[config.require("shard")],
        cluster=manifests.Access(kubeconfig=config.require("kubeconfig")),
        database=shared,
        dedicated={
            machine.id: dataclasses.replace(shared, host=database_servers.management(machine))
            for machine in database_servers.machines(inventory, side)
            if machine.dedicated_to is not None
        },
        values=config.require_secret("masterSecret").apply(
            lambda master: credentials.resolver(master=bytes.fromhex(master), ca=authority)
        ),
    )
