"""The stacks as they are deployed: the real Pulumi engine, our providers, a real API server and a real PostgreSQL."""

from __future__ import annotations

import asyncio
import base64
import dataclasses
import json
import os
import pathlib
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import psycopg
import pytest
from pulumi import automation

from govcloud_cli.model import platforms
from govcloud_cli.plan import cluster, credentials, namespaces, rotations, shards
from govcloud_cli.plan import databases as database_plans
from govcloud_cli.providers.kubernetes import client as clients
from govcloud_cli.providers.kubernetes import failures
from stacks.components import databases, manifests
from stacks.platform import program as platform_program
from stacks.tenants import program as tenants_program
from tests.support import control_plane, postgres, tenant_inventories

pytestmark = [pytest.mark.engine, pytest.mark.filterwarnings("default")]

ROOT = pathlib.Path(__file__).parents[2]
MASTER = bytes(range(32))
INVENTORY = tenant_inventories.golden()
SHARD = shards.plan(INVENTORY, platforms.Side.EXTERNAL, count=1)[0]
CLUSTER = cluster.manifests(INVENTORY, platforms.Side.EXTERNAL)
VALUES = credentials.resolver(master=MASTER, ca="PEM")
LEDGER = next(plan for plan in SHARD.databases if plan.id == "ledger")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Deployed:
    """Both stacks after their first run."""

    plane: control_plane.ControlPlane
    server: postgres.Running
    up: Callable[..., dict[str, Mapping[str, int]]]
    """Run both again, perhaps with another shard; how many resources each created, changed or kept."""
    state: pathlib.Path

    def apply(self, manifest: namespaces.Manifest, *, groups: tuple[str, ...]) -> None:
        """Apply as a member of `groups` alone."""

        async def applied() -> None:
            client = clients.Client.from_kubeconfig(self.plane.kubeconfig)
            try:
                await client.apply(manifest, as_user="somebody", as_groups=groups)
            finally:
                await client.close()

        asyncio.run(applied())

    def get(self, manifest: namespaces.Manifest, *, groups: tuple[str, ...] = ()) -> dict[str, Any] | None:
        """The live object, as a member of `groups` sees it; by default as the administrator."""

        async def found() -> dict[str, Any] | None:
            client = clients.Client.from_kubeconfig(self.plane.kubeconfig)
            metadata = manifest["metadata"]
            who: dict[str, Any] = {"as_user": "somebody", "as_groups": groups} if groups else {}
            try:
                return await client.get(
                    manifest["apiVersion"],
                    manifest["kind"],
                    metadata["name"],
                    namespace=metadata.get("namespace"),
                    **who,
                )
            finally:
                await client.close()

        return asyncio.run(found())

    def session(self, role: str, database: str, *, generation: int = 1) -> psycopg.Connection[Any]:
        """A tenant's session, past the pooler."""
        return psycopg.connect(
            host="127.0.0.1",
            port=self.server.port,
            user=role,
            password=credentials.password(MASTER, role, generation),
            dbname=database,
            sslmode="verify-full",
            sslrootcert=str(self.server.folder / "ca.crt"),
            autocommit=True,
        )


