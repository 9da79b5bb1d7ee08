"""Looks for what a tenant has in a cluster and on database servers, and sweeps it.

Started by `reading` where the side's machines can be reached: `python -m govcloud_cli.run.decommission.remains`, with
a `Job` as JSON on standard input and a `decide.Reading` as JSON on standard output.
"""

from __future__ import annotations

import asyncio
import dataclasses
import functools
import json
import pathlib
import sys
import threading
from collections.abc import AsyncIterator, Callable, Mapping
from typing import Any

import psycopg
from psycopg import sql

from govcloud_cli import errors
from govcloud_cli.plan import belongings, namespaces
from govcloud_cli.providers.kubernetes import client as clients
from govcloud_cli.providers.postgresql import database, role, server
from govcloud_cli.run.decommission import decide

_LABEL = f"{namespaces.PREFIX}tenant"
_GONE_SECONDS = 120.0
_CONNECT_SECONDS = 10


@dataclasses.dataclass(frozen=True, kw_only=True)
class Job:
    """What to look for, and where."""

    tenant: str
    kubeconfig: str | None
    """Path; None where the side has no cluster."""
    servers: Mapping[str, Mapping[str, Any]]
    """Per machine with a database server, the inputs of a `pulumi_postgresql.Provider` for it."""
    sweep: bool = False
    """Whether to remove what is found first."""


def main() -> None:
    """Read the job, look (and sweep), print what is there."""
    job = Job(**json.load(sys.stdin))
    json.dump(dataclasses.asdict(run(job)), sys.stdout)


def run(job: Job) -> decide.Reading:
    """What the tenant has; with `sweep`, what it still has after that was removed."""
    found = decide.Reading()
    if job.kubeconfig is not None:
        path = pathlib.Path(job.kubeconfig)
        found += _told("the cluster", lambda: asyncio.run(_cluster(path, job)))
    for machine in job.servers:
        found += _told(f"the database server on {machine}", functools.partial(_server, machine, job))
    return found


def _told(what: str, read: Callable[[], decide.Reading]) -> decide.Reading:
    """A reading, or that there is none: a server that is down must not look like an empty one."""
    try:
        return read()
    except (errors.GovcloudError, psycopg.Error, OSError) as error:
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        return decide.Reading(unreadable=(f"{what}: {reason}",))


async def _cluster(kubeconfig: pathlib.Path, job: Job) -> decide.Reading:
    client = clients.Client.from_kubeconfig(kubeconfig)
    try:
        if job.sweep:
            await _sweep_cluster(client, job.tenant)
        return await _read_cluster(client, job.tenant)
    finally:
        await client.close()


async def _read_cluster(client: clients.Client, tenant: str) -> decide.Reading:
    own, strange = await _namespaces(client, tenant)
    pods: list[decide.Pod] = []
    claims: list[str] = []
    for name in (*own, *strange):
        async for pod in client.list_kind("v1", "Pod", namespace=name):
            phase = (pod.get("status") or {}).get("phase") or "Unknown"
            pods.append(decide.Pod(name=_name(pod), phase=phase))
        listed = client.list_kind("v1", "PersistentVolumeClaim", namespace=name, metadata_only=True)
        claims += [_name(claim) async for claim in listed]
    volumes = [
        volume["metadata"]["name"]
        async for volume in client.list_kind("v1", "PersistentVolume")
        if belongings.is_namespace_of(tenant, str((volume["spec"].get("claimRef") or {}).get("namespace", "")))
    ]
    secrets = [_name(one) async for one in _secrets(client, tenant) if one["metadata"]["namespace"] not in own]
    return decide.Reading(
        namespaces=own,
        strange=strange,
        pods=tuple(pods),
        claims=tuple(claims),
        volumes=tuple(volumes),
        secrets=tuple(secrets),
    )


async def _namespaces(client: clients.Client, tenant: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The tenant's by its labels, which only the platform sets; and those that have but the name."""
    own, strange = [], []
    async for one in client.list_kind("v1", "Namespace", metadata_only=True):
        labels = one["metadata"].get("labels") or {}
        if labels.get(_LABEL) == tenant and namespaces.MANAGED.items() <= labels.items():
            own.append(one["metadata"]["name"])
        elif belongings.is_namespace_of(tenant, one["metadata"]["name"]):
            strange.append(one["metadata"]["name"])
    return tuple(own), tuple(strange)


def _secrets(client: clients.Client, tenant: str) -> AsyncIterator[clients.Manifest]:
    selector = f"{_LABEL}={tenant},{namespaces.SELECTOR}"
    return client.list_kind("v1", "Secret", label_selector=selector, metadata_only=True)


async def _sweep_cluster(client: clients.Client, tenant: str) -> None:
    own, _ = await _namespaces(client, tenant)
    for name in own:
        await client.delete("v1", "Namespace", name, wait=_GONE_SECONDS)
    async for one in _secrets(client, tenant):
        metadata = one["metadata"]
        await client.delete("v1", "Secret", metadata["name"], namespace=metadata["namespace"], uid=metadata["uid"])


def _server(machine: str, job: Job) -> decide.Reading:
    session = server.Session({"connectTimeout": _CONNECT_SECONDS, **job.servers[machine]}, threading.Event())
    if job.sweep:
        _sweep_server(session, job.tenant)
    return _read_server(session, job.tenant, machine=machine)


def _read_server(session: server.Session, tenant: str, *, machine: str) -> decide.Reading:
    with session.connection() as connection:
        databases, roles = _of_tenant(connection, tenant)
        rows = connection.execute(
            "SELECT datname, coalesce(usename, ''), coalesce(state, 'unknown') FROM pg_catalog.pg_stat_activity"
            " WHERE datname = ANY(%s) AND pid <> pg_catalog.pg_backend_pid() AND backend_type = 'client backend'"
            " ORDER BY 1, 2",
            (list(databases),),
        ).fetchall()
    sessions = tuple(decide.Session(database=row[0], role=row[1], state=row[2]) for row in rows)
    held = tuple(decide.Database(name=name, machine=machine) for name in databases)
    return decide.Reading(databases=held, roles=roles, sessions=sessions)


def _of_tenant(connection: server.Connection, tenant: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    names = [row[0] for row in connection.execute("SELECT datname FROM pg_catalog.pg_database ORDER BY 1")]
    roles = [row[0] for row in connection.execute("SELECT rolname FROM pg_catalog.pg_roles ORDER BY 1")]
    return (
        tuple(name for name in names if belongings.is_database_of(tenant, name)),
        tuple(name for name in roles if belongings.is_role_of(tenant, name)),
    )


def _sweep_server(session: server.Session, tenant: str) -> None:
    """Databases before roles: a role goes only when nothing is its own any more."""
    with session.connection() as connection:
        databases, roles = _of_tenant(connection, tenant)
        for name in roles:
            # Nobody begins anything while it goes; what the pooler still keeps open ends.
            connection.execute(sql.SQL("ALTER ROLE {} NOLOGIN").format(sql.Identifier(name)))
        connection.execute(
            "SELECT pg_catalog.pg_terminate_backend(pid) FROM pg_catalog.pg_stat_activity"
            " WHERE datname = ANY(%s) AND pid <> pg_catalog.pg_backend_pid() AND backend_type = 'client backend'",
            (list(databases),),
        )
    for name in databases:
        database.Database(session).remove({"name": name})
    for name in roles:
        role.Role(session).remove({"name": name})


def _name(manifest: clients.Manifest) -> str:
    return f"{manifest['metadata']['namespace']}/{manifest['metadata']['name']}"


if __name__ == "__main__":
    main()
