"""The tenants' stack, everything about it that can be decided without an engine."""

from __future__ import annotations

import dataclasses
import itertools
import json

import pytest

from govcloud_cli import errors
from govcloud_cli.model import platforms
from govcloud_cli.plan import credentials, shards
from govcloud_cli.plan import databases as database_plans
from stacks.components import databases, manifests
from stacks.tenants import program
from tests.support import engine, tenant_inventories

MASTER = bytes(range(32))
CLUSTER = manifests.Access(kubeconfig="/nowhere/kubeconfig")
DATABASE = databases.Access(
    host="10.8.0.10",
    root_certificate="/nowhere/ca.crt",
    client_certificate="/nowhere/admin.crt",
    client_key="/nowhere/admin.key",
)


def the_shard(count: int = 1) -> shards.ShardPlan:
    return shards.plan(tenant_inventories.golden(), platforms.Side.EXTERNAL, count=count)[0]


@pytest.fixture(scope="module")
def registered() -> list[engine.Registered]:
    return registered_by(the_shard())


def registered_by(shard: shards.ShardPlan, database: databases.Access | None = DATABASE) -> list[engine.Registered]:
    values = credentials.resolver(master=MASTER, ca="PEM")
    return engine.run(lambda: program.program(shard, cluster=CLUSTER, database=database, values=values))


def of_type(found: list[engine.Registered], prefix: str) -> list[engine.Registered]:
    return [item for item in found if item.type.startswith(prefix)]


def test_every_planned_object_is_applied_exactly_as_it_was_planned(registered: list[engine.Registered]) -> None:
    values = credentials.resolver(master=MASTER, ca="PEM")
    planned = {manifests.logical_name(item): credentials.resolve(item, values) for item in the_shard().manifests}
    assert {item.name: item.inputs for item in of_type(registered, "kubernetes:")} == planned


def test_every_resource_names_its_provider(registered: list[engine.Registered]) -> None:
    assert {item.provider for item in of_type(registered, "kubernetes:")} == {"kubernetes"}
    assert {item.provider for item in of_type(registered, "postgresql:")} == {"postgresql"}


def test_a_namespace_comes_before_what_is_in_it_and_holds_it(registered: list[engine.Registered]) -> None:
    inside = [item for item in of_type(registered, "kubernetes:") if not item.type.endswith(":Namespace")]
    for item in inside:
        namespace = item.inputs["metadata"]["namespace"]
        assert f"Namespace/{namespace}" in item.after
        assert item.parent == namespace


def test_secrets_are_secret_to_the_engine(registered: list[engine.Registered]) -> None:
    found = [item for item in registered if item.type.endswith(":Secret")]
    assert found
    assert all(("data",) in item.secrets for item in found)
    roles = [item for item in of_type(registered, "postgresql:index/role:") if item.inputs["login"]]
    assert roles
    assert all(("password",) in item.secrets for item in roles)


def test_a_password_is_the_same_in_the_database_and_in_the_secret(registered: list[engine.Registered]) -> None:
    role = next(item for item in registered if item.name == "finance_prod_ledger_rw")
    assert role.inputs["password"] == credentials.password(MASTER, "finance_prod_ledger_rw", 1)


def test_nothing_outside_secret_properties_holds_a_password(registered: list[engine.Registered]) -> None:
    def shown(item: engine.Registered) -> str:
        return json.dumps({key: value for key, value in item.inputs.items() if (key,) not in item.secrets})

    everything = "".join(shown(item) for item in registered)
    for plan in the_shard().databases:
        for role in (plan.rw, plan.ro):
            assert credentials.password(MASTER, role, 1) not in everything


def test_only_two_roles_of_a_database_log_in_and_none_is_privileged(registered: list[engine.Registered]) -> None:
    roles = of_type(registered, "postgresql:index/role:Role")
    assert {item.name for item in roles if item.inputs["login"]} == {
        f"finance_prod_{database}_{role}" for database in ("archive", "ledger") for role in ("rw", "ro")
    }
    for item in roles:
        assert not {"superuser", "createRole", "createDatabase", "replication"} & set(item.inputs)
        assert item.ignored == ("roles",), "memberships are resources of their own, which the role must not take back"


def test_everybody_loses_the_database_and_only_members_may_connect(registered: list[engine.Registered]) -> None:
    name = "finance_prod_ledger"
    grants = [item.inputs for item in of_type(registered, "postgresql:index/grant:") if item.inputs["database"] == name]
    held = {(grant["objectType"], grant["role"]): set(grant["privileges"]) for grant in grants}
    assert held == {
        ("database", "public"): set(),
        ("database", f"{name}_access"): {"CONNECT"},
        ("database", f"{name}_rw"): {"TEMPORARY"},
        ("database", database_plans.POOLER_ROLE): {"CONNECT"},
        ("schema", "public"): set(),
        ("schema", f"{name}_owner"): {"CREATE", "USAGE"},
        ("schema", f"{name}_rw"): {"CREATE", "USAGE"},
        ("schema", f"{name}_ro"): {"USAGE"},
    }


def test_no_tenant_role_is_a_member_of_the_owner_who_could_lift_the_limit(registered: list[engine.Registered]) -> None:
    memberships = {
        (item.inputs["role"], item.inputs["grantRole"])
        for item in of_type(registered, "postgresql:index/grantRole:")
        if "ledger" in item.name
    }
    assert memberships == {
        ("finance_prod_ledger_rw", "finance_prod_ledger_access"),
        ("finance_prod_ledger_ro", "finance_prod_ledger_access"),
        (database_plans.ADMIN_ROLE, "finance_prod_ledger_owner"),
    }


