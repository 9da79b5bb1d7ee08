"""Drift on a real API server and PostgreSQL: seen at its field, restored by the stacks, and nothing else touched."""

from __future__ import annotations

import asyncio
import dataclasses
import datetime
import json
import pathlib
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

import pytest
from pulumi import automation

from govcloud_cli.model import platforms
from govcloud_cli.plan import cluster, credentials, plans, shards
from govcloud_cli.providers.kubernetes import client as clients
from govcloud_cli.providers.kubernetes import transport
from govcloud_cli.run import (
    database_access,
    drift,
    machines,
    preparing,
    progress,
    siderun,
    sides,
    sites,
    stacks,
    workspace,
)
from govcloud_cli.run.drift import tasks
from stacks.components import databases as database_components
from stacks.components import manifests
from stacks.platform import program as platform_program
from stacks.tenants import program as tenants_program
from tests.support import control_plane, postgres, tenant_inventories
from tests.support.reporters import Quiet

pytestmark = pytest.mark.engine

ROOT: Final = pathlib.Path(__file__).parents[3]
MASTER: Final = b"m" * 32
NOW: Final = datetime.datetime(2026, 1, 2, tzinfo=datetime.UTC)
DATABASE: Final = {"id": "ledger", "connections": 5}
INVENTORY: Final = tenant_inventories.inventory_of(
    tenant_inventories.tenant("finance", environments=[{"name": "prod", "databases": [DATABASE]}]),
    tenant_inventories.tenant("archives", environments=[{"name": "prod", "databases": [DATABASE]}]),
)
RBAC: Final = "rbac.authorization.k8s.io/v1"
NETWORK: Final = "networking.k8s.io/v1"
ADMISSION: Final = "admissionregistration.k8s.io/v1"
GUEST: Final = {"apiGroup": "rbac.authorization.k8s.io", "kind": "Group", "name": "guests"}


@dataclasses.dataclass(frozen=True, kw_only=True)
class Case:
    """One drift: what somebody does, and what has to be told of it."""

    says: str
    subject: str
    field: str
    what: str
    change: Mapping[str, Any] | str | None = None
    """A merge patch, SQL, or None for a deletion."""
    inside: str = "postgres"
    """The database for SQL."""


