"""Whether databases, their roles and who may do what are as they were last applied. Pure, but for `mend`.

What is expected is what `stacks/components/databases.py` registers. Settings of a role (`ALTER ROLE … SET`) are left
alone: PostgreSQL lets every role choose its own.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from psycopg import sql

from govcloud_cli.plan import credentials
from govcloud_cli.plan import databases as plans
from govcloud_cli.providers.postgresql import catalog, scram, server

Json = dict[str, Any]
Plan = Mapping[str, Any]
"""Of a `plan.databases.DatabasePlan`: `database`, `owner`, `rw`, `ro`, `access`, `connections`, `connection_limit`,
`extensions`, `frozen`, `generation`."""

DEMOTE = "demote"
"""The kind of mend that no role but a superuser can do; `run/remote/demote.py` does it on the machine."""
_SUPERUSERS = ("superuser", "replication", "bypass row security")
_Pair = tuple[str, str]
_LOOSE = "pg_database_owner"
"""A member of it is whoever owns the database; the schema `public` is his."""


def roles_of(planned: Sequence[Plan]) -> list[str]:
    """Names of every role of the databases."""
    return [plan[name] for plan in planned for name in ("access", "owner", "rw", "ro")]


def compare(planned: Sequence[Plan], found: catalog.Catalog) -> Iterator[Json]:
    """Yield what differs: `subject`, `database`, `what`, `field`, `expected`, `found`, perhaps `mend`."""
    pairs: dict[str, list[_Pair]] = {}
    for pair in found.memberships:
        for role in pair:
            pairs.setdefault(role, []).append(pair)
    for plan in planned:
        for finding in (*_roles(plan, found), *_memberships(plan, found, pairs), *_database(plan, found)):
            yield {"database": plan["database"], **finding}


def passwords(
    planned: Sequence[Plan],
    found: catalog.Catalog,
    *,
    master: bytes,
    verified: Mapping[str, str],
) -> tuple[list[Json], dict[str, str]]:
    """Compare stored verifiers with what the passwords would give; return what differs, and role -> seal of the equal.

    `verified` are the seals of last time: working a verifier out costs milliseconds for each, by design.
    """
    findings: list[Json] = []
    seals: dict[str, str] = {}
    for plan in planned:
        for role in (plan["rw"], plan["ro"]):
            if role not in found.roles or found.verifiers is None:
                continue
            stored = found.verifiers.get(role)
            generation = plan["generation"]
            told_by = f"govcloud/verifier/{generation}/{role}/{stored}"
            seal = hmac.new(master, told_by.encode(), hashlib.sha256).hexdigest()
            if verified.get(role) == seal or scram.matches(credentials.password(master, role, generation), stored):
                seals[role] = seal
            else:
                told = {"subject": f"Role/{role}", "what": "changed", "field": "password", "withheld": True}
                findings.append({"database": plan["database"], **told})
    return findings, seals


def _roles(plan: Plan, found: catalog.Catalog) -> Iterator[Json]:
    for name in ("access", "owner", "rw", "ro"):
        subject = f"Role/{plan[name]}"
        role = found.roles.get(plan[name])
        if role is None:
            yield {"subject": subject, "what": "missing"}
            continue
        user = name in ("rw", "ro")
        wanted = {
            flag: flag == "inherit" or (flag == "login" and user and not plan["frozen"]) for flag in role.attributes
        }
        for finding in _changed(subject, wanted, role.attributes):
            task = {"kind": DEMOTE, "role": plan[name]}
            yield {**finding, "mend": task} if finding["field"] in _SUPERUSERS else finding
        limits = {"connection limit": plan["connections"] if user else -1, "valid until": "infinity"}
        yield from _changed(subject, limits, {"connection limit": role.connections, "valid until": role.valid_until})


def _memberships(plan: Plan, found: catalog.Catalog, pairs: Mapping[str, Sequence[_Pair]]) -> Iterator[Json]:
    """Compare who is in what. The platform's own role comes and goes as it needs: it makes them all."""
    wanted = {(plan["access"], plan["rw"]), (plan["access"], plan["ro"]), (plan["owner"], plans.ADMIN_ROLE)}
    for group, member in sorted(wanted):
        admin = found.memberships.get((group, member))
        ours = member == plans.ADMIN_ROLE
        if admin is None and group in found.roles and (ours or member in found.roles):
            yield {"subject": f"Role/{group}", "what": "missing", "field": "members", "expected": member}
        elif admin and not ours:
            told = {"subject": f"Role/{group}", "what": "changed", "field": f"members[{member}].admin"}
            yield {**told, "expected": False, "found": True}
    own = {plan[name] for name in ("access", "owner", "rw", "ro")}
    for group, member in sorted({pair for role in own for pair in pairs.get(role, ())} - wanted):
        # A pair of two tenants' roles is told once, with the one that was let in.
        if member != plans.ADMIN_ROLE and (member in own or member not in found.roles):
            task = {"kind": "membership", "role": group, "member": member}
            yield {"subject": f"Role/{group}", "what": "extra", "field": "members", "found": member, "mend": task}


