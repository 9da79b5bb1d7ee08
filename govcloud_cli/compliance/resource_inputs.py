"""The planned Pulumi resources that are no Kubernetes objects: what `stacks/` will register, by the same names.

Written a second time and without Pulumi, whose SDK no check may wait for; a test holds it against the programs.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from typing import Any

from govcloud_cli.compliance import subjects
from govcloud_cli.model import policies
from govcloud_cli.plan import database_servers, databases, network, plans

Json = Any
Resource = tuple[str, str, dict[str, Json]]
"""Type, name and inputs."""

SECRET = "(secret)"  # noqa: S105 - stands for one
_POSTGRES = "postgresql:index"
_PUBLIC = "public"


def subjects_of(plan: plans.Plan, *, place_of: Callable[[str], subjects.Place]) -> Iterator[subjects.Subject]:
    """A subject per resource; `place_of`: tenant -> the place of its file."""
    for side in plan.sides:
        for kind, name, inputs in (*providers(side), *([] if side.network is None else lab(side.network))):
            # Both sides have a switch `management`; the side tells them apart.
            yield subject(kind, f"{side.side.value}/{name}", inputs)
        for shard in side.shards:
            for database in shard.databases:
                for kind, name, inputs in of_database(database):
                    yield subject(kind, name, inputs, place=place_of(database.tenant))


def subject(
    kind: str,
    name: str,
    inputs: Json,
    *,
    place: subjects.Place | None = None,
    unknown: tuple[subjects.Path, ...] = (),
) -> subjects.Subject:
    """One resource; `unknown` are paths within `inputs`."""
    return subjects.Subject(
        input=policies.Input.RESOURCE,
        key=f"pulumi:{kind}/{name}",
        document={"type": kind, "name": name, "inputs": inputs},
        place=place,
        unknown=tuple(("inputs", *path) for path in unknown),
    )


def providers(side: plans.SidePlan) -> Iterator[Resource]:
    """How the platform signs in to the side's database servers."""
    for machine in side.databases:
        name = "postgresql" if machine.dedicated_to is None else f"postgresql-{machine.id}"
        inputs = {
            "host": database_servers.management(machine),
            "username": databases.ADMIN_ROLE,
            "superuser": False,
            "sslmode": "verify-full",
        }
        yield "pulumi:providers:postgresql", name, inputs


def lab(planned: network.NetworkPlan) -> Iterator[Resource]:
    """The lab's segments, machines and forwards."""
    for kind, found in (("Switch", planned.switches), ("Machine", planned.machines), ("Forward", planned.forwards)):
        for one in found:
            yield f"lab:index:{kind}", one.name, _plain(dataclasses.asdict(one))


def of_database(plan: databases.DatabasePlan) -> Iterator[Resource]:
    """A database, its roles, and who may do what in it."""
    for name in (plan.access, plan.owner):
        yield f"{_POSTGRES}/role:Role", name, {"name": name, "login": False}
    for name in (plan.rw, plan.ro):
        inputs = {"name": name, "login": not plan.frozen, "password": SECRET, "connectionLimit": plan.connections}
        yield f"{_POSTGRES}/role:Role", name, inputs
    for member, role in ((plan.rw, plan.access), (plan.ro, plan.access), (databases.ADMIN_ROLE, plan.owner)):
        yield f"{_POSTGRES}/grantRole:GrantRole", f"{role}/{member}", {"role": member, "grantRole": role}
    yield _database(plan)
    for kind, role, privileges in (
        ("database", _PUBLIC, []),
        ("database", databases.POOLER_ROLE, ["CONNECT"]),
        ("database", plan.access, ["CONNECT"]),
        ("database", plan.rw, ["TEMPORARY"]),
        ("schema", _PUBLIC, []),
        ("schema", plan.owner, ["CREATE", "USAGE"]),
        ("schema", plan.rw, ["CREATE", "USAGE"]),
        ("schema", plan.ro, ["USAGE"]),
    ):
        yield _grant(plan, kind=kind, role=role, privileges=privileges)
    yield from _defaults(plan)
    for name in plan.extensions:
        inputs = {"name": name, "database": plan.database, "schema": _PUBLIC}
        yield f"{_POSTGRES}/extension:Extension", f"{plan.database}/extension/{name}", inputs


def _database(plan: databases.DatabasePlan) -> Resource:
    inputs = {
        "name": plan.database,
        "owner": plan.owner,
        "template": databases.TEMPLATE,
        "encoding": "UTF8",
        "lcCollate": databases.LOCALE,
        "lcCtype": databases.LOCALE,
        "connectionLimit": plan.connection_limit,
    }
    return f"{_POSTGRES}/database:Database", plan.database, inputs


def _grant(plan: databases.DatabasePlan, *, kind: str, role: str, privileges: list[str]) -> Resource:
    inputs: dict[str, Json] = {"database": plan.database, "objectType": kind, "role": role, "privileges": privileges}
    if kind == "schema":
        inputs["schema"] = _PUBLIC
    return f"{_POSTGRES}/grant:Grant", f"{plan.database}/{kind}/{role}", inputs


def _defaults(plan: databases.DatabasePlan) -> Iterator[Resource]:
    for maker, user, tables, sequences in (
        (plan.owner, plan.rw, ["DELETE", "INSERT", "SELECT", "UPDATE"], ["SELECT", "UPDATE", "USAGE"]),
        (plan.owner, plan.ro, ["SELECT"], ["SELECT"]),
        (plan.rw, plan.ro, ["SELECT"], ["SELECT"]),
    ):
        for kind, privileges in (("table", tables), ("sequence", sequences)):
            inputs = {
                "database": plan.database,
                "schema": _PUBLIC,
                "owner": maker,
                "role": user,
                "objectType": kind,
                "privileges": privileges,
            }
            name = f"{plan.database}/{kind}/{maker}/{user}"
            yield f"{_POSTGRES}/defaultPrivileges:DefaultPrivileges", name, inputs


def _plain(value: Json) -> Json:
    """Tuples as lists."""
    if isinstance(value, dict):
        return {name: _plain(item) for name, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, (list, tuple)) else value