CASES: Final = (
    Case(
        says="a governed label of a namespace is edited",
        subject="Namespace/finance-prod",
        field='metadata.labels["govcloud.io/tenant"]',
        what="changed",
        change={"metadata": {"labels": {"govcloud.io/tenant": "archives"}}},
    ),
    Case(
        says="our label is removed, so that no LIST shows the object",
        subject="LimitRange/finance-prod/tenant",
        field='metadata.labels["app.kubernetes.io/managed-by"]',
        what="missing",
        change={"metadata": {"labels": {"app.kubernetes.io/managed-by": None}}},
    ),
    Case(
        says="a quota is raised",
        subject="ResourceQuota/finance-prod/tenant",
        field='spec.hard["requests.cpu"]',
        what="changed",
        change={"spec": {"hard": {"requests.cpu": "1000"}}},
    ),
    Case(
        says="a role binding gets a guest",
        subject="RoleBinding/finance-prod/tenant-owner",
        field="subjects[1]",
        what="extra",
        change={"subjects": [{**GUEST, "name": "finance:owners"}, GUEST]},
    ),
    Case(
        says="a network policy is deleted",
        subject="NetworkPolicy/finance-prod/default-deny",
        field="",
        what="missing",
    ),
    Case(
        says="a policy that allowed nothing allows everything, by a field that nobody planned",
        subject="NetworkPolicy/archives-prod/default-deny",
        field="spec.ingress",
        what="extra",
        change={"spec": {"ingress": [{}]}},
    ),
    Case(
        says="a policy gets a further rule",
        subject="NetworkPolicy/finance-prod/allow-dns",
        field="spec.egress[1]",
        what="extra",
        change={
            "spec": {
                "egress": [
                    {
                        "to": [
                            {
                                "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "kube-system"}},
                                "podSelector": {"matchLabels": {"k8s-app": "kube-dns"}},
                            }
                        ],
                        "ports": [{"protocol": "UDP", "port": 53}, {"protocol": "TCP", "port": 53}],
                    },
                    {"to": [{"ipBlock": {"cidr": "0.0.0.0/0"}}]},
                ]
            }
        },
    ),
    Case(
        says="pods may again use the API by the token of their account",
        subject="ServiceAccount/finance-prod/default",
        field="automountServiceAccountToken",
        what="missing",
        change={"automountServiceAccountToken": None},
    ),
    Case(
        says="a secret's password is changed",
        subject="Secret/finance-prod/database-ledger-rw",
        field="data.password",
        what="changed",
        change={"data": {"password": "b3RoZXI="}},
    ),
    Case(
        says="a rule of a role is taken away",
        subject="ClusterRole/govcloud:auditor",
        field="rules",
        what="missing",
        change={"rules": None},
    ),
    Case(
        says="the guard of governed labels is switched off by a condition of somebody else's",
        subject="ValidatingAdmissionPolicy/governed-labels.govcloud.io",
        field="spec.validations[0].expression",
        what="changed",
        change={
            "spec": {
                "validations": [
                    {
                        "expression": "true",
                        "message": "labels under govcloud.io/ and pod-security.kubernetes.io/ are set by the platform"
                        " alone",
                        "reason": "Forbidden",
                    }
                ]
            }
        },
    ),
    Case(
        says="a role becomes a superuser",
        subject="Role/finance_prod_ledger_rw",
        field="superuser",
        what="changed",
        change="ALTER ROLE finance_prod_ledger_rw SUPERUSER",
    ),
    Case(
        says="a role may make databases",
        subject="Role/finance_prod_ledger_ro",
        field="create database",
        what="changed",
        change="ALTER ROLE finance_prod_ledger_ro CREATEDB",
    ),
    Case(
        says="a role gets more connections",
        subject="Role/finance_prod_ledger_ro",
        field="connection limit",
        what="changed",
        change="ALTER ROLE finance_prod_ledger_ro CONNECTION LIMIT 50",
    ),
    Case(
        says="a role gets another password",
        subject="Role/archives_prod_ledger_rw",
        field="password",
        what="changed",
        change="ALTER ROLE archives_prod_ledger_rw PASSWORD 'another'",
    ),
    Case(
        says="one tenant's role becomes a member of another's",
        subject="Role/archives_prod_ledger_access",
        field="members",
        what="extra",
        change="GRANT archives_prod_ledger_access TO finance_prod_ledger_ro",
    ),
    Case(
        says="a role sees everybody's data",
        subject="Role/pg_read_all_data",
        field="members",
        what="extra",
        change="GRANT pg_read_all_data TO finance_prod_ledger_ro",
    ),
    Case(
        says="everybody may connect",
        subject="Database/finance_prod_ledger",
        field="grants[public]",
        what="extra",
        change="GRANT CONNECT ON DATABASE finance_prod_ledger TO PUBLIC",
    ),
    Case(
        says="a role of nobody's may connect",
        subject="Database/finance_prod_ledger",
        field="grants[stranger]",
        what="extra",
        change="CREATE ROLE stranger; GRANT CONNECT ON DATABASE finance_prod_ledger TO stranger",
    ),
    Case(
        says="a database gets another limit",
        subject="Database/finance_prod_ledger",
        field="connection limit",
        what="changed",
        change="ALTER DATABASE finance_prod_ledger CONNECTION LIMIT 500",
    ),
    Case(
        says="a reader may make tables",
        subject="Database/finance_prod_ledger",
        field="schema public[finance_prod_ledger_ro]",
        what="changed",
        change="GRANT CREATE ON SCHEMA public TO finance_prod_ledger_ro",
        inside="finance_prod_ledger",
    ),
    Case(
        says="a stranger may look into the schema",
        subject="Database/archives_prod_ledger",
        field="schema public[pgbouncer_auth]",
        what="extra",
        change="GRANT USAGE ON SCHEMA public TO pgbouncer_auth",
        inside="archives_prod_ledger",
    ),
    Case(
        says="a reader gets to write future tables",
        subject="Database/finance_prod_ledger",
        field="default privileges of finance_prod_ledger_owner on tables[finance_prod_ledger_ro]",
        what="changed",
        change="ALTER DEFAULT PRIVILEGES FOR ROLE finance_prod_ledger_owner IN SCHEMA public"
        " GRANT DELETE ON TABLES TO finance_prod_ledger_ro",
        inside="finance_prod_ledger",
    ),
)
VERSIONS: Final = {
    "ClusterRole": RBAC,
    "NetworkPolicy": NETWORK,
    "RoleBinding": RBAC,
    "ValidatingAdmissionPolicy": ADMISSION,
}