def _database(plan: Plan, found: catalog.Catalog) -> Iterator[Json]:
    name = plan["database"]
    subject = f"Database/{name}"
    seen = found.databases.get(name)
    if seen is None:
        yield {"subject": subject, "what": "missing"}
        return
    wanted = {
        "owner": plan["owner"],
        "connection limit": plan["connection_limit"],
        "allows connections": True,
        "is template": False,
    }
    live = {
        "owner": seen.owner,
        "connection limit": seen.connections,
        "allows connections": seen.allows_connections,
        "is template": seen.is_template,
    }
    yield from _changed(subject, wanted, live)
    grants = {plans.POOLER_ROLE: ("CONNECT",), plan["access"]: ("CONNECT",), plan["rw"]: ("TEMPORARY",)}
    mend = {"kind": "database", "database": name}
    yield from _grants(subject, "grants", grants, seen.grants, spared={seen.owner, plan["owner"]}, mend=mend)
    inside = found.inside.get(name)
    if inside is not None:
        yield from _inside(plan, inside)


def _inside(plan: Plan, inside: catalog.Inside) -> Iterator[Json]:
    name = plan["database"]
    subject = f"Database/{name}"
    both = ("CREATE", "USAGE")
    schema = {plan["owner"]: both, plan["rw"]: both, plan["ro"]: ("USAGE",)}
    mend = {"kind": "schema", "database": name}
    yield from _grants(subject, "schema public", schema, inside.schema, spared={_LOOSE}, mend=mend)
    tables, sequences = ("DELETE", "INSERT", "SELECT", "UPDATE"), ("SELECT", "UPDATE", "USAGE")
    for maker, user, of_tables, of_sequences in (
        (plan["owner"], plan["rw"], tables, sequences),
        (plan["owner"], plan["ro"], ("SELECT",), ("SELECT",)),
        (plan["rw"], plan["ro"], ("SELECT",), ("SELECT",)),
    ):
        for kind, words in (("table", of_tables), ("sequence", of_sequences)):
            # What else a maker hands out of his own is his to decide.
            seen = inside.defaults.get((maker, kind), {}).get(user, ())
            if seen != words:
                field = f"default privileges of {maker} on {kind}s[{user}]"
                yield {"subject": subject, "what": "changed", "field": field, "expected": words, "found": seen}
    for extension in plan["extensions"]:
        told: Json = {"subject": subject, "field": f"extension {extension}", "expected": catalog.PUBLIC}
        if extension not in inside.extensions:
            yield {**told, "what": "missing"}
        elif inside.extensions[extension] != catalog.PUBLIC:
            yield {**told, "what": "changed", "found": inside.extensions[extension]}


def _grants(
    subject: str,
    field: str,
    wanted: Mapping[str, tuple[str, ...]],
    live: catalog.Grants,
    *,
    spared: set[str],
    mend: Mapping[str, str],
) -> Iterator[Json]:
    """Compare who may do what. `spared` have what they have by owning it; the platform's role may always enter."""
    for grantee, words in wanted.items():
        seen = live.get(grantee, ())
        if seen != words and not (grantee in spared and set(words) <= {word.removesuffix("*") for word in seen}):
            told: Json = {"subject": subject, "field": f"{field}[{grantee}]", "what": "changed"}
            yield {**told, "expected": list(words), "found": list(seen)}
    for grantee, words in sorted(live.items()):
        entry = grantee == plans.ADMIN_ROLE and set(words) <= {"CONNECT", "CONNECT*"}
        if grantee not in wanted and grantee not in spared and not entry:
            told = {"subject": subject, "field": f"{field}[{grantee}]", "what": "extra", "found": list(words)}
            # Everybody's rights are a resource of the stack; another role's nobody manages.
            yield told if grantee == catalog.PUBLIC else {**told, "mend": {**mend, "grantee": grantee}}


def _changed(subject: str, wanted: Mapping[str, Any], live: Mapping[str, Any]) -> Iterator[Json]:
    for field, value in wanted.items():
        if live[field] != value:
            yield {"subject": subject, "what": "changed", "field": field, "expected": value, "found": live[field]}


def mend(session: server.Session, tasks: Sequence[Mapping[str, str]]) -> None:
    """Take back what no stack manages: memberships and grants that somebody added. Raises `psycopg.Error`."""
    for task in tasks:
        _MENDERS[task["kind"]](session, task)


def _mend_membership(session: server.Session, task: Mapping[str, str]) -> None:
    names = (sql.Identifier(task["role"]), sql.Identifier(task["member"]))
    with session.connection() as connection:
        connection.execute(sql.SQL("REVOKE {} FROM {}").format(*names))


def _mend_grant(session: server.Session, task: Mapping[str, str]) -> None:
    inside = task["kind"] == "schema"
    target = sql.SQL("SCHEMA public") if inside else sql.SQL("DATABASE {}").format(sql.Identifier(task["database"]))
    query = sql.SQL("REVOKE ALL ON {} FROM {} CASCADE").format(target, sql.Identifier(task["grantee"]))
    with session.connection(task["database"] if inside else None) as connection, connection.transaction():
        row = connection.execute(
            "SELECT pg_catalog.pg_get_userbyid(datdba)::text FROM pg_catalog.pg_database WHERE datname = %s",
            (task["database"],),
        ).fetchone()
        if row is not None:
            with server.acting_for(connection, [row[0]]):
                connection.execute(query)


_MENDERS: Mapping[str, Callable[[server.Session, Mapping[str, str]], None]] = {
    "membership": _mend_membership,
    "database": _mend_grant,
    "schema": _mend_grant,
}
