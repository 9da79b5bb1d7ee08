"""`postgresql:index/extension:Extension`."""

from __future__ import annotations

from typing import ClassVar

from psycopg import sql

from govcloud_cli.providers import resource
from govcloud_cli.providers.postgresql import handler, place, server, shape


class Extension(handler.Handler):
    """An extension. Its schema and version change in place."""

    WHAT = "extension"
    SHAPE: ClassVar[shape.Shape] = {
        "name": shape.Field(kind="identifier", default=shape.REQUIRED, replaces=True),
        "database": shape.Field(kind="identifier", replaces=True),
        "schema": shape.Field(kind="identifier"),
        "version": shape.Field(kind="text"),
        "createCascade": shape.Field(kind="flag", default=False),
        "dropCascade": shape.Field(kind="flag", default=False),
    }

    def identify(self, new: resource.Properties) -> str:
        return f"{place.of(self.session, new)}.{new['name']}"

    def live(self, recorded: resource.Properties, identifier: str) -> resource.Properties | None:
        database, name = place.named(self.session, recorded, identifier)
        with place.connection(self.session, database) as connection:
            found = None if connection is None else _find(connection, name)
        return None if found is None else {"name": name, "database": database, "schema": found[0], "version": found[1]}

    def ensure(self, new: resource.Properties, *, old: resource.Properties) -> None:
        del old
        name = sql.Identifier(new["name"])
        with (
            self.session.connection(new.get("database")) as connection,
            connection.transaction(),
            server.acting_for(connection, [place.database_owner(connection)]),
        ):
            found = _find(connection, new["name"])
            if found is None:
                connection.execute("SET LOCAL search_path TO public, pg_catalog")  # where one without a schema goes
                connection.execute(_creation(new))
                return
            schema, version = new.get("schema"), new.get("version")
            if schema and schema != found[0]:
                connection.execute(sql.SQL("ALTER EXTENSION {} SET SCHEMA {}").format(name, sql.Identifier(schema)))
            if version and version != found[1]:
                connection.execute(sql.SQL("ALTER EXTENSION {} UPDATE TO {}").format(name, sql.Literal(version)))

    def remove(self, old: resource.Properties) -> None:
        with place.connection(self.session, place.of(self.session, old)) as connection:
            if connection is None or _find(connection, old["name"]) is None:
                return
            with connection.transaction(), server.acting_for(connection, [place.database_owner(connection)]):
                behaviour = sql.SQL("CASCADE" if old.get("dropCascade") else "RESTRICT")
                query = sql.SQL("DROP EXTENSION IF EXISTS {} {}")
                connection.execute(query.format(sql.Identifier(old["name"]), behaviour))


def _creation(new: resource.Properties) -> sql.Composed:
    parts: list[sql.Composable] = [sql.SQL("CREATE EXTENSION IF NOT EXISTS {}").format(sql.Identifier(new["name"]))]
    if new.get("schema"):
        parts.append(sql.SQL("SCHEMA {}").format(sql.Identifier(new["schema"])))
    if new.get("version"):
        parts.append(sql.SQL("VERSION {}").format(sql.Literal(new["version"])))
    if new["createCascade"]:
        parts.append(sql.SQL("CASCADE"))
    return sql.SQL(" ").join(parts)


def _find(connection: server.Connection, name: str) -> tuple[str, str] | None:
    row = connection.execute(
        "SELECT n.nspname, e.extversion FROM pg_catalog.pg_extension e"
        " JOIN pg_catalog.pg_namespace n ON n.oid = e.extnamespace WHERE e.extname = %s",
        (name,),
    ).fetchone()
    return None if row is None else (str(row[0]), str(row[1]))
