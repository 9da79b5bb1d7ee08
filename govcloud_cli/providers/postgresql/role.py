"""`postgresql:index/role:Role`."""

from __future__ import annotations

from typing import Any, ClassVar, Final

import psycopg
from psycopg import sql

from govcloud_cli.providers import resource, wire
from govcloud_cli.providers.postgresql import handler, scram, server, shape

_FLAGS: Final = {
    "login": ("rolcanlogin", "LOGIN"),
    "superuser": ("rolsuper", "SUPERUSER"),
    "createDatabase": ("rolcreatedb", "CREATEDB"),
    "createRole": ("rolcreaterole", "CREATEROLE"),
    "inherit": ("rolinherit", "INHERIT"),
    "replication": ("rolreplication", "REPLICATION"),
    "bypassRowLevelSecurity": ("rolbypassrls", "BYPASSRLS"),
}
_SETTINGS: Final = {
    "statementTimeout": "statement_timeout",
    "idleInTransactionSessionTimeout": "idle_in_transaction_session_timeout",
    "assumeRole": "role",
    "searchPaths": "search_path",
}


class Role(handler.Handler):
    """A role. Everything about it, its name included, changes in place."""

    WHAT = "role"
    SHAPE: ClassVar[shape.Shape] = {
        "name": shape.Field(kind="identifier", default=shape.REQUIRED),
        **{name: shape.Field(kind="flag", default=name == "inherit") for name in _FLAGS},
        "password": shape.Field(kind="text"),
        "encryptedPassword": shape.Field(kind="flag", default=True),
        "connectionLimit": shape.Field(kind="number", default=-1, low=-1),
        "validUntil": shape.Field(kind="text", default="infinity"),
        "roles": shape.Field(kind="names"),
        "searchPaths": shape.Field(kind="list"),
        "assumeRole": shape.Field(kind="text", default=""),
        "statementTimeout": shape.Field(kind="number", default=0),
        "idleInTransactionSessionTimeout": shape.Field(kind="number", default=0),
        "skipDropRole": shape.Field(kind="flag", default=False),
        "skipReassignOwned": shape.Field(kind="flag", default=False),
    }

    def faults(self, new: resource.Properties) -> tuple[resource.Failure, ...]:
        found: list[resource.Failure] = []
        name = new["name"]
        if isinstance(name, str) and (name.startswith("pg_") or name in ("public", "none")):
            found.append(resource.Failure(property="name", reason="is reserved by PostgreSQL"))
        if new["encryptedPassword"] is False:
            found.append(
                resource.Failure(property="encryptedPassword", reason="must be true; plain text is never stored")
            )
        if new.get("password") == "":
            found.append(resource.Failure(property="password", reason="must not be empty; leave it out for none"))
        return tuple(found)

    def identify(self, new: resource.Properties) -> str:
        return str(new["name"])

    def live(self, recorded: resource.Properties, identifier: str) -> resource.Properties | None:
        name = recorded.get("name") or identifier
        with self.session.connection() as connection:
            found = _find(connection, name)
            if found is None:
                return None
            if recorded.get("validUntil") and _same_instant(connection, recorded["validUntil"], found["validUntil"]):
                found["validUntil"] = recorded["validUntil"]
            password = recorded.get("password")
            if password is not None:
                readable, stored = _stored(connection, name)
                known = not readable or scram.matches(password, stored)
                found["password"] = wire.Secret(password) if known else None
            return found

    def outputs(self, new: resource.Properties, live: resource.Properties | None) -> resource.Properties:
        found = super().outputs(new, live)
        if "password" in found and not isinstance(found["password"], wire.Secret):
            found["password"] = wire.Secret(found["password"])
        if live is not None and "password" in live and live["password"] is None:
            del found["password"]
        return found

    def ensure(self, new: resource.Properties, *, old: resource.Properties) -> None:
        name = str(new["name"])
        with self.session.connection() as connection, connection.transaction():
            former = str(old.get("name", name))
            if former != name and _find(connection, name) is None and _find(connection, former) is not None:
                query = sql.SQL("ALTER ROLE {} RENAME TO {}")
                connection.execute(query.format(sql.Identifier(former), sql.Identifier(name)))
            if _find(connection, name) is None:
                connection.execute(sql.SQL("CREATE ROLE {}").format(sql.Identifier(name)))
            found = _find(connection, name) or {}
            options = [*_options(new, found), *_secret_option(connection, new, old=old)]
            if options:
                connection.execute(sql.SQL(" ").join([sql.SQL("ALTER ROLE {}").format(sql.Identifier(name)), *options]))
            for change in (*_settings(new, found), *_memberships(new, found)):
                connection.execute(change)

    def remove(self, old: resource.Properties) -> None:
        name = old["name"]
        with self.session.connection() as connection:
            found = _find(connection, name)
            places = [] if found is None else _places(connection, name)
        if found is None:
            return
        if not old.get("skipReassignOwned"):
            for database in places:
                self._give_up(database, name)
        if not old.get("skipDropRole"):
            with self.session.connection() as connection:
                connection.execute(sql.SQL("DROP ROLE IF EXISTS {}").format(sql.Identifier(name)))

    def _give_up(self, database: str | None, name: str) -> None:
        """Hand what the role owns in `database` to ourselves and drop its privileges there."""
        role = sql.Identifier(name)
        with (
            self.session.connection(database) as connection,
            connection.transaction(),
            server.acting_for(connection, [name]),
        ):
            connection.execute(sql.SQL("REASSIGN OWNED BY {} TO CURRENT_USER").format(role))
            connection.execute(sql.SQL("DROP OWNED BY {}").format(role))


