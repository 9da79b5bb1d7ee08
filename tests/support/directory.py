"""A real staff directory for tests: Debian's slapd over TLS, on a loopback port.

    with directory.running(folder, people=("wu.jun",)) as staff:
        staff.url

`folder` has `ca.crt`, `server.crt` and `server.key` for `localhost`. Nobody reads it but `READER`.
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

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"ldaps://localhost:{self.port}"


@contextlib.contextmanager
def running(folder: pathlib.Path, *, people: Sequence[str]) -> Iterator[Running]:
    """Start a directory that knows `people`; end it after the block."""
    if not _PROGRAM.exists() or os.getuid() != 0:
        pytest.fail("this tier needs root and Debian's package slapd", pytrace=False)
    data = folder / "directory"
    data.mkdir(mode=0o700)
    settings = folder / "slapd.conf"
    settings.write_text(_CONFIGURATION.format(folder=folder, suffix=SUFFIX, data=data, reader=READER))
    entries = _ROOT.format(suffix=SUFFIX, people=PEOPLE, reader=READER, password=READER_PASSWORD)
    entries += "".join(_PERSON.format(name=name, people=PEOPLE, password=PASSWORD) for name in people)
    subprocess.run([_PROGRAM, "-T", "add", "-f", settings], input=entries.encode(), check=True, capture_output=True)
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    listening = f"ldaps://127.0.0.1:{port}"
    with (folder / "slapd.log").open("wb") as log:
        process = subprocess.Popen(
            ["setpriv", "--pdeathsig=TERM", _PROGRAM, "-d", "0", "-h", listening, "-f", settings],
            stdout=log,
            stderr=log,
        )
    try:
        _wait(port, process)
        yield Running(port=port)
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
