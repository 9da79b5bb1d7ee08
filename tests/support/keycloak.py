"""A real Keycloak for tests, over HTTPS, on a loopback port.

    with keycloak.running() as running:
        running.session().get("/admin/realms/master")

The distribution is Maven's, unpacked and built once into the user's cache. Its database is in memory. Leaving the block
ends the server; a killed test run takes it along (PR_SET_PDEATHSIG).
"""

from __future__ import annotations

import contextlib
import dataclasses
import fcntl
import http.client
import os
import pathlib
import shutil
import signal
import socket
import ssl
import subprocess
import tempfile
import time
import zipfile
from collections.abc import Iterator
from typing import Final

import pytest

from govcloud_cli.providers.keycloak import session

VERSION: Final = "26.4.0"
CLIENT: Final = "govcloud-engine"
SECRET: Final = "test-secret-of-the-engine"
_ARTIFACT: Final = f"org/keycloak/keycloak-quarkus-dist/{VERSION}/keycloak-quarkus-dist-{VERSION}.zip"
_OPTIONS: Final = ("--db=dev-mem", "--health-enabled=true", "--features-disabled=kerberos")
_EXTENSIONS: Final = """\
[ca]
basicConstraints=critical,CA:true
[leaf]
subjectAltName=DNS:localhost,IP:127.0.0.1
"""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Running:
    """A server that runs."""

    folder: pathlib.Path
    port: int

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"https://localhost:{self.port}"

    @property
    def ca(self) -> str:
        """The authority that its certificate is of, as PEM text."""
        return (self.folder / "ca.crt").read_text()

    @contextlib.contextmanager
    def without(self, *realms: str) -> Iterator[session.Session]:
        """Give a session that finds no such realms, and leaves none."""
        with self.session() as api:
            paths = [f"/admin/realms/{session.quoted(realm)}" for realm in realms]
            for path in paths:
                api.delete(path)
            try:
                yield api
            finally:
                for path in paths:
                    api.delete(path)

    def session(self) -> session.Session:
        """Return a session as the administrator."""
        return session.Session(self.url, CLIENT, SECRET, self.ca)

    def tls(self) -> ssl.SSLContext:
        """Return what trusts it."""
        return ssl.create_default_context(cadata=self.ca)

    def log(self) -> str:
        """Return everything that it logged."""
        return (self.folder / "log").read_text(encoding="utf-8", errors="replace")


@contextlib.contextmanager
def running() -> Iterator[Running]:
    """Start a server whose administrator is the client `CLIENT`; end and remove it after the block."""
    home = _home()
    folder = pathlib.Path(tempfile.mkdtemp(prefix="gct-keycloak-", dir="/var/tmp"))
    try:
        _certificates(folder)
        with socket.create_server(("127.0.0.1", 0)) as probe:
            port = probe.getsockname()[1]
        with _server(home, Running(folder=folder, port=port)) as one:
            yield one
    finally:
        shutil.rmtree(folder)


@contextlib.contextmanager
def _server(home: pathlib.Path, one: Running) -> Iterator[Running]:
    options = [
        "--optimized",
        "--http-enabled=false",
        "--http-host=127.0.0.1",
        f"--https-port={one.port}",
        f"--https-certificate-file={one.folder / 'server.crt'}",
        f"--https-certificate-key-file={one.folder / 'server.key'}",
        f"--hostname={one.url}",
        "--cache=local",
        "--http-management-scheme=http",
        f"--truststore-paths={one.folder / 'ca.crt'}",
    ]
    environment = {
        **os.environ,
        "KC_BOOTSTRAP_ADMIN_CLIENT_ID": CLIENT,
        "KC_BOOTSTRAP_ADMIN_CLIENT_SECRET": SECRET,
        "KC_HTTP_MANAGEMENT_PORT": str(_spare()),
    }
    with (one.folder / "log").open("wb") as log:
        process = subprocess.Popen(
            ["setpriv", "--pdeathsig=TERM", *_java(home), "start", *options],
            stdout=log,
            stderr=log,
            cwd=one.folder,
            env=environment,
            start_new_session=True,
        )
    try:
        _wait(one, process)
        yield one
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(60)


