"""A real staff directory for tests: Debian's slapd over TLS, on a loopback port or in a network namespace.

    with directory.running(folder, people=("wu.jun",)) as staff:
        staff.url

`folder` has `ca.crt`, `server.crt` and `server.key`. Nobody reads it but `READER`.
"""

from __future__ import annotations

import contextlib
import dataclasses
import os
import pathlib
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from typing import Final

import pytest

_PROGRAM: Final = pathlib.Path("/usr/sbin/slapd")
SUFFIX: Final = "dc=example"
PEOPLE: Final = f"ou=people,{SUFFIX}"
READER: Final = f"cn=reader,{SUFFIX}"
READER_PASSWORD: Final = "secret-of-the-reader-for-tests"
PASSWORD: Final = "Directory-Horse-42"
_CONFIGURATION: Final = """\
include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
modulepath /usr/lib/ldap
moduleload back_mdb
TLSCACertificateFile {folder}/ca.crt
TLSCertificateFile {folder}/server.crt
TLSCertificateKeyFile {folder}/server.key
security tls=1
database mdb
suffix "{suffix}"
directory {data}
access to attrs=userPassword by anonymous auth by * none
access to * by dn.exact="{reader}" read by * none
"""
_ROOT: Final = """\
dn: {suffix}
objectClass: dcObject
objectClass: organization
dc: example
o: Example

dn: {people}
objectClass: organizationalUnit
ou: people

dn: {reader}
objectClass: organizationalRole
objectClass: simpleSecurityObject
cn: reader
userPassword: {password}
"""
_PERSON: Final = """
dn: uid={name},{people}
objectClass: inetOrgPerson
uid: {name}
cn: {name}
sn: {name}
userPassword: {password}
"""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Running:
    """A directory that runs."""

    port: int
    host: str = "localhost"

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"ldaps://{self.host}:{self.port}"


@contextlib.contextmanager
def running(folder: pathlib.Path, *, people: Sequence[str]) -> Iterator[Running]:
    """Start a directory on loopback that knows `people`, with a certificate for `localhost`; end it after the block."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    with _started(folder, people, listening=f"ldaps://127.0.0.1:{port}") as process:
        _wait(port, process)
        yield Running(port=port)


@contextlib.contextmanager
def standing(folder: pathlib.Path, *, people: Sequence[str], namespace: str, address: str) -> Iterator[Running]:
    """Likewise on an `address` of a network namespace, at the port that directories have, with a certificate for it."""
    within = ("ip", "netns", "exec", namespace)
    with _started(folder, people, listening=f"ldaps://{address}:636", within=within) as process:
        until = time.monotonic() + 20
        while time.monotonic() < until and process.poll() is None:
            shown = subprocess.run((*within, "ss", "-Hltn"), capture_output=True, text=True, check=True).stdout
            if f"{address}:636" in shown:
                break
            time.sleep(0.1)
        else:
            pytest.fail("slapd did not start", pytrace=False)
        yield Running(port=636, host=address)


@contextlib.contextmanager
def _started(
    folder: pathlib.Path, people: Sequence[str], *, listening: str, within: Sequence[str] = ()
) -> Iterator[subprocess.Popen[bytes]]:
    if not _PROGRAM.exists() or os.getuid() != 0:
        pytest.fail("this tier needs root and Debian's package slapd", pytrace=False)
    data = folder / "directory"
    data.mkdir(mode=0o700)
    settings = folder / "slapd.conf"
    settings.write_text(_CONFIGURATION.format(folder=folder, suffix=SUFFIX, data=data, reader=READER))
    entries = _ROOT.format(suffix=SUFFIX, people=PEOPLE, reader=READER, password=READER_PASSWORD)
    entries += "".join(_PERSON.format(name=name, people=PEOPLE, password=PASSWORD) for name in people)
    subprocess.run([_PROGRAM, "-T", "add", "-f", settings], input=entries.encode(), check=True, capture_output=True)
    with (folder / "slapd.log").open("wb") as log:
        process = subprocess.Popen(
            [*within, "setpriv", "--pdeathsig=TERM", _PROGRAM, "-d", "0", "-h", listening, "-f", settings],
            stdout=log,
            stderr=log,
        )
    try:
        yield process
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(20)


def _wait(port: int, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + 20
    while time.monotonic() < until and process.poll() is None:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.1)
    pytest.fail("slapd did not start", pytrace=False)
