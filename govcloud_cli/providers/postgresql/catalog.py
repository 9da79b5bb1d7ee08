"""What a server's catalogues say of given databases and roles, in few questions.

Roles, memberships and databases are in catalogues that every database shares: four queries tell all of them. Who may
do what in a schema is known only inside its database: one query there.
"""

from __future__ import annotations

import concurrent.futures
import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import psycopg

from govcloud_cli.providers.postgresql import server

PUBLIC: Final = "public"
"""Everybody, among grantees; no role can have that name."""
Grants = dict[str, tuple[str, ...]]
"""Grantee -> privileges, ordered; one that may be passed on ends in `*`."""
_AT_ONCE: Final = 8

_ROLES: Final = """
SELECT rolname::text, rolcanlogin, rolsuper, rolcreatedb, rolcreaterole, rolinherit, rolreplication, rolbypassrls,
       rolconnlimit, coalesce(rolvaliduntil::text, 'infinity')
FROM pg_catalog.pg_roles WHERE rolname = ANY(%(roles)s)
"""
_MEMBERSHIPS: Final = """
SELECT g.rolname::text, u.rolname::text, bool_or(m.admin_option)
FROM pg_catalog.pg_auth_members m
JOIN pg_catalog.pg_roles g ON g.oid = m.roleid JOIN pg_catalog.pg_roles u ON u.oid = m.member
WHERE g.rolname = ANY(%(roles)s) OR u.rolname = ANY(%(roles)s)
GROUP BY 1, 2
"""
_DATABASES: Final = """
SELECT d.datname::text, pg_catalog.pg_get_userbyid(d.datdba)::text, d.datconnlimit, d.datallowconn, d.datistemplate,
       coalesce((
           SELECT pg_catalog.jsonb_agg(pg_catalog.jsonb_build_array(
               coalesce(g.rolname, 'public'), a.privilege_type, a.is_grantable))
           FROM pg_catalog.aclexplode(coalesce(d.datacl, pg_catalog.acldefault('d', d.datdba))) a
           LEFT JOIN pg_catalog.pg_roles g ON g.oid = a.grantee
       ), '[]')
FROM pg_catalog.pg_database d WHERE d.datname = ANY(%(databases)s)
"""
_MAY_SEE: Final = "SELECT pg_catalog.has_column_privilege('pg_catalog.pg_authid', 'rolpassword', 'SELECT')"
_VERIFIERS: Final = "SELECT rolname::text, rolpassword FROM pg_catalog.pg_authid WHERE rolname = ANY(%(roles)s)"
_INSIDE: Final = """
SELECT '', 'schema', coalesce(g.rolname, 'public')::text, a.privilege_type, a.is_grantable
FROM pg_catalog.pg_namespace n
CROSS JOIN pg_catalog.aclexplode(coalesce(n.nspacl, pg_catalog.acldefault('n', n.nspowner))) a
LEFT JOIN pg_catalog.pg_roles g ON g.oid = a.grantee
WHERE n.nspname = 'public'
UNION ALL
SELECT pg_catalog.pg_get_userbyid(d.defaclrole)::text, CASE d.defaclobjtype WHEN 'r' THEN 'table' ELSE 'sequence' END,
       coalesce(g.rolname, 'public')::text, a.privilege_type, a.is_grantable
FROM pg_catalog.pg_default_acl d
JOIN pg_catalog.pg_namespace n ON n.oid = d.defaclnamespace
CROSS JOIN pg_catalog.aclexplode(d.defaclacl) a
LEFT JOIN pg_catalog.pg_roles g ON g.oid = a.grantee
WHERE n.nspname = 'public' AND d.defaclobjtype IN ('r', 'S')
UNION ALL
SELECT '', 'extension', e.extname::text, n.nspname::text, false
FROM pg_catalog.pg_extension e JOIN pg_catalog.pg_namespace n ON n.oid = e.extnamespace
"""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Role:
    """A role's attributes."""

    attributes: Mapping[str, bool]
    """`login`, `superuser`, `create database`, `create role`, `inherit`, `replication`, `bypass row security`."""
    connections: int
    valid_until: str


