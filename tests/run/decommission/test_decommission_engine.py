"""The readers and the sweep, on a real API server and a real PostgreSQL."""

from __future__ import annotations

import asyncio
import dataclasses
import pathlib
import subprocess
import threading
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from govcloud_cli import errors
from govcloud_cli.plan import namespaces
from govcloud_cli.providers import postgresql
from govcloud_cli.providers.kubernetes import client as clients
from govcloud_cli.run.decommission import backup, decide, remains
from tests.support import control_plane, postgres

pytestmark = pytest.mark.engine
LABELS = {"govcloud.io/tenant": "finance", **namespaces.MANAGED}


@pytest.fixture(scope="module")
def plane(tmp_path_factory: pytest.TempPathFactory) -> Iterator[control_plane.ControlPlane]:
    with control_plane.running(tmp_path_factory.mktemp("plane")) as running:
        yield running


@pytest.fixture(scope="module")
def database() -> Iterator[postgres.Running]:
    with postgres.running() as running:
        yield running


def job(
    plane: control_plane.ControlPlane | None, database: postgres.Running | None, *, sweep: bool = False
) -> remains.Job:
    return remains.Job(
        tenant="finance",
        kubeconfig=None if plane is None else str(plane.kubeconfig),
        servers={} if database is None else {"service-db": database.administrator},
        sweep=sweep,
    )


def tell(plane: control_plane.ControlPlane, *manifests: dict[str, Any]) -> None:
    async def applied() -> None:
        client = clients.Client.from_kubeconfig(plane.kubeconfig)
        try:
            for manifest in manifests:
                await client.apply(manifest, force=True)
        finally:
            await client.close()

    asyncio.run(applied())


def release(plane: control_plane.ControlPlane, manifest: dict[str, Any]) -> None:
    async def released() -> None:
        client = clients.Client.from_kubeconfig(plane.kubeconfig)
        try:
            await client.merge(manifest, {"metadata": {"finalizers": None}})
        finally:
            await client.close()

    asyncio.run(released())


def namespace(name: str, **labels: str) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}}


def within(kind: str, name: str, place: str, **body: Any) -> dict[str, Any]:
    labels = body.pop("labels", {})
    metadata = {"name": name, "namespace": place, "labels": labels}
    return {"apiVersion": "v1", "kind": kind, "metadata": metadata, **body}


def claim(name: str, place: str) -> dict[str, Any]:
    spec = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
    return within("PersistentVolumeClaim", name, place, spec=spec)


def test_a_cluster_is_read_and_swept_of_its_tenant_alone(plane: control_plane.ControlPlane) -> None:
    pod = {"containers": [{"name": "web", "image": "web"}]}
    tell(
        plane,
        namespace("finance-prod", **LABELS),
        namespace("finance-dev"),
        namespace("finance-x-prod", **{**LABELS, "govcloud.io/tenant": "finance-x"}),
        within(
            "Pod", "web", "finance-prod", spec=pod | {"automountServiceAccountToken": False, "serviceAccountName": ""}
        ),
        claim("data", "finance-prod"),
        claim("data", "finance-x-prod"),
        within("Secret", "copy", "default", labels=LABELS, stringData={"a": "b"}),
        within("Secret", "other", "default", stringData={"a": "b"}),
    )
    seen = remains.run(job(plane, None))
    assert seen.namespaces == ("finance-prod",)
    assert seen.strange == ("finance-dev",)
    assert seen.pods == (decide.Pod(name="finance-prod/web", phase="Pending"),)
    assert seen.claims == ("finance-prod/data",)
    assert seen.secrets == ("default/copy",)
    assert len(decide.obstacles(seen, (), ())) == 3

    # This control plane has no controller that lets a claim go.
    release(plane, claim("data", "finance-prod"))
    left = remains.run(job(plane, None, sweep=True))
    assert left == decide.Reading(strange=("finance-dev",)), "what only has the name is told, not deleted"
    others = dataclasses.replace(job(plane, None), tenant="finance-x")
    assert remains.run(others).claims == ("finance-x-prod/data",)
    assert remains.run(job(plane, None, sweep=True)) == left, "swept again, it is the same"


def make(database: postgres.Running, *names: str) -> None:
    """Databases with their roles, as nobody's stack knows them."""
    for name in names:
        for role in ("owner", "rw", "ro", "access"):
            login = "LOGIN PASSWORD 'secret'" if role in ("rw", "ro") else ""
            database.ask(f"CREATE ROLE {name}_{role} {login}")
        database.ask(f"GRANT {name}_owner, {name}_rw, {name}_ro, {name}_access TO govcloud_admin WITH ADMIN OPTION")
        database.ask(f"CREATE DATABASE {name} OWNER {name}_owner")
        database.ask(f"GRANT CREATE ON SCHEMA public TO {name}_rw", database=name)
        with psycopg.connect(
            host="127.0.0.1", port=database.port, user=f"{name}_rw", password="secret", dbname=name, sslmode="require"
        ) as connection:
            connection.execute("CREATE TABLE cases (title text)")
            connection.execute("INSERT INTO cases VALUES ('档案')")


