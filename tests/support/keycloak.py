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
from collections.abc import Iterator, Sequence
from typing import Final

import pytest

from govcloud_cli.providers.keycloak import session
from govcloud_cli.run.tools import catalog

VERSION: Final = catalog.KEYCLOAK.version
CLIENT: Final = "govcloud-engine"
SECRET: Final = "test-secret-of-the-engine"
_ARTIFACT: Final = f"org/keycloak/keycloak-quarkus-dist/{VERSION}/keycloak-quarkus-dist-{VERSION}.zip"
JAVA: Final = ("-Xms64m", "-Xmx512m", "-XX:+UseSerialGC")
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
    """Start a server; end and remove it after the block."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="gct-keycloak-", dir="/var/tmp"))
    try:
        _certificates(folder)
        one = Running(folder=folder, port=_spare())
        with started(folder, one.url, host="127.0.0.1", port=one.port):
            yield one
    finally:
        shutil.rmtree(folder)


@contextlib.contextmanager
def started(
    folder: pathlib.Path,
    url: str,
    *,
    host: str,
    port: int,
    within: Sequence[str] = (),
    java: Sequence[str] = JAVA,
) -> Iterator[subprocess.Popen[bytes]]:
    """Start a server at `host` and `port` whose administrator is the client `CLIENT`; end it after the block.

    `folder` has `ca.crt`, `server.crt` and `server.key`, and gets `log`. `within` is a command that runs another, e.g.
    `ip netns exec NAME`; `java` are Java's options. Gives the process of Java.
    """
    options = [
        "--optimized",
        "--http-enabled=false",
        f"--http-host={host}",
        f"--https-port={port}",
        f"--https-certificate-file={folder / 'server.crt'}",
        f"--https-certificate-key-file={folder / 'server.key'}",
        f"--hostname={url}",
        "--cache=local",
        "--http-management-scheme=http",
        f"--truststore-paths={folder / 'ca.crt'}",
    ]
    environment = {
        **os.environ,
        "KC_BOOTSTRAP_ADMIN_CLIENT_ID": CLIENT,
        "KC_BOOTSTRAP_ADMIN_CLIENT_SECRET": SECRET,
        "KC_HTTP_MANAGEMENT_PORT": str(_spare()),
    }
    command = ["setpriv", "--pdeathsig=TERM", *within, *_java(_home(), java), "start", *options]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, cwd=folder, env=environment, start_new_session=True)
    try:
        _wait(folder / "log", process)
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(60)


def _java(home: pathlib.Path, options: Sequence[str]) -> list[str]:
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
    jar = str(home / "lib" / "quarkus-run.jar")
    named = (f"-D{name}={value}" for name, value in settings.items())
    return ["java", *options, *named, "-cp", jar, "io.quarkus.bootstrap.runner.QuarkusEntryPoint"]


def _wait(log: pathlib.Path, process: subprocess.Popen[bytes]) -> None:
    """Wait until it listens, which it does when its administrator is made."""
    until = time.monotonic() + 400
    while "Listening on:" not in (told := log.read_text("utf-8", "replace")):
        if process.poll() is not None or time.monotonic() > until:
            pytest.fail(f"Keycloak did not start:\n{told[-4000:]}", pytrace=False)
        time.sleep(0.2)


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