@dataclasses.dataclass(kw_only=True)
class World:
    """A deployed side whose machines are the test's own processes."""

    plan: plans.SidePlan
    site: sites.Site
    plane: control_plane.ControlPlane
    server: postgres.Running
    ran: list[tuple[str, tuple[str, ...]]] = dataclasses.field(default_factory=list)
    """Operation and stacks, per job."""

    def run(self, verb: str = "run") -> siderun.SideRun:
        """Deploy (`run`) or `repair`."""
        journal = progress.Journal(Quiet())
        tools = {"pulumi": pathlib.Path("/pulumi")}
        logs = workspace.make_folder(self.site.space.path / "logs")
        one = siderun.SideRun(
            site=self.site, plan=self.plan, tools=tools, request=siderun.Request(), journal=journal, now=NOW, logs=logs
        )
        {"run": sides.run, "repair": sides.repair}[verb](one)
        return one

    def ask(self, work: Callable[[clients.Client], Any]) -> Any:
        """Run a function of a client."""

        async def inside() -> Any:
            client = clients.Client.from_kubeconfig(self.plane.kubeconfig)
            try:
                return await work(client)
            finally:
                await client.close()

        return asyncio.run(inside())

    def versions(self) -> dict[str, str]:
        """Every planned object's resourceVersion."""
        found: dict[str, str] = {}

        async def look(client: clients.Client) -> None:
            for _, manifest in tasks.manifests(self.plan):
                metadata = manifest["metadata"]
                live = await client.get(
                    manifest["apiVersion"], manifest["kind"], metadata["name"], namespace=metadata.get("namespace")
                )
                key = "/".join(filter(None, (manifest["kind"], metadata.get("namespace"), metadata["name"])))
                found[key] = live["metadata"]["resourceVersion"] if live else ""

        self.ask(look)
        return found

    def run_script(self, script: str, arguments: Mapping[str, Any], **_: Any) -> dict[str, Any]:
        """What the machine's superuser does, told what `demote` is told."""
        assert script == "demote"
        for role in arguments["service-db"]["roles"]:
            self.server.ask(f"ALTER ROLE {role} NOSUPERUSER NOREPLICATION NOBYPASSRLS")
        return {"service-db": dict.fromkeys(arguments["service-db"]["roles"], "")}

    def inject(self, case: Case) -> None:
        """Do what the case says."""
        if isinstance(case.change, str):
            for statement in case.change.split(";"):
                self.server.ask(statement, database=case.inside)
            return
        kind, *place, name = case.subject.split("/")
        version = VERSIONS.get(kind, "v1")
        namespace = place[0] if place else None

        async def change(client: clients.Client) -> None:
            if case.change is None:
                await client.delete(version, kind, name, namespace=namespace)
                return
            path, what = await client._locate(version, kind, namespace, name)
            await client._transport.request(
                transport.Call(
                    method="PATCH",
                    path=path,
                    what=what,
                    query={"fieldManager": "kubectl-edit"},
                    body=case.change,
                    content_type="application/merge-patch+json",
                )
            )

        self.ask(change)


@pytest.fixture(scope="module")
def patch() -> Iterator[pytest.MonkeyPatch]:
    with pytest.MonkeyPatch.context() as found:
        yield found


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory, patch: pytest.MonkeyPatch) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("drift")
    side = platforms.Side.EXTERNAL
    with control_plane.running(folder / "plane") as plane, postgres.running() as server:
        server.ask("CREATE ROLE pgbouncer_auth LOGIN")
        server.ask("GRANT SELECT (rolname, rolpassword) ON pg_catalog.pg_authid TO govcloud_admin")
        planned = shards.plan(INVENTORY, side)
        plan = plans.SidePlan(
            side=side,
            network=None,
            hosts=(),
            cluster=cluster.manifests(INVENTORY, side),
            shards=planned,
            endpoints=(),
            tenants=tuple(
                plans.TenantPlace(
                    id=name, zone="service", namespaces=(f"{name}-prod",), databases=(f"{name}_prod_ledger",)
                )
                for name in ("archives", "finance")
            ),
            probes=(),
            kubernetes=None,
            database=INVENTORY.machine("service-db"),
            databases=(INVENTORY.machine("service-db"),),
            kubeconfig=str(plane.kubeconfig),
        )
        space = workspace.Workspace(path=folder / ".govcloud" / "unit")
        own = space.side(side)
        workspace.write(own.secrets / "master", MASTER.hex())
        workspace.write(own.pki / "services-ca.crt", (server.folder / "ca.crt").read_text())
        found = World(
            plan=plan, site=sites.Site(spec=INVENTORY, space=space, sides=(side,)), plane=plane, server=server
        )
        patch.setattr(preparing, "certify", lambda *_, **__: ())
        patch.setattr(database_access, "of", lambda *_: dict(server.administrator))
        patch.setattr(machines, "run_script", found.run_script)
        with _stacks(found, folder, patch):
            found.run()
            yield found


