from __future__ import annotations

import base64
import dataclasses
import itertools
import json
import re

import hypothesis
import pytest
from hypothesis import strategies

from govcloud_cli import errors
from govcloud_cli.model import inventory as inventories
from govcloud_cli.model import names, platforms, tenants
from govcloud_cli.plan import credentials, database_servers, databases, namespaces, shards
from tests.support import tenant_inventories

MASTER = bytes(range(32))
CA = "-----BEGIN CERTIFICATE-----\n…\n-----END CERTIFICATE-----\n"


def external() -> tuple[databases.DatabasePlan, ...]:
    return databases.plans(tenant_inventories.golden(), platforms.Side.EXTERNAL)


def test_names_of_roles_follow_from_the_database() -> None:
    archive, ledger = external()
    assert (archive.database, ledger.database) == ("finance_prod_archive", "finance_prod_ledger")
    assert ledger.owner == "finance_prod_ledger_owner"
    assert (ledger.rw, ledger.ro) == ("finance_prod_ledger_rw", "finance_prod_ledger_ro")
    assert ledger.access == "finance_prod_ledger_access"
    assert (ledger.host, ledger.port) == ("10.20.0.10", 6432)


def test_the_platform_can_connect_while_the_tenant_uses_every_connection() -> None:
    _, ledger = external()
    assert ledger.connections == 40
    assert ledger.connection_limit > ledger.connections


def test_the_longest_names_that_can_be_declared_stay_within_what_postgresql_keeps() -> None:
    tenant = tenant_inventories.tenant("t" * 30, environments=[{"name": "staging", "databases": [{"id": "d" * 16}]}])
    (plan,) = databases.plans(tenant_inventories.inventory_of(tenant), platforms.Side.EXTERNAL)
    for name in (plan.database, plan.owner, plan.rw, plan.ro, plan.access):
        assert len(name.encode()) <= 63


def test_each_side_has_its_own_server() -> None:
    (internal,) = databases.plans(tenant_inventories.golden(), platforms.Side.INTERNAL)
    assert internal.host == "10.10.0.10"
    assert {plan.host for plan in external()} == {"10.20.0.10"}


def test_a_tenant_in_a_zone_without_a_server_uses_that_of_its_side() -> None:
    tenant = tenant_inventories.tenant(
        "portal", zone="citizens", environments=[{"name": "prod", "databases": [{"id": "news"}]}]
    )
    (plan,) = databases.plans(tenant_inventories.inventory_of(tenant), platforms.Side.EXTERNAL)
    assert plan.host == "10.20.0.10"


def test_a_side_without_a_server_is_refused_by_name() -> None:
    inventory = tenant_inventories.golden()
    spec = inventory.platform.spec.model_copy(update={"machines": inventory.platform.spec.machines[:1]})
    without = inventory.__class__(
        environment="unit",
        platform=inventory.platform.model_copy(update={"spec": spec}),
        tenants=inventory.tenants,
    )
    with pytest.raises(errors.GovcloudError, match="no machine on the external side"):
        databases.plans(without, platforms.Side.EXTERNAL)


def with_own_server() -> inventories.Inventory:
    """Taxation has a database on its own server and one on the shared one, finance one on the shared one."""
    own = {"id": "collect", "extensions": ["pg_trgm", "citext"], **tenant_inventories.DEDICATED}
    taxation = tenant_inventories.tenant(
        "taxation", environments=[{"name": "prod", "databases": [own, {"id": "news"}]}]
    )
    finance = tenant_inventories.tenant("finance", environments=[{"name": "prod", "databases": [{"id": "ledger"}]}])
    servers = [tenant_inventories.own_server("archives", 21), tenant_inventories.own_server("taxation", 20)]
    return tenant_inventories.inventory_of(taxation, finance, servers=servers)


def test_a_dedicated_database_is_on_its_tenants_own_server_and_all_others_on_the_shared_one() -> None:
    found = databases.plans(with_own_server(), platforms.Side.EXTERNAL)
    assert {plan.database: (plan.machine, plan.host, plan.dedicated) for plan in found} == {
        "finance_prod_ledger": ("service-db", "10.20.0.10", False),
        "taxation_prod_collect": ("taxation-db", "10.20.0.20", True),
        "taxation_prod_news": ("service-db", "10.20.0.10", False),
    }


def test_the_shared_server_comes_first_whatever_the_order_in_the_file() -> None:
    found = database_servers.machines(with_own_server(), platforms.Side.EXTERNAL)
    assert [machine.id for machine in found] == ["service-db", "archives-db", "taxation-db"]


def test_a_dedicated_database_never_falls_back_to_the_shared_server() -> None:
    inventory = with_own_server()
    machines = tuple(machine for machine in inventory.platform.spec.machines if machine.id != "taxation-db")
    spec = inventory.platform.spec.model_copy(update={"machines": machines})
    without = dataclasses.replace(inventory, platform=inventory.platform.model_copy(update={"spec": spec}))
    with pytest.raises(errors.GovcloudError, match="dedicated to 'taxation'"):
        databases.plans(without, platforms.Side.EXTERNAL)


