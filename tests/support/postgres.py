"""A real PostgreSQL for tests, over TLS, on a loopback port.

    with postgres.running() as running:
        psycopg.connect(**running.superuser)

The administrator is no superuser and signs in with a client certificate, as on the platform's machines. Takes Debian's
server binaries, and the account `postgres` that comes with them. Leaving the block ends the server and removes its
files; a killed test run takes it along (PR_SET_PDEATHSIG).
"""

from __future__ import annotations

import contextlib
import dataclasses
import os
import pathlib
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from typing import Any, Final

import psycopg
import pytest

_BINARIES: Final = pathlib.Path("/usr/lib/postgresql/15/bin")
_ACCOUNT: Final = "postgres"
_EXTENSIONS: Final = """\
[ca]
basicConstraints=critical,CA:true
[leaf]
subjectAltName=DNS:localhost,IP:127.0.0.1
"""
_HBA: Final = """\
local all all trust
hostssl all govcloud_admin 127.0.0.1/32 cert
hostssl all all 127.0.0.1/32 scram-sha-256
"""
_SETTINGS: Final = (
    ("ssl", "on"),
    ("ssl_cert_file", "server.crt"),
    ("ssl_key_file", "server.key"),
    ("ssl_ca_file", "ca.crt"),
    ("listen_addresses", "127.0.0.1"),
    ("log_statement", "all"),
    ("fsync", "off"),
    ("max_connections", "60"),
)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Running:
    """A server that runs."""

    folder: pathlib.Path
    port: int

    @property
    def superuser(self) -> dict[str, Any]:
        """Parameters of `psycopg.connect` for the superuser, over the socket."""
        return {"host": str(self.folder), "port": self.port, "user": _ACCOUNT, "dbname": "postgres", "autocommit": True}

    @property
    def administrator(self) -> dict[str, Any]:
        """Arguments of `pulumi_postgresql.Provider` for the administrator."""
        return {
            "host": "127.0.0.1",
            "port": self.port,
            "username": "govcloud_admin",
            "database": "postgres",
            "sslmode": "verify-full",
            "sslrootcert": str(self.folder / "ca.crt"),
            "superuser": False,
            "clientcert": {"cert": str(self.folder / "admin.crt"), "key": str(self.folder / "admin.key")},
        }

    def ask(self, query: str, *, database: str = "postgres") -> list[tuple[Any, ...]]:
        """Run `query` as the superuser; return its rows."""
        with psycopg.connect(**{**self.superuser, "dbname": database}) as connection:
            cursor = connection.execute(query.encode())
            return cursor.fetchall() if cursor.description else []

    def sign_in(self, *, user: str, password: str, database: str) -> str:
        """Sign in over TLS with a password; return the role in effect. Raises `psycopg.OperationalError`."""
        with psycopg.connect(
            host="127.0.0.1", port=self.port, user=user, password=password, dbname=database, sslmode="require"
        ) as connection:
            row = connection.execute("SELECT current_user").fetchone()
            return "" if row is None else str(row[0])

    def log(self) -> str:
        """Return everything that the server logged."""
        return (self.folder / "log").read_text(encoding="utf-8", errors="replace")


@contextlib.contextmanager
def running() -> Iterator[Running]:
    """Start a server with the role `govcloud_admin`; end and remove it after the block."""
    if not (_BINARIES / "postgres").exists() or os.getuid() != 0:
        pytest.fail("this tier needs root and Debian's package postgresql-15", pytrace=False)
    folder = pathlib.Path(tempfile.mkdtemp(prefix="gct-postgres-", dir="/var/tmp"))
    try:
        _certificates(folder)
        _own(folder)
        _as_account(
            _BINARIES / "initdb",
            "--no-sync",
            "--encoding=UTF8",
            "--locale=C.UTF-8",
            "--auth=reject",
            "-D",
            folder / "data",
        )
        (folder / "data" / "pg_hba.conf").write_text(_HBA)
        for name in ("server.crt", "server.key", "ca.crt"):
            shutil.copy(folder / name, folder / "data" / name)
        _own(folder)
        with _server(folder) as one:
            yield one
    finally:
        shutil.rmtree(folder)


@contextlib.contextmanager
def _server(folder: pathlib.Path) -> Iterator[Running]:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    settings = [f"-c{name}={value}" for name, value in (*_SETTINGS, ("unix_socket_directories", folder))]
    command = ["setpriv", f"--reuid={_ACCOUNT}", f"--regid={_ACCOUNT}", "--clear-groups", "--pdeathsig=TERM"]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [*command, str(_BINARIES / "postgres"), "-D", str(folder / "data"), f"-p{port}", *settings],
            stdout=log,
            stderr=log,
            cwd=folder,
        )
    one = Running(folder=folder, port=port)
    try:
        _wait(one)
        one.ask("CREATE ROLE govcloud_admin LOGIN CREATEDB CREATEROLE IN ROLE pg_monitor, pg_signal_backend")
        yield one
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(20)


def _wait(one: Running) -> None:
    until = time.monotonic() + 30
    while True:
        try:
            one.ask("SELECT 1")
        except psycopg.OperationalError:
            if time.monotonic() > until:
                pytest.fail(f"PostgreSQL did not start:\n{one.log()}", pytrace=False)
            time.sleep(0.1)
        else:
            return


def _certificates(folder: pathlib.Path) -> None:
    extensions = folder / "extensions"
    extensions.write_text(_EXTENSIONS)
    key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    _openssl(folder, "req", "-x509", *key, "-days", "2", "-subj", "/CN=test-ca", "-keyout", "ca.key", "-out", "ca.crt")
    for name, subject in (("server", "localhost"), ("admin", "govcloud_admin")):
        _openssl(folder, "req", *key, "-subj", f"/CN={subject}", "-keyout", f"{name}.key", "-out", f"{name}.csr")
        signing = ["-CA", "ca.crt", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2", "-extfile", str(extensions)]
        _openssl(folder, "x509", "-req", "-in", f"{name}.csr", *signing, "-extensions", "leaf", "-out", f"{name}.crt")


def _openssl(folder: pathlib.Path, *arguments: str) -> None:
    subprocess.run(["openssl", *arguments], check=True, capture_output=True, cwd=folder)


def _as_account(program: pathlib.Path, *arguments: str | pathlib.Path) -> None:
    command = ["setpriv", f"--reuid={_ACCOUNT}", f"--regid={_ACCOUNT}", "--clear-groups", program, *arguments]
    subprocess.run([str(word) for word in command], check=True, capture_output=True)


def _own(folder: pathlib.Path) -> None:
    account = pwd.getpwnam(_ACCOUNT)
    for path in (folder, *folder.rglob("*")):
        os.chown(path, account.pw_uid, account.pw_gid)