class _stacks:  # noqa: N801 - a context manager
    """Runs stacks here rather than in a worker, which knows no other port than 5432."""

    def __init__(self, world: World, folder: pathlib.Path, patch: pytest.MonkeyPatch) -> None:
        self._world, self._folder = world, folder
        patch.setattr(stacks, "run", self._run)

    def __enter__(self) -> None:
        argv = [sys.executable, "-m", "govcloud_cli.providers", "kubernetes", "postgresql"]
        self._process = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT, text=True)
        assert self._process.stdout is not None
        ports = json.loads(self._process.stdout.readline())
        self._ports = ",".join(f"{name}:{port}" for name, port in ports.items())

    def __exit__(self, *_: object) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(20)
        self._process.stdout.close()

    def _run(self, job: stacks.Job, *, done: Any, **_: Any) -> tuple[stacks.StackResult, ...]:
        self._world.ran.append((job.operation.value, job.stacks))
        found = []
        for name in job.stacks:
            refresh = job.operation is stacks.Operation.REFRESH_UP
            summary = self._stack(name).up(refresh=refresh, color="never").summary.resource_changes or {}
            changed = sum(count for kind, count in summary.items() if str(kind).rpartition(".")[2] != "same")
            result = stacks.StackResult(stack=name, changed=changed, outputs={}, error="")
            found.append(result)
            done(result)
        return tuple(found)

    def _stack(self, name: str) -> automation.Stack:
        import os

        server = self._world.server
        pulumi = pathlib.Path(os.environ["GOVCLOUD_TEST_PULUMI"])
        state = workspace.make_folder(self._folder / "state")
        access = database_components.Access(
            host="127.0.0.1",
            port=server.port,
            root_certificate=str(server.folder / "ca.crt"),
            client_certificate=str(server.folder / "admin.crt"),
            client_key=str(server.folder / "admin.key"),
        )
        reach = manifests.Access(kubeconfig=str(self._world.plane.kubeconfig), bundled=True)
        values = credentials.resolver(master=MASTER, ca=(server.folder / "ca.crt").read_text())
        shard = next((shard for shard in self._world.plan.shards if shard.id == name), None)

        def program() -> None:
            if shard is None:
                platform_program.program(self._world.plan.cluster, cluster=reach)
            else:
                tenants_program.program(shard, cluster=reach, database=access, values=values)

        return automation.create_or_select_stack(
            stack_name=name,
            project_name="drift",
            program=program,
            opts=automation.LocalWorkspaceOptions(
                env_vars={
                    "PULUMI_CONFIG_PASSPHRASE": "test",
                    "PULUMI_DEBUG_PROVIDERS": self._ports,
                    "PULUMI_SKIP_UPDATE_CHECK": "true",
                },
                pulumi_command=automation.PulumiCommand(str(pulumi.parent.parent), skip_version_check=True),
                pulumi_home=str(self._folder / "home"),
                project_settings=automation.ProjectSettings(
                    name="drift", runtime="python", backend=automation.ProjectBackend(url=state.as_uri())
                ),
            ),
        )


@pytest.fixture(scope="module")
def calm(world: World) -> siderun.SideRun:
    """A second deploy, while nothing drifted."""
    return world.run()


@dataclasses.dataclass(frozen=True, kw_only=True)
class Drifted:
    """The side before and after everything drifted."""

    versions: dict[str, str]
    """Before."""
    repaired: siderun.SideRun
    after: dict[str, str]


@pytest.fixture(scope="module")
def drifted(world: World, calm: siderun.SideRun) -> Drifted:
    assert not calm.left
    before = world.versions()
    world.ask(lambda client: client.apply(_foreign(), force=True))
    for case in CASES:
        world.inject(case)
    one = world.run("repair")
    return Drifted(versions=before, repaired=one, after=world.versions())