def test_pods_may_reach_the_servers_of_their_own_databases_and_no_other() -> None:
    found = {
        manifest["metadata"]["namespace"]: {
            peer["ipBlock"]["cidr"] for rule in manifest["spec"]["egress"] for peer in rule["to"]
        }
        for shard in shards.plan(with_own_server(), platforms.Side.EXTERNAL)
        for manifest in shard.manifests
        if manifest["metadata"]["name"] == "allow-database"
    }
    shared, own = {"10.20.0.10/32", "fd20::10/128"}, {"10.20.0.20/32", "fd20::20/128"}
    assert found == {"finance-prod": shared, "taxation-prod": shared | own}


def test_extensions_are_in_a_fixed_order() -> None:
    archive, ledger = external()
    assert (archive.extensions, ledger.extensions) == ((), ("hstore", "pg_trgm"))


IDENTIFIER = strategies.from_regex(re.compile(r"[a-c](-?[a-c0-1])*"), fullmatch=True).filter(
    lambda text: 2 <= len(text) <= 30 and not names.is_reserved(text)
)
PLACE = strategies.tuples(
    IDENTIFIER,
    strategies.sampled_from(list(tenants.EnvironmentName)),
    strategies.sampled_from(["dev", "prod", "rw", "ro", "owner", "access", "xx"]),
)


@hypothesis.given(one=PLACE, other=PLACE)
def test_two_databases_never_share_a_name(
    one: tuple[str, tenants.EnvironmentName, str], other: tuple[str, tenants.EnvironmentName, str]
) -> None:
    hypothesis.assume(one != other)
    assert databases.database_name(*one) != databases.database_name(*other)


def test_a_hundred_thousand_databases_have_as_many_names() -> None:
    # Segments that look like what is joined to them, in every arrangement: the worst that ids can do.
    parts = ["a", "dev", "prod", "rw", "ro", "owner", "access", "test1", "b2", "x"]
    ids = [
        identifier
        for length in (1, 2, 3, 4)
        for identifier in map("-".join, itertools.product(parts, repeat=length))
        if len(identifier) <= 30 and not names.is_reserved(identifier)
    ]
    declared = ("dev", "rw", "owner", "access")
    places = list(itertools.islice(itertools.product(ids, tenants.EnvironmentName, declared), 100_000))
    databases_and_roles = [
        {databases.database_name(*place) + suffix for place in places}
        for suffix in ("", "_owner", "_rw", "_ro", "_access")
    ]
    assert len(places) == 100_000
    assert [len(found) for found in databases_and_roles] == [100_000] * 5
    assert len(set.union(*databases_and_roles[1:])) == 400_000, "a role of one is never a role of another"


def secret_named(name: str) -> namespaces.Manifest:
    found = shards.plan(tenant_inventories.golden(), platforms.Side.EXTERNAL)
    manifests = (item for shard in found for item in shard.manifests)
    return next(item for item in manifests if item["kind"] == "Secret" and item["metadata"]["name"] == name)


def decoded(manifest: namespaces.Manifest) -> dict[str, str]:
    return {key: base64.b64decode(value).decode() for key, value in manifest["data"].items()}


def test_a_resolved_secret_has_all_that_a_client_needs() -> None:
    resolved = credentials.resolve(secret_named("database-ledger-rw"), credentials.resolver(master=MASTER, ca=CA))
    data = decoded(resolved)
    password = credentials.password(MASTER, "finance_prod_ledger_rw", 1)
    assert data == {
        "host": "10.20.0.10",
        "port": "6432",
        "dbname": "finance_prod_ledger",
        "username": "finance_prod_ledger_rw",
        "password": password,
        "sslmode": "verify-full",
        "ca.crt": CA,
        "uri": (
            f"postgresql://finance_prod_ledger_rw:{password}@10.20.0.10:6432/finance_prod_ledger"
            "?sslmode=verify-full&sslrootcert=/var/run/govcloud/database-ledger-rw/ca.crt"
        ),
    }
    mount = resolved["metadata"]["annotations"]["govcloud.io/mount-path"]
    assert f"sslrootcert={mount}/ca.crt" in data["uri"]


def test_each_login_role_of_each_database_has_a_secret_in_its_own_namespace() -> None:
    found = shards.plan(tenant_inventories.golden(), platforms.Side.EXTERNAL)
    places = [
        (item["metadata"]["namespace"], item["metadata"]["name"])
        for shard in found
        for item in shard.manifests
        if item["kind"] == "Secret"
    ]
    assert places == [
        ("finance-prod", f"database-{database}-{role}") for database in ("archive", "ledger") for role in ("rw", "ro")
    ]


def test_no_password_appears_in_a_plan_however_it_is_shown() -> None:
    found = shards.plan(tenant_inventories.golden(), platforms.Side.EXTERNAL)
    shown = repr(found) + "".join(shard.to_json() for shard in found) + json.dumps(found[0].manifests, default=str)
    for plan in external():
        for role in (plan.rw, plan.ro):
            password = credentials.password(MASTER, role, 1)
            assert password not in shown
            assert base64.b64encode(password.encode()).decode() not in shown
            assert f"${{database-password/{role}}}" in shown, "the gap is shown by its name"