def _java(home: pathlib.Path) -> list[str]:
    """Return the server's command as kc.sh makes it: the script itself stays in between, and dies without its child."""
    settings = {
        "kc.home.dir": str(home),
        "jboss.server.config.dir": str(home / "conf"),
        "java.util.logging.manager": "org.jboss.logmanager.LogManager",
        "java.util.concurrent.ForkJoinPool.common.threadFactory": (
            "io.quarkus.bootstrap.forkjoin.QuarkusForkJoinWorkerThreadFactory"
        ),
        "picocli.disable.closures": "true",
    }
    options = ["-Xms64m", "-Xmx512m", "-XX:+UseSerialGC", *(f"-D{name}={value}" for name, value in settings.items())]
    jar = str(home / "lib" / "quarkus-run.jar")
    return ["java", *options, "-cp", jar, "io.quarkus.bootstrap.runner.QuarkusEntryPoint"]


def _wait(one: Running, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + 240
    while time.monotonic() < until and process.poll() is None:
        with contextlib.suppress(OSError, http.client.HTTPException):
            connection = http.client.HTTPSConnection("localhost", one.port, timeout=20, context=one.tls())
            with contextlib.closing(connection):
                connection.request("GET", "/realms/master")
                if connection.getresponse().status == 200:
                    return
        time.sleep(0.3)
    pytest.fail(f"Keycloak did not start:\n{one.log()[-4000:]}", pytrace=False)


def _home() -> pathlib.Path:
    """Return the unpacked and built distribution, from the cache."""
    cache = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache") / "govcloud"
    cache.mkdir(parents=True, exist_ok=True)
    home = cache / f"keycloak-test-{VERSION}"
    with (cache / "keycloak-test.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not home.exists():
            _build(home)
    return home


def _build(home: pathlib.Path) -> None:
    archive = pathlib.Path.home() / ".m2" / "repository" / _ARTIFACT
    if not archive.exists():
        coordinates = f"org.keycloak:keycloak-quarkus-dist:{VERSION}:zip"
        got = subprocess.run(
            ["mvn", "-q", "dependency:get", "-Dtransitive=false", f"-Dartifact={coordinates}"], check=False
        )
        if got.returncode or not archive.exists():
            pytest.fail(f"this tier needs Maven's artifact {coordinates}", pytrace=False)
    with tempfile.TemporaryDirectory(prefix="keycloak-", dir=home.parent) as folder:
        with zipfile.ZipFile(archive) as packed:
            packed.extractall(folder)
        made = pathlib.Path(folder) / f"keycloak-{VERSION}"
        (made / "bin" / "kc.sh").chmod(0o755)
        subprocess.run([made / "bin" / "kc.sh", "build", *_OPTIONS], check=True, capture_output=True)
        made.rename(home)


def _spare() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def _certificates(folder: pathlib.Path) -> None:
    extensions = folder / "extensions"
    extensions.write_text(_EXTENSIONS)
    key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    _openssl(folder, "req", "-x509", *key, "-days", "2", "-subj", "/CN=test-ca", "-keyout", "ca.key", "-out", "ca.crt")
    _openssl(folder, "req", *key, "-subj", "/CN=localhost", "-keyout", "server.key", "-out", "server.csr")
    signing = ["-CA", "ca.crt", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2", "-extfile", str(extensions)]
    _openssl(folder, "x509", "-req", "-in", "server.csr", *signing, "-extensions", "leaf", "-out", "server.crt")


def _openssl(folder: pathlib.Path, *arguments: str) -> None:
    subprocess.run(["openssl", *arguments], check=True, capture_output=True, cwd=folder)
