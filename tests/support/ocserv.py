"""A real ocserv that asks for a certificate, and openconnect, in a network namespace of their own."""

from __future__ import annotations

import contextlib
import dataclasses
import datetime
import ipaddress
import os
import pathlib
import shutil
import tempfile
import time
from collections.abc import Iterator

import pytest

from govcloud_cli.run import process
from govcloud_cli.run.pki import issue, model
from govcloud_cli.run.vpn import authority, crl
from tests.support import vpn

PORT = 4443
_CONFIGURATION = """auth = "certificate"
listen-host = 127.0.0.1
tcp-port = {port}
run-as-user = nobody
run-as-group = nogroup
socket-file = {folder}/socket
occtl-socket-file = {folder}/occtl
use-occtl = true
pid-file = {folder}/pid
isolate-workers = false
server-cert = {folder}/server.crt
server-key = {folder}/server.key
ca-cert = {folder}/vpn-ca.crt
crl = {folder}/vpn-ca.crl
cert-user-oid = 0.9.2342.19200300.100.1.1
max-same-clients = 2
device = vpns
ipv4-network = 10.21.0.0/24
cookie-timeout = 30
"""


@dataclasses.dataclass(kw_only=True)
class Gateway:
    """ocserv, as it runs."""

    namespace: str
    folder: pathlib.Path
    office: vpn.Office

    def inside(self, *argv: str) -> list[str]:
        """A command in its namespace."""
        return ["ip", "netns", "exec", self.namespace, *argv]

    def publish(self) -> None:
        """Have it use what the office has now: lists and authorities."""
        # ocserv 1.1.6 passes over a file whose time is not later than its own last look, in whole seconds.
        later = time.time() + 2
        for path in (crl.path_of(self.office.folder), authority.bundle(self.office.folder)):
            shutil.copyfile(path, self.folder / path.name)
            (self.folder / path.name).chmod(0o644)
            os.utime(self.folder / path.name, (later, later))
        if (self.folder / "pid").exists():
            self.occtl("reload")
            time.sleep(1)

    def occtl(self, *words: str) -> str:
        """Ask it something."""
        argv = ["occtl", "-s", str(self.folder / "occtl"), *words]
        return process.run(self.inside(*argv), environment={"TZ": "UTC"}).stdout

    def log_in(self, profile: pathlib.Path, pin: str = vpn.PIN) -> process.Completed:
        """What openconnect says with a profile, up to the cookie."""
        _with_pin(profile, pin)
        argv = ["openconnect", "--config", "with-pin.conf", "--authenticate", "--non-inter", f"127.0.0.1:{PORT}"]
        return process.run(self.inside(*argv), directory=profile, check=False, timeout=30)

    @contextlib.contextmanager
    def connected(self, profile: pathlib.Path) -> Iterator[None]:
        """A tunnel, until the block ends."""
        _with_pin(profile, vpn.PIN)
        argv = ["openconnect", "--config", "with-pin.conf", "--non-inter", "--script", "/bin/true", f"127.0.0.1:{PORT}"]
        log = self.folder / "client.log"
        with process.streaming(self.inside(*argv), directory=profile, stdout=log, stderr=log):
            for _ in range(100):
                if '"State": "connected"' in self.occtl("--json", "show", "users").replace("  ", " "):
                    break
                time.sleep(0.1)
            else:
                pytest.fail("no tunnel: " + log.read_text())
            yield


def _with_pin(profile: pathlib.Path, pin: str) -> None:
    """The profile with what a person would type."""
    text = (profile / "openconnect.conf").read_text()
    made = text.replace(";type=cert\n", f";type=cert?pin-value={pin}\n")
    made = made.replace(";type=private\n", f";type=private?pin-value={pin}\n")
    (profile / "with-pin.conf").write_text(made)


@contextlib.contextmanager
def running(office: vpn.Office) -> Iterator[Gateway]:
    """A gateway that trusts the office's authorities; `server-ca.crt` in its folder is its own."""
    for program in ("ocserv", "openconnect", "occtl", "ip"):
        if shutil.which(program) is None and not pathlib.Path(f"/usr/sbin/{program}").exists():
            pytest.fail(f"this tier needs {program}: apt-get install ocserv openconnect iproute2", pytrace=False)
    # Its workers run as nobody, who may not pass through pytest's folders.
    folder = pathlib.Path(tempfile.mkdtemp(prefix="gct-vpn-"))
    folder.chmod(0o755)
    namespace = f"gct-vpn-{os.getpid()}"
    made = Gateway(namespace=namespace, folder=folder, office=office)
    _certify(folder)
    made.publish()
    (folder / "ocserv.conf").write_text(_CONFIGURATION.format(folder=folder, port=PORT))
    process.run(["ip", "netns", "add", namespace])
    try:
        process.run(made.inside("ip", "link", "set", "lo", "up"))
        argv = made.inside("ocserv", "--foreground", "--config", str(folder / "ocserv.conf"))
        with process.streaming(argv, stdout=folder / "log", stderr=folder / "log"):
            for _ in range(100):
                if (folder / "occtl").exists():
                    break
                time.sleep(0.1)
            else:
                pytest.fail("ocserv does not start: " + (folder / "log").read_text())
            time.sleep(0.5)
            yield made
    finally:
        process.run(["ip", "netns", "delete", namespace], check=False)
        shutil.rmtree(folder)


def _certify(folder: pathlib.Path) -> None:
    now = datetime.datetime.now(datetime.UTC)
    ca_key, key = issue.new_key(), issue.new_key()
    ca = issue.authority("services", key=ca_key, now=now)
    wanted = model.CertificateRequest(
        name="sslvpn-gateway",
        common_name="gateway",
        addresses=(ipaddress.ip_address("127.0.0.1"),),
        usages=("server",),
        ca="services",
    )
    certificate = issue.leaf(wanted, key=key, issuer=ca, issuer_key=ca_key, now=now)
    (folder / "server.key").write_bytes(issue.private_pem(key))
    (folder / "server.crt").write_bytes(issue.certificate_pem(certificate))
    (folder / "server-ca.crt").write_bytes(issue.certificate_pem(ca))