def _foreign() -> dict[str, Any]:
    metadata = {"name": "theirs", "namespace": "finance-prod", "labels": {"app": "x"}}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {"a": "b"}}


def told(run: siderun.SideRun) -> dict[tuple[str, str], drift.Finding]:
    return {(finding.subject, finding.field): finding for finding in (*run.repaired, *run.left)}


def test_where_nothing_drifted_no_stack_runs_and_nothing_is_told(world: World, calm: siderun.SideRun) -> None:
    assert calm.repaired == []
    assert calm.left == []
    assert calm.unread == []
    assert [operation for operation, _ in world.ran[:1]] == ["up"]
    notes = {step.name: step.note for step in calm.journal.results}
    assert "nothing drifted" in notes["external/look"]
    assert "as last applied" in notes["external/stacks"]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.says)
def test_each_drift_is_told_at_its_field_and_restored(drifted: Drifted, case: Case) -> None:
    finding = told(drifted.repaired).get((case.subject, case.field))
    assert finding is not None, sorted(told(drifted.repaired))
    assert finding.what == case.what
    assert finding in drifted.repaired.repaired
    assert finding.tenant == ("" if case.subject.startswith(("ClusterRole", "Validating")) else finding.tenant)


def test_nothing_else_is_told(drifted: Drifted) -> None:
    assert set(told(drifted.repaired)) == {(case.subject, case.field) for case in CASES}
    assert drifted.repaired.left == []
    assert drifted.repaired.unread == []


def test_a_secret_is_never_shown(drifted: Drifted) -> None:
    withheld = [finding for finding in drifted.repaired.repaired if finding.withheld]
    assert {finding.subject for finding in withheld} == {
        "Secret/finance-prod/database-ledger-rw",
        "Role/archives_prod_ledger_rw",
    }
    assert all(finding.expected is None and finding.found is None for finding in withheld)


def test_what_did_not_drift_is_not_written_to(drifted: Drifted) -> None:
    moved = {key for key, version in drifted.after.items() if version != drifted.versions[key]}
    assert moved == {case.subject for case in CASES if not isinstance(case.change, str)}


def test_after_the_repair_nothing_drifts(world: World, drifted: Drifted) -> None:
    ran = len(world.ran)
    again = world.run()
    assert told(again) == {}
    assert len(world.ran) == ran
    assert world.ask(lambda client: client.get("v1", "ConfigMap", "theirs", namespace="finance-prod")) is not None


def test_what_says_that_it_is_ours_and_is_not_planned_is_told_and_left_alone(world: World, drifted: Drifted) -> None:
    labels = {"app.kubernetes.io/managed-by": "govcloud"}
    metadata = {"name": "open-door", "namespace": "finance-prod", "labels": labels}
    spec = {"podSelector": {}, "ingress": [{}], "policyTypes": ["Ingress"]}
    policy = {"apiVersion": NETWORK, "kind": "NetworkPolicy", "metadata": metadata, "spec": spec}
    world.ask(lambda client: client.apply(policy))
    one = world.run("repair")
    ((subject, _),) = told(one)
    assert subject == "NetworkPolicy/finance-prod/open-door"
    assert one.left[0].what is drift.What.ORPHAN
    assert one.repaired == []
    world.ask(lambda client: client.delete(NETWORK, "NetworkPolicy", "open-door", namespace="finance-prod"))


def test_a_role_and_a_database_that_are_gone_are_told_and_made_again(world: World, drifted: Drifted) -> None:
    world.server.ask("DROP DATABASE archives_prod_ledger WITH (FORCE)")
    world.server.ask("DROP OWNED BY archives_prod_ledger_ro")
    world.server.ask("DROP ROLE archives_prod_ledger_ro")
    one = world.run()
    fields = {(finding.subject, finding.what.value) for finding in one.repaired}
    assert fields >= {("Role/archives_prod_ledger_ro", "missing"), ("Database/archives_prod_ledger", "missing")}
    assert one.left == []
    assert world.run().repaired == []


def test_a_cluster_that_cannot_be_read_is_never_said_to_be_as_it_was(world: World, drifted: Drifted) -> None:
    broken = dataclasses.replace(world.plan, kubeconfig=str(world.site.space.path / "nowhere"))
    other = dataclasses.replace(world, plan=broken)
    one = other.run("repair")
    assert [unread.subject for unread in one.unread] == ["cluster"]
    assert set(one.unread[0].steps) >= {"platform"}