@pytest.fixture(scope="module")
def providers() -> Iterator[str]:
    with subprocess.Popen(
        [sys.executable, "-m", "govcloud_cli.providers", "kubernetes", "postgresql"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=ROOT,
        text=True,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        ports = json.loads(process.stdout.readline())
        yield ",".join(f"{name}:{port}" for name, port in ports.items())
        process.stdin.close()
        process.wait(20)


@pytest.fixture(scope="module")
def deployed(providers: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployed]:
    named = os.environ.get("GOVCLOUD_TEST_PULUMI")
    pulumi = shutil.which(named or "pulumi") or shutil.which("pulumi", path=named)
    if pulumi is None:
        pytest.fail("this tier needs the Pulumi CLI: name it in GOVCLOUD_TEST_PULUMI or put it on PATH", pytrace=False)
    folder = tmp_path_factory.mktemp("stacks")
    state = folder / "state"
    state.mkdir()
    environment = {
        "PATH": f"{pathlib.Path(pulumi).parent}:{os.environ['PATH']}",
        "PULUMI_CONFIG_PASSPHRASE": "test",
        "PULUMI_DEBUG_PROVIDERS": providers,
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        "PULUMI_AUTOMATION_API_SKIP_VERSION_CHECK": "true",
    }
    before = os.environ["PATH"]
    os.environ["PATH"] = environment["PATH"]
    with control_plane.running(folder / "plane") as plane, postgres.running() as server:
        # As `roles/database` leaves a server.
        server.ask("CREATE ROLE pgbouncer_auth LOGIN")
        reach = manifests.Access(kubeconfig=str(plane.kubeconfig), bundled=True)
        certificates = {name: str(server.folder / f"{name}") for name in ("ca.crt", "admin.crt", "admin.key")}
        database = databases.Access(
            host="127.0.0.1",
            port=server.port,
            root_certificate=certificates["ca.crt"],
            client_certificate=certificates["admin.crt"],
            client_key=certificates["admin.key"],
        )

        def up(shard: shards.ShardPlan = SHARD) -> dict[str, Mapping[str, int]]:
            programs = {
                "platform": lambda: platform_program.program(CLUSTER, cluster=reach),
                "tenants": lambda: tenants_program.program(shard, cluster=reach, database=database, values=VALUES),
            }
            changes: dict[str, Mapping[str, int]] = {}
            for name, program in programs.items():
                stack = automation.create_or_select_stack(
                    stack_name="external",
                    project_name=name,
                    program=program,
                    opts=automation.LocalWorkspaceOptions(
                        env_vars=environment,
                        pulumi_home=str(folder / "home"),
                        project_settings=automation.ProjectSettings(
                            name=name, runtime="python", backend=automation.ProjectBackend(url=state.as_uri())
                        ),
                    ),
                )
                counted = stack.up(color="never").summary.resource_changes or {}
                changes[name] = {str(operation): count for operation, count in counted.items()}
            return changes

        found = Deployed(plane=plane, server=server, up=up, state=state)
        up()
        yield found
    os.environ["PATH"] = before


def covers(live: Any, planned: Any) -> bool:
    """Whether `live` says everything that `planned` says, in the same words."""
    if isinstance(planned, dict):
        return isinstance(live, dict) and all(key in live and covers(live[key], planned[key]) for key in planned)
    if isinstance(planned, list):
        return (
            isinstance(live, list)
            and len(live) == len(planned)
            and all(covers(one, other) for one, other in zip(live, planned, strict=True))
        )
    return bool(live == planned)


def test_every_object_is_live_in_the_words_of_its_plan(deployed: Deployed) -> None:
    planned = [*CLUSTER, *(credentials.resolve(item, VALUES) for item in SHARD.manifests)]
    for item in planned:
        live = deployed.get(item)
        # An empty list or mapping is not stored.
        assert covers(live, item), f"{manifests.logical_name(item)}: {live}"


def test_a_second_run_changes_nothing(deployed: Deployed) -> None:
    for name, changes in deployed.up().items():
        assert set(changes) == {"same"}, name


def test_no_password_is_in_the_state_as_it_is(deployed: Deployed) -> None:
    stored = "".join(path.read_text() for path in deployed.state.rglob("*.json"))
    assert "finance_prod_ledger_rw" in stored
    password = credentials.password(MASTER, LEDGER.rw, 1)
    assert password not in stored
    assert base64.b64encode(password.encode()).decode() not in stored


def test_each_role_does_in_its_database_what_it_is_for(deployed: Deployed) -> None:
    with deployed.session(LEDGER.rw, LEDGER.database) as rw, deployed.session(LEDGER.ro, LEDGER.database) as ro:
        rw.execute("CREATE TABLE budget (id serial PRIMARY KEY, amount int)")
        rw.execute("INSERT INTO budget (amount) VALUES (7)")
        assert ro.execute("SELECT amount FROM budget").fetchall() == [(7,)]
        for refused in (
            "INSERT INTO budget (amount) VALUES (8)",
            "CREATE TABLE other (id int)",
            "CREATE TEMP TABLE t ()",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                ro.execute(refused.encode())
        for refused in (
            f"ALTER DATABASE {LEDGER.database} CONNECTION LIMIT 1000",
            f"ALTER ROLE {LEDGER.rw} CONNECTION LIMIT 1000",
            f"SET ROLE {LEDGER.owner}",
            "CREATE SCHEMA elsewhere",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                rw.execute(refused.encode())


def test_what_the_owner_makes_the_others_use(deployed: Deployed) -> None:
    deployed.server.ask(
        f"SET ROLE {LEDGER.owner}; CREATE TABLE statute (id serial PRIMARY KEY, text text)", database=LEDGER.database
    )
    with deployed.session(LEDGER.rw, LEDGER.database) as rw, deployed.session(LEDGER.ro, LEDGER.database) as ro:
        rw.execute("INSERT INTO statute (text) VALUES ('first')")
        assert ro.execute("SELECT text FROM statute").fetchall() == [("first",)]


def test_extensions_are_the_tenants_to_use_and_the_platforms_to_change(deployed: Deployed) -> None:
    with deployed.session(LEDGER.rw, LEDGER.database) as rw, deployed.session(LEDGER.ro, LEDGER.database) as ro:
        for session in (rw, ro):
            assert session.execute("SELECT similarity('budget', 'budgets') > 0.5").fetchall() == [(True,)]
        for refused in (
            "DROP EXTENSION pg_trgm",
            "ALTER EXTENSION hstore UPDATE",
            "CREATE EXTENSION citext",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                rw.execute(refused.encode())
    owners = deployed.server.ask(
        "SELECT extname::text, extowner::regrole::text FROM pg_extension WHERE extname <> 'plpgsql' ORDER BY 1",
        database=LEDGER.database,
    )
    assert owners == [("hstore", database_plans.ADMIN_ROLE), ("pg_trgm", database_plans.ADMIN_ROLE)]


def test_nobody_connects_to_a_database_that_is_not_his(deployed: Deployed) -> None:
    for database in ("finance_prod_archive", "postgres"):
        if database == "postgres":
            deployed.server.ask(
                "REVOKE CONNECT ON DATABASE postgres FROM PUBLIC; GRANT CONNECT ON DATABASE postgres TO govcloud_admin"
            )
        with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
            deployed.session(LEDGER.rw, database)


def test_a_tenants_role_has_no_more_connections_than_declared(deployed: Deployed) -> None:
    rows = deployed.server.ask(
        "SELECT rolname, rolconnlimit FROM pg_roles WHERE rolname LIKE 'finance\\_prod\\_archive\\_r_'"
    )
    assert {limit for _, limit in rows} == {5}
    assert len(rows) == 2


SECRET: namespaces.Manifest = {
    "apiVersion": "v1",
    "kind": "Secret",
    "metadata": {"name": "database-ledger-rw", "namespace": "finance-prod"},
}
QUOTA: namespaces.Manifest = {
    "apiVersion": "v1",
    "kind": "ResourceQuota",
    "metadata": {"name": "tenant", "namespace": "finance-prod"},
}


@pytest.mark.parametrize(
    ("group", "manifest", "seen"),
    [
        ("finance:owners", SECRET, True),
        ("finance:operators", SECRET, True),
        ("audit-office:readers", SECRET, False),
        ("audit-office:readers", QUOTA, True),
        ("archives:owners", QUOTA, False),
        ("archives:owners", SECRET, False),
        ("govcloud:auditors", SECRET, False),
        ("govcloud:auditors", QUOTA, True),
        ("govcloud:platform-engineers", SECRET, True),
    ],
)
def test_a_group_sees_what_it_is_bound_to_see(
    deployed: Deployed, group: str, manifest: namespaces.Manifest, *, seen: bool
) -> None:
    if seen:
        assert deployed.get(manifest, groups=(group,)) is not None
    else:
        with pytest.raises(failures.ApiError, match="Forbidden"):
            deployed.get(manifest, groups=(group,))


def test_an_owner_writes_workloads_but_not_what_confines_him(deployed: Deployed) -> None:
    own = {"namespace": "archives-prod", "name": "settings"}
    deployed.apply({"apiVersion": "v1", "kind": "ConfigMap", "metadata": own}, groups=("archives:owners",))
    binding = {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "RoleBinding",
        "metadata": own,
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "cluster-admin"},
    }
    quota = {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": own, "spec": {"hard": {"pods": "999"}}}
    policy = {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": own,
        "spec": {"podSelector": {}, "egress": [{}], "policyTypes": ["Egress"]},
    }
    for manifest in (binding, quota, policy):
        with pytest.raises(failures.ApiError, match="Forbidden"):
            deployed.apply(manifest, groups=("archives:owners",))


def test_who_may_edit_namespaces_still_may_not_set_the_labels_that_policies_trust(deployed: Deployed) -> None:
    editors = ("namespace-editors",)
    access = namespaces.manifest(
        "ClusterRole",
        "namespace-editor",
        api_version="rbac.authorization.k8s.io/v1",
        rules=[{"apiGroups": [""], "resources": ["namespaces"], "verbs": ["get", "create", "patch", "update"]}],
    )
    binding = namespaces.manifest(
        "ClusterRoleBinding",
        "namespace-editors",
        api_version="rbac.authorization.k8s.io/v1",
        roleRef={"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "namespace-editor"},
        subjects=[{"apiGroup": "rbac.authorization.k8s.io", "kind": "Group", "name": editors[0]}],
    )
    for manifest in (access, binding):
        deployed.apply(manifest, groups=("system:masters",))

    def labelled(name: str, **labels: str) -> namespaces.Manifest:
        return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}}

    harmless = labelled("sandbox", team="blue")
    until = time.monotonic() + 20
    while True:
        # Roles and policies take a moment to be in force.
        try:
            deployed.apply(harmless, groups=editors)
            break
        except failures.ApiError:
            assert time.monotonic() < until
            time.sleep(0.2)
    for labels in ({"govcloud.io/tenant": "finance"}, {"pod-security.kubernetes.io/enforce": "privileged"}):
        for name in ("sandbox", "another"):
            with pytest.raises(failures.ApiError) as refusal:
                deployed.apply(labelled(name, **labels), groups=editors)
            assert "set by the platform alone" in str(refusal.value.cause)
    deployed.apply(labelled("sandbox", **{"govcloud.io/tenant": "finance"}), groups=("govcloud:platform-engineers",))


def test_a_later_generation_changes_secret_and_role_together_and_nothing_else(deployed: Deployed) -> None:
    turned = rotations.shard_of(SHARD, {LEDGER.tenant: 2})
    mine = [plan for plan in SHARD.databases if plan.tenant == LEDGER.tenant]
    changes = deployed.up(turned)
    assert set(changes["platform"]) == {"same"}
    assert set(changes["tenants"]) == {"same", "update"}
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        deployed.session(LEDGER.rw, LEDGER.database)
    for plan in mine:
        for role in (plan.rw, plan.ro):
            deployed.session(role, plan.database, generation=2).close()
    secret = next(
        one for one in turned.manifests if one["kind"] == "Secret" and LEDGER.rw in str(one["data"].get("password", ""))
    )
    live = deployed.get(secret)
    assert live is not None
    told = base64.b64decode(live["data"]["password"]).decode()
    assert told == credentials.password(MASTER, LEDGER.rw, 2)
    assert told in base64.b64decode(live["data"]["uri"]).decode()
    assert set(deployed.up(turned)["tenants"]) == {"same"}
    deployed.up()
