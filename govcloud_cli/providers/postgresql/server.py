"""Connections to the server: few, shared between the stacks of a run, and given up when a run is cancelled."""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections.abc import Iterable, Iterator
from typing import Any, Final

import psycopg
from psycopg import sql

from govcloud_cli import errors
from govcloud_cli.providers import resource
from govcloud_cli.providers.postgresql import configuration

Connection = psycopg.Connection[tuple[Any, ...]]

# The search path is ours: a tenant who owns a database may set it there, and would have us call his functions.
_SETTINGS: Final = {
    "search_path": "pg_catalog",
    "statement_timeout": "300s",
    "lock_timeout": "30s",
    "idle_in_transaction_session_timeout": "120s",
}
_FRESH: Final = 2.0  # seconds during which an idle connection is trusted to be alive
_DEFAULT_CONNECTIONS: Final = 20
_pools: dict[configuration.Settings, Pool] = {}
_pools_guard = threading.Lock()


class Pool:
    """At most `max_connections` connections to one server, for all its databases."""

    def __init__(self, settings: configuration.Settings) -> None:
        self.settings = settings
        self.writing = threading.Lock()
        """Held while something is changed: PostgreSQL fails concurrent changes of one catalogue row."""
        self._parameters = _parameters(settings)
        self._limit = settings.max_connections or _DEFAULT_CONNECTIONS
        self._slots = threading.BoundedSemaphore(self._limit)
        self._busy = 0
        self._turns: dict[str, threading.BoundedSemaphore] = {}
        self._guard = threading.Lock()
        self._idle: list[tuple[float, str, Connection]] = []

    @contextlib.contextmanager
    def connection(self, database: str) -> Iterator[Connection]:
        """Lend a connection in autocommit mode to `database`."""
        with self._few(database), self._slots, self._counted():
            connection = self._take(database)
            try:
                yield connection
            except BaseException:
                connection.close()
                raise
            self._keep(database, connection)

    def _few(self, database: str) -> contextlib.AbstractContextManager[object]:
        """At most two connections at a time to one tenant's database."""
        if database == self.settings.database:
            return contextlib.nullcontext()
        with self._guard:
            return self._turns.setdefault(database, threading.BoundedSemaphore(2))

    def forget(self, database: str) -> None:
        """Close the idle connections to `database`, which cannot be dropped or copied otherwise."""
        with self._guard:
            closing = [entry for entry in self._idle if entry[1] == database]
            self._idle = [entry for entry in self._idle if entry[1] != database]
        for _, _, connection in closing:
            connection.close()

    def _keep(self, database: str, connection: Connection) -> None:
        """Keep one idle connection per database, more only to our own: a tenant's are limited, and ours count."""
        with self._guard:
            more = database != self.settings.database and any(entry[1] == database for entry in self._idle)
            if not more:
                self._idle.append((time.monotonic(), database, connection))
        if more:
            connection.close()

    @contextlib.contextmanager
    def _counted(self) -> Iterator[None]:
        with self._guard:
            self._busy += 1
        try:
            yield
        finally:
            with self._guard:
                self._busy -= 1

    def _take(self, database: str) -> Connection:
        found, spare = self._pick(database)
        if spare is not None:
            spare.close()
        if found is not None and _alive(found):
            return found[2]
        return psycopg.connect(autocommit=True, dbname=database, **self._parameters)

    def _pick(self, database: str) -> tuple[tuple[float, str, Connection] | None, Connection | None]:
        """Return an idle connection to `database`, or else one to another database that makes room."""
        with self._guard:
            for place in range(len(self._idle) - 1, -1, -1):
                if self._idle[place][1] == database:
                    return self._idle.pop(place), None
            full = self._busy + len(self._idle) > self._limit
            return None, self._idle.pop(0)[2] if full and self._idle else None