@dataclasses.dataclass(frozen=True, kw_only=True)
class Database:
    """A database as all databases see it."""

    owner: str
    connections: int
    allows_connections: bool
    is_template: bool
    grants: Grants


@dataclasses.dataclass(frozen=True, kw_only=True)
class Inside:
    """What only a database itself knows."""

    schema: Grants
    """On the schema `public`."""
    defaults: Mapping[tuple[str, str], Grants]
    """Maker and `table` or `sequence` -> what others get on what he makes in that schema."""
    extensions: Mapping[str, str]
    """Extension -> its schema."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Catalog:
    """What was read."""

    roles: Mapping[str, Role]
    memberships: Mapping[tuple[str, str], bool]
    """Role and its member -> whether he may admit others; of pairs in which one of the roles asked for is."""
    databases: Mapping[str, Database]
    verifiers: Mapping[str, str | None] | None
    """Role -> what the server stores of its password; None where we may not see it."""
    inside: Mapping[str, Inside]
    unread: Mapping[str, str]
    """Databases that could not be entered, and why."""


_ATTRIBUTES: Final = (
    "login",
    "superuser",
    "create database",
    "create role",
    "inherit",
    "replication",
    "bypass row security",
)


def read(session: server.Session, *, roles: Sequence[str], databases: Sequence[str]) -> Catalog:
    """Read what there is of them; what is not there is left out. Raises `psycopg.Error` if the server is not."""
    names = {"roles": list(roles), "databases": list(databases)}
    with session.connection() as connection:
        found, memberships, places = (
            connection.execute(query, names).fetchall() for query in (_ROLES, _MEMBERSHIPS, _DATABASES)
        )
        readable = bool((connection.execute(_MAY_SEE).fetchone() or (False,))[0])
        verifiers = dict(connection.execute(_VERIFIERS, names).fetchall()) if readable else None
    known = {row[0]: _database(row) for row in places}
    entered, unread = _enter(session, [name for name, place in known.items() if place.allows_connections])
    return Catalog(
        roles={row[0]: _role(row) for row in found},
        memberships={(row[0], row[1]): bool(row[2]) for row in memberships},
        databases=known,
        verifiers=verifiers,
        inside=entered,
        unread=unread,
    )


def _enter(session: server.Session, names: Sequence[str]) -> tuple[dict[str, Inside], dict[str, str]]:
    """Ask each database for what only it knows, a few side by side."""
    entered: dict[str, Inside] = {}
    unread: dict[str, str] = {}
    with concurrent.futures.ThreadPoolExecutor(max_workers=_AT_ONCE) as pool:
        asked = {name: pool.submit(_inside, session, name) for name in names}
    for name, future in asked.items():
        error = future.exception()
        if error is None:
            entered[name] = future.result()
        elif isinstance(error, psycopg.Error):
            unread[name] = str(error).strip()
        else:
            raise error
    return entered, unread


def _inside(session: server.Session, database: str) -> Inside:
    with session.connection(database) as connection:
        rows = connection.execute(_INSIDE).fetchall()
    defaults: dict[tuple[str, str], list[tuple[Any, ...]]] = {}
    for maker, kind, *grant in rows:
        if maker:
            defaults.setdefault((maker, kind), []).append(tuple(grant))
    return Inside(
        schema=_grants(row[2:] for row in rows if row[1] == "schema"),
        extensions={row[2]: row[3] for row in rows if row[1] == "extension"},
        defaults={place: _grants(found) for place, found in defaults.items()},
    )


def _role(row: tuple[Any, ...]) -> Role:
    flags = dict(zip(_ATTRIBUTES, row[1:8], strict=True))
    return Role(attributes=flags, connections=row[8], valid_until=row[9])


def _database(row: tuple[Any, ...]) -> Database:
    _, owner, connections, allows, template, grants = row
    return Database(
        owner=owner,
        connections=connections,
        allows_connections=allows,
        is_template=template,
        grants=_grants(grants),
    )


def _grants(rows: Iterable[Sequence[Any]]) -> Grants:
    found: dict[str, set[str]] = {}
    for grantee, privilege, grantable in rows:
        found.setdefault(grantee, set()).add(f"{privilege}*" if grantable else privilege)
    return {grantee: tuple(sorted(words)) for grantee, words in found.items()}
