"""`postgresql:index/database:Database`."""

from __future__ import annotations

import time
from typing import Any, ClassVar, Final

import psycopg
from psycopg import sql

from govcloud_cli import errors
from govcloud_cli.providers import resource
from govcloud_cli.providers.postgresql import handler, server, shape

_LEAVING: Final = 5.0  # seconds that sessions get to end before a deletion is refused
_FIXED: Final = ("encoding", "lcCollate", "lcCtype")
_OPTIONS: Final = {
    "connectionLimit": "CONNECTION LIMIT",
    "allowConnections": "ALLOW_CONNECTIONS",
    "isTemplate": "IS_TEMPLATE",
}


class Database(handler.Handler):
    """A database. Its name, owner, limits and tablespace change in place."""

    WHAT = "database"
    SHAPE: ClassVar[shape.Shape] = {
        "name": shape.Field(kind="identifier", default=shape.REQUIRED),
        "owner": shape.Field(kind="identifier"),
        "template": shape.Field(kind="identifier", default="template0", replaces=True),
        "encoding": shape.Field(kind="text", default="UTF8", replaces=True, loose=True),
        "lcCollate": shape.Field(kind="text", default="C", replaces=True, loose=True),
        "lcCtype": shape.Field(kind="text", default="C", replaces=True, loose=True),
        "tablespaceName": shape.Field(kind="identifier"),
        "connectionLimit": shape.Field(kind="number", default=-1, low=-1),
        "allowConnections": shape.Field(kind="flag", default=True),
        "isTemplate": shape.Field(kind="flag", default=False),
        "alterObjectOwnership": shape.Field(kind="flag", default=False),
    }

    def identify(self, new: resource.Properties) -> str:
        return str(new["name"])

    def live(self, recorded: resource.Properties, identifier: str) -> resource.Properties | None:
        with self.session.connection() as connection:
            return _find(connection, recorded.get("name") or identifier)

    def ensure(self, new: resource.Properties, *, old: resource.Properties) -> None:
        name = str(new["name"])
        with self.session.connection() as connection:
            former = str(old.get("name", name))
            if former != name and _find(connection, name) is None:
                self._rename(connection, former, name)
            found = _find(connection, name)
            if found is None:
                self.session.pool.forget(_template(new))
                with server.acting_for(connection, [_owner(new)]):
                    connection.execute(_creation(new))
                found = _find(connection, name) or {}
            _refuse_incompatible(new, found)
            self._alter(connection, new, found)
            _keep_entry(connection, name)
        if new["alterObjectOwnership"] and old.get("owner") and old["owner"] != _owner(new):
            self._reassign(name, former=old["owner"], owner=_owner(new))

    def remove(self, old: resource.Properties) -> None:
        name = old["name"]
        self.session.pool.forget(name)
        with self.session.connection() as connection:
            found = _find(connection, name)
            if found is None:
                return
            forced = not found["allowConnections"] and old.get("allowConnections") is False
            with server.acting_for(connection, [found["owner"]]):
                if found["isTemplate"]:
                    connection.execute(sql.SQL("ALTER DATABASE {} IS_TEMPLATE false").format(sql.Identifier(name)))
                _drop(connection, name, forced=forced)

    def _rename(self, connection: server.Connection, former: str, name: str) -> None:
        found = _find(connection, former)
        if found is None:
            return
        self.session.pool.forget(former)
        with server.acting_for(connection, [found["owner"]]):
            query = sql.SQL("ALTER DATABASE {} RENAME TO {}")
            connection.execute(query.format(sql.Identifier(former), sql.Identifier(name)))

    def _alter(self, connection: server.Connection, new: resource.Properties, found: resource.Properties) -> None:
        name = sql.Identifier(new["name"])
        owner = _owner(new)
        changes: list[sql.Composed] = []
        for key, option in _OPTIONS.items():
            if new[key] != found[key]:
                changes.append(sql.SQL("ALTER DATABASE {} " + option + " {}").format(name, sql.Literal(new[key])))
        tablespace = new.get("tablespaceName")
        if tablespace and tablespace not in (shape.FLOATING, found["tablespaceName"]):
            changes.append(sql.SQL("ALTER DATABASE {} SET TABLESPACE {}").format(name, sql.Identifier(tablespace)))
        if owner and owner != found["owner"]:
            changes.append(sql.SQL("ALTER DATABASE {} OWNER TO {}").format(name, sql.Identifier(owner)))
        if changes:
            self.session.pool.forget(new["name"])
            with server.acting_for(connection, [owner, found["owner"]]):
                for change in changes:
                    connection.execute(change)

    def _reassign(self, database: str, *, former: str, owner: str | None) -> None:
        with (
            self.session.connection(database) as connection,
            connection.transaction(),
            server.acting_for(connection, [former, owner]),
        ):
            heir = sql.Identifier(owner) if owner else sql.SQL("CURRENT_USER")
            connection.execute(sql.SQL("REASSIGN OWNED BY {} TO {}").format(sql.Identifier(former), heir))