def test_who_reads_only_reads_what_either_maker_makes(registered: list[engine.Registered]) -> None:
    defaults = [
        item.inputs for item in of_type(registered, "postgresql:index/defaultPrivileges:") if "ledger" in item.name
    ]
    held = {
        (item["owner"].rpartition("_")[2], item["role"].rpartition("_")[2], item["objectType"]): item["privileges"]
        for item in defaults
    }
    assert {key for key in held if key[1] == "ro"} == {
        (maker, "ro", kind) for maker in ("owner", "rw") for kind in ("table", "sequence")
    }
    assert all(privileges == ["SELECT"] for key, privileges in held.items() if key[1] == "ro")
    assert held["owner", "rw", "table"] == ["DELETE", "INSERT", "SELECT", "UPDATE"]


def test_a_databases_resources_are_made_one_after_the_other(registered: list[engine.Registered]) -> None:
    for name in ("finance_prod_archive", "finance_prod_ledger"):
        chain = [item for item in of_type(registered, "postgresql:") if item.parent == name]
        assert chain[0].after == set()
        for previous, item in itertools.pairwise(chain):
            assert item.after == {previous.name}, "PostgreSQL refuses concurrent changes of one catalogue row"


def test_the_database_is_limited_and_copied_from_where_the_pooler_can_look_up(
    registered: list[engine.Registered],
) -> None:
    (database,) = (
        item.inputs
        for item in of_type(registered, "postgresql:index/database:")
        if item.inputs["name"] == "finance_prod_ledger"
    )
    assert database["connectionLimit"] == 40 + database_plans.PLATFORM_CONNECTIONS
    assert database["template"] == "template1"
    assert database["owner"] == "finance_prod_ledger_owner"
    roles = {item.name: item.inputs for item in of_type(registered, "postgresql:index/role:")}
    assert roles["finance_prod_ledger_rw"]["connectionLimit"] == 40


def test_providers_adopt_what_is_there_and_never_replace_what_may_change(registered: list[engine.Registered]) -> None:
    (provider,) = (item for item in registered if item.type == "pulumi:providers:kubernetes")
    assert {key: value for key, value in provider.inputs.items() if key.startswith(("enable", "upsert"))} == {
        "enableServerSideApply": "true",
        "enablePatchForce": "true",
        "upsertExistingObjects": "true",
        "enableConfigMapMutable": "true",
        "enableSecretMutable": "true",
    }


def test_the_database_server_is_checked_by_name_and_shown_a_certificate(registered: list[engine.Registered]) -> None:
    (provider,) = (item for item in registered if item.type == "pulumi:providers:postgresql")
    assert provider.inputs["sslmode"] == "verify-full"
    assert provider.inputs["sslrootcert"] == "/nowhere/ca.crt"
    assert json.loads(provider.inputs["clientcert"]) == {"cert": "/nowhere/admin.crt", "key": "/nowhere/admin.key"}
    assert "password" not in provider.inputs


def test_a_shard_without_tenants_registers_its_providers_alone() -> None:
    empty = shards.ShardPlan(id="tenants-00", side=platforms.Side.EXTERNAL, manifests=(), databases=())
    assert {item.type for item in registered_by(empty)} == {
        "pulumi:providers:kubernetes",
        "pulumi:providers:postgresql",
    }


def test_extensions_are_made_last_in_the_schema_that_everybody_of_the_database_uses(
    registered: list[engine.Registered],
) -> None:
    found = of_type(registered, "postgresql:index/extension:")
    assert [item.inputs for item in found] == [
        {"name": name, "database": "finance_prod_ledger", "schema": "public"} for name in ("hstore", "pg_trgm")
    ]
    (first, _) = found
    assert first.after >= {"finance_prod_ledger/sequence/finance_prod_ledger_rw/finance_prod_ledger_ro"}


def own_server() -> shards.ShardPlan:
    own = {"id": "collect", **tenant_inventories.DEDICATED}
    tenant = tenant_inventories.tenant("taxation", environments=[{"name": "prod", "databases": [own, {"id": "news"}]}])
    spec = tenant_inventories.inventory_of(tenant, servers=[tenant_inventories.own_server("taxation")])
    return shards.plan(spec, platforms.Side.EXTERNAL, count=1)[0]


def test_a_dedicated_database_is_made_on_its_tenants_server_with_all_that_belongs_to_it() -> None:
    dedicated = {"taxation-db": dataclasses.replace(DATABASE, host="10.8.0.20"), "other-db": DATABASE}
    values = credentials.resolver(master=MASTER, ca="PEM")
    found = engine.run(
        lambda: program.program(own_server(), cluster=CLUSTER, database=DATABASE, dedicated=dedicated, values=values)
    )
    hosts = {item.name: item.inputs["host"] for item in of_type(found, "pulumi:providers:postgresql")}
    assert hosts == {"postgresql": "10.8.0.10", "postgresql-taxation-db": "10.8.0.20"}, "and no other tenant's server"
    places = {(item.parent, item.provider) for item in of_type(found, "postgresql:")}
    assert places == {
        ("taxation_prod_collect", "postgresql-taxation-db"),
        ("taxation_prod_news", "postgresql"),
    }


@pytest.mark.parametrize("dedicated", [{}, {"other-db": DATABASE}])
def test_a_dedicated_database_is_never_made_on_another_server(dedicated: dict[str, databases.Access]) -> None:
    values = credentials.resolver(master=MASTER, ca="PEM")
    with pytest.raises(errors.GovcloudError, match="no access to their server"):
        program.program(own_server(), cluster=CLUSTER, database=DATABASE, dedicated=dedicated, values=values)


def test_databases_without_access_to_their_server_are_refused_before_anything_is_registered() -> None:
    with pytest.raises(errors.GovcloudError, match="no access to their server"):
        registered_by(the_shard(), database=None)
