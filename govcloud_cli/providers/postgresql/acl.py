"""Access control lists of objects, as PostgreSQL keeps them."""

from __future__ import annotations

from typing import Final

from psycopg import sql

from govcloud_cli.providers import resource
from govcloud_cli.providers.postgresql import privileges, server

_RELATIONS: Final = {"table": ["r", "v", "m", "f", "p"], "sequence": ["S"]}
_ROUTINES: Final = {"function": ["f", "a", "w"], "procedure": ["p"], "routine": ["f", "a", "w", "p"]}
_GRANTEE: Final = (
    "(SELECT CASE WHEN lower(%(role)s) = 'public' THEN 0 ELSE (SELECT oid FROM pg_roles WHERE rolname = %(role)s) END)"
)
_SCHEMA_OWNERS: Final = (
    "SELECT r.rolname FROM pg_roles r WHERE r.oid IN (SELECT nspowner FROM pg_namespace WHERE nspname = %(schema)s"
    " UNION SELECT datdba FROM pg_database WHERE datname = current_database())"
)
_OBJECTS: Final = {
    "database": "SELECT datname AS name, datdba AS owner, datacl AS acl FROM pg_database WHERE datname = %(database)s",
    "schema": "SELECT nspname AS name, nspowner AS owner, nspacl AS acl FROM pg_namespace WHERE nspname = %(schema)s",
    "relation": (
        "SELECT c.relname AS name, c.relowner AS owner, c.relacl AS acl FROM pg_class c"
        " JOIN pg_namespace n ON n.oid = c.relnamespace"
        " WHERE n.nspname = %(schema)s AND c.relkind::text = ANY(%(kinds)s)"
        " AND (%(objects)s::text[] = '{}' OR c.relname = ANY(%(objects)s))"
    ),
    "routine": (
        "SELECT p.proname AS name, p.proowner AS owner, p.proacl AS acl FROM pg_proc p"
        " JOIN pg_namespace n ON n.oid = p.pronamespace"
        " WHERE n.nspname = %(schema)s AND p.prokind::text = ANY(%(kinds)s)"
        " AND (%(objects)s::text[] = '{}' OR p.proname = ANY(%(objects)s))"
    ),
}


def present(connection: server.Connection, wanted: resource.Properties) -> bool:
    """Tell whether the role, the database, and the schema if one is named, exist."""
    row = connection.execute(
        "SELECT (lower(%(role)s) = 'public' OR EXISTS (SELECT FROM pg_roles WHERE rolname = %(role)s))"
        " AND EXISTS (SELECT FROM pg_database WHERE datname = %(database)s)"
        " AND (%(schema)s::text IS NULL OR EXISTS (SELECT FROM pg_namespace WHERE nspname = %(schema)s))",
        {"role": wanted["role"], "database": wanted["database"], "schema": wanted.get("schema")},
    ).fetchone()
    return bool(row and row[0])


def held(connection: server.Connection, wanted: resource.Properties) -> resource.Properties:
    """Return `privileges` and `withGrantOption` as the role holds them.

    Of several objects it is the first that differs from `wanted`; without objects there is nothing to differ.
    """
    recorded = {"privileges": wanted["privileges"], "withGrantOption": wanted["withGrantOption"]}
    found: dict[str, list[tuple[str, bool]]] = {}
    query = (
        f"SELECT o.name, a.privilege_type, a.is_grantable FROM ({_objects(wanted)}) o"  # noqa: S608 - from our own table
        ' LEFT JOIN LATERAL (SELECT * FROM aclexplode(coalesce(o.acl, acldefault(%(letter)s::"char", o.owner)))'
        f" WHERE grantee = {_GRANTEE}) a ON true ORDER BY 1, 2"
    )
    for name, privilege, grantable in connection.execute(query, _values(wanted)):
        entries = found.setdefault(name, [])
        if privilege is not None:
            entries.append((privilege, grantable))
    # An owner's grant options cannot be taken away, and are not listed.
    fixed = wanted["role"] in _object_owners(connection, wanted)
    for entries in found.values():
        words = sorted({privilege for privilege, _ in entries})
        option = wanted["withGrantOption"] if fixed or not entries else all(grantable for _, grantable in entries)
        if (owned := {"privileges": words, "withGrantOption": option}) != recorded:
            return owned
    return recorded


def owners(connection: server.Connection, wanted: resource.Properties) -> list[str]:
    """Return the roles that own what is granted on, and the schema it is in, which only they may look into."""
    found = _object_owners(connection, wanted)
    if wanted["objectType"] not in ("database", "schema"):
        found |= {str(row[0]) for row in connection.execute(_SCHEMA_OWNERS, _values(wanted))}
    return sorted(found)


def target(wanted: resource.Properties) -> sql.Composable:
    """Return what `GRANT … ON` and `REVOKE … ON` take."""
    kind = privileges.KINDS[wanted["objectType"]]
    if wanted["objectType"] in ("database", "schema"):
        return sql.SQL(kind.word + " {}").format(sql.Identifier(wanted[wanted["objectType"]]))
    objects = wanted.get("objects")
    if not objects:
        return sql.SQL("ALL " + kind.plural + " IN SCHEMA {}").format(sql.Identifier(wanted["schema"]))
    names = sql.SQL(", ").join(sql.Identifier(wanted["schema"], name) for name in objects)
    return sql.SQL(kind.word + " {}").format(names)


def _object_owners(connection: server.Connection, wanted: resource.Properties) -> set[str]:
    query = f"SELECT DISTINCT r.rolname FROM ({_objects(wanted)}) o JOIN pg_roles r ON r.oid = o.owner"  # noqa: S608
    return {str(row[0]) for row in connection.execute(query, _values(wanted))}


def _objects(wanted: resource.Properties) -> str:
    kind = wanted["objectType"]
    return _OBJECTS[kind if kind in _OBJECTS and kind != "routine" else "relation" if kind in _RELATIONS else "routine"]


def _values(wanted: resource.Properties) -> dict[str, object]:
    kind = wanted["objectType"]
    return {
        "role": wanted["role"],
        "database": wanted["database"],
        "schema": wanted.get("schema"),
        "objects": wanted.get("objects") or [],
        "kinds": _RELATIONS.get(kind) or _ROUTINES.get(kind) or [],
        "letter": privileges.KINDS[kind].letter.lower() if kind == "sequence" else privileges.KINDS[kind].letter,
    }
