"""`postgresql:index/schema:Schema`."""

from __future__ import annotations

from typing import ClassVar

from psycopg import sql

from govcloud_cli.providers import resource
from govcloud_cli.providers.postgresql import handler, place, server, shape


class Schema(handler.Handler):
    """A schema. Its name and owner change in place."""

    WHAT = "schema"
    SHAPE: ClassVar[shape.Shape] = {
        "name": shape.Field(kind="identifier", default=shape.REQUIRED),
        "database": shape.Field(kind="identifier", replaces=True),
        "owner": shape.Field(kind="identifier"),
        "ifNotExists": shape.Field(kind="flag", default=True),
        "dropCascade": shape.Field(kind="flag", default=False),
    }

    def identify(self, new: resource.Properties) -> str:
        return f"{place.of(self.session, new)}.{new['name']}"

    def live(self, recorded: resource.Properties, identifier: str) -> resource.Properties | None:
        database, name = place.named(self.session, recorded, identifier)
        with place.connection(self.session, database) as connection:
            owner = None if connection is None else _owner(connection, name)
        return None if owner is None else {"name": name, "database": database, "owner": owner}

    def ensure(self, new: resource.Properties, *, old: resource.Properties) -> None:
        name, owner = str(new["name"]), new.get("owner")
        former = str(old.get("name", name))
        with (
            self.session.connection(new.get("database")) as connection,
            connection.transaction(),
            server.acting_for(connection, [place.database_owner(connection), owner]),
        ):
            if former != name and _owner(connection, name) is None and _owner(connection, former) is not None:
                _alter(connection, former, sql.SQL("RENAME TO {}").format(sql.Identifier(name)))
            found = _owner(connection, name)
            if found is None or (not old and not new["ifNotExists"]):
                query = sql.SQL("CREATE SCHEMA {}").format(sql.Identifier(name))
                connection.execute(query + _authorization(owner))
            elif owner and owner != found:
                _alter(connection, name, sql.SQL("OWNER TO {}").format(sql.Identifier(owner)))

    def remove(self, old: resource.Properties) -> None:
        with place.connection(self.session, place.of(self.session, old)) as connection:
            found = None if connection is None else _owner(connection, old["name"])
            if connection is None or found is None:
                return
            with connection.transaction(), server.acting_for(connection, [found, place.database_owner(connection)]):
                behaviour = sql.SQL("CASCADE" if old.get("dropCascade") else "RESTRICT")
                query = sql.SQL("DROP SCHEMA IF EXISTS {} {}")
                connection.execute(query.format(sql.Identifier(old["name"]), behaviour))


def _alter(connection: server.Connection, name: str, change: sql.Composed) -> None:
    with server.acting_for(connection, [_owner(connection, name)]):
        connection.execute(sql.SQL("ALTER SCHEMA {} {}").format(sql.Identifier(name), change))


def _authorization(owner: str | None) -> sql.Composable:
    return sql.SQL(" AUTHORIZATION {}").format(sql.Identifier(owner)) if owner else sql.SQL("")


def _owner(connection: server.Connection, name: str) -> str | None:
    row = connection.execute(
        "SELECT r.rolname FROM pg_catalog.pg_namespace n JOIN pg_catalog.pg_roles r ON r.oid = n.nspowner"
        " WHERE n.nspname = %s",
        (name,),
    ).fetchone()
    return None if row is None else str(row[0])
