"""What is inside a database: in which one, and whether it is there at all."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import psycopg

from govcloud_cli import errors
from govcloud_cli.providers import resource
from govcloud_cli.providers.postgresql import server


def of(session: server.Session, properties: resource.Properties) -> str:
    """Return the database of a resource; the provider's own if it names none."""
    return str(properties.get("database") or session.settings.database)


def named(session: server.Session, recorded: resource.Properties, identifier: str) -> tuple[str, str]:
    """Return database and name, for an import from the id `database.name`."""
    if recorded:
        return of(session, recorded), str(recorded["name"])
    database, dot, name = identifier.partition(".")
    if not (dot and database and name):
        raise errors.GovcloudError(f"`{identifier}` cannot be imported", remedy="give the id as DATABASE.NAME")
    return database, name


@contextlib.contextmanager
def connection(session: server.Session, database: str) -> Iterator[server.Connection | None]:
    """Lend a connection to `database`; None if there is none, or it is closed: what is in it then goes with it."""
    with contextlib.ExitStack() as stack:
        with session.connection() as first:
            row = first.execute(
                "SELECT 1 FROM pg_catalog.pg_database WHERE datname = %s AND datallowconn", (database,)
            ).fetchone()
        if row is None:
            yield None
            return
        try:
            found = stack.enter_context(session.connection(database))
        except psycopg.errors.InvalidCatalogName:
            yield None
            return
        yield found


def database_owner(connected: server.Connection) -> str:
    """Return the owner of the database that the connection is to."""
    row = connected.execute(
        "SELECT r.rolname FROM pg_catalog.pg_database d JOIN pg_catalog.pg_roles r ON r.oid = d.datdba"
        " WHERE d.datname = pg_catalog.current_database()"
    ).fetchone()
    return "" if row is None else str(row[0])