class Session:
    """One `Provider` resource's use of a server; ends its running statements when its run is cancelled."""

    def __init__(self, config: resource.Properties, cancelled: threading.Event) -> None:
        self._config = config
        self._cancelled = cancelled
        self._guard = threading.Lock()
        self._busy: set[Connection] = set()
        self._watched = False

    @property
    def settings(self) -> configuration.Settings:
        """The settings. Raises `errors.GovcloudError` while they are not known."""
        return configuration.settings(self._config)

    @property
    def pool(self) -> Pool:
        """The connections, shared with every session of the same settings."""
        settings = self.settings
        with _pools_guard:
            if settings not in _pools:
                _pools[settings] = Pool(settings)
            return _pools[settings]

    @contextlib.contextmanager
    def connection(self, database: str | None = None) -> Iterator[Connection]:
        """Lend a connection to `database`, or to the provider's own. Raises `psycopg.Error`."""
        if self._cancelled.is_set():
            raise errors.RunInterrupted("the run was cancelled")
        self._watch()
        pool = self.pool
        with pool.connection(database or pool.settings.database) as connection:
            with self._guard:
                self._busy.add(connection)
            try:
                yield connection
            finally:
                with self._guard:
                    self._busy.discard(connection)

    def _watch(self) -> None:
        with self._guard:
            if self._watched:
                return
            self._watched = True
        threading.Thread(target=self._cancel_when_told, name="postgresql-cancel", daemon=True).start()

    def _cancel_when_told(self) -> None:
        self._cancelled.wait()
        with self._guard:
            busy = tuple(self._busy)
        for connection in busy:
            with contextlib.suppress(psycopg.Error):
                connection.cancel_safe(timeout=5)


@contextlib.contextmanager
def acting_for(connection: Connection, owners: Iterable[str | None]) -> Iterator[None]:
    """Be a member of `owners` inside the block, as a change of what they own demands of a non-superuser.

    Inside a transaction a killed run leaves nothing behind. `CREATE DATABASE` allows none.
    """
    query = sql.SQL(
        "SELECT rolname FROM pg_catalog.pg_roles WHERE rolname = ANY({}) AND rolname <> 'pg_database_owner' "
        "AND NOT rolsuper AND NOT pg_catalog.pg_has_role(oid, 'MEMBER') ORDER BY 1"
    ).format(sql.Literal([owner for owner in owners if owner]))
    missing = [row[0] for row in connection.execute(query)]
    for name in missing:
        connection.execute(sql.SQL("GRANT {} TO CURRENT_USER").format(sql.Identifier(name)))
    try:
        yield
    finally:
        if connection.info.transaction_status != psycopg.pq.TransactionStatus.INERROR:
            for name in missing:
                connection.execute(sql.SQL("REVOKE {} FROM CURRENT_USER").format(sql.Identifier(name)))


def _alive(entry: tuple[float, str, Connection]) -> bool:
    since, _, connection = entry
    if connection.closed or time.monotonic() - since < _FRESH:
        return not connection.closed
    try:
        connection.execute("SELECT 1")
    except psycopg.Error:
        connection.close()
        return False
    return True


def _parameters(settings: configuration.Settings) -> dict[str, Any]:
    certificate, key = settings.certificate, settings.key
    if settings.inline:
        certificate, key = (_in_memory(text) if text else "" for text in (certificate, key))
    given = {
        "host": settings.host,
        "port": settings.port,
        "user": settings.username,
        "password": settings.password,
        "sslmode": settings.sslmode,
        "sslrootcert": settings.sslrootcert,
        "sslcert": certificate,
        "sslkey": key,
    }
    return {
        **{name: value for name, value in given.items() if value != ""},
        "connect_timeout": settings.connect_timeout,
        "application_name": "govcloud",
        "client_encoding": "utf8",
        "options": " ".join(f"-c {name}={value}" for name, value in _SETTINGS.items()),
    }


def _in_memory(text: str) -> str:
    """Return a path under which libpq, which takes files only, finds `text`; nothing is written to a disk."""
    descriptor = os.memfd_create("postgresql-client")
    os.fchmod(descriptor, 0o600)
    os.write(descriptor, text.encode())
    return f"/proc/self/fd/{descriptor}"