def _find(connection: server.Connection, name: str) -> resource.Properties | None:
    row = connection.execute(
        "SELECT d.datname, r.rolname, pg_catalog.pg_encoding_to_char(d.encoding), d.datcollate, d.datctype,"
        " t.spcname, d.datconnlimit, d.datallowconn, d.datistemplate"
        " FROM pg_catalog.pg_database d JOIN pg_catalog.pg_roles r ON r.oid = d.datdba"
        " JOIN pg_catalog.pg_tablespace t ON t.oid = d.dattablespace WHERE d.datname = %s",
        (name,),
    ).fetchone()
    if row is None:
        return None
    names = ("name", "owner", "encoding", "lcCollate", "lcCtype", "tablespaceName")
    return dict(zip((*names, "connectionLimit", "allowConnections", "isTemplate"), row, strict=True))


def _keep_entry(connection: server.Connection, name: str) -> None:
    """Let us, if no superuser, into the database once the program revokes everyone's right to connect."""
    row = connection.execute(
        "SELECT pg_catalog.pg_get_userbyid(d.datdba) FROM pg_catalog.pg_database d"
        " JOIN pg_catalog.pg_roles u ON u.rolname = current_user AND NOT u.rolsuper WHERE d.datname = %s"
        " AND NOT EXISTS (SELECT FROM pg_catalog.aclexplode(d.datacl) a"
        "  WHERE a.grantee = u.oid AND a.privilege_type = 'CONNECT')",
        (name,),
    ).fetchone()
    if row is not None:
        with connection.transaction(), server.acting_for(connection, [row[0]]):
            connection.execute(sql.SQL("GRANT CONNECT ON DATABASE {} TO CURRENT_USER").format(sql.Identifier(name)))


def _creation(new: resource.Properties) -> sql.Composed:
    parts: list[sql.Composable] = [sql.SQL("CREATE DATABASE {}").format(sql.Identifier(new["name"]))]
    owner = _owner(new)
    if owner:
        parts.append(sql.SQL("OWNER {}").format(sql.Identifier(owner)))
    parts.append(sql.SQL("TEMPLATE {}").format(sql.Identifier(_template(new))))
    for key, option in (("encoding", "ENCODING"), ("lcCollate", "LC_COLLATE"), ("lcCtype", "LC_CTYPE")):
        if new[key] not in ("", shape.FLOATING):
            parts.append(sql.SQL(option + " {}").format(sql.Literal(new[key])))
    tablespace = new.get("tablespaceName")
    if tablespace and tablespace != shape.FLOATING:
        parts.append(sql.SQL("TABLESPACE {}").format(sql.Identifier(tablespace)))
    return sql.SQL(" ").join(parts)


def _refuse_incompatible(new: resource.Properties, found: resource.Properties) -> None:
    wanted: dict[str, Any] = {key: new[key] for key in _FIXED if new[key] not in ("", shape.FLOATING)}
    fields = {key: Database.SHAPE[key] for key in wanted}
    odd = shape.difference(fields, old={key: found.get(key) for key in wanted}, new=wanted).changed
    if odd:
        told = ", ".join(f"{key} {found[key]} instead of {new[key]}" for key in odd)
        raise errors.GovcloudError(
            f"a database of this name exists and cannot be adopted: it has {told}",
            where=f"database {new['name']}",
            remedy="rename or remove the one that exists, or ask for what it has",
        )


def _drop(connection: server.Connection, name: str, *, forced: bool) -> None:
    query = sql.SQL("DROP DATABASE IF EXISTS {}" + (" WITH (FORCE)" if forced else "")).format(sql.Identifier(name))
    until = time.monotonic() + _LEAVING
    while True:
        try:
            connection.execute(query)
        except psycopg.errors.ObjectInUse:
            if time.monotonic() > until:
                raise
            time.sleep(0.5)
        else:
            return


def _owner(new: resource.Properties) -> str | None:
    owner = new.get("owner")
    return None if owner in (None, shape.FLOATING) else str(owner)


def _template(new: resource.Properties) -> str:
    template = new.get("template", shape.FLOATING)
    return "template0" if template == shape.FLOATING else str(template)