def _find(connection: server.Connection, name: str) -> resource.Properties | None:
    columns = ", ".join(column for column, _ in _FLAGS.values())
    row = connection.execute(
        f"SELECT rolconnlimit, coalesce(rolvaliduntil::text, 'infinity'), coalesce(rolconfig, '{{}}'), {columns},"  # noqa: S608
        " ARRAY(SELECT g.rolname::text FROM pg_catalog.pg_auth_members m JOIN pg_catalog.pg_roles g ON g.oid = m.roleid"
        " WHERE m.member = r.oid ORDER BY 1) FROM pg_catalog.pg_roles r WHERE rolname = %s",
        (name,),
    ).fetchone()
    if row is None:
        return None
    settings = dict(entry.split("=", 1) for entry in row[2])
    paths = settings.get("search_path", "")
    return {
        "name": name,
        "connectionLimit": row[0],
        "validUntil": row[1],
        **dict(zip(_FLAGS, row[3:-1], strict=True)),
        "roles": row[-1],
        "statementTimeout": _milliseconds(settings.get("statement_timeout")),
        "idleInTransactionSessionTimeout": _milliseconds(settings.get("idle_in_transaction_session_timeout")),
        "assumeRole": settings.get("role", ""),
        "searchPaths": [path.strip('"').replace('""', '"') for path in paths.split(", ") if path],
    }


def _options(new: resource.Properties, found: resource.Properties) -> list[sql.Composable]:
    """Only what differs: naming an attribute that only a superuser may set is refused even if it stays."""
    options: list[sql.Composable] = [
        sql.SQL(word if new[key] else "NO" + word) for key, (_, word) in _FLAGS.items() if new[key] != found[key]
    ]
    if new["connectionLimit"] != found["connectionLimit"]:
        options.append(sql.SQL("CONNECTION LIMIT {}").format(sql.Literal(new["connectionLimit"])))
    if new["validUntil"] != found["validUntil"]:
        until = "infinity" if new["validUntil"] in ("", "NULL") else new["validUntil"]
        options.append(sql.SQL("VALID UNTIL {}").format(sql.Literal(until)))
    return options


def _secret_option(
    connection: server.Connection, new: resource.Properties, *, old: resource.Properties
) -> list[sql.Composable]:
    password = new.get("password")
    if password is None:
        return [sql.SQL("PASSWORD NULL")] if old.get("password") is not None else []
    readable, stored = _stored(connection, new["name"])
    if readable and scram.matches(password, stored):
        return []
    return [sql.SQL("PASSWORD {}").format(sql.Literal(scram.verifier(connection, password=password, role=new["name"])))]


def _stored(connection: server.Connection, name: str) -> tuple[bool, str | None]:
    """Return whether we may see the stored verifier, and the verifier."""
    query = "SELECT pg_catalog.has_column_privilege('pg_catalog.pg_authid', 'rolpassword', 'SELECT')"
    allowed = connection.execute(query).fetchone()
    if allowed is None or not allowed[0]:
        return False, None
    row = connection.execute("SELECT rolpassword FROM pg_catalog.pg_authid WHERE rolname = %s", (name,)).fetchone()
    return True, None if row is None else row[0]


def _settings(new: resource.Properties, found: resource.Properties) -> list[sql.Composed]:
    role = sql.Identifier(new["name"])
    changes: list[sql.Composed] = []
    for key, setting in _SETTINGS.items():
        wanted: Any = new.get(key)
        if wanted is None or wanted == found[key]:
            continue
        values = wanted if isinstance(wanted, list) else [wanted]
        if wanted in (0, "", []):
            changes.append(sql.SQL("ALTER ROLE {} RESET {}").format(role, sql.Identifier(setting)))
        else:
            listed = sql.SQL(", ").join(sql.Literal(str(value)) for value in values)
            changes.append(sql.SQL("ALTER ROLE {} SET {} TO {}").format(role, sql.Identifier(setting), listed))
    return changes


def _memberships(new: resource.Properties, found: resource.Properties) -> list[sql.Composed]:
    wanted = new.get("roles")
    if wanted is None:
        return []
    role = sql.Identifier(new["name"])
    held = found["roles"]
    added = [sql.SQL("GRANT {} TO {}").format(sql.Identifier(name), role) for name in wanted if name not in held]
    gone = [sql.SQL("REVOKE {} FROM {}").format(sql.Identifier(name), role) for name in held if name not in wanted]
    return [*added, *gone]


def _places(connection: server.Connection, name: str) -> list[str | None]:
    """Return the databases in which the role owns or may do something; ours first, for what belongs to no database."""
    rows = connection.execute(
        "SELECT DISTINCT d.datname FROM pg_catalog.pg_shdepend s JOIN pg_catalog.pg_database d ON d.oid = s.dbid"
        " WHERE s.refclassid = 'pg_catalog.pg_authid'::regclass AND d.datallowconn"
        " AND s.refobjid = (SELECT oid FROM pg_catalog.pg_roles WHERE rolname = %s)"
        " AND d.datname <> pg_catalog.current_database()",
        (name,),
    ).fetchall()
    return [None, *(row[0] for row in rows)]


def _milliseconds(text: str | None) -> int | str:
    if not text:
        return 0
    return int(text) if text.isdigit() else text


def _same_instant(connection: server.Connection, recorded: str, found: str) -> bool:
    if recorded in ("", "NULL", "infinity"):
        return found == "infinity"
    try:
        row = connection.execute("SELECT %s::timestamptz = %s::timestamptz", (recorded, found)).fetchone()
    except psycopg.errors.DataError:
        return False
    return bool(row and row[0])