def test_a_server_is_read_backed_up_and_swept_of_its_tenant_alone(
    database: postgres.Running, tmp_path: pathlib.Path
) -> None:
    make(database, "finance_prod_ledger", "finance_prod_x_dev_main")
    open_session = psycopg.connect(
        host="127.0.0.1",
        port=database.port,
        user="finance_prod_ledger_rw",
        password="secret",
        dbname="finance_prod_ledger",
        sslmode="require",
    )
    open_session.execute("SELECT 1")
    seen = remains.run(job(None, database))
    assert seen.databases == (decide.Database(name="finance_prod_ledger", machine="service-db"),)
    assert {role.removeprefix("finance_prod_ledger_") for role in seen.roles} == {"owner", "rw", "ro", "access"}
    assert [one.state for one in seen.sessions] == ["idle in transaction"]
    assert len(decide.obstacles(seen, (), ())) == 1
    open_session.commit()
    assert decide.obstacles(remains.run(job(None, database)), (), ()) == (), "a pooled session without a client is idle"

    dump = tmp_path / "finance_prod_ledger.dump"
    where = ["-h", str(database.folder), "-p", str(database.port), "-U", "postgres"]
    backup.dump([*backup._DUMP, *where, "finance_prod_ledger"], dump)
    backup.prove(["pg_restore", "--list"], dump, database="finance_prod_ledger")
    restored = subprocess.run(["pg_restore", "--file=-", str(dump)], check=True, capture_output=True, text=True)
    assert "档案" in restored.stdout
    dump.write_bytes(dump.read_bytes()[:40])
    with pytest.raises(errors.GovcloudError, match="cannot be read back"):
        backup.prove(["pg_restore", "--list"], dump, database="finance_prod_ledger")

    assert remains.run(job(None, database, sweep=True)) == decide.Reading()
    assert remains.run(job(None, database, sweep=True)) == decide.Reading(), "swept again, it is the same"
    with pytest.raises(psycopg.OperationalError):
        open_session.execute("SELECT 1")
    stranger = dataclasses.replace(job(None, database), tenant="finance-prod-x")
    assert [one.name for one in remains.run(stranger).databases] == ["finance_prod_x_dev_main"]


def test_what_is_down_is_told_and_never_taken_for_empty(
    plane: control_plane.ControlPlane, database: postgres.Running
) -> None:
    wrong_port = {**database.administrator, "port": 1}
    down = remains.Job(tenant="finance", kubeconfig=str(plane.kubeconfig), servers={"service-db": wrong_port})
    (told,) = remains.run(down).unreadable
    assert told.startswith("the database server on service-db: ")
    nowhere = plane.folder / "nowhere.kubeconfig"
    nowhere.write_text(plane.kubeconfig.read_text().replace(plane.server, "https://127.0.0.1:1"))
    (told,) = remains.run(dataclasses.replace(job(None, None), kubeconfig=str(nowhere))).unreadable
    assert told.startswith("the cluster: ")


def test_a_reader_without_rights_is_told_too(plane: control_plane.ControlPlane) -> None:
    nobody = plane.kubeconfig_for("nobody")
    (told,) = remains.run(dataclasses.replace(job(None, None), kubeconfig=str(nobody))).unreadable
    assert "the cluster: " in told


def test_a_freeze_locks_the_roles_and_a_thaw_unlocks_them(database: postgres.Running) -> None:
    """What the plan of a frozen database comes to on a real server."""
    cancelled = threading.Event()
    handlers = {
        token.rpartition(":")[2]: handler
        for token, handler in postgresql.configure(dict(database.administrator), cancelled).items()
    }
    role = handlers["Role"]
    inputs = role.check({"name": "locked_ro", "login": True, "password": "secret"}, old={}, name="r").inputs
    made = role.create(inputs, preview=False)
    assert database.sign_in(user="locked_ro", password="secret", database="postgres") == "locked_ro"
    frozen = role.update(made, {**inputs, "login": False}, preview=False)
    with pytest.raises(psycopg.OperationalError, match="not permitted to log in"):
        database.sign_in(user="locked_ro", password="secret", database="postgres")
    role.update(frozen, inputs, preview=False)
    assert database.sign_in(user="locked_ro", password="secret", database="postgres") == "locked_ro"
    cancelled.set()
